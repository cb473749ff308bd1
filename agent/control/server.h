/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: a unix stream socket, one request a connection, a line each way (request.h,
 * answer.h). Nothing blocks and nothing stays: a client has CONTROL_DEADLINE_NS to send its request
 * and as long again to take the answer, and there are few places. Driven by the owner's loop.
 */
#pragma once

#include "agent/control/answer.h"
#include "base/cleanup.h"

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

#define CONTROL_CLIENTS_MAX    8
#define CONTROL_PLACES_OF_ROOT 2 /* of these, so that others can't keep root out */
#define CONTROL_FDS_MAX	       (1 + CONTROL_CLIENTS_MAX)
#define CONTROL_DEADLINE_NS    (2 * UINT64_C(1000000000))

struct control;

/*
 * Listens at socket_path (mode 0660, group of the process), whose directory is there: lock_take
 * makes it, and whoever holds the lock may call this. The socket of an agent that crashed is
 * replaced. -EADDRINUSE: somebody listens there; -ENOTSOCK: something else has that name;
 * -ENAMETOOLONG; -errno. agent is copied.
 */
int control_open(const char *socket_path, const struct control_agent *agent,
		 struct control **ret_control);

/* Closes all connections and removes the socket, if it is still this one. */
struct control *control_free(struct control *control);
DEFINE_CLEANUP(struct control *, control_free)

/* What to wait for; returns how many of fds are filled in. */
size_t control_poll_fds(const struct control *control, uint64_t now_ns,
			struct pollfd fds[CONTROL_FDS_MAX]);

/* When control_handle is due although nothing happened; UINT64_MAX: never. */
uint64_t control_due_ns(const struct control *control);

/* Does all that can be done without waiting. now_ns: monotonic. */
void control_handle(struct control *control, uint64_t now_ns);
