/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/account/wear.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/ktext.h"
#include "base/saturate.h"

#include <inttypes.h>
#include <stdio.h>

#define DAY_S  UINT64_C(86400)
#define DAY_NS (DAY_S * NSEC_PER_SEC)

uint64_t wear_age_ns(const struct wear *wear, uint64_t now_s)
{
	return MIN(minus(now_s, wear->at_s), DAY_S) * NSEC_PER_SEC;
}

uint64_t wear_forgotten_bytes(uint64_t budget_bytes, uint64_t elapsed_ns)
{
	return scale(budget_bytes, MIN(elapsed_ns, DAY_NS), DAY_NS);
}

char *wear_print(char text[WEAR_TEXT_BYTES], const struct wear *wear)
{
	(void)snprintf(text, WEAR_TEXT_BYTES, "written_bytes %" PRIu64 "\nat_s %" PRIu64 "\n",
		       wear->written_bytes, wear->at_s);
	return text;
}

int wear_parse(const char *text, struct wear *ret, const char **ret_bad)
{
	static const struct ktext_key keys[] = {
		{"written_bytes", offsetof(struct wear, written_bytes), false},
		{"at_s", offsetof(struct wear, at_s), false},
	};

	return ktext_read_keys(text, keys, ARRAY_SIZE(keys), ret, ret_bad);
}
