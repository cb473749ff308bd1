/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a request's line to the answer's line, with no socket in between.
 *
 * An answer is one JSON object: "uswapd-status/1" (status_json.h), or
 *
 *	{"schema": "uswapd-why/1", "text": "lines for a person"}
 *	{"schema": "uswapd-advice/1", "text": "lines for a person"}
 *	{"schema": "uswapd-effect/1", "text": "lines for a person"}
 *	{"schema": "uswapd-growth/1", "text": "lines for a person"}
 *	{"schema": "uswapd-done/1", "message": "what was done"}
 *	{"schema": "uswapd-error/1", "error": "bad-request|denied|failed|busy", "message": "..."}
 *
 * Metrics, of which there may be megabytes, are sent as they are (metrics.h): lines that begin with
 * '#' or a name, of which the last one is "# EOF".
 */
#pragma once

#include "agent/config/config.h"
#include "agent/control/request.h"
#include "agent/status.h"

#include <stddef.h>
#include <sys/types.h>

/* What the agent does for the control socket. Each returns 0 or -errno and does not take long. */
struct control_ops {
	/* Fills in *ret, which stays valid until release is called with it. */
	int (*status)(void *context, struct agent_status *ret);
	void (*release)(void *context, struct agent_status *status);
	/* -ENODEV: no such node. */
	int (*wake)(void *context, const struct control_wake *wake);
	/* With ret_error filled in when it failed; the old configuration is then still in force. */
	int (*reload)(void *context, struct config_error *ret_error);
	/* UINT64_MAX: until resume. */
	void (*pause)(void *context, uint64_t for_ns);
	void (*resume)(void *context);
};

struct control_agent {
	const struct control_ops *ops;
	void *context;
	uid_t uid; /* the agent's own */
};

/*
 * Answers the n bytes of a request, whatever they are. The answer ends with a newline; the caller
 * frees it. -ENOMEM, and then there is no answer.
 */
int control_answer(const struct control_agent *agent, const struct control_peer *peer,
		   const char *request, size_t n, char **ret_answer, size_t *ret_n);

/* An answer that says no; error is one of the four words above. */
int control_refuse(const char *error, const char *message, char **ret_answer, size_t *ret_n);
