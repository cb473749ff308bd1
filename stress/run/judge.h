/* SPDX-License-Identifier: Apache-2.0 */
/* What became of the workers: how they ended, what they found wrong, where their memory was. */
#pragma once

#include "stress/run/run.h"

/* Processes killed for want of memory since boot, anywhere; UINT64_MAX: it can't be told. */
uint64_t judge_oom_kills(int proc_fd);

/* Of a worker that was waited for: sets its end, and notes what makes the run a failure. */
void judge_end(struct run *run, struct run_worker *worker);

/* Where the loads' memory is before they touch any: what came with the fork. */
void judge_shares_begin(struct run *run);
/* After the measured phase: what came since. Memory of a bound load must be on its node. */
void judge_shares_end(struct run *run);
