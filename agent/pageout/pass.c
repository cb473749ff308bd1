/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/pageout/pass_internal.h"

#include "agent/record/recorder.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "base/lines.h"
#include "base/parse.h"
#include "base/saturate.h"
#include "cgroup/state.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Of a step, in about microseconds of the kernel's time. A mapping costs the walk of its pages. */
#define STEP_WORK    1000
#define PROCESS_WORK 40
#define MAPPING_WORK 5

int pageout_pass_new(int proc_fd, struct hand *hand, struct damon_watch *watch,
		     const _Atomic bool *leaving, struct pageout_pass **ret_pass)
{
	struct pageout_pass *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->proc_fd = proc_fd;
	p->hand = hand;
	p->watch = watch;
	p->leaving = leaving;
	p->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	p->self = (uint64_t)getpid();
	p->ask.group_fd = p->procs_fd = -1;
	p->process = (struct process){.dir_fd = -1, .pid_fd = -1};
	p->mappings.lines.fd = p->shares.lines.fd = -1;
	*ret_pass = p;
	return 0;
}

void pageout_pass_record(struct pageout_pass *p, struct record_lane *lane)
{
	p->record = lane;
}

static void close_process(struct pageout_pass *p)
{
	process_close(&p->process);
	p->mappings.lines.fd = fd_close(p->mappings.lines.fd);
	shares_close(&p->shares);
}

void pageout_pass_end(struct pageout_pass *p)
{
	close_process(p);
	p->procs_fd = fd_close(p->procs_fd);
	p->ask.group_fd = fd_close(p->ask.group_fd);
	p->stage = STAGE_NONE;
}

struct pageout_pass *pageout_pass_free(struct pageout_pass *p)
{
	if (!p)
		return NULL;
	pageout_pass_end(p);
	free(p);
	return NULL;
}

/* The same was asked before, and the same processes are meant. */
static bool is_asked_again(const struct pageout_pass *p, const struct pageout_ask *ask,
			   const struct pageout_settings *settings)
{
	return p->ask.group == ask->group && p->ask.node == ask->node &&
	       p->settings.cold_age_ns == settings->cold_age_ns &&
	       p->ask.may_swap == ask->may_swap && p->ask.group_named == ask->group_named &&
	       p->ask.cold_only == ask->cold_only &&
	       config_patterns_are_same(&p->settings.name, &settings->name) &&
	       config_patterns_are_same(&p->settings.uid, &settings->uid);
}

int pageout_pass_begin(struct pageout_pass *p, const struct pageout_ask *ask,
		       const struct pageout_settings *settings, const struct act_ops *ops)
{
	bool goes_on = p->stage != STAGE_NONE && is_asked_again(p, ask, settings);
	int group_fd;

	p->result = (struct pageout_result){0};
	p->served_bytes = 0;
	p->settings = *settings;
	p->ops = ops;
	p->ask.bytes = ask->bytes;
	if (goes_on)
		return 0;
	pageout_pass_end(p);
	/* Its own: the group may go before the end. */
	group_fd = fcntl(ask->group_fd, F_DUPFD_CLOEXEC, 0);
	if (group_fd < 0)
		return -errno;
	p->ask = *ask;
	p->ask.group_fd = group_fd;
	p->procs_fd = kfile_open(group_fd, "cgroup.procs", O_RDONLY);
	if (p->procs_fd < 0) {
		int r = p->procs_fd;

		pageout_pass_end(p);
		return r;
	}
	p->procs = (struct line_reader){.fd = p->procs_fd};
	p->stage = STAGE_PROCESS;
	return 0;
}

bool pageout_pass_is_open(const struct pageout_pass *p)
{
	return p->stage != STAGE_NONE;
}

const struct pageout_result *pageout_pass_result(const struct pageout_pass *p)
{
	return &p->result;
}

void pass_spend(struct pageout_pass *p, uint64_t work)
{
	p->work -= MIN(work, p->work);
}

void pass_note_error(struct pageout_pass *p, int error)
{
	/* It ended, or let go of its memory: normal. */
	if (error != -ESRCH && error != -ENOENT && p->result.error == 0)
		p->result.error = error;
}

bool pass_group_is_frozen(const struct pageout_pass *p)
{
	struct group_state state;

	return group_state_read(p->ask.group_fd, &state, NULL) == 0 && state.frozen;
}

/* What the calls brought, from the process's own counters. False: it is gone. */
static bool measure(struct pageout_pass *p)
{
	struct process_status now;
	uint64_t fall;

	if (process_read_status(&p->process, &now, NULL) < 0)
		return false;
	fall = minus(p->before.resident_bytes, now.resident_bytes);
	p->result.applied_bytes += fall;
	p->visit_taken_bytes += fall;
	p->result.swapped_bytes += minus(now.swap_bytes, p->before.swap_bytes);
	p->before = now;
	return true;
}

/* All of its mappings were seen. */
static void end_process(struct pageout_pass *p, struct pageout_history *history, uint64_t now_ns)
{
	if (measure(p))
		pageout_learn(history, p->process.pid, p->visit_taken_bytes,
			      p->before.resident_bytes, now_ns);
	close_process(p);
	p->stage = STAGE_PROCESS;
}

void pass_leave_process(struct pageout_pass *p)
{
	(void)measure(p);
	close_process(p);
	p->stage = STAGE_PROCESS;
}

