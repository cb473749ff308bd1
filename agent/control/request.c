/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/control/request.h"

#include "base/cleanup.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

/* Bits of the members a request may have beside "request". */
enum member {
	MEMBER_GROUP = 1,
	MEMBER_NODE = 2,
	MEMBER_BYTES = 4,
	MEMBER_ORDER = 8,
	MEMBER_FOR = 16,
};

static const struct {
	const char *name;
	bool changes; /* something in the agent */
	unsigned int members;
} verbs[] = {
	[CONTROL_STATUS] = {"status", false, 0},
	[CONTROL_WHY] = {"why", false, MEMBER_GROUP | MEMBER_NODE},
	[CONTROL_ADVISE] = {"advise", false, 0},
	[CONTROL_EFFECT] = {"effect", false, 0},
	[CONTROL_GROWTH] = {"growth", false, 0},
	[CONTROL_METRICS] = {"metrics", false, 0},
	[CONTROL_WAKE] = {"wake", true, MEMBER_NODE | MEMBER_BYTES | MEMBER_ORDER},
	[CONTROL_RELOAD] = {"reload", true, 0},
	[CONTROL_PAUSE] = {"pause", true, MEMBER_FOR},
	[CONTROL_RESUME] = {"resume", true, 0},
};

static int __attribute__((format(printf, 2, 3)))
wrong(struct control_problem *problem, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(problem->text, sizeof(problem->text), format, ap);
	va_end(ap);
	return -EINVAL;
}

static int read_number(const char *key, const json_t *value, uint64_t max, uint64_t *ret,
		       struct control_problem *ret_problem)
{
	json_int_t number = json_integer_value(value);

	if (!json_is_integer(value) || number < 0 || (uint64_t)number > max)
		return wrong(ret_problem, "\"%s\" must be a whole number from 0 to %ju", key,
			     (uintmax_t)max);
	*ret = (uint64_t)number;
	return 0;
}

static int read_group(const json_t *value, struct control_request *request,
		      struct control_problem *ret_problem)
{
	const char *text = json_string_value(value);

	if (!text || *text == '\0' || strlen(text) >= sizeof(request->group))
		return wrong(ret_problem, "\"group\" must be a path of 1 to %zu bytes",
			     sizeof(request->group) - 1);
	memcpy(request->group, text, strlen(text) + 1);
	return 0;
}

static int read_member(const char *key, const json_t *value, struct control_request *request,
		       struct control_problem *ret_problem)
{
	static const struct {
		const char *name;
		enum member bit;
		uint64_t max;
	} members[] = {
		{"group", MEMBER_GROUP, 0},	    {"node", MEMBER_NODE, INT_MAX},
		{"bytes", MEMBER_BYTES, INT64_MAX}, {"order", MEMBER_ORDER, CONTROL_ORDER_MAX},
		{"for_ns", MEMBER_FOR, INT64_MAX},
	};
	char shown[64];
	uint64_t number = 0;
	size_t i;
	int r = 0;

	for (i = 0; i < ARRAY_SIZE(members); i++)
		if (strcmp(key, members[i].name) == 0 &&
		    (verbs[request->verb].members & members[i].bit))
			break;
	if (i == ARRAY_SIZE(members))
		return wrong(ret_problem, "\"%s\" does not belong in a %s request",
			     escape_ascii(shown, sizeof(shown), key), verbs[request->verb].name);
	if (members[i].bit == MEMBER_GROUP)
		return read_group(value, request, ret_problem);
	r = read_number(key, value, members[i].max, &number, ret_problem);
	if (r < 0)
		return r;
	if (members[i].bit == MEMBER_NODE) {
		request->wake.node = (unsigned int)number;
		request->wake.all_nodes = false;
	} else if (members[i].bit == MEMBER_BYTES) {
		request->wake.bytes = number;
	} else if (members[i].bit == MEMBER_FOR) {
		request->pause_ns = number;
	} else {
		request->wake.order = (unsigned int)number;
	}
	return 0;
}

static int read_verb(const json_t *value, enum control_verb *ret,
		     struct control_problem *ret_problem)
{
	const char *text = json_string_value(value);

	for (size_t i = 0; text && i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(text, verbs[i].name) == 0) {
			*ret = (enum control_verb)i;
			return 0;
		}
	}
	return wrong(ret_problem,
		     "\"request\" must be status, why, advise, effect, growth, metrics, wake, "
		     "reload, pause or resume");
}

int control_request_parse(const char *text, size_t n, struct control_request *ret,
			  struct control_problem *ret_problem)
{
	struct control_request request = {.wake = {.all_nodes = true}, .pause_ns = UINT64_MAX};
	json_error_t error;
	json_auto_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &error);
	const char *key;
	json_t *value;
	int r;

	if (!root) {
		char shown[sizeof(error.text)];

		return wrong(ret_problem, "the request is not JSON: %s",
			     escape_ascii(shown, sizeof(shown), error.text));
	}
	if (!json_is_object(root))
		return wrong(ret_problem, "the request must be a JSON object");
	r = read_verb(json_object_get(root, "request"), &request.verb, ret_problem);
	if (r < 0)
		return r;
	json_object_foreach(root, key, value)
	{
		if (strcmp(key, "request") == 0)
			continue;
		r = read_member(key, value, &request, ret_problem);
		if (r < 0)
			return r;
	}
	if (*request.group && !request.wake.all_nodes)
		return wrong(ret_problem, "why asks for a group or a node, not for both");
	*ret = request;
	return 0;
}

bool control_may(const struct control_peer *peer, uid_t agent_uid, enum control_verb verb)
{
	if (peer->uid == 0 || peer->uid == agent_uid)
		return true;
	return peer->in_group && !verbs[verb].changes;
}

const char *control_verb_name(enum control_verb verb)
{
	return verbs[verb].name;
}
