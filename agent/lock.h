/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One agent a control socket. Two would take each other's reclaim for demand.
 *
 * flock(2) on a file beside the socket: the kernel lets it go when the agent dies, however it dies.
 */
#pragma once

#include "base/cleanup.h"

#include <sys/types.h>

struct lock;

/*
 * Takes the lock SOCKET.lock and writes the caller's pid into it; a missing directory of the socket
 * is made (0755; its parent must be there). -EBUSY when another agent holds it, whose pid then goes
 * to *ret_holder (0: it has not written it yet); -errno of mkdir(2), open(2), write(2).
 */
int lock_take(const char *socket_path, struct lock **ret_lock, pid_t *ret_holder);

/* Removes the file, and the directory if lock_take made it and nothing else is in it. */
struct lock *lock_free(struct lock *lock);
DEFINE_CLEANUP(struct lock *, lock_free)
