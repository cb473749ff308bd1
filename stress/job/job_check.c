/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a job makes sense as a whole. */
#include "stress/job/job_build.h"

#include "base/random.h"
#include "base/spell.h"
#include "stress/job/plan.h"
#include "stress/loads/load.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Sizes that depend on how many workers there are. */
static const char *const sizes[] = {"size", "burst", "low"};

static struct amount *size_of(struct job_load *load, const char *name)
{
	return (struct amount *)(void *)((char *)&load->settings +
					 stress_setting_find(&load_table, name)->offset);
}

/* Says of each size whether it is for each worker or for all; divides those that are for all. */
static int share_sizes(struct job_load *load, struct stress_error *ret_error)
{
	uint64_t n = load->settings.n_workers;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct amount *amount = size_of(load, sizes[i]);

		if (amount_is_zero(amount))
			continue;
		if (amount->for_whom == AMOUNT_FOR_UNSAID)
			return job_fail(ret_error,
					job_said(load, stress_setting_find(&load_table, sizes[i])),
					"load", load->name,
					"%s: there are %" PRIu64
					" workers: say `... each` or `... total`",
					sizes[i], n);
		if (amount->for_whom == AMOUNT_FOR_TOTAL)
			amount->parts = n;
	}
	return 0;
}

/* Whether workers of one load can each hold it: a signal they share would answer to all. */
static int check_shared_signal(const struct job_load *load, struct stress_error *ret_error)
{
	enum setpoint_signal signal = load->settings.set_point.signal;

	if (signal == SETPOINT_NONE || signal == SETPOINT_RESIDENT)
		return 0;
	return job_fail(ret_error, job_said(load, stress_setting_find(&load_table, "set-point")),
			"load", load->name,
			"set-point: one worker alone can hold it; leave workers out");
}

/* Writes worker i of the load. */
static int name_worker(const struct job_load *load, uint64_t i, struct job_load *to,
		       struct stress_error *ret_error)
{
	int n;

	*to = *load;
	n = snprintf(to->name, sizeof(to->name), "%s.%" PRIu64, load->name, i + 1);
	if (n < 0 || (size_t)n >= sizeof(to->name))
		return job_fail(ret_error, &load->place, "load", load->name,
				"the name is too long for one of several workers");
	to->settings.n_workers = 1;
	if (load->settings.seed)
		to->settings.seed = random_mix(load->settings.seed + i * RANDOM_STRIDE) >> 1;
	return 0;
}

static int append_workers(const struct job_load *load, struct job_load *to, size_t *n,
			  struct stress_error *ret_error)
{
	struct job_load shared = *load;
	int r;

	if (*n + load->settings.n_workers > JOB_LOADS_MAX)
		return job_fail(ret_error,
				job_said(load, stress_setting_find(&load_table, "workers")), "load",
				load->name, "workers: more than %d in all", JOB_LOADS_MAX);
	if (load->settings.n_workers == 1) {
		to[(*n)++] = *load;
		return 0;
	}
	r = check_shared_signal(load, ret_error);
	if (r == 0)
		r = share_sizes(&shared, ret_error);
	for (uint64_t i = 0; i < load->settings.n_workers && r == 0; i++)
		r = name_worker(&shared, i, &to[(*n)++], ret_error);
	return r;
}

int job_complete(struct job *job, struct stress_error *ret_error)
{
	_cleanup_free_ struct job_load *loads = calloc(JOB_LOADS_MAX, sizeof(*loads));
	size_t n = 0;
	int r = 0;

	if (!loads)
		return -ENOMEM;
	for (size_t i = 0; i < job->n_loads && r == 0; i++)
		r = append_workers(&job->loads[i], loads, &n, ret_error);
	if (r < 0)
		return r;
	free(job->loads);
	job->loads = TAKE_PTR(loads);
	job->n_loads = n;
	return 0;
}

