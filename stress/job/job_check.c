/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a job makes sense as a whole. */
#include "stress/job/job.h"

#include "stress/loads/load.h"

#include <errno.h>
#include <string.h>

static bool listed(const char *const *names, const char *name)
{
	for (size_t i = 0; names && names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool knows(const struct load_ops *ops, const char *name)
{
	return stress_setting_find(&load_table, name)->common || listed(ops->settings, name);
}

static bool was_said(const struct job_load *load, const char *name)
{
	return load->said[stress_setting_find(&load_table, name) - load_table.settings].file;
}

/* A setting that needs another one, and is said without it. */
static int check_schedule(const struct job_load *load, struct stress_error *ret_error)
{
	const struct load_settings *settings = &load->settings;
	enum schedule_kind kind = (enum schedule_kind)settings->schedule;
	bool own_rate = kind == SCHEDULE_HOLD || kind == SCHEDULE_RAMP || kind == SCHEDULE_SINE ||
			kind == SCHEDULE_SAWTOOTH;
	bool has_low = kind == SCHEDULE_LEAK || kind == SCHEDULE_STEP ||
		       (own_rate && kind != SCHEDULE_HOLD);
	bool limited = settings->rate_bytes != SCHEDULE_UNLIMITED;
	const char *key = NULL, *why = NULL;

	if (settings->set_point.signal != SETPOINT_NONE && kind != SCHEDULE_STEADY) {
		key = "set-point";
		why = "takes the place of a schedule; leave out one of the two";
	} else if (settings->set_point.signal == SETPOINT_CURRENT && !settings->group[0]) {
		key = "set-point";
		why = "memory.current is that of a group: say which with `group`";
	} else if (own_rate && limited) {
		key = "rate";
		why = "this schedule's follows from size and period; leave it out";
	} else if (kind == SCHEDULE_LEAK && !limited) {
		key = "rate";
		why = "must be given: how fast the leak is (64K/s)";
	} else if (!has_low && was_said(load, "low") &&
		   (settings->low.of != AMOUNT_BYTES || settings->low.value)) {
		key = "low";
		why = "only with schedule = leak, ramp, step, sine or sawtooth";
	}
	return key ? job_fail(ret_error, job_said(load, stress_setting_find(&load_table, key)),
			      "load", load->name, "%s: %s", key, why)
		   : 0;
}

static int check_changes(const struct job_load *load, struct stress_error *ret_error)
{
	const struct access_changes *changes = &load->settings.changes;
	enum access_kind kind = load->settings.reuse.kind;
	const char *key = changes->spread_ns && kind != ACCESS_HOT ? "spread" : NULL;

	if (kind != ACCESS_HOT && kind != ACCESS_ZIPF)
		key = changes->drift_ns	    ? "drift"
		      : changes->phase_ns   ? "phase"
		      : changes->revisit_ns ? "revisit"
					    : key;
	return key ? job_fail(ret_error, job_said(load, stress_setting_find(&load_table, key)),
			      "load", load->name,
			      "%s: only with reuse = hot%s, which has hot pages", key,
			      strcmp(key, "spread") == 0 ? "" : " or zipf")
		   : 0;
}

static int check_load(const struct job *job, const struct job_load *load,
		      struct stress_error *ret_error)
{
	const struct load_ops *ops = load_find_type(load->settings.type);
	const char *why;

	if (!load->settings.type[0])
		return job_fail(ret_error, &load->place, "load", load->name,
				"type: must be given; see `uswap-stress help loads`");
	if (!ops)
		return job_fail(ret_error, job_said(load, stress_setting_find(&load_table, "type")),
				"load", load->name,
				"type: \"%s\" is no kind of load; see `uswap-stress help loads`",
				load->settings.type);
	for (size_t i = 0; i < load_table.n; i++) {
		const struct setting *setting = &load_table.settings[i];

		/* A default for all loads from [global] may be of no use to this one. */
		if (!load->said[i].file || setting->common ||
		    (load->said[i].file == job->defaults.said[i].file &&
		     load->said[i].line == job->defaults.said[i].line))
			continue;
		if (!listed(ops->settings, setting->name))
			return job_fail(ret_error, &load->said[i], "load", load->name,
					"%s: a load of type %s has no such setting", setting->name,
					ops->name);
	}
	if (load->settings.size.of == AMOUNT_BYTES && load->settings.size.value == 0)
		return job_fail(ret_error, &load->place, "load", load->name,
				"size: must be given: %s",
				stress_setting_find(&load_table, "size")->type->words);
	if (load->settings.group[0] && job_find_group(job, load->settings.group) < 0)
		return job_fail(ret_error,
				job_said(load, stress_setting_find(&load_table, "group")), "load",
				load->name, "group: there is no [group %s] in this job",
				load->settings.group);
	if (knows(ops, "set-point") && check_schedule(load, ret_error) < 0)
		return -EINVAL;
	if (knows(ops, "drift") && check_changes(load, ret_error) < 0)
		return -EINVAL;
	why = ops->check ? ops->check(&load->settings) : NULL;
	if (why)
		return job_fail(ret_error, &load->place, "load", load->name, "%s", why);
	return 0;
}

int job_check(const struct job *job, struct stress_error *ret_error)
{
	int r = 0;

	if (job->n_loads == 0)
		return job_fail(ret_error, NULL, NULL, NULL,
				"there is nothing to do: no [load NAME] in a job file, no --load");
	for (size_t i = 0; i < job->n_loads && r == 0; i++)
		r = check_load(job, &job->loads[i], ret_error);
	return r;
}
