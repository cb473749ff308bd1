/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/job/amount.h"

#include "base/cleanup.h"
#include "base/parse.h"

#include <errno.h>
#include <string.h>

static const char *const base_names[] = {
	[AMOUNT_OF_LIMIT] = "limit", [AMOUNT_OF_HEADROOM] = "headroom", [AMOUNT_OF_NODE] = "node",
	[AMOUNT_OF_FREE] = "free",   [AMOUNT_OF_MEMORY] = "memory",
};

/* Cuts the word off the end of text[0..*n), if it is there. */
static bool cut_word(const char *text, size_t *n, const char *word)
{
	size_t length = strlen(word);

	if (*n <= length || memcmp(text + *n - length, word, length) != 0)
		return false;
	*n -= length;
	return true;
}

int amount_parse(const char *text, struct amount *ret)
{
	struct amount amount = {0};
	size_t n = strlen(text);
	char number[32];
	int r;

	if (cut_word(text, &n, " each"))
		amount.for_whom = AMOUNT_FOR_EACH;
	else if (cut_word(text, &n, " total"))
		amount.for_whom = AMOUNT_FOR_TOTAL;
	for (size_t i = AMOUNT_OF_LIMIT; i < ARRAY_SIZE(base_names); i++)
		if (cut_word(text, &n, base_names[i])) {
			if (!cut_word(text, &n, " of "))
				return -EINVAL;
			amount.of = (enum amount_of)i;
			break;
		}
	if (n >= sizeof(number))
		return -EINVAL;
	memcpy(number, text, n);
	number[n] = '\0';
	r = amount.of == AMOUNT_BYTES ? parse_size(number, &amount.value)
				      : parse_percent(number, &amount.value);
	if (r == 0)
		*ret = amount;
	return r;
}

bool amount_is_zero(const struct amount *amount)
{
	return amount->of == AMOUNT_BYTES && amount->value == 0;
}

int amount_resolve(const struct amount *amount, const struct amount_bases *bases,
		   uint64_t *ret_bytes, const char **ret_missing)
{
	const uint64_t base[] = {
		[AMOUNT_OF_LIMIT] = bases->limit,   [AMOUNT_OF_HEADROOM] = bases->headroom,
		[AMOUNT_OF_NODE] = bases->node,	    [AMOUNT_OF_FREE] = bases->free,
		[AMOUNT_OF_MEMORY] = bases->memory,
	};

	uint64_t parts = MAX(amount->parts, UINT64_C(1));

	if (amount->of == AMOUNT_BYTES) {
		*ret_bytes = amount->value / parts;
		return 0;
	}
	if (base[amount->of] == UINT64_MAX) {
		*ret_missing = base_names[amount->of];
		return -ENOENT;
	}
	*ret_bytes =
		(uint64_t)((unsigned __int128)base[amount->of] * amount->value / 10000 / parts);
	return 0;
}
