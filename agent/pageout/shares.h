/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each mapping of a process has on one node and on others, from /proc/PID/numa_maps, read
 * beside its smaps: both have the mappings in the same order.
 */
#pragma once

#include "base/lines.h"
#include "numa/numa_maps.h"

#include <stdbool.h>
#include <stdint.h>

struct shares {
	struct line_reader lines; /* fd -1: they are not wanted */
	unsigned int node;
	bool has; /* start and of are of a line not used yet */
	uint64_t start;
	struct numa_share of;
};

/* dir_fd: /proc/PID. 0 or -errno. */
int shares_open(int dir_fd, unsigned int node, struct shares *ret);
void shares_close(struct shares *shares);

/* Of the mapping that begins at start, which is behind the last one; of one that is not there none.
 */
struct numa_share shares_of(struct shares *shares, uint64_t start);
