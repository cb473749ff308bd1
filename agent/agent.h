/* SPDX-License-Identifier: Apache-2.0 */
/* The agent as main sees it: a worker a node, one configuration, what it can't do here. */
#pragma once

#include "agent/config/config.h"
#include "agent/status.h"
#include "agent/worker.h"

/* How it was started; fixed for its life. */
struct agent_options {
	const char *root;	 /* NULL: the live system; else a directory with proc/ and sys/ */
	const char *cgroup;	 /* NULL: all groups; else the directory of the one to look after */
	const char *topology;	 /* NULL, "xml:FILE" or "synthetic:DESCRIPTION" */
	const char *config_file; /* NULL: none */
	const char *const *overrides;
	size_t n_overrides;
	const char *hand_program;   /* uswapd-hand */
	const char *writer_program; /* uswapd-writer; NULL: dirty files are not written back */
	const char *tuning_file;    /* of what sysctls were; NULL: they are left alone */
	const char *damon_file;	    /* of what of DAMON is ours; NULL: it is left alone */
	const char *journal_socket; /* of systemd-journald; NULL: no records of actions */
	uint64_t stop_ns;	    /* workers have so long to end, the other threads half of it */
	bool dry_run;
	bool try_uring;
};

struct agent;

/*
 * Opens the roots, probes what the kernel offers, starts the workers. On error it has logged what
 * failed and what to do; -EOPNOTSUPP: nothing here could ever be reclaimed; -ETIMEDOUT: a worker
 * hangs, and the process can only exit.
 */
int agent_start(const struct agent_options *options, const struct config *config, struct log log,
		struct agent **ret_agent);

/*
 * Nodes with memory have come that no worker looks after, and all is at rest: no more come, nothing
 * is paused, no request is stuck.
 */
bool agent_has_new_nodes(const struct agent *agent);

/*
 * The same options and configuration, with the nodes there are now: what was learnt and counted
 * begins anew. 0; -ENOMEM: the agent goes on as it was. Else it is gone (*agent is NULL), or can't
 * be ended, as with agent_stop, and the process can only exit.
 */
int agent_start_anew(struct agent **agent);

/* Stops the workers. -ETIMEDOUT: a request is stuck in the kernel; exit without freeing. */
int agent_stop(struct agent *agent);

/* Reads the configuration anew; the old one stays when the new one is wrong. */
int agent_reload(struct agent *agent, struct config_error *ret_error);

/*
 * Has it look and decide, and ask the kernel for nothing, for so long; UINT64_MAX: until it is
 * resumed. It is not remembered over its end.
 */
void agent_pause(struct agent *agent, uint64_t for_ns);
void agent_resume(struct agent *agent);

/* Of the pause; 0: it is not paused, or no longer; UINT64_MAX: until it is resumed. */
uint64_t agent_pause_left_ns(const struct agent *agent);
bool agent_is_paused(const struct agent *agent);

const struct config *agent_config(const struct agent *agent);
bool agent_is_dry_run(const struct agent *agent);
const struct log *agent_log(const struct agent *agent);

/* Every worker has turned lately: within ten seconds, or three of its longest ticks. */
bool agent_is_alive(const struct agent *agent);

/* What is due from time to time; returns when it is next (UINT64_MAX: never). */
uint64_t agent_watch_wear(struct agent *agent, uint64_t now_ns);
uint64_t agent_watch_nodes(struct agent *agent, uint64_t now_ns);

/* Steers vm.watermark_scale_factor (tuning.watermark_most). When to call it next. */
uint64_t agent_steer_watermarks(struct agent *agent, uint64_t now_ns);

/* ret points into the agent and is good until the next call. */
int agent_status(struct agent *agent, struct agent_status *ret);

/*
 * Orders bytes on one node, or a share on each (node < 0); 0 bytes: have a look now. With an order
 * they are to be free in pieces of it; 0 bytes is one. -ENODEV: no worker has that node.
 */
int agent_wake(struct agent *agent, int node, uint64_t bytes, unsigned int order);
