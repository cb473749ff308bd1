/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A leak: anonymous memory that is filled once and lost from sight, slowly, without end. It follows
 * the schedules that never fall.
 */
#include "stress/loads/pages.h"

#include <stddef.h>

static const char *leak_check(const struct load_settings *settings)
{
	enum schedule_kind kind = (enum schedule_kind)settings->schedule;

	if (kind == SCHEDULE_RAMP || kind == SCHEDULE_STEP)
		return NULL;
	if (kind != SCHEDULE_STEADY && kind != SCHEDULE_LEAK)
		return "schedule: a leak gives nothing back: it is steady, leak, ramp or step";
	if (settings->rate_bytes == SCHEDULE_UNLIMITED)
		return "rate: a leak is slow and must be given one, as in rate=1M/s; what takes "
		       "memory at once is type=anon";
	return NULL;
}

static int leak_prepare(struct load *load, const char **ret_why)
{
	return pages_prepare(load, &pages_anon, ret_why);
}

static const char *const leak_settings[] = {"contents", "schedule", "low", "steps", "period", NULL};

const struct load_ops load_leak = {
	.name = "leak",
	.help = "anonymous memory that grows slowly up to size and is never touched again",
	.anonymous = true,
	.settings = leak_settings,
	.anonymous_bytes = pages_anonymous_bytes,
	.check = leak_check,
	.prepare = leak_prepare,
	.begin = pages_begin,
	.step = pages_step,
	.verify = pages_verify,
	.finish = pages_finish,
};
