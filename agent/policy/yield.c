/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/yield.h"

#include "base/cleanup.h"
#include "base/saturate.h"

/* Of a growth while total was stored, the part of what the target stored itself. */
static uint64_t part_of(uint64_t growth, uint64_t swapped_bytes, uint64_t total)
{
	return MIN(scale(growth, swapped_bytes, MAX(swapped_bytes, total)), swapped_bytes);
}

struct yield_sums yield_of(uint64_t swapped_bytes, const struct swap_store *before,
			   const struct swap_store *now)
{
	uint64_t stored = minus(now->stored_bytes, before->stored_bytes);
	struct yield_sums sums = {
		.swapped_bytes = swapped_bytes,
		.kept_bytes =
			part_of(minus(now->used_bytes, before->used_bytes), swapped_bytes, stored),
	};

	sums.charged_bytes =
		part_of(minus(now->charged_bytes, before->charged_bytes), swapped_bytes, stored);
	sums.charged_bytes = MIN(sums.charged_bytes, sums.kept_bytes);
	return sums;
}

static uint64_t gained_permyriad(uint64_t swapped_bytes, uint64_t kept_bytes)
{
	return scale(minus(swapped_bytes, kept_bytes), 10000, swapped_bytes);
}

uint64_t yield_permyriad(const struct yield_sums *sums)
{
	return gained_permyriad(sums->swapped_bytes, sums->kept_bytes);
}

static void judge(struct yield *y, uint64_t least_permyriad, uint64_t now_ns)
{
	y->judged = y->sums;
	y->sums = (struct yield_sums){0};
	y->poor_for_node = yield_permyriad(&y->judged) < least_permyriad;
	y->poor_for_limit = gained_permyriad(y->judged.swapped_bytes, y->judged.charged_bytes) <
			    least_permyriad;
	if (!y->poor_for_node) {
		y->wait_ns = y->until_ns = 0;
		return;
	}
	/* What the limit still wants is judged on, but is no new try. */
	if (yield_is_poor_for_node(y, now_ns))
		return;
	y->wait_ns = y->wait_ns ? MIN(2 * y->wait_ns, YIELD_MOST_NS) : YIELD_FIRST_NS;
	y->until_ns = plus(now_ns, y->wait_ns);
}

void yield_learn(struct yield *y, uint64_t least_permyriad, uint64_t swapped_bytes,
		 const struct swap_store *before, const struct swap_store *now, uint64_t now_ns)
{
	struct yield_sums request = yield_of(swapped_bytes, before, now);

	if (least_permyriad == 0 ||
	    minus(now->stored_bytes, before->stored_bytes) / 2 > swapped_bytes)
		return;
	y->sums.swapped_bytes = plus(y->sums.swapped_bytes, request.swapped_bytes);
	y->sums.kept_bytes = plus(y->sums.kept_bytes, request.kept_bytes);
	y->sums.charged_bytes = plus(y->sums.charged_bytes, request.charged_bytes);
	if (y->sums.swapped_bytes >= YIELD_JUDGE_BYTES)
		judge(y, least_permyriad, now_ns);
}

bool yield_is_poor_for_node(const struct yield *y, uint64_t now_ns)
{
	return y->poor_for_node && y->until_ns > now_ns;
}

bool yield_is_poor_for_limit(const struct yield *y, uint64_t now_ns)
{
	return y->poor_for_limit && y->until_ns > now_ns;
}
