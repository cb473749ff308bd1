/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A load's process: born inside its group, bound to its node, first to be killed when memory runs
 * out, dead when the supervisor dies.
 */
#pragma once

#include "numa/topology.h"
#include "stress/loads/load.h"

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

enum run_phase {
	RUN_PREPARED, /* workers wait */
	RUN_STARTED,  /* start_ns and end_ns are set */
	RUN_VERIFY,
};

/* Shared by the supervisor, which writes it, and all workers. */
struct run_control {
	_Atomic uint32_t phase;
	_Atomic uint32_t checks; /* asked for by SIGUSR1 so far */
	uint64_t start_ns;	 /* of the measured phase, monotonic; so below */
	/* A worker that sleeps learns of an earlier end when SIGUSR1 wakes it. */
	_Atomic uint64_t end_ns;
	uint64_t last_ns; /* a worker that still lives then ends itself: the supervisor hangs */
	pid_t supervisor;
	int event_fd; /* workers add 1 when their state changes */
};

/* Makes phase known to the workers that wait for it. */
void run_control_set(struct run_control *control, enum run_phase phase);

/*
 * Starts the load's worker in the load's group, on its nodes, which topology knows.
 * Tries clone3(CLONE_INTO_CGROUP) first; where that is refused, the child enters the group by
 * itself before it touches any memory of the load.
 * 0 with the process and its descriptor, or -errno.
 */
int worker_spawn(struct load *load, struct run_control *control, const struct topology *topology,
		 pid_t *ret_pid, int *ret_pidfd);
