/* SPDX-License-Identifier: Apache-2.0 */
/* One question to the agent over its control socket. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CLIENT_ANSWER_MAX (UINT64_C(64) << 20) /* bytes; an agent sends far less */

/*
 * Sends a request, which needs no newline, and takes the answer, without its last newline and ended
 * with NUL; the caller frees it. All of it within timeout_ns. -ETIMEDOUT; -ENODATA: no whole line
 * came back; -EMSGSIZE: more than CLIENT_ANSWER_MAX; -ENAMETOOLONG; -errno of connect(2), of which
 * -ENOENT and -ECONNREFUSED say that no agent is there.
 */
int client_ask(const char *socket_path, const char *request, uint64_t timeout_ns, char **ret_answer,
	       size_t *ret_n);
