/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole machine for the agent: a fixture with proc/, sys/ and sys/fs/cgroup/ of a captured
 * kernel, two nodes, swap and PSI, and groups made on demand. Every file is a plain file: a write
 * to memory.reclaim succeeds and changes nothing else, unless the test puts something else there.
 */
#pragma once

#include "tests/unit/fixture.h"

#include <stdbool.h>

#define FAKE_CGROUP   "sys/fs/cgroup"
#define FAKE_TOPOLOGY "synthetic:numa:2 core:1 pu:1"

struct fixture *fake_root_new(void);

/* A group of 128 MiB (memory.max) that holds 100 MiB, most of them clean file memory. */
void fake_root_add_group(const struct fixture *fx, const char *name);

/* Writes memory.current of the group in one write, so that a reader never sees half of it. */
void fake_root_set_current(const struct fixture *fx, const char *name, uint64_t bytes);

/* Writes pgsteal into memory.stat of the group, in the same manner. */
void fake_root_set_pgsteal(const struct fixture *fx, const char *name, uint64_t pages);

/*
 * Makes memory.reclaim of the group one that blocks every request until a signal comes, as a kernel
 * at work does. The descriptor returned keeps it so.
 */
int fake_root_block_reclaim(const struct fixture *fx, const char *name);

/* All paths of the tree, a line each, sorted; the caller frees it. */
char *fake_root_listing(const struct fixture *fx);