static int open_mappings(struct pageout_pass *p)
{
	int fd = kfile_open(p->process.dir_fd, "smaps", O_RDONLY);

	if (fd < 0)
		return fd;
	p->mappings = (struct mapping_reader){.lines.fd = fd, .smaps = true};
	return p->ask.node < 0
		       ? 0
		       : shares_open(p->process.dir_fd, (unsigned int)p->ask.node, &p->shares);
}

/* A dry run has nobody watched: that is felt by the process. */
static enum pageout_reason watch(struct pageout_pass *p, uint64_t now_ns)
{
	int r = p->watch && !p->ops->dry ? pass_learn_cold(p, now_ns) : -ECANCELED;

	if (r == -EAGAIN)
		return PAGEOUT_NOT_YET;
	return r < 0 ? PAGEOUT_UNWATCHED : PAGEOUT_COLD;
}

static void record(const struct pageout_pass *p, const struct pageout_decision *decision)
{
	const struct pageout_record record = {.group = p->ask.group, .decision = *decision};

	(void)record_put(p->record, RECORD_PAGEOUT, &record);
}

/* Opens the process and decides on it. */
static enum pageout_reason take_up(struct pageout_pass *p, struct pageout_history *history,
				   uint64_t pid, uint64_t now_ns)
{
	struct pageout_process view;
	struct pageout_decision decision;
	enum pageout_reason reason;
	int r = process_open(p->proc_fd, pid, &p->process);

	if (r == 0)
		r = process_read_status(&p->process, &p->before, NULL);
	if (r < 0)
		pass_note_error(p, r);
	if (r < 0 || !p->before.has_memory)
		return PAGEOUT_RUNS;
	view = (struct pageout_process){
		.pid = pid,
		.name = p->before.name,
		.uid = p->before.uid,
		.frozen = pass_group_is_frozen(p),
		.stopped = p->before.state == 'T',
		.group_named = p->ask.group_named,
		.cold_only = p->ask.cold_only,
		.resident_bytes = p->before.resident_bytes,
	};
	decision = pageout_choose(&p->settings, history, &view, now_ns);
	record(p, &decision);
	reason = decision.reason;
	p->cold_ns = 0;
	if (reason == PAGEOUT_COLD)
		reason = watch(p, now_ns);
	p->result.processes[reason]++;
	return reason;
}

/* The next process of the group. Those of other PID namespaces read as 0 and can't be seen. */
static int next_process(struct pageout_pass *p, struct pageout_history *history, uint64_t now_ns)
{
	enum pageout_reason reason;
	const char *line;
	size_t length;
	uint64_t pid;
	int n = line_reader_next(&p->procs, &line, &length), r;

	/* A threaded group's processes are listed by its parent. */
	if (n <= 0)
		return n == -EOPNOTSUPP ? 0 : n;
	if (parse_u64_n(line, length, &pid) < 0)
		return -EBADMSG;
	pass_spend(p, PROCESS_WORK);
	if (pid == 0 || pid == p->self)
		return 1;
	reason = take_up(p, history, pid, now_ns);
	r = pageout_acts(reason) ? open_mappings(p) : 0;
	if (r < 0)
		pass_note_error(p, r);
	if (r < 0 || !pageout_acts(reason)) {
		close_process(p);
		return 1;
	}
	p->bounds = (struct pageout_bounds){
		.reason = reason,
		.may_swap = p->ask.may_swap,
		.one_node = p->ask.node >= 0,
	};
	p->visit_taken_bytes = 0;
	p->stage = STAGE_MAPPING;
	return 1;
}

static void next_mapping(struct pageout_pass *p, struct pageout_history *history, uint64_t now_ns)
{
	enum pageout_mapping choice;
	struct numa_share where;
	int r = mapping_reader_next(&p->mappings, &p->mapping);

	pass_spend(p, MAPPING_WORK);
	if (r < 0)
		pass_note_error(p, r);
	if (r <= 0) {
		end_process(p, history, now_ns);
		return;
	}
	where = shares_of(&p->shares, p->mapping.start);
	choice = pageout_choose_mapping(&p->settings, &p->bounds, &p->mapping, where.on_node_bytes,
					where.elsewhere_bytes);
	p->result.mappings[choice]++;
	if (choice != PAGEOUT_MAPPING_TAKEN)
		return;
	p->at = p->range_end = p->mapping.start;
	p->stage = STAGE_RANGE;
}

int pageout_pass_step(struct pageout_pass *p, struct pageout_history *history, uint64_t piece_bytes,
		      uint64_t now_ns)
{
	int r = p->stage == STAGE_NONE ? 0 : 1;

	p->work = STEP_WORK;
	while (r > 0 && p->work > 0 && p->served_bytes < p->ask.bytes) {
		switch (p->stage) {
		case STAGE_NONE:
			r = 0;
			break;
		case STAGE_PROCESS:
			r = next_process(p, history, now_ns);
			break;
		case STAGE_MAPPING:
			next_mapping(p, history, now_ns);
			break;
		case STAGE_RANGE:
			pass_advise(p, piece_bytes, now_ns);
			break;
		}
	}
	if (r > 0 && p->served_bytes < p->ask.bytes)
		return 1;
	if (r > 0) {
		/* It stays where it is, for the next ask. */
		if (p->stage != STAGE_PROCESS)
			(void)measure(p);
		return 0;
	}
	if (r < 0 && r != -ENODEV)
		pass_note_error(p, r);
	p->result.ended = true;
	pageout_pass_end(p);
	return 0;
}
