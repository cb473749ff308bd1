/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent_internal.h"

#include "agent/damon/use.h"
#include "agent/pageout/pager.h"
#include "agent/record/recorder.h"
#include "agent/sense/dirty.h"
#include "agent/writer/cleaner.h"
#include "base/clock.h"
#include "base/saturate.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define STATUS_NS NSEC_PER_SEC
#define ALIVE_NS  (10 * NSEC_PER_SEC)
#define RELOAD_NS (5 * NSEC_PER_SEC)
/* A process that is not ours: what may be done to it may be done to any. */
#define OTHER_PID 1

/* An agent without it does the rest. */
static void start_cleaner(struct agent *a)
{
	const struct cleaner_options options = {
		.log = a->world.log,
		.proc_fd = a->world.proc_fd,
		.sys_fd = a->world.sys_fd,
		.program = a->options.writer_program,
		.try_uring = a->options.try_uring,
	};
	int r;

	if (!options.program)
		return;
	r = access(options.program, X_OK) < 0 ? -errno : 0;
	if (r == 0)
		r = cleaner_start(&options, &a->world.cleaner);
	if (r < 0) {
		agent_degrade(a, "dirty files are not written back: %s: %s", options.program,
			      strerrordesc_np(-r));
		return;
	}
	r = dirty_try_mapping(a->world.proc_fd, OTHER_PID);
	if (r == -EACCES || r == -EPERM)
		agent_degrade(
			a,
			"dirty files are not written back: files that others have mapped can't be "
			"opened (%s; it needs CAP_SYS_PTRACE, CAP_CHECKPOINT_RESTORE and "
			"CAP_DAC_OVERRIDE)",
			strerrordesc_np(-r));
}

static bool may_use_damon(const struct agent *a)
{
	return a->options.damon_file && !a->options.dry_run && a->world.whole_machine;
}

static bool wants_damon(const struct config *config)
{
	return config->pageout.enabled && config->pageout.cold_age_ns > 0 &&
	       config->agent.mode == MODE_ACT;
}

/* Said when it is wished for. What an agent that was killed has left is given back first. */
static void try_damon(struct agent *a)
{
	enum damon_use use;

	if (!may_use_damon(a) || !wants_damon(a->config) ||
	    access(a->options.damon_file, F_OK) == 0)
		return;
	use = damon_use_of(a->world.sys_fd);
	if (use != DAMON_FREE)
		agent_degrade(a, "nothing is paged out by pageout.cold_age: %s",
			      damon_use_words(use));
}

/* Started even where it is off: it may be switched on later. */
static void start_pager(struct agent *a)
{
	const struct pager_world world = {
		.proc_fd = a->world.proc_fd,
		.sys_fd = a->world.sys_fd,
		.hands = &a->hands,
		.damon_note = may_use_damon(a) ? a->options.damon_file : NULL,
		.record = recorder_lane(a->world.recorder, a->topology->n_nodes),
	};
	int r = pager_start(&world, &a->world.pager);

	if (r == 0 && a->config->pageout.enabled)
		r = act_try_advise(OTHER_PID);
	if (r < 0)
		agent_degrade(
			a,
			"processes are not paged out: process_madvise: %s (it needs Linux 5.10, "
			"CAP_SYS_PTRACE and CAP_SYS_NICE)",
			strerrordesc_np(-r));
	try_damon(a);
}

static void start_recorder(struct agent *a)
{
	const struct record_settings *settings = &a->config->record;
	int r;

	if (*settings->file == '\0')
		return;
	/* One for the pager. */
	r = recorder_start(settings->file, settings->max_bytes, a->topology->n_nodes + 1,
			   a->world.log, &a->world.recorder);
	if (r < 0)
		agent_degrade(a, "nothing is recorded: %s: %s; see record.file", settings->file,
			      strerrordesc_np(-r));
}

/* The journal is told of actions by records with fields; without it the log is all there is. */
static void open_journal(struct agent *a)
{
	int r;

	if (!a->options.journal_socket || a->world.log.level < LOG_LEVEL_INFO)
		return;
	r = journal_open(a->options.journal_socket, &a->journal);
	if (r == 0)
		a->world.journal = &a->journal;
	else
		log_warning(&a->world.log, "%s: no records of actions: %s",
			    a->options.journal_socket, strerrordesc_np(-r));
}

static void agent_free(struct agent *a)
{
	journal_close(&a->journal);
	shared_free(a->world.shared);
	agent_close_world(a);
	free((struct config *)a->config);
	free(a);
}

static struct config *copy_config(const struct config *config)
{
	struct config *copy = malloc(sizeof(*copy));

	if (copy)
		*copy = *config;
	return copy;
}

int agent_start(const struct agent_options *options, const struct config *config, struct log log,
		struct agent **ret_agent)
{
	struct agent *a = calloc(1, sizeof(*a));
	int r;

