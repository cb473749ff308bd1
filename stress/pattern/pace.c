/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/pattern/pace.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/saturate.h"

/* The first moment at which bytes are due, pauses until then left out. */
static uint64_t due_ns(const struct pace *pace, uint64_t bytes)
{
	if (pace->rate_bytes == 0)
		return UINT64_MAX;
	return plus(scale_up(bytes, NSEC_PER_SEC, pace->rate_bytes), pace->thought_ns);
}

static void note_debt(struct pace *pace, uint64_t debt_bytes)
{
	if (debt_bytes > pace->debt_limit_bytes) {
		pace->lost_bytes += debt_bytes - pace->debt_limit_bytes;
		debt_bytes = pace->debt_limit_bytes;
	}
	pace->debt_bytes = debt_bytes;
	pace->debt_max_bytes = MAX(pace->debt_max_bytes, debt_bytes);
}

uint64_t pace_take(struct pace *pace, uint64_t elapsed_ns, uint64_t unit_bytes,
		   uint64_t *ret_due_ns)
{
	uint64_t due, gone, left = UINT64_MAX;

	unit_bytes = MAX(unit_bytes, UINT64_C(1));
	if (pace->think_ns &&
	    pace->done_bytes - pace->think_from_bytes >= pace->think_after_bytes) {
		pace->think_from_bytes = pace->done_bytes;
		pace->think_until_ns = elapsed_ns + pace->think_ns;
		pace->thought_ns += pace->think_ns;
	}
	if (elapsed_ns < pace->think_until_ns) {
		*ret_due_ns = pace->think_until_ns;
		return 0;
	}
	/* Not beyond the next pause; a unit at least, where units are longer than that. */
	if (pace->think_ns)
		left = MAX(pace->think_from_bytes + pace->think_after_bytes - pace->done_bytes,
			   unit_bytes);
	if (pace->rate_bytes == PACE_UNLIMITED)
		return left - left % unit_bytes;
	due = scale(pace->rate_bytes, minus(elapsed_ns, pace->thought_ns), NSEC_PER_SEC);
	gone = pace->done_bytes + pace->lost_bytes;
	note_debt(pace, minus(due, gone));
	if (pace->debt_bytes >= unit_bytes) {
		left = MIN(left, pace->debt_bytes);
		return left - left % unit_bytes;
	}
	*ret_due_ns = due_ns(pace, pace->done_bytes + pace->lost_bytes + unit_bytes);
	return 0;
}

void pace_note(struct pace *pace, uint64_t bytes)
{
	pace->done_bytes += bytes;
	pace->debt_bytes -= MIN(bytes, pace->debt_bytes);
}

void pace_rest(struct pace *pace, uint64_t elapsed_ns)
{
	uint64_t gone = pace->done_bytes + pace->lost_bytes;

	pace->debt_bytes = 0;
	if (pace->rate_bytes && pace->rate_bytes != PACE_UNLIMITED)
		pace->thought_ns =
			MAX(pace->thought_ns,
			    minus(elapsed_ns, scale_up(gone, NSEC_PER_SEC, pace->rate_bytes)));
}
