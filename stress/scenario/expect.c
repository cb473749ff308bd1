/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/scenario/expect.h"

#include "base/cleanup.h"

#include <errno.h>

static uint64_t distance(int64_t a, int64_t b)
{
	return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

static uint64_t close_tolerance(const struct expect_rule *rule, int64_t measured)
{
	__int128 share = rule->share_permyriad, tolerance;

	if (rule->basis == EXPECT_OF_WANTED) {
		tolerance = rule->wanted * share / 10000;
	} else {
		if (rule->basis == EXPECT_OF_SUM_BY_PAGE && rule->page_bytes >= 65536)
			share += 400;
		else if (rule->basis == EXPECT_OF_SUM_BY_PAGE && rule->page_bytes > 4096)
			share += 200;
		tolerance = ((__int128)measured + rule->wanted) / 100 * share / 100;
	}
	/* Of negative figures nothing is close but themselves. */
	return (uint64_t)CLAMP(tolerance, (__int128)0, (__int128)UINT64_MAX);
}

struct expect_verdict expect_judge(const struct expect_rule *rule, int64_t measured)
{
	struct expect_verdict verdict = {.measured = measured};

	switch (rule->kind) {
	case EXPECT_RANGE:
		if (measured < rule->low)
			verdict.error = distance(measured, rule->low);
		else if (measured > rule->high)
			verdict.error = distance(measured, rule->high);
		break;
	case EXPECT_IS:
		verdict.error = distance(measured, rule->wanted);
		verdict.tolerance = rule->tolerance > 0 ? (uint64_t)rule->tolerance : 0;
		break;
	case EXPECT_CLOSE:
		verdict.error = distance(measured, rule->wanted);
		verdict.tolerance = close_tolerance(rule, measured);
		break;
	}
	verdict.passed = verdict.error <= verdict.tolerance &&
			 (rule->kind != EXPECT_RANGE || rule->low <= rule->high);
	return verdict;
}

int expect_delta(int64_t before, int64_t now, int64_t *ret)
{
	int64_t delta;

	if (__builtin_sub_overflow(now, before, &delta))
		return -EOVERFLOW;
	*ret = delta;
	return 0;
}

int expect_ratio(int64_t part, int64_t whole, int64_t *ret_permyriad)
{
	__int128 ratio;

	if (whole == 0)
		return -EDOM;
	ratio = (__int128)part * 10000 / whole;
	if (ratio > INT64_MAX || ratio < INT64_MIN)
		return -EOVERFLOW;
	*ret_permyriad = (int64_t)ratio;
	return 0;
}

enum expect_next expect_poll_next(const struct expect_poll *poll, uint64_t look_ns, bool passed,
				  uint64_t *ret_next_ns)
{
	uint64_t gone = look_ns > poll->begin_ns ? look_ns - poll->begin_ns : 0;
	uint64_t next;

	if (passed)
		return EXPECT_PASSED;
	if (gone >= poll->timeout_ns)
		return EXPECT_FAILED;
	/* On the grid from the beginning: looks that take long do not push the later ones back. */
	next = poll->interval_ns ? (gone / poll->interval_ns + 1) * poll->interval_ns : gone + 1;
	*ret_next_ns = poll->begin_ns + MIN(next, poll->timeout_ns);
	return EXPECT_LOOK_AGAIN;
}
