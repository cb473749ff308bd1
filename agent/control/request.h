/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a client of the control socket may ask: one JSON object in one line.
 *
 *	{"request": "status"}
 *	{"request": "why"}                            all nodes, and the groups that stand out
 *	{"request": "why", "group": "/a/b"}           as status writes it, or as it is
 *	{"request": "why", "node": 0}
 *	{"request": "advise"}                         what it would take, why, and the risk
 *	{"request": "effect"}                         what looking after groups does for them
 *	{"request": "growth"}                         who only grows
 *	{"request": "metrics"}                        for Prometheus
 *	{"request": "wake", "node": 0, "bytes": 1048576, "order": 0}
 *	                                              node: all; bytes: what the policy says; order:
 *0
 *	{"request": "reload"}
 *	{"request": "pause", "for_ns": 60000000000}   for_ns: until resume
 *	{"request": "resume"}
 *
 * Unknown members are errors: a misspelt "byte" must not wake with a default.
 */
#pragma once

#include "agent/status.h"
#include "base/escape.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CONTROL_REQUEST_MAX 4096 /* bytes, without the newline */
#define CONTROL_ORDER_MAX   10	 /* MAX_PAGE_ORDER of most kernels */

enum control_verb {
	CONTROL_STATUS,
	CONTROL_WHY,
	CONTROL_ADVISE,
	CONTROL_EFFECT,
	CONTROL_GROWTH,
	CONTROL_METRICS,
	CONTROL_WAKE,
	CONTROL_RELOAD,
	CONTROL_PAUSE,
	CONTROL_RESUME,
};

struct control_wake {
	bool all_nodes;
	unsigned int node;  /* unless all_nodes */
	uint64_t bytes;	    /* 0: what the policy says */
	unsigned int order; /* of free pages wanted */
};

struct control_request {
	enum control_verb verb;
	struct control_wake wake; /* of CONTROL_WAKE; of CONTROL_WHY the node unless all_nodes */
	uint64_t pause_ns;	  /* of CONTROL_PAUSE; UINT64_MAX: until resumed */
	char group[ESCAPE_SIZE(STATUS_PATH_MAX)]; /* of CONTROL_WHY; "": none. The root is "/" */
};

struct control_problem {
	char text[256]; /* what is wrong with a request */
};

/* -EINVAL with ret_problem. text needs no NUL at its end. */
int control_request_parse(const char *text, size_t n, struct control_request *ret,
			  struct control_problem *ret_problem);

/* Who asks, as SO_PEERCRED and SO_PEERGROUPS say. */
struct control_peer {
	uid_t uid;
	bool in_group; /* of the socket's file */
};

/*
 * Root and the agent's own user may do all; the group of the socket's file may read (status, why,
 * advise, effect, growth, metrics).
 */
bool control_may(const struct control_peer *peer, uid_t agent_uid, enum control_verb verb);

const char *control_verb_name(enum control_verb verb);
