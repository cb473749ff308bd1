/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's metrics over HTTP: GET /metrics asks the agent over its control socket and passes on
 * what it says, as OpenMetrics to those who take it (Accept). Everything is bounded: connections,
 * the time they may be silent, the size of a request, and how often an agent that answers is asked:
 * once a second for each of the two forms, however many ask here. One that has just come back is
 * asked at once.
 */
#pragma once

#include "base/cleanup.h"

struct http;

/*
 * Serves on a socket that listens, which is taken over, from a thread of its own; signals should be
 * blocked. -ENOMEM; -EIO: the library does not say why.
 */
int http_start(int listen_fd, const char *socket_path, struct http **ret_http);
/* Whoever else has the socket goes on listening. */
struct http *http_stop(struct http *http);
DEFINE_CLEANUP(struct http *, http_stop)
