/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/compare/rival.h"

#include "base/clock.h"
#include "base/kfile.h"
#include "base/parse.h"
#include "cgroup/memory.h"
#include "stress/check/require.h"
#include "stress/run/group_mark.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <time.h>

/* What a rival changes for one run. ground and change are those of rival_begin. */
typedef int begin_fn(const struct rival *rival, struct scenario *scenario,
		     struct trial_ground *ground, struct rival_change *change,
		     struct stress_error *ret_error);

static begin_fn begin_oomd, begin_damon, begin_loop, begin_watermark;

struct rival_kind {
	const char *name, *help;
	const char *program;	      /* in the PATH; NULL: none */
	const char *ready;	      /* what it prints when it is */
	const char *knob;	      /* of groups that have a memory.max; NULL: none */
	uint64_t number, least, most; /* number: unless said; 0: it has none */
	begin_fn *begin;	      /* NULL: nothing */
};

static const struct rival_kind kinds[] = {
	{.name = "none", .help = "nothing beside the kernel"},
	{.name = "uswapd",
	 .help = "this project's agent, with the scenario's settings if it has some",
	 .program = "uswapd",
	 .ready = "is ready"},
	{.name = "oomd",
	 .help = "oomd with Senpai, which lowers memory.high until tasks stall",
	 .program = "oomd",
	 .begin = begin_oomd},
	{.name = "damon", .help = "DAMON_RECLAIM with a min_age of 10 s", .begin = begin_damon},
	{.name = "loop",
	 .help = "asks each group for 1 % of its memory every second",
	 .begin = begin_loop},
	{.name = "memory.high",
	 .help = "of groups with a memory.max: so many percent of it (90)",
	 .knob = "memory.high",
	 .number = 90,
	 .least = 1,
	 .most = 100},
	{.name = "watermark",
	 .help = "vm.watermark_scale_factor (100)",
	 .number = 100,
	 .least = 1,
	 .most = 3000,
	 .begin = begin_watermark},
};
static const struct rival_kind command = {.name = "NAME=COMMAND", .help = "any other program"};

void rival_list(FILE *to)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		(void)fprintf(to, "  %s%-*s %s\n", kinds[i].name, 18 - (int)strlen(kinds[i].name),
			      kinds[i].number ? "[:NUMBER]" : "", kinds[i].help);
	(void)fprintf(to, "  %-18s %s\n", command.name, command.help);
}

static int read_number(const char *text, struct rival *rival, struct stress_error *ret_error)
{
	const struct rival_kind *kind = rival->kind;

	if (!kind->number)
		return stress_fail(ret_error, -EINVAL, "--agent %s: it has no number", kind->name);
	if (parse_u64(text, &rival->number) < 0 || rival->number < kind->least ||
	    rival->number > kind->most)
		return stress_fail(ret_error, -EINVAL,
				   "--agent %s: \"%s\" is not %" PRIu64 " to %" PRIu64, kind->name,
				   text, kind->least, kind->most);
	return 0;
}

