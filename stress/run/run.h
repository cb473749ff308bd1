/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of a job: prepare files, make groups, start workers, measure, verify, clean up. The
 * supervisor's side; single-threaded.
 */
#pragma once

#include "base/cleanup.h"
#include "numa/numa_maps.h"
#include "numa/topology.h"
#include "stress/job/plan.h"
#include "stress/loads/load.h"
#include "stress/measure/measure.h"
#include "stress/measure/watch.h"
#include "stress/run/placement.h"
#include "stress/run/worker.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum worker_end {
	END_OK,
	END_ALIVE,	/* not ended yet, or never started */
	END_OOM_KILLED, /* by the kernel, for want of memory in its group or on the machine */
	END_SIGNAL,	/* by some other signal, see status */
	END_FAILED,	/* gave up by itself: block->why, block->error */
	END_WATCHDOG,	/* killed by us because it took too long */
	END_STOPPED,	/* killed by us because the run was stopped or failed */
};

struct run_worker {
	struct load load;
	pid_t pid;
	int pidfd;
	enum worker_end killed_as; /* why we killed it; END_ALIVE: we did not */
	int status;		   /* of waitpid */
	enum worker_end end;
	uint64_t ratio_percent; /* measured compressibility of the contents */
	/* Of a load with a node: where what it mapped during the measured phase is. */
	bool has_share;
	struct numa_share share;
};

static inline bool run_worker_is_alive(const struct run_worker *worker)
{
	return worker->pid > 0 && worker->end == END_ALIVE;
}

#define RUN_FAILURES_MAX 32

struct run {
	const struct job *job;
	struct machine machine;
	struct plan *plan;
	struct topology *topology;
	struct placement *placement; /* NULL: the job has no groups */
	struct run_control *control; /* shared with the workers */
	int event_fd, signal_fd;
	size_t n_workers;
	struct run_worker *workers; /* same order as job->loads */
	struct measure *measure;
	struct watch *watch;
	uint64_t interval_ns;	 /* between samples: as asked, or more where those are too many */
	uint64_t touch_cost_ns;	 /* what timing and counting one touch costs here */
	uint64_t samples_missed; /* not taken: reading took longer than the interval */
	uint64_t own_cpu_ns;	 /* of this process during the measured phase */
	uint64_t oom_kills;	 /* judge_oom_kills before there were workers */
	int interrupted;	 /* the signal that ended it; 0: none */
	bool ended_early;	 /* by SIGINT: what was measured until then counts */
	bool below_floor;	 /* stopped because of it */
	bool measured;		 /* measure_end was reached */
	/* What makes the run a failure, in words. */
	size_t n_failures;
	char failures[RUN_FAILURES_MAX][256];
	int proc_fd, sys_fd;
	/* Called at every sample. */
	void (*progress)(const struct run *run, void *context);
	void *progress_context;
};

/*
 * proc_fd, sys_fd: of the live system. Refusals come before anything is made.
 * 0: the run took place, failures or not; -EINVAL: the job is wrong or does not fit;
 * -EOPNOTSUPP: can't run here; other -errno; words in *ret_error.
 */
int run_open(const struct job *job, int proc_fd, int sys_fd, struct run **ret_run,
	     struct stress_error *ret_error);
int run_execute(struct run *run, struct stress_error *ret_error);
/* Removes groups and files, whatever state it is in; what is left is a failure of the run. */
void run_clean(struct run *run);
struct run *run_free(struct run *run);
DEFINE_CLEANUP(struct run *, run_free)

/* "ok", "failed" or "interrupted". */
const char *run_result(const struct run *run);

/* Notes a failure. */
void run_fail(struct run *run, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * supervise.c: from the workers' birth to their end. -errno with words; -EINTR: interrupted, for
 * SIGINT in the measured phase by the second one.
 */
int run_supervise(struct run *run, struct stress_error *ret_error);

/* Duration of the measured phase as it really was. */
uint64_t run_measured_ns(const struct run *run);
