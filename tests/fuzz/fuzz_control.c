/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request of any bytes, to an agent with groups of hostile names: the answer is one line of ASCII
 * that is JSON.
 */
#include "agent/control/answer.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

static int fake_status(void *context, struct agent_status *ret)
{
	struct node_status *node = context;

	*ret = (struct agent_status){
		.version = "fuzz", .metrics_groups_max = 2, .n_nodes = 1, .nodes = node};
	return 0;
}

static void fake_release(void *context, struct agent_status *status)
{
	(void)context;
	(void)status;
}

static int fake_wake(void *context, const struct control_wake *wake)
{
	(void)context;
	return wake->all_nodes || wake->node == 0 ? 0 : -ENODEV;
}

static int fake_reload(void *context, struct config_error *ret_error)
{
	(void)context;
	(void)snprintf(ret_error->text, sizeof(ret_error->text), "x.conf:1: \xff");
	return -EINVAL;
}

static void fake_pause(void *context, uint64_t for_ns)
{
	(void)context;
	(void)for_ns;
}

static void fake_resume(void *context)
{
	(void)context;
}

/* Beside the request the input is the name of a group: what is asked for is sometimes there. */
static void check(const uint8_t *data, size_t size, uid_t uid)
{
	static const struct control_ops ops = {
		.status = fake_status,
		.release = fake_release,
		.wake = fake_wake,
		.reload = fake_reload,
		.pause = fake_pause,
		.resume = fake_resume,
	};
	struct group_status groups[2] = {{.path = "a/b"}};
	struct node_status node = {.answered = true, .n_groups = 2, .groups = groups};
	const struct control_agent agent = {.ops = &ops, .context = &node, .uid = 990};
	const struct control_peer peer = {.uid = uid, .in_group = true};
	char *text = NULL;
	json_t *answer;
	size_t n = 0;

	memcpy(groups[1].path, data, size < STATUS_PATH_MAX - 1 ? size : STATUS_PATH_MAX - 1);
	if (control_answer(&agent, &peer, (const char *)data, size, &text, &n) < 0)
		abort();
	if (n == 0 || text[n - 1] != '\n')
		abort();
	/* Metrics are lines of text; all else is one line of JSON. */
	if (text[0] != '#') {
		answer = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
		if (!json_is_string(json_object_get(answer, "schema")))
			abort();
		json_decref(answer);
	}
	for (size_t i = 0; i + 1 < n; i++)
		if ((text[i] < ' ' && (text[0] != '#' || text[i] != '\n')) || text[i] > '~')
			abort();
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > CONTROL_REQUEST_MAX)
		return 0;
	check(data, size, 0);
	check(data, size, 1000);
	return 0;
}
