/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a tracer can look at a worker, as it can at kswapd (vmscan:mm_vmscan_kswapd_wake and its
 * kind): USDT probes of the provider "uswapd", a nop each while nobody looks. A group is the inode
 * of its directory, as cgroup_id of uswapctl --json status; 0 is the node. Built without sys/sdt.h
 * there are none.
 */
#pragma once

#include "agent/act/backend.h"
#include "agent/policy/verdict.h"

#ifdef HAVE_SYS_SDT_H

#include <sys/sdt.h>

/* The worker of a node woke; events: how many it was woken by, 0 for its timer. */
static inline void probe_wake(unsigned int node, int events)
{
	DTRACE_PROBE2(uswapd, wake, node, events);
}

/* A policy wants so much of a group, or of the node, and it is served next. */
static inline void probe_plan(unsigned int node, uint64_t group, const struct verdict *verdict)
{
	DTRACE_PROBE4(uswapd, plan, node, group, verdict->bytes, verdict_name(verdict->reason));
}

/* A request is handed to the kernel. */
static inline void probe_action(unsigned int node, uint64_t group, const struct request *request)
{
	DTRACE_PROBE5(uswapd, action, node, group, request->bytes, request->swappiness,
		      backend_name(request->backend));
}

/* What came of it: 0 or -errno, what usage fell by, how long it took and its CPU time. */
static inline void probe_completion(unsigned int node, uint64_t group, int error,
				    uint64_t tried_bytes, uint64_t applied_bytes, uint64_t wall_ns,
				    uint64_t cpu_ns)
{
	DTRACE_PROBE7(uswapd, completion, node, group, error, tried_bytes, applied_bytes, wall_ns,
		      cpu_ns);
}

#else

#define probe_wake(...)	      ((void)0)
#define probe_plan(...)	      ((void)0)
#define probe_action(...)     ((void)0)
#define probe_completion(...) ((void)0)

#endif
