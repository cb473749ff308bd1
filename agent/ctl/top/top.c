/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ctl/top/top.h"

#include "agent/ctl/client.h"
#include "agent/ctl/options.h"
#include "agent/ctl/top/screen.h"
#include "base/clock.h"
#include "base/parse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TIMEOUT_NS (2 * NSEC_PER_SEC)

static int ask(const struct ctl_options *options, json_t **ret_answer)
{
	_cleanup_free_ char *request = ctl_request(options), *text = NULL;
	json_t *answer;
	size_t n;
	int r;

	if (!request)
		return -ENOMEM;
	r = client_ask(options->socket_path, request, TIMEOUT_NS, &text, &n);
	if (r < 0)
		return r;
	answer = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(answer)) {
		json_decref(answer);
		return -EPROTO;
	}
	*ret_answer = answer;
	return 0;
}

/* Why there is no answer; and it goes on. */
static void tell_failure(struct top_model *m, const char *socket_path, int r)
{
	char text[sizeof(m->trouble)];

	if (r == -ENOENT || r == -ECONNREFUSED)
		(void)snprintf(text, sizeof(text), "uswapd is not running at %s: waiting for it",
			       socket_path);
	else if (r == -EPROTO)
		(void)snprintf(text, sizeof(text), "the answer is not understood: is uswapd %s?",
			       USWAP_VERSION);
	else
		(void)snprintf(text, sizeof(text), "%s: %s: trying again", socket_path,
			       strerrordesc_np(-r));
	top_trouble(m, text);
}

static void take_picture(struct top_model *m, const char *socket_path)
{
	const struct ctl_options options = {.socket_path = socket_path, .verb = CTL_STATUS};
	json_auto_t *status = NULL;
	int r = ask(&options, &status);

	if (r == 0)
		r = top_feed(m, status, clock_now_ns());
	if (r < 0)
		tell_failure(m, socket_path, r);
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void explain(struct top_model *m, const char *socket_path, const char *path)
{
	const struct ctl_options options = {
		.socket_path = socket_path, .verb = CTL_WHY, .group = path};
	json_auto_t *answer = NULL;
	char *lines = NULL;
	int r = ask(&options, &answer);

	if (r == 0 && text_of(answer, "text"))
		lines = strdup(text_of(answer, "text"));
	if (lines)
		top_show_lines(m, lines);
	else if (r == 0)
		top_notice(m, text_of(answer, "message") ?: "no explanation");
	else
		tell_failure(m, socket_path, r);
}

static void wake(struct top_model *m, const char *socket_path)
{
	struct ctl_options options = {.socket_path = socket_path, .verb = CTL_WAKE};
	json_auto_t *answer = NULL;
	int r;

	if (*m->typed && (parse_size(m->typed, &options.bytes) < 0 || options.bytes > INT64_MAX)) {
		top_notice(m, "that is not a size, as in 64M");
		return;
	}
	r = ask(&options, &answer);
	if (r == 0)
		top_notice(m, text_of(answer, "message") ?: "done");
	else
		tell_failure(m, socket_path, r);
}

static void obey(struct top_model *m, const char *socket_path, enum top_order order)
{
	const struct top_group *group = top_selected(m, NULL);

	if (order == TOP_EXPLAIN && group)
		explain(m, socket_path, group->path);
	else if (order == TOP_EXPLAIN || order == TOP_EXPLAIN_ALL)
		explain(m, socket_path, NULL);
	else if (order == TOP_WAKE)
		wake(m, socket_path);
}

int top_run(const char *socket_path)
{
	_cleanup_(top_model_clear) struct top_model model = {0};
	_cleanup_(screen_closep) struct screen *screen = NULL;
	uint64_t next_ns = 0;
	int key, r = screen_open(&screen);

	if (r < 0)
		return r;
	for (;;) {
		uint64_t now_ns = clock_now_ns();
		enum top_order order;

		if (now_ns >= next_ns) {
			uint64_t cpu_ns = clock_thread_cpu_ns();

			if (!model.paused)
				take_picture(&model, socket_path);
			now_ns = clock_now_ns();
			next_ns = now_ns + top_interval_ns(clock_thread_cpu_ns() - cpu_ns);
		}
		screen_draw(screen, &model);
		key = screen_key(screen,
				 (int)((next_ns - MIN(now_ns, next_ns)) / NSEC_PER_MSEC + 1));
		if (key == SCREEN_NO_KEY)
			continue;
		if (key == SCREEN_GONE)
			return 0;
		order = top_key(&model, key, top_page(&model, screen_rows(screen)));
		if (order == TOP_QUIT)
			return 0;
		obey(&model, socket_path, order);
	}
}
