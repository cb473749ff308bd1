/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/replay/score.h"

#include "base/cleanup.h"
#include "base/saturate.h"

void score_alarm(struct alarm_score *s, uint64_t now_ns, bool acts, uint64_t harm)
{
	bool harmed = s->seen_ns != 0 && harm > s->harm;
	bool open = s->announced_ns != 0;

	/* What is past when it is seen is not announced by the same look. */
	if (harmed && open && !s->came) {
		s->came = true;
		s->came_true++;
	} else if (harmed && !open) {
		s->not_announced++;
	}
	if (open && minus(now_ns, s->announced_ns) > SCORE_HORIZON_NS) {
		s->false_alarms += !s->came;
		s->announced_ns = 0;
		open = false;
	}
	if (acts && !open) {
		s->announcements++;
		s->came = false;
	}
	if (acts)
		s->announced_ns = now_ns;
	s->seen_ns = now_ns;
	s->harm = harm;
}

void score_need(struct need_score *s, bool needed)
{
	s->still += s->open && needed;
	s->by_itself += s->open && !needed;
	s->open = needed;
}

void score_cold(struct cold_score *s, uint64_t now_ns, uint64_t step_bytes, uint64_t cold_bytes)
{
	if (cold_bytes == TRIM_AGE_UNKNOWN) {
		s->unknown_steps += step_bytes > 0;
		s->until_ns = 0;
		return;
	}
	s->least_cold_bytes = MIN(s->least_cold_bytes, cold_bytes);
	if (s->until_ns != 0 && now_ns >= s->until_ns) {
		s->judged_bytes = plus(s->judged_bytes, s->step_bytes);
		s->right_bytes = plus(s->right_bytes, MIN(s->step_bytes, s->least_cold_bytes));
		s->until_ns = 0;
	}
	if (s->until_ns == 0 && step_bytes > 0) {
		s->until_ns = plus(now_ns, SCORE_COLD_NS);
		s->step_bytes = step_bytes;
		s->least_cold_bytes = cold_bytes;
	}
}
