/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ctl/ctl.h"

#include "agent/ctl/client.h"
#include "agent/ctl/options.h"
#include "agent/ctl/show.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/escape.h"

#include <errno.h>
#include <grp.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>

#define TIMEOUT_NS (5 * NSEC_PER_SEC)

/* Where the answer goes, and what was asked. */
struct run {
	struct ctl_options options;
	FILE *out, *err;
};

static const char *group_name(gid_t gid, char *name, size_t size)
{
	const struct group *group = getgrgid(gid);

	if (group)
		(void)snprintf(name, size, "%s", group->gr_name);
	else
		(void)snprintf(name, size, "%ju", (uintmax_t)gid);
	return name;
}

static int explain_denied(const struct run *run)
{
	const char *path = run->options.socket_path;
	struct stat st;
	char name[64];

	if (stat(path, &st) == 0)
		fprintf(run->err,
			"uswapctl: %s is for root and members of group %s; this is uid %ju\n", path,
			group_name(st.st_gid, name, sizeof(name)), (uintmax_t)geteuid());
	else
		fprintf(run->err, "uswapctl: uid %ju may not reach %s; root may\n",
			(uintmax_t)geteuid(), path);
	return CTL_FAILED;
}

static int explain_no_answer(const struct run *run, int r)
{
	const char *path = run->options.socket_path;

	switch (r) {
	case -EACCES:
	case -EPERM:
		return explain_denied(run);
	case -ENAMETOOLONG:
		fprintf(run->err, "uswapctl: --socket: the path is longer than 107 bytes\n");
		return CTL_USAGE;
	case -ENOENT:
	case -ENOTDIR:
		fprintf(run->err,
			"uswapctl: uswapd is not running here: there is no socket at %s; start it "
			"(systemctl start uswapd), or say with --socket where it is\n",
			path);
		return CTL_NO_AGENT;
	case -ECONNREFUSED:
		fprintf(run->err,
			"uswapctl: uswapd is not running here: nobody listens at %s any more; "
			"start it again (systemctl start uswapd)\n",
			path);
		return CTL_NO_AGENT;
	case -ETIMEDOUT:
		fprintf(run->err, "uswapctl: uswapd at %s did not answer within 5 s\n", path);
		return CTL_NO_AGENT;
	case -ENODATA:
		fprintf(run->err, "uswapctl: uswapd at %s hung up without an answer\n", path);
		return CTL_NO_AGENT;
	default:
		fprintf(run->err, "uswapctl: asking uswapd at %s: %s\n", path, strerrordesc_np(-r));
		return CTL_FAILED;
	}
}

static int not_understood(const struct run *run)
{
	fprintf(run->err,
		"uswapctl: the answer from %s is not what this uswapctl (%s) knows; is uswapd of "
		"the same version?\n",
		run->options.socket_path, USWAP_VERSION);
	return CTL_FAILED;
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key)) ?: "";
}

/* The agent's lines are ASCII; that it is the agent who answers is not known here. */
static int print_raw(const struct run *run, const char *answer, size_t n)
{
	size_t size = ESCAPE_SIZE(n);
	_cleanup_free_ char *escaped = malloc(size);

	if (!escaped)
		return explain_no_answer(run, -ENOMEM);
	fprintf(run->out, "%s\n", escape_ascii(escaped, size, answer));
	return CTL_DONE;
}

static int show_answer(const struct run *run, const json_t *answer)
{
	const char *schema = text_of(answer, "schema");

	if (strcmp(schema, "uswapd-error/1") == 0) {
		fputs("uswapctl: ", run->err);
		show_text(text_of(answer, "message"), run->err);
		return CTL_FAILED;
	}
	if (strcmp(schema, "uswapd-done/1") == 0)
		show_text(text_of(answer, "message"), run->out);
	else if (strcmp(schema, "uswapd-why/1") == 0)
		show_text(text_of(answer, "text"), run->out);
	else if (strcmp(schema, "uswapd-status/1") != 0 || show_status(answer, run->out) < 0)
		return not_understood(run);
	return CTL_DONE;
}

static int ask(const struct run *run)
{
	_cleanup_free_ char *request = ctl_request(&run->options), *text = NULL;
	json_auto_t *answer = NULL;
	size_t n;
	int r;

	if (!request)
		return explain_no_answer(run, -ENOMEM);
	r = client_ask(run->options.socket_path, request, TIMEOUT_NS, &text, &n);
	if (r < 0)
		return explain_no_answer(run, r);
	answer = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(answer))
		return not_understood(run);
	if (!run->options.json)
		return show_answer(run, answer);
	r = print_raw(run, text, n);
	return strcmp(text_of(answer, "schema"), "uswapd-error/1") == 0 ? CTL_FAILED : r;
}

int ctl_run(int argc, char *const argv[], FILE *out, FILE *err)
{
	struct run run = {.out = out, .err = err};
	struct ctl_problem problem;
	int r;

	if (ctl_options_parse(argc, argv, &run.options, &problem) < 0) {
		fprintf(err, "uswapctl: %s\nTry: uswapctl --help\n", problem.text);
		return CTL_USAGE;
	}
	if (run.options.verb == CTL_HELP) {
		ctl_print_help(out);
		r = CTL_DONE;
	} else if (run.options.verb == CTL_VERSION) {
		fprintf(out, "uswapctl %s\n", USWAP_VERSION);
		r = CTL_DONE;
	} else {
		r = ask(&run);
	}
	if (fflush(out) != 0 || ferror(out)) {
		fprintf(err, "uswapctl: the output can't be written: %s\n", strerror(errno));
		return CTL_FAILED;
	}
	return r;
}