int rival_parse(const char *text, struct rival *ret, struct stress_error *ret_error)
{
	struct rival rival = {.kind = NULL};
	size_t n = strcspn(text, ":=");
	int r = 0;

	if (strlen(text) >= sizeof(rival.name) || n == 0)
		return stress_fail(ret_error, -EINVAL, "--agent: has a name, and %zu bytes at most",
				   sizeof(rival.name) - 1);
	if (text[n] == '=') {
		rival.kind = &command;
		memcpy(rival.name, text, n);
		strcpy(rival.command, text + n + 1);
		if (!rival.command[0])
			return stress_fail(ret_error, -EINVAL, "--agent %s: a command is missing",
					   text);
	} else {
		strcpy(rival.name, text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && !rival.kind; i++)
		if (strlen(kinds[i].name) == n && strncmp(kinds[i].name, text, n) == 0)
			rival.kind = &kinds[i];
	if (!rival.kind)
		return stress_fail(ret_error, -EINVAL,
				   "--agent %s: there is no such agent (uswap-stress help agents); "
				   "another program is NAME=COMMAND",
				   text);
	rival.number = rival.kind->number;
	if (text[n] == ':')
		r = read_number(text + n + 1, &rival, ret_error);
	if (r == 0)
		*ret = rival;
	return r;
}

/* The group's memory.max in bytes; false: it has none that is a size. */
static bool limit_of(const struct job_group *group, uint64_t *ret_bytes)
{
	for (size_t i = 0; i < group->n_knobs; i++)
		if (strcmp(group->knobs[i].file, "memory.max") == 0)
			return parse_size(group->knobs[i].value, ret_bytes) == 0;
	return false;
}

static int set_knobs(const struct rival *rival, struct job *job, struct stress_error *ret_error)
{
	char text[2 * STRESS_NAME_MAX + 32];
	uint64_t bytes;
	int r = 0;

	for (size_t i = 0; i < job->n_groups && r == 0; i++) {
		if (!limit_of(&job->groups[i], &bytes))
			continue;
		(void)snprintf(text, sizeof(text), "group.%s.%s=%" PRIu64, job->groups[i].name,
			       rival->kind->knob, bytes / 100 * rival->number);
		r = job_set(job, text, ret_error);
	}
	return r;
}

int rival_enter(const struct rival *rival, struct scenario *scenario,
		struct stress_error *ret_error)
{
	const struct rival_kind *kind = rival->kind;
	struct scenario_agent *agent = &scenario->agent;
	size_t n = kind->program ? strlen(kind->program) : 0;
	bool is_own = n && strncmp(agent->command, kind->program, n) == 0 &&
		      (agent->command[n] == ' ' || agent->command[n] == '\0');

	if (!is_own) {
		*agent = (struct scenario_agent){.may_end_anyhow = strcmp(kind->name, "uswapd") !=
								   0};
		if (kind->program && kind->ready)
			strcpy(agent->command, kind->program);
		else
			strcpy(agent->command, rival->command);
		strcpy(agent->ready, kind->ready ? kind->ready : "");
	}
	return kind->knob ? set_knobs(rival, scenario->job, ret_error) : 0;
}

static int remove_directory(const char *path)
{
	_cleanup_(closedirp) DIR *dir = opendir(path);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	return rmdir(path) < 0 ? -errno : 0;
}

/* In the janitor, or here. */
static int undo(void *context)
{
	struct rival_change *change = context;
	int r = 0;

	for (size_t i = change->n_knobs; i-- > 0;) {
		struct rival_knob *knob = &change->knobs[i];
		int failed = kfile_write_at(knob->dir_fd, knob->path, knob->before);

		r = r < 0 ? r : failed;
	}
	if (change->directory[0]) {
		int failed = remove_directory(change->directory);

		r = r < 0 ? r : failed;
	}
	return r;
}

int rival_end(struct rival_change *change)
{
	return change->janitor.pid ? janitor_end(&change->janitor) : 0;
}

/* Notes what stands in the file; it is put back at the end. -EOPNOTSUPP: there is no such file. */
static int note_knob(struct rival_change *change, int dir_fd, const char *path)
{
	struct rival_knob *knob = &change->knobs[change->n_knobs];
	ssize_t n = kfile_read_at(dir_fd, path, knob->before, sizeof(knob->before));

	if (n < 0)
		return n == -ENOENT ? -EOPNOTSUPP : (int)n;
	knob->dir_fd = dir_fd;
	knob->path = path;
	change->n_knobs++;
	return 0;
}

static int guard(struct rival_change *change, struct stress_error *ret_error)
{
	int r = janitor_start(&change->janitor, undo, change);

	return r < 0 ? stress_fail(ret_error, r, "start a janitor: %s", strerror(-r)) : 0;
}

static int write_knob(const struct rival_knob *knob, const char *value,
		      struct stress_error *ret_error)
{
	int r = kfile_write_at(knob->dir_fd, knob->path, value);

	return r < 0 ? stress_fail(ret_error, r, "write %s: %s", knob->path, strerror(-r)) : 0;
}

static int begin_watermark(const struct rival *rival, struct scenario *scenario,
			   struct trial_ground *ground, struct rival_change *change,
			   struct stress_error *ret_error)
{
	char value[32];
	int r = note_knob(change, ground->proc_fd, "sys/vm/watermark_scale_factor");

	(void)scenario;
	if (r < 0)
		return stress_fail(ret_error, r, "no vm.watermark_scale_factor here");
	(void)snprintf(value, sizeof(value), "%" PRIu64, rival->number);
	r = guard(change, ret_error);
	return r == 0 ? write_knob(&change->knobs[0], value, ret_error) : r;
}

#define DAMON "module/damon_reclaim/parameters/"
#define STAT  "module/damon_stat/parameters/enabled"

static int begin_damon(const struct rival *rival, struct scenario *scenario,
		       struct trial_ground *ground, struct rival_change *change,
		       struct stress_error *ret_error)
{
	size_t n_others;
	int r = 0;

	(void)rival;
	(void)scenario;
	/* One of the two can have DAMON at a time; where there is no DAMON_STAT it is not there. */
	(void)note_knob(change, ground->sys_fd, STAT);
	n_others = change->n_knobs;
	/* It is switched off before its age is put back. */
	r = note_knob(change, ground->sys_fd, DAMON "min_age");
	if (r == 0)
		r = note_knob(change, ground->sys_fd, DAMON "enabled");
	if (r < 0)
		return stress_fail(ret_error, r, "this kernel has no DAMON_RECLAIM");
	r = guard(change, ret_error);
	if (r == 0 && n_others)
		r = write_knob(&change->knobs[0], "N", ret_error);
	if (r == 0)
		r = write_knob(&change->knobs[n_others], "10000000", ret_error);
	if (r == 0)
		r = write_knob(&change->knobs[n_others + 1], "Y", ret_error);
	/* Somebody else uses DAMON. */
	return r == -EBUSY ? -EOPNOTSUPP : r;
}

/* What people write first. */
static _Noreturn void loop(const struct trial *trial)
{
	const struct timespec second = {.tv_sec = 1};
	uint64_t bytes;
	char text[32];
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	while (sigtimedwait(&set, NULL, &second) != SIGTERM) {
		for (size_t i = 0; i < trial->scenario->job->n_groups; i++) {
			if (memory_bytes_read_at(trial->group_fds[i], "memory.current", &bytes) < 0)
				continue;
			(void)snprintf(text, sizeof(text), "%" PRIu64, bytes / 100);
			(void)kfile_write_at(trial->group_fds[i], "memory.reclaim", text);
		}
	}
	_exit(0);
}

static int begin_loop(const struct rival *rival, struct scenario *scenario,
		      struct trial_ground *ground, struct rival_change *change,
		      struct stress_error *ret_error)
{
	(void)rival;
	(void)scenario;
	(void)change;
	(void)ret_error;
	ground->run_agent = loop;
	return 0;
}

/* The groups that are in no other one; their names get a mark when they are made. */
static int write_oomd_config(const struct job *job, int dir_fd)
{
	const char *parent = job->global.parent;
	int fd = openat(dir_fd, "oomd.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	_cleanup_(fclosep) FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
	const char *comma = "";

	if (!to)
		return -errno;
	(void)fputs("{\"rulesets\":[{\"name\":\"senpai\",\"detectors\":[[\"always\",{\"name\":"
		    "\"continue\",\"args\":{}}]],\"actions\":[{\"name\":\"senpai\",\"args\":{"
		    "\"limit_min_bytes\":\"0\",\"cgroup\":\"",
		    to);
	for (size_t i = 0; i < job->n_groups; i++) {
		if (strchr(job->groups[i].name, '/'))
			continue;
		(void)fprintf(to, "%s%s%s%s" GROUP_MARK "*", comma, parent + strspn(parent, "/"),
			      *parent ? "/" : "", job->groups[i].name);
		comma = ",";
	}
	(void)fputs("\"}}]}]}\n", to);
	return fflush(to) == 0 ? 0 : -EIO;
}

static int begin_oomd(const struct rival *rival, struct scenario *scenario,
		      struct trial_ground *ground, struct rival_change *change,
		      struct stress_error *ret_error)
{
	char name[] = "/tmp/uswap-stress-XXXXXX";
	_cleanup_close_ int fd = -1;
	int r;

	(void)rival;
	(void)ground;
	if (!mkdtemp(name))
		return stress_fail(ret_error, -errno, "make %s: %s", name, strerror(errno));
	strcpy(change->directory, name);
	r = guard(change, ret_error);
	if (r < 0)
		return r;
	fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = fd < 0 ? -errno : write_oomd_config(scenario->job, fd);
	if (r < 0)
		return stress_fail(ret_error, r, "write %s/oomd.json: %s", name, strerror(-r));
	(void)snprintf(scenario->agent.command, sizeof(scenario->agent.command),
		       "oomd --interval 1 --config %s/oomd.json --runtime-dir %s", name, name);
	return 0;
}

int rival_begin(const struct rival *rival, struct scenario *scenario, struct trial_ground *ground,
		struct rival_change *change, struct stress_error *ret_error)
{
	const struct rival_kind *kind = rival->kind;

	*change = (struct rival_change){.n_knobs = 0};
	if (kind->program && !require_has_program(kind->program))
		return stress_fail(ret_error, -EOPNOTSUPP,
				   "%s is not in the PATH: install it (packaging/setup rivals)",
				   kind->program);
	return kind->begin ? kind->begin(rival, scenario, ground, change, ret_error) : 0;
}
