/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What memory.min and memory.low really protect, and how much room a group really has: the maths of
 * the kernel (mm/page_counter.c effective_protection(), Documentation/admin-guide/cgroup-v2.rst),
 * computed by ourselves because reclaim on some kernels uses stale values or none. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One group. Groups stand in an array, parents before their children. */
struct protection_group {
	int parent;	    /* index in the array; -1 for the root */
	uint64_t current;   /* memory.current */
	uint64_t min, low;  /* as configured */
	uint64_t high, max; /* as configured; UINT64_MAX: none */
	/* Results. */
	uint64_t effective_min, effective_low; /* as seen by a reclaim from the root */
	uint64_t room;	/* min over itself and its ancestors of limit - current */
	int room_owner; /* index of the group whose limit that is; -1: none */
};

/*
 * Fills in the results for all groups. recursive: the mount has memory_recursiveprot, so that
 * protection a parent has and its children did not claim goes to them in proportion to their
 * unprotected usage.
 */
void protection_compute(struct protection_group *groups, size_t n, bool recursive);
