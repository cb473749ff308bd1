/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/target.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/saturate.h"

#include <errno.h>

#define WAITING_NS (100 * NSEC_PER_MSEC)

void target_judge(struct target *target, const struct verdict *verdict, uint64_t now_ns)
{
	wish_learn(&target->wish, &target->verdict, target->verdict_ns, verdict, now_ns);
	target->verdict = *verdict;
	target->verdict_ns = now_ns;
	target->wants = wish_is(verdict);
	/* One that waits for the hand is told when it is free; looking at it until then is idle. */
	target->due_ns = now_ns + (target->wants ? WAITING_NS : verdict->look_again_ns);
}

uint64_t target_urgency_ns(const struct target *target)
{
	const struct verdict *v = &target->verdict;

	if (v->rate_bytes_per_s == 0)
		return UINT64_MAX;
	return scale(v->room_bytes, NSEC_PER_SEC, v->rate_bytes_per_s);
}

uint64_t target_collateral(const struct taken *taken, uint64_t here_bytes, uint64_t elsewhere_bytes)
{
	uint64_t all = MAX(plus(here_bytes, elsewhere_bytes), UINT64_C(1));

	return MIN(scale(taken->applied_bytes, elsewhere_bytes, all),
		   minus(taken->applied_bytes, taken->net_freed_bytes));
}

uint64_t target_not_gone(const struct taken *taken)
{
	return MIN(plus(taken->collateral_bytes, taken->swap_kept_bytes),
		   minus(taken->applied_bytes, taken->net_freed_bytes));
}

uint64_t target_gained(const struct taken *taken, bool here_alone)
{
	uint64_t lost = plus(taken->swap_kept_bytes, here_alone ? taken->collateral_bytes : 0);

	return minus(taken->applied_bytes, lost);
}

static bool came_back_short(int error)
{
	return error == -EAGAIN || error == -EINTR || error == -EBUSY;
}

void target_account(struct target *target, const struct request *request, int error,
		    uint64_t wall_ns, uint64_t cpu_ns, const struct taken *taken)
{
	const struct ledger part = {
		.actions = 1,
		.short_actions = came_back_short(error),
		.failed_actions = error < 0 && !came_back_short(error),
		.tried_bytes = request->bytes,
		.applied_bytes = taken->applied_bytes,
		.net_freed_bytes = taken->net_freed_bytes,
		.swapped_bytes = taken->swapped_bytes,
		.swap_kept_bytes = taken->swap_kept_bytes,
		.demoted_bytes = taken->demoted_bytes,
		.collateral_bytes = taken->collateral_bytes,
		.cpu_ns = cpu_ns,
		.wall_ns = wall_ns,
	};

	ledger_add(&target->ledger, &part);
	pace_learn(&target->pace, taken->moved_bytes, wall_ns);
	/* The rest must not look as if it had been used again. */
	target->unlearned_taken_bytes += minus(taken->applied_bytes, taken->not_gone_bytes);
}
