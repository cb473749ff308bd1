/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/control/answer.h"

#include "agent/control/advise.h"
#include "agent/control/effect.h"
#include "agent/control/group_name.h"
#include "agent/control/growth.h"
#include "agent/control/json.h"
#include "agent/control/metrics.h"
#include "agent/control/status_json.h"
#include "agent/control/why.h"
#include "base/memory_file.h"
#include "base/parse.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

/* Everything an answer is made from. */
struct asking {
	const struct control_agent *agent;
	struct control_request request;
	FILE *out;
};

static int write_object(FILE *out, json_t *taken)
{
	json_auto_t *object = taken;

	if (!object)
		return -ENOMEM;
	if (json_dumpf(object, out, JSON_LINE) < 0)
		return -EIO;
	fputc('\n', out);
	return 0;
}

/* Texts may hold names and parts of a request: made UTF-8, or jansson would refuse them. */
static int write_text(FILE *out, const char *schema, const char *key, const char *text)
{
	size_t size = ESCAPE_SIZE(strlen(text));
	_cleanup_free_ char *escaped = malloc(size);

	if (!escaped)
		return -ENOMEM;
	return write_object(
		out, json_pack("{ss,ss}", "schema", schema, key, escape_utf8(escaped, size, text)));
}

static int write_error(FILE *out, const char *error, const char *message)
{
	char escaped[ESCAPE_SIZE(CONFIG_ERROR_MAX)];

	return write_object(out,
			    json_pack("{ss,ss,ss}", "schema", "uswapd-error/1", "error", error,
				      "message", escape_utf8(escaped, sizeof(escaped), message)));
}

static int write_failure(FILE *out, const char *what, int r)
{
	char message[128];

	(void)snprintf(message, sizeof(message), "%s: %s", what, strerrordesc_np(-r));
	return write_error(out, "failed", message);
}

static const struct node_status *find_node(const struct agent_status *status, unsigned int node)
{
	for (size_t i = 0; i < status->n_nodes; i++)
		if (status->nodes[i].node == node)
			return &status->nodes[i];
	return NULL;
}

/* Nodes that did not answer have no groups. */
static const struct group_status *find_group(const struct agent_status *status, const char *name,
					     unsigned int *ret_node)
{
	for (size_t i = 0; i < status->n_nodes; i++) {
		const struct node_status *node = &status->nodes[i];

		for (size_t j = 0; node->answered && j < node->n_groups; j++) {
			if (group_name_is(&node->groups[j], name)) {
				*ret_node = node->node;
				return &node->groups[j];
			}
		}
	}
	return NULL;
}

static int why_not_found(const struct control_request *request, FILE *out)
{
	char shown[128], message[384];

	if (*request->group)
		(void)snprintf(message, sizeof(message),
			       "no group %s is looked after: it is not there, or it has no limit "
			       "(memory.high, memory.max)",
			       escape_ascii(shown, sizeof(shown), request->group));
	else
		(void)snprintf(message, sizeof(message), "there is no node %u with memory",
			       request->wake.node);
	return write_error(out, "failed", message);
}

static int answer_why(const struct asking *asking, const struct agent_status *status)
{
	const struct control_request *request = &asking->request;
	_cleanup_free_ char *text = NULL;
	const struct group_status *group = NULL;
	const struct node_status *node = NULL;
	unsigned int home = 0;
	size_t n;
	FILE *words;

	if (*request->group)
		group = find_group(status, request->group, &home);
	else if (!request->wake.all_nodes)
		node = find_node(status, request->wake.node);
	if (!group && !node && (*request->group || !request->wake.all_nodes))
		return why_not_found(request, asking->out);

	words = open_memstream(&text, &n);
	if (!words)
		return -ENOMEM;
	if (group)
		why_group(group, home, words);
	else if (node)
		why_node(node, words);
	else
		why_all(status, words);
	why_agent(status, words);
	if (fclose(words) != 0)
		return -ENOMEM;
	return write_text(asking->out, "uswapd-why/1", "text", text);
}

/* What write puts into a stream, as the text of an answer. */
static int answer_text(const struct asking *asking, const char *schema,
		       int (*write)(const struct agent_status *status, FILE *out),
		       const struct agent_status *status)
{
	_cleanup_free_ char *text = NULL;
	size_t n;
	FILE *stream = open_memstream(&text, &n);
	int r;

	if (!stream)
		return -ENOMEM;
	r = write(status, stream);
	if (fclose(stream) != 0 || r < 0)
		return -ENOMEM;
	return write_text(asking->out, schema, "text", text);
}

static int answer_looking(const struct asking *asking)
{
	const struct control_agent *agent = asking->agent;
	struct agent_status status = {0};
	int r = agent->ops->status(agent->context, &status);

	if (r < 0)
		return write_failure(asking->out, "the status can't be had", r);
	if (asking->request.verb == CONTROL_STATUS)
		r = status_write_json(&status, asking->out);
	else if (asking->request.verb == CONTROL_ADVISE)
		r = answer_text(asking, "uswapd-advice/1", advise, &status);
	else if (asking->request.verb == CONTROL_EFFECT)
		r = answer_text(asking, "uswapd-effect/1", effect_write, &status);
	else if (asking->request.verb == CONTROL_GROWTH)
		r = answer_text(asking, "uswapd-growth/1", growth_write, &status);
	else if (asking->request.verb == CONTROL_METRICS)
		r = metrics_write(&status, status.metrics_groups_max, asking->out);
	else
		r = answer_why(asking, &status);
	agent->ops->release(agent->context, &status);
	return r;
}

