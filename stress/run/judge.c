/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/run/judge.h"

#include "base/clock.h"
#include "base/kfile.h"
#include "base/parse.h"
#include "base/saturate.h"
#include "stress/measure/vmstat.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

uint64_t judge_oom_kills(int proc_fd)
{
	_cleanup_close_ int fd = kfile_open(proc_fd, "vmstat", O_RDONLY);
	struct vmstat vmstat;

	return fd >= 0 && vmstat_read(fd, &vmstat, NULL) == 0 ? vmstat.oom_kill : UINT64_MAX;
}

/* Whether the kernel killed somebody in the worker's group, or anywhere if it has none. */
static bool oom_kill_seen(const struct run *run, const struct run_worker *worker)
{
	int group = worker->load.plan->group;
	struct memory_events events;
	uint64_t kills;

	if (group >= 0) {
		_cleanup_close_ int fd =
			kfile_open(placement_group_fd(run->placement, (size_t)group),
				   "memory.events", O_RDONLY);

		return fd >= 0 && memory_events_read(fd, &events, NULL) == 0 && events.oom_kill;
	}
	kills = judge_oom_kills(run->proc_fd);
	return kills != UINT64_MAX && kills > run->oom_kills;
}

static void name_end(struct run *run, struct run_worker *worker)
{
	const struct worker_block *block = worker->load.block;
	const char *name = worker->load.name;
	int sig = WIFSIGNALED(worker->status) ? WTERMSIG(worker->status) : 0;

	if (worker->killed_as != END_ALIVE) {
		worker->end = worker->killed_as;
		if (worker->end == END_WATCHDOG)
			run_fail(run,
				 "[load %s] was killed: it took longer than duration and grace",
				 name);
	} else if (sig == SIGKILL && oom_kill_seen(run, worker)) {
		worker->end = END_OOM_KILLED;
		run_fail(run, "[load %s] was OOM-killed by the kernel with %ju pages touched", name,
			 (uintmax_t)block_get(&block->resident_pages));
	} else if (sig == SIGALRM) {
		worker->end = END_WATCHDOG;
		run_fail(run, "[load %s] ended itself: this program did nothing for too long",
			 name);
	} else if (sig) {
		worker->end = END_SIGNAL;
		run_fail(run, "[load %s] was killed by signal %d (%s)", name, sig, strsignal(sig));
	} else if (atomic_load(&block->state) != WORKER_DONE) {
		worker->end = END_FAILED;
		run_fail(run, "[load %s] %s: %s", name, block->why[0] ? block->why : "ended early",
			 strerror(-block->error));
	} else {
		worker->end = END_OK;
	}
}

/* The first wrong page and what happened to it. */
static void judge_contents(struct run *run, const struct run_worker *worker)
{
	const struct worker_block *block = worker->load.block;
	const struct worker_bad_page *bad = &block->first_bad;
	char history[96] = "", found[FORMAT_DURATION_BYTES], right[FORMAT_DURATION_BYTES];

	if (!block->bad_pages)
		return;
	if (bad->right_ns)
		(void)snprintf(
			history, sizeof(history), ", right after %s",
			format_duration(right, sizeof(right), bad->right_ns - block->started_ns));
	run_fail(run,
		 "[load %s] %ju pages have wrong contents; first: page %ju (written %u times%s, "
		 "wrong after %s) at byte %zu: 0x%02x, not 0x%02x",
		 worker->load.name, (uintmax_t)block->bad_pages, (uintmax_t)bad->page,
		 bad->generation, history,
		 format_duration(found, sizeof(found), bad->found_ns - block->started_ns),
		 bad->error.offset, bad->error.found, bad->error.expected);
}

void judge_end(struct run *run, struct run_worker *worker)
{
	name_end(run, worker);
	judge_contents(run, worker);
}

static bool wants_share(const struct run_worker *worker)
{
	const struct load_settings *settings = worker->load.settings;

	return settings->nodes.n && settings->policy != TOPOLOGY_ANYWHERE &&
	       run_worker_is_alive(worker);
}

/* Of what the worker has mapped, what is on its nodes. false: it can't be told. */
static bool read_share(const struct run *run, const struct run_worker *worker,
		       struct numa_share *ret)
{
	const struct node_list *nodes = &worker->load.settings->nodes;
	struct numa_share share = {0}, one = {0};

	if (!wants_share(worker))
		return false;
	for (size_t i = 0; i < nodes->n; i++) {
		if (numa_maps_read(run->proc_fd, worker->pid, nodes->ids[i], &one) < 0)
			return false;
		share.on_node_bytes += one.on_node_bytes;
	}
	share.elsewhere_bytes = minus(one.on_node_bytes + one.elsewhere_bytes, share.on_node_bytes);
	*ret = share;
	return true;
}

void judge_shares_begin(struct run *run)
{
	for (size_t i = 0; i < run->n_workers; i++) {
		struct run_worker *worker = &run->workers[i];

		worker->has_share = read_share(run, worker, &worker->share);
	}
}

/*
 * A bound load's book-keeping, shared with us, may be on our node: so much, a byte a page, and the
 * buffer of a block.
 */
#define STRAY_BYTES (UINT64_C(1) << 20)

void judge_shares_end(struct run *run)
{
	for (size_t i = 0; i < run->n_workers; i++) {
		struct run_worker *worker = &run->workers[i];
		const struct load_settings *settings = worker->load.settings;
		struct numa_share now, *share = &worker->share;
		char ids[NODE_LIST_BYTES];

		worker->has_share = worker->has_share && read_share(run, worker, &now);
		if (!worker->has_share)
			continue;
		share->on_node_bytes = minus(now.on_node_bytes, share->on_node_bytes);
		share->elsewhere_bytes = minus(now.elsewhere_bytes, share->elsewhere_bytes);
		if (settings->policy == TOPOLOGY_BIND &&
		    share->elsewhere_bytes >
			    STRAY_BYTES + settings->block_bytes + share->on_node_bytes / 100)
			run_fail(run,
				 "[load %s] is bound to node %s, yet %ju bytes of its memory are "
				 "elsewhere (%ju there)",
				 worker->load.name,
				 node_list_format(ids, sizeof(ids), &settings->nodes),
				 (uintmax_t)share->elsewhere_bytes,
				 (uintmax_t)share->on_node_bytes);
	}
}
