/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What memory.min and memory.low really protect, computed by ourselves because reclaim on some
 * kernels uses stale values or none. Pure.
 *
 * The kernel's rule (mm/page_counter.c, effective_protection() and
 * page_counter_calculate_protection(); Documentation/admin-guide/cgroup-v2.rst), for min and low
 * alike, E the effective and S the configured protection, U the usage:
 *
 *	directly below the group that is reclaimed from:   E = S
 *	elsewhere:  claimed   = min(U, S)
 *		    siblings  = sum of claimed over all children of the parent
 *		    E = claimed * E(parent) / siblings			if siblings > E(parent)
 *		    E = claimed						else, and if recursive
 *		    E += (E(parent) - siblings)
 *			 * (U - claimed) / (U(parent) - siblings)
 *						if U > claimed and U(parent) > siblings
 *
 * The last term is what the parent has and its children did not claim, shared in proportion to
 * usage that is not protected yet. So protection needs a setting at every level from below the
 * reclaimed group down, or recursive at the levels without one. E can exceed U: then all is
 * protected. The group that is reclaimed from is itself not protected.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One group. Groups stand in an array, parents before their children. A group with parent -1 is one
 * that is reclaimed from: the hierarchy's root for what kswapd sees, any group (with those below
 * it) for what a write to its memory.reclaim sees. All bytes.
 */
struct protection_group {
	int parent;	   /* index in the array; -1: none */
	uint64_t current;  /* memory.current; where parent is -1 it does not count */
	uint64_t min, low; /* as configured; UINT64_MAX: "max" */
	/* Results. */
	uint64_t effective_min, effective_low; /* UINT64_MAX: all; 0 where parent is -1 */
	/* What the children claim, summed: used while computing. */
	uint64_t children_min, children_low;
};

/* Fills in the results for all groups. recursive: the mount has memory_recursiveprot. */
void protection_compute(struct protection_group *groups, size_t n, bool recursive);