	if (!a)
		return -ENOMEM;
	a->options = *options;
	a->start_ns = clock_boottime_ns();
	a->journal.fd = -1;
	a->hands.program = options->hand_program;
	a->world = (struct worker_world){
		.log = log,
		.proc_fd = -1,
		.sys_fd = -1,
		.cgroup_fd = -1,
		.hands = &a->hands,
		.act = options->dry_run ? &act_dry_run : &act_live,
		.try_uring = options->try_uring,
		.whole_machine = !options->cgroup,
		.bind = !options->root,
	};
	a->config = copy_config(config);
	r = a->config ? agent_open_world(a) : -ENOMEM;
	if (r == 0)
		r = shared_new(a->topology->n_nodes, &a->world.shared);
	a->world.topology = a->topology;
	if (r == 0) {
		open_journal(a);
		start_recorder(a);
		start_cleaner(a);
		start_pager(a);
		(void)agent_watch_wear(a, clock_now_ns());
		agent_tune(a);
	}
	for (size_t i = 0; r == 0 && i < a->topology->n_nodes; i++) {
		r = worker_start(&a->world, i, a->config, &a->workers[i]);
		a->n_workers += r == 0;
	}
	/* A worker that hangs still uses what it was given: only leaving helps. */
	if (r == -ETIMEDOUT)
		agent_restore_tuning(a);
	else if (r < 0)
		(void)agent_stop(a);
	if (r < 0)
		return r;
	*ret_agent = a;
	return 0;
}

int agent_stop(struct agent *a)
{
	const uint64_t stop_ns = a->options.stop_ns, end_ns = clock_now_ns() + stop_ns;
	int r = 0;

	agent_restore_tuning(a);
	for (size_t i = 0; i < a->n_workers; i++)
		worker_ask_to_stop(a->workers[i]);
	pager_ask_to_stop(a->world.pager);
	for (size_t i = 0; i < a->n_workers; i++) {
		uint64_t now_ns = clock_now_ns();
		int joined = worker_join(a->workers[i], end_ns > now_ns ? end_ns - now_ns : 0);

		if (joined < 0)
			r = joined;
	}
	if (r < 0)
		return r;
	/* It wakes workers until its end. A process of its own that is stuck is not waited for. */
	r = cleaner_stop(a->world.cleaner, stop_ns / 2);
	if (r != -ETIMEDOUT)
		r = pager_stop(a->world.pager, stop_ns / 2);
	if (r != -ETIMEDOUT)
		r = recorder_stop(a->world.recorder, stop_ns / 2);
	if (r != -ETIMEDOUT)
		r = agent_end_wear(a);
	if (r == -ETIMEDOUT)
		return r;
	for (size_t i = 0; i < a->n_workers; i++)
		worker_free(a->workers[i]);
	agent_free(a);
	return 0;
}

bool agent_has_new_nodes(const struct agent *a)
{
	/* A pause would not outlive the agent, nor would what is known of a stuck request. */
	return a->nodes_have_come && !agent_is_paused(a) && atomic_load(&a->hands.stuck) == 0;
}

int agent_start_anew(struct agent **agent)
{
	struct agent *old = *agent;
	const struct agent_options options = old->options;
	const struct log log = old->world.log;
	_cleanup_free_ struct config *config = copy_config(old->config);
	uint64_t start_ns = old->start_ns;
	int r;

	old->nodes_have_come = false; /* where it can't be done, the next look says so again */
	if (!config)
		return -ENOMEM;
	log_notice(&log, "nodes with memory: %s now, %s before: starting anew, to look after all",
		   old->nodes_seen, old->nodes_at_start);
	r = agent_stop(old);
	if (r < 0)
		return r;
	*agent = NULL;
	r = agent_start(&options, config, log, agent);
	if (r == 0)
		(*agent)->start_ns = start_ns;
	return r;
}

/* The old configuration is freed only once no worker goes by it any more. */
static bool is_in_use(const struct agent *a, const struct config *config)
{
	for (size_t i = 0; i < a->n_workers; i++)
		if (worker_config_in_use(a->workers[i]) == config)
			return true;
	return false;
}

int agent_reload(struct agent *a, struct config_error *ret_error)
{
	const struct config *old = a->config;
	uint64_t end_ns = clock_now_ns() + RELOAD_NS;
	struct config *next = malloc(sizeof(*next));
	int r;

	if (!next) {
		(void)snprintf(ret_error->text, sizeof(ret_error->text), "out of memory");
		return -ENOMEM;
	}
	r = config_load(a->options.config_file, a->options.overrides, a->options.n_overrides, next,
			ret_error);
	if (r < 0) {
		free(next);
		return r;
	}
	a->config = next;
	if (!a->tuning_known || next->agent.mode != old->agent.mode ||
	    memcmp(&next->tuning, &old->tuning, sizeof(next->tuning)) != 0) {
		agent_restore_tuning(a);
		agent_tune(a);
	}
	if (!wants_damon(next))
		pager_unwatch(a->world.pager);
	for (size_t i = 0; i < a->n_workers; i++)
		worker_set_config(a->workers[i], next);
	while (is_in_use(a, old) && clock_now_ns() < end_ns)
		(void)poll(NULL, 0, 5);
	/* A worker that hangs keeps its old configuration: a few KiB are lost, nothing is torn. */
	if (!is_in_use(a, old))
		free((struct config *)old);
	return 0;
}