static int answer_wake(const struct asking *asking)
{
	const struct control_wake *wake = &asking->request.wake;
	char whom[32] = "all nodes", size[FORMAT_SIZE_BYTES], message[128];
	int r = asking->agent->ops->wake(asking->agent->context, wake);

	if (!wake->all_nodes)
		(void)snprintf(whom, sizeof(whom), "node %u", wake->node);
	if (r == -ENODEV) {
		(void)snprintf(message, sizeof(message), "there is no %s with memory", whom);
		return write_error(asking->out, "failed", message);
	}
	if (r < 0)
		return write_failure(asking->out, "waking failed", r);
	if (wake->order > 0 && wake->bytes > 0)
		(void)snprintf(message, sizeof(message),
			       "woke %s to have %s free in pieces of order %u", whom,
			       format_size(size, sizeof(size), wake->bytes), wake->order);
	else if (wake->order > 0)
		(void)snprintf(message, sizeof(message), "woke %s to have a piece of order %u free",
			       whom, wake->order);
	else if (wake->bytes > 0)
		(void)snprintf(message, sizeof(message), "woke %s to take %s", whom,
			       format_size(size, sizeof(size), wake->bytes));
	else
		(void)snprintf(message, sizeof(message), "woke %s", whom);
	return write_text(asking->out, "uswapd-done/1", "message", message);
}

static int answer_reload(const struct asking *asking)
{
	struct config_error error = {""};
	int r = asking->agent->ops->reload(asking->agent->context, &error);

	if (r < 0 && *error.text)
		return write_error(asking->out, "failed", error.text);
	if (r < 0)
		return write_failure(asking->out, "reloading failed", r);
	return write_text(asking->out, "uswapd-done/1", "message",
			  "the configuration was read again and is in force");
}

static int answer_pause(const struct asking *asking)
{
	uint64_t for_ns = asking->request.pause_ns;
	char time[FORMAT_DURATION_BYTES], message[128];

	asking->agent->ops->pause(asking->agent->context, for_ns);
	if (for_ns == UINT64_MAX)
		(void)snprintf(message, sizeof(message), "paused until uswapctl resume");
	else
		(void)snprintf(message, sizeof(message), "paused for %s, or until uswapctl resume",
			       format_duration(time, sizeof(time), for_ns));
	return write_text(asking->out, "uswapd-done/1", "message", message);
}

static int answer_resume(const struct asking *asking)
{
	asking->agent->ops->resume(asking->agent->context);
	return write_text(asking->out, "uswapd-done/1", "message", "resumed");
}

static int answer_denied(const struct asking *asking, const struct control_peer *peer)
{
	char message[160];

	(void)snprintf(message, sizeof(message),
		       "uid %ju may not ask for %s: it is for root and the agent's own user (uid "
		       "%ju)",
		       (uintmax_t)peer->uid, control_verb_name(asking->request.verb),
		       (uintmax_t)asking->agent->uid);
	return write_error(asking->out, "denied", message);
}

static int answer(struct asking *asking, const struct control_peer *peer, const char *request,
		  size_t n)
{
	struct control_problem problem;

	if (control_request_parse(request, n, &asking->request, &problem) < 0)
		return write_error(asking->out, "bad-request", problem.text);
	if (!control_may(peer, asking->agent->uid, asking->request.verb))
		return answer_denied(asking, peer);
	switch (asking->request.verb) {
	case CONTROL_WAKE:
		return answer_wake(asking);
	case CONTROL_RELOAD:
		return answer_reload(asking);
	case CONTROL_PAUSE:
		return answer_pause(asking);
	case CONTROL_RESUME:
		return answer_resume(asking);
	default:
		return answer_looking(asking);
	}
}

/* A stream in memory fails for want of memory only. */
static int finish(FILE *out, int r, char **text, size_t *n, char **ret_answer, size_t *ret_n)
{
	if (fclose(out) != 0 || r < 0) {
		free(*text);
		return -ENOMEM;
	}
	*ret_answer = *text;
	*ret_n = *n;
	return 0;
}

int control_answer(const struct control_agent *agent, const struct control_peer *peer,
		   const char *request, size_t n, char **ret_answer, size_t *ret_n)
{
	struct asking asking = {.agent = agent};
	char *text = NULL;
	size_t text_n = 0;

	asking.out = memory_file_open(&text, &text_n);
	if (!asking.out)
		return -ENOMEM;
	return finish(asking.out, answer(&asking, peer, request, n), &text, &text_n, ret_answer,
		      ret_n);
}

int control_refuse(const char *error, const char *message, char **ret_answer, size_t *ret_n)
{
	char *text = NULL;
	size_t text_n = 0;
	FILE *out = open_memstream(&text, &text_n);

	if (!out)
		return -ENOMEM;
	return finish(out, write_error(out, error, message), &text, &text_n, ret_answer, ret_n);
}
