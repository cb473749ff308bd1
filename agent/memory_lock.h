/* SPDX-License-Identifier: Apache-2.0 */
/* An agent that has to wait for memory can't free any: what it has touched stays in memory. */
#pragma once

/*
 * Locks what the process touches from now on, and what it has touched. Returns 0 or -errno; -ENOMEM
 * too where RLIMIT_MEMLOCK allows what there is now, and would make the kernel refuse memory as
 * soon as more is needed: nothing is locked then.
 */
int memory_lock(void);

/* For people: what to do about it. */
#define MEMORY_LOCK_ADVICE "raise LimitMEMLOCK, or under pressure the agent may be paged out"
