/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/job/amount.h"

#include "base/cleanup.h"
#include "base/parse.h"

#include <errno.h>
#include <string.h>

static const char *const base_names[] = {
	[AMOUNT_OF_LIMIT] = "limit",
	[AMOUNT_OF_NODE] = "node",
	[AMOUNT_OF_FREE] = "free",
	[AMOUNT_OF_MEMORY] = "memory",
};

int amount_parse(const char *text, struct amount *ret)
{
	static const char of[] = " of ";
	const char *split = strstr(text, of);
	struct amount amount = {0};
	char share[32];
	int r;

	if (!split) {
		r = parse_size(text, &amount.value);
		if (r == 0)
			*ret = amount;
		return r;
	}
	if ((size_t)(split - text) >= sizeof(share))
		return -EINVAL;
	memcpy(share, text, (size_t)(split - text));
	share[split - text] = '\0';
	r = parse_percent(share, &amount.value);
	if (r < 0)
		return r;
	for (size_t i = AMOUNT_OF_LIMIT; i < ARRAY_SIZE(base_names); i++)
		if (strcmp(split + strlen(of), base_names[i]) == 0)
			amount.of = (enum amount_of)i;
	if (amount.of == AMOUNT_BYTES)
		return -EINVAL;
	*ret = amount;
	return 0;
}

int amount_resolve(const struct amount *amount, const struct amount_bases *bases,
		   uint64_t *ret_bytes, const char **ret_missing)
{
	const uint64_t base[] = {
		[AMOUNT_OF_LIMIT] = bases->limit,
		[AMOUNT_OF_NODE] = bases->node,
		[AMOUNT_OF_FREE] = bases->free,
		[AMOUNT_OF_MEMORY] = bases->memory,
	};

	if (amount->of == AMOUNT_BYTES) {
		*ret_bytes = amount->value;
		return 0;
	}
	if (base[amount->of] == UINT64_MAX) {
		*ret_missing = base_names[amount->of];
		return -ENOENT;
	}
	*ret_bytes = (uint64_t)((unsigned __int128)base[amount->of] * amount->value / 10000);
	return 0;
}