static void set_paused(struct agent *a, uint64_t until_ns)
{
	a->paused_until_ns = until_ns;
	for (size_t i = 0; i < a->n_workers; i++)
		worker_set_paused(a->workers[i], until_ns > 0);
}

void agent_pause(struct agent *a, uint64_t for_ns)
{
	set_paused(a, plus(clock_boottime_ns(), for_ns));
	pager_unwatch(a->world.pager);
}

void agent_resume(struct agent *a)
{
	set_paused(a, 0);
}

bool agent_is_paused(const struct agent *a)
{
	return a->paused_until_ns > 0;
}

uint64_t agent_pause_left_ns(const struct agent *a)
{
	return a->paused_until_ns == UINT64_MAX ? UINT64_MAX
						: minus(a->paused_until_ns, clock_boottime_ns());
}

const struct config *agent_config(const struct agent *a)
{
	return a->config;
}

bool agent_is_dry_run(const struct agent *a)
{
	return a->options.dry_run;
}

const struct log *agent_log(const struct agent *a)
{
	return &a->world.log;
}

bool agent_is_alive(const struct agent *a)
{
	uint64_t patience_ns = MAX(ALIVE_NS, 3 * a->config->agent.tick_max_ns);
	uint64_t now_ns = clock_now_ns();

	for (size_t i = 0; i < a->n_workers; i++) {
		uint64_t turned_ns = worker_turned_ns(a->workers[i]);

		if (now_ns > turned_ns && now_ns - turned_ns > patience_ns)
			return false;
	}
	return true;
}

static uint64_t stuck_ns(const struct agent *a)
{
	if (atomic_load(&a->hands.stuck) == 0)
		return 0;
	return minus(clock_now_ns(), atomic_load(&a->hands.stuck_ns));
}

int agent_status(struct agent *a, struct agent_status *ret)
{
	uint64_t end_ns = clock_now_ns() + STATUS_NS;

	*ret = (struct agent_status){
		.uptime_ns = clock_boottime_ns() - a->start_ns,
		.version = USWAP_VERSION,
		.dry_run = a->options.dry_run,
		.observes = a->options.dry_run || a->config->agent.mode == MODE_OBSERVE,
		.swap_writes_left_bytes = agent_swap_writes_left(a),
		.demotes = memory_tiers_demote(&a->tiers),
		.memory_tiers = a->tiers.n,
		.watches_growth = a->config->growth.enabled,
		.paused = agent_is_paused(a),
		.pause_left_ns = agent_pause_left_ns(a),
		.config_file = a->options.config_file,
		.wants_damon = wants_damon(a->config),
		.damon = pager_damon_state(a->world.pager),
		.metrics_groups_max = a->config->metrics.groups_max,
		.hands_stuck = atomic_load(&a->hands.stuck),
		.hands_stuck_ns = stuck_ns(a),
		.hands_lost = atomic_load(&a->hands.lost),
		.n_nodes = a->n_workers,
		.nodes = a->nodes,
	};
	if (ret->wants_damon && ret->damon.watched == 0)
		ret->damon_use = damon_use_of(a->world.sys_fd);
	memcpy(ret->degraded, a->degraded, sizeof(ret->degraded));
	if (a->world.cleaner)
		cleaner_read_state(a->world.cleaner, &ret->cleaner);
	for (size_t i = 0; i < a->n_workers; i++)
		worker_ask_status(a->workers[i]);
	for (size_t i = 0; i < a->n_workers; i++)
		if (worker_status(a->workers[i], end_ns, &a->nodes[i]) < 0)
			a->nodes[i] = (struct node_status){
				.node = a->topology->nodes[i].id,
				.backend = "none",
			};
	return 0;
}

int agent_wake(struct agent *a, int node, uint64_t bytes, unsigned int order)
{
	uint64_t share_bytes = node >= 0 ? bytes : bytes / MAX(a->n_workers, (size_t)1);
	int r = -ENODEV;

	for (size_t i = 0; i < a->n_workers; i++) {
		if (node >= 0 && a->topology->nodes[i].id != (unsigned int)node)
			continue;
		if (order > 0)
			worker_want_order(a->workers[i], order, share_bytes);
		else
			worker_order(a->workers[i], share_bytes);
		r = 0;
	}
	return r;
}
