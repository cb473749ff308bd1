/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A load of a scenario as a process that begins and ends when the scenario says so. It is a worker
 * of uswap-stress (stress/run/worker.h) with a control block of its own.
 */
#pragma once

#include "base/cleanup.h"
#include "numa/topology.h"
#include "stress/loads/load.h"
#include "stress/run/worker.h"
#include "stress/scenario/formula.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum actor_state {
	ACTOR_NEW,
	ACTOR_RUNS,
	ACTOR_STOPS, /* was told to end: verifies its contents first */
	ACTOR_GONE,  /* status says how */
};

struct actor {
	struct load load;
	struct run_control *control;
	enum actor_state state;
	bool killed; /* by us */
	pid_t pid;
	int pidfd;
	int status; /* of waitpid */
};

struct actors {
	size_t n;
	struct actor *list; /* same order as job->loads */
};

/* Prepares all loads of the job. actors_free after an error, too. -errno with words. */
int actors_prepare(struct actors *actors, const struct job *job, const struct plan *plan,
		   int proc_fd, int sys_fd, struct stress_error *ret_error);
/* Kills those that live. */
void actors_free(struct actors *actors);

/*
 * Starts the worker: in the group (-1: in ours), on its node. last_ns: it ends itself then, if
 * nobody has ended it. event_fd is added 1 to when it has something to say.
 */
int actor_start(struct actor *actor, int group_fd, int event_fd, const struct topology *topology,
		uint64_t last_ns, struct stress_error *ret_error);

/* Tells it to verify its contents and to end; again and again until it has. */
void actor_stop(struct actor *actor);
void actor_kill(struct actor *actor);

/* Notices its end. */
void actor_look(struct actor *actor);

/* A number that formulas ask for: a time in ns, bytes. */
int64_t actor_number(const struct actor *actor, enum formula_load_key key);

/* Whether its contents are right, as far as they were verified. Else words. */
bool actor_is_sound(const struct actor *actor, char *words, size_t n);
/* Whether it ended as it should: by itself without an error, or by us. Else words. */
bool actor_ended_well(const struct actor *actor, char *words, size_t n);