static bool listed(const char *const *names, const char *name)
{
	for (size_t i = 0; names && names[i]; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static bool knows(const struct load_ops *ops, const char *name)
{
	if (strcmp(name, "size") == 0)
		return !ops->sizeless;
	return stress_setting_find(&load_table, name)->common || listed(ops->settings, name);
}

/* Said of this load, not as a default for all from [global], which may be of no use to it. */
static bool said_itself(const struct job *job, const struct job_load *load,
			const struct setting *setting)
{
	size_t i = (size_t)(setting - load_table.settings);
	const struct job_place *place = &load->said[i], *by_default = &job->defaults.said[i];

	return place->file && (place->file != by_default->file || place->line != by_default->line);
}

#define KIND(name) (1U << SCHEDULE_##name)
#define PERIODIC   (KIND(BURST) | KIND(RAMP) | KIND(STEP) | KIND(SINE) | KIND(SAWTOOTH))

/* Settings that say nothing without another one: of a schedule, and of touching again. */
static const struct {
	const char *key;
	unsigned int schedules;
	const char *words;
} of_schedules[] = {
	{"low", KIND(LEAK) | (PERIODIC & ~KIND(BURST)), "leak, ramp, step, sine or sawtooth"},
	{"period", PERIODIC, "burst, ramp, step, sine or sawtooth"},
	{"steps", KIND(STEP), "step"},
	{"burst", KIND(BURST), "burst"},
	{"hold", KIND(BURST), "burst"},
	{"release", KIND(BURST), "burst"},
	{"trace-scale", KIND(REPLAY), "replay"},
};
static const char *const of_reuse[] = {"reuse-when", "reuse-rate", "reuse-write", "reuse-debt"};

static int check_idle(const struct job *job, const struct job_load *load,
		      struct stress_error *ret_error)
{
	const struct load_settings *settings = &load->settings;
	const struct setting *setting = stress_setting_find(&load_table, "policy");

	if (said_itself(job, load, setting) && settings->nodes.n == 0)
		return job_fail(ret_error, job_said(load, setting), "load", load->name,
				"policy: whose memory is to be taken? say which `node`");
	for (size_t i = 0; i < ARRAY_SIZE(of_schedules); i++) {
		setting = stress_setting_find(&load_table, of_schedules[i].key);
		if (said_itself(job, load, setting) &&
		    !(of_schedules[i].schedules & (1U << settings->schedule)))
			return job_fail(ret_error, job_said(load, setting), "load", load->name,
					"%s: only with schedule = %s", setting->name,
					of_schedules[i].words);
	}
	for (size_t i = 0; i < ARRAY_SIZE(of_reuse); i++) {
		setting = stress_setting_find(&load_table, of_reuse[i]);
		if (said_itself(job, load, setting) && settings->reuse.kind == ACCESS_NONE)
			return job_fail(ret_error, job_said(load, setting), "load", load->name,
					"%s: nothing is touched again; say how with `reuse`",
					setting->name);
	}
	return 0;
}

/* A setting that needs another one, and is said without it. */
static int check_schedule(const struct job_load *load, const struct load_ops *ops,
			  struct stress_error *ret_error)
{
	const struct load_settings *settings = &load->settings;
	enum schedule_kind kind = (enum schedule_kind)settings->schedule;
	bool own_rate = kind == SCHEDULE_HOLD || kind == SCHEDULE_RAMP || kind == SCHEDULE_SINE ||
			kind == SCHEDULE_SAWTOOTH || kind == SCHEDULE_REPLAY;
	bool limited = settings->rate_bytes != SCHEDULE_UNLIMITED;
	const char *key = NULL, *why = NULL;

	if (settings->set_point.signal != SETPOINT_NONE && kind != SCHEDULE_STEADY) {
		key = "set-point";
		why = "takes the place of a schedule; leave out one of the two";
	} else if (settings->set_point.signal == SETPOINT_CURRENT && !settings->group[0]) {
		key = "set-point";
		why = "memory.current is that of a group: say which with `group`";
	} else if (settings->set_point.signal == SETPOINT_FREE && settings->nodes.n > 1) {
		key = "set-point";
		why = "free memory is that of one node, or of the machine without `node`";
	} else if (own_rate && limited && !ops->io_rate) {
		key = "rate";
		why = "this schedule has its own; leave it out";
	} else if (kind == SCHEDULE_LEAK && !limited) {
		key = "rate";
		why = "must be given: how fast the leak is (64K/s)";
	} else if ((kind == SCHEDULE_REPLAY) != (settings->trace[0] != '\0')) {
		key = "trace";
		why = "schedule = replay and the file to replay go together; one is missing";
	}
	return key ? job_fail(ret_error, job_said(load, stress_setting_find(&load_table, key)),
			      "load", load->name, "%s: %s", key, why)
		   : 0;
}

static int check_changes(const struct job_load *load, const char *pattern, enum access_kind kind,
			 struct stress_error *ret_error)
{
	const struct access_changes *changes = &load->settings.changes;

	const char *key = changes->spread_ns && kind != ACCESS_HOT ? "spread" : NULL;

	if (kind != ACCESS_HOT && kind != ACCESS_ZIPF)
		key = changes->drift_ns	    ? "drift"
		      : changes->phase_ns   ? "phase"
		      : changes->revisit_ns ? "revisit"
					    : key;
	return key ? job_fail(ret_error, job_said(load, stress_setting_find(&load_table, key)),
			      "load", load->name, "%s: only with %s = hot%s, which has hot pages",
			      key, pattern, strcmp(key, "spread") == 0 ? "" : " or zipf")
		   : 0;
}

/* The kernel lets no process into a group that gives controllers to those inside, as all here do.
 */
static int check_group(const struct job *job, const struct job_load *load,
		       struct stress_error *ret_error)
{
	const char *name = load->settings.group;
	size_t n = strlen(name);

	for (size_t i = 0; i < job->n_groups && n; i++)
		if (strncmp(job->groups[i].name, name, n) == 0 && job->groups[i].name[n] == '/')
			return job_fail(
				ret_error,
				job_said(load, stress_setting_find(&load_table, "group")), "load",
				load->name,
				"group: %s has groups inside, so no process can be in it: put the "
				"load into %s, or into one of its own",
				name, job->groups[i].name);
	return 0;
}

static const char *nearest_group(const struct job *job, const char *name)
{
	const char *names[JOB_GROUPS_MAX] = {NULL};
	size_t i;

	for (i = 0; i < job->n_groups; i++)
		names[i] = job->groups[i].name;
	i = spell_nearest(name, names, job->n_groups);
	return i < job->n_groups ? names[i] : NULL;
}

/* The types that have a setting: "anon, shmem". */
static const char *types_with(const char *name, char *text, size_t n)
{
	size_t used = 0;

	*text = '\0';
	for (size_t i = 0; load_types[i] && used < n; i++)
		if (knows(load_types[i], name))
			used += (size_t)snprintf(text + used, n - used, "%s%s", used ? ", " : "",
						 load_types[i]->name);
	return text;
}

int job_check_type(const struct job_load *load, const struct job_place *place,
		   struct stress_error *ret_error)
{
	const char *nearest;

	if (load_find_type(load->settings.type))
		return 0;
	nearest = load_nearest_type(load->settings.type);
	return job_fail(ret_error, place, "load", load->name,
			"type: \"%s\" is no kind of load%s%s%s; see `uswap-stress help loads`",
			load->settings.type, nearest ? "; did you mean '" : "",
			nearest ? nearest : "", nearest ? "'?" : "");
}

static int check_load(const struct job *job, const struct job_load *load,
		      struct stress_error *ret_error)
{
	const struct load_ops *ops = load_find_type(load->settings.type);
	const char *why, *nearest;
	char types[256];

	if (!ops)
		return job_fail(ret_error, &load->place, "load", load->name,
				"type: must be given; see `uswap-stress help loads`");
	for (size_t i = 0; i < load_table.n; i++) {
		const struct setting *setting = &load_table.settings[i];

		if (said_itself(job, load, setting) && !knows(ops, setting->name))
			return job_fail(ret_error, &load->said[i], "load", load->name,
					"%s: a load of type %s has no such setting; %s have it",
					setting->name, ops->name,
					types_with(setting->name, types, sizeof(types)));
	}
	if (!ops->sizeless && amount_is_zero(&load->settings.size))
		return job_fail(ret_error, &load->place, "load", load->name,
				"size: must be given: %s",
				stress_setting_find(&load_table, "size")->type->words);
	nearest = nearest_group(job, load->settings.group);
	if (load->settings.group[0] && job_find_group(job, load->settings.group) < 0)
		return job_fail(ret_error,
				job_said(load, stress_setting_find(&load_table, "group")), "load",
				load->name, "group: there is no [group %s] in this job%s%s%s",
				load->settings.group, nearest ? "; did you mean '" : "",
				nearest ? nearest : "", nearest ? "'?" : "");
	if (check_group(job, load, ret_error) < 0)
		return -EINVAL;
	if (!job->more && load->settings.start_ns >= job->global.duration_ns)
		return job_fail(ret_error,
				job_said(load, stress_setting_find(&load_table, "start")), "load",
				load->name,
				"start: the run is over by then; make its `duration` longer");
	why = ops->check ? ops->check(&load->settings) : NULL;
	if (why)
		return job_fail(ret_error, job_said_first(load, why), "load", load->name, "%s",
				why);
	if ((knows(ops, "schedule") && check_schedule(load, ops, ret_error) < 0) ||
	    check_idle(job, load, ret_error) < 0)
		return -EINVAL;
	if (knows(ops, "drift") &&
	    (knows(ops, "reuse")
		     ? check_changes(load, "reuse", load->settings.reuse.kind, ret_error)
		     : check_changes(load, "access", load->settings.access.kind, ret_error)) < 0)
		return -EINVAL;
	return 0;
}

int job_check(const struct job *job, struct stress_error *ret_error)
{
	int r = 0;

	if (job->n_loads == 0 && !job->may_idle)
		return job_fail(ret_error, NULL, NULL, NULL,
				"there is nothing to do: no [load NAME] in a job file, no --load");
	for (size_t i = 0; i < job->n_groups && r == 0; i++)
		r = plan_check_sizes(&job->groups[i], ret_error);
	for (size_t i = 0; i < job->n_loads && r == 0; i++)
		r = check_load(job, &job->loads[i], ret_error);
	return r;
}
