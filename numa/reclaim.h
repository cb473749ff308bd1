/* SPDX-License-Identifier: Apache-2.0 */
/* nodeN/reclaim (6.17+): asks the kernel to reclaim on one node, from every group there. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Opens nodeN/reclaim below sys_fd for writing. -ENOENT: the kernel has none; -EACCES. */
int node_reclaim_open(int sys_fd, unsigned int node);

/*
 * Asks for bytes; 0 reclaims nothing and only tries whether the file takes a request. swappiness:
 * -1 leaves it to the kernel, 0 takes no anonymous memory, up to 200 a bias. Blocks until done; a
 * signal ends it. Returns 0 when all was reclaimed, else -errno sorted into what a caller does
 * about it: -EAGAIN (less than asked; also every other error on 6.18), -EBUSY (somebody else
 * reclaims on this node), -EINTR, -EINVAL (also a swappiness of none of these), -ENODEV (the node
 * has gone), -EACCES, -EPERM.
 */
int node_reclaim(int fd, uint64_t bytes, int swappiness);
