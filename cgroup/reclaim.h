/* SPDX-License-Identifier: Apache-2.0 */
/* memory.reclaim (5.19+): asks the kernel to reclaim from one group and those below it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What this kernel's memory.reclaim understands, found by trying with an amount of 0. */
struct group_reclaim_features {
	bool swappiness; /* swappiness=0..200 (6.12 has it, 6.1 has not) */
};

#define GROUP_RECLAIM_DEFAULT -1 /* let the kernel weigh file against anon */
#define GROUP_RECLAIM_NO_ANON 0

/* Opens memory.reclaim in the group's directory for writing. -ENOENT: the kernel has none. */
int group_reclaim_open(int dir_fd);

/* Changes nothing: an amount of 0 never reclaims. */
int group_reclaim_probe(int fd, struct group_reclaim_features *ret);

/*
 * Asks for bytes with swappiness as above. Blocks until done; a signal (without SA_RESTART) ends
 * it. Returns 0 when all was reclaimed; -EAGAIN: less, perhaps nothing, look at memory.current;
 * -EINTR: part of it; -ENODEV: the group is gone; -EINVAL: swappiness not understood here.
 */
int group_reclaim(int fd, uint64_t bytes, int swappiness);
