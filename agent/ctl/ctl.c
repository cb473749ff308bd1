/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ctl/ctl.h"

#include "agent/ctl/client.h"
#include "agent/ctl/mode.h"
#include "agent/ctl/options.h"
#include "agent/ctl/show.h"
#include "agent/ctl/top/top.h"
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
	else if (strcmp(schema, "uswapd-why/1") == 0 || strcmp(schema, "uswapd-advice/1") == 0 ||
		 strcmp(schema, "uswapd-effect/1") == 0 || strcmp(schema, "uswapd-growth/1") == 0)
		show_text(text_of(answer, "text"), run->out);
	else if (strcmp(schema, "uswapd-status/1") != 0 || show_status(answer, run->out) < 0)
		return not_understood(run);
	return CTL_DONE;
}

/* Only metrics begin so; their last line says that they are whole. */
static bool is_metrics(const char *text, size_t n)
{
	return *text == '#' && n > strlen("# EOF") &&
	       strcmp(text + n - strlen("\n# EOF"), "\n# EOF") == 0;
}

/*
 * Asks, and takes the answer apart, unless it is metrics: CTL_DONE, or what to exit with after it
 * has been explained.
 */
static int ask(const struct run *run, const struct ctl_options *options, json_t **ret_answer,
	       char **ret_text, size_t *ret_n)
{
	_cleanup_free_ char *request = ctl_request(options), *text = NULL;
	json_t *answer;
	size_t n;
	int r;

	if (!request)
		return explain_no_answer(run, -ENOMEM);
	r = client_ask(options->socket_path, request, TIMEOUT_NS, &text, &n);
	if (r < 0)
		return explain_no_answer(run, r);
	answer = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(answer) && !is_metrics(text, n)) {
		json_decref(answer);
		return not_understood(run);
	}
	*ret_answer = answer;
	*ret_text = TAKE_PTR(text);
	*ret_n = n;
	return CTL_DONE;
}

static bool is_error(const json_t *answer)
{
	return strcmp(text_of(answer, "schema"), "uswapd-error/1") == 0;
}

static int ask_and_show(const struct run *run)
{
	_cleanup_free_ char *text = NULL;
	json_auto_t *answer = NULL;
	size_t n;
	int r = ask(run, &run->options, &answer, &text, &n);

	if (r != CTL_DONE)
		return r;
	if (!answer) {
		show_text(text, run->out);
		return CTL_DONE;
	}
	if (!run->options.json)
		return show_answer(run, answer);
	r = print_raw(run, text, n);
	return is_error(answer) ? CTL_FAILED : r;
}

static int ask_for(const struct run *run, enum ctl_verb verb, json_t **ret_answer)
{
	struct ctl_options options = {.socket_path = run->options.socket_path, .verb = verb};
	_cleanup_free_ char *text = NULL;
	size_t n;

	return ask(run, &options, ret_answer, &text, &n);
}

static int write_mode(const struct run *run, const json_t *status, const char *mode,
		      char path[MODE_PATH_MAX])
{
	const char *config_file = text_of(status, "config_file");
	int r;

	if (strcmp(text_of(status, "schema"), "uswapd-status/1") != 0)
		return is_error(status) ? show_answer(run, status) : not_understood(run);
	if (json_is_true(json_object_get(status, "dry_run"))) {
		fputs("uswapctl: uswapd was started with --dry-run: start it without\n", run->err);
		return CTL_FAILED;
	}
	if (*config_file != '/') {
		fputs("uswapctl: uswapd was started without --config and an absolute path: there "
		      "is no file to write agent.mode into\n",
		      run->err);
		return CTL_FAILED;
	}
	r = mode_write(config_file, mode, path);
	if (r == 0)
		return CTL_DONE;
	fprintf(run->err, "uswapctl: %s can't be written: %s%s\n", path, strerrordesc_np(-r),
		r == -EACCES || r == -EPERM ? "; root may" : "");
	return CTL_FAILED;
}

/* Writes the mode where the agent reads it, has it read, and sees whether it is in force. */
static int change_mode(const struct run *run, const char *mode)
{
	json_auto_t *before = NULL, *reload = NULL, *after = NULL;
	char path[MODE_PATH_MAX] = "";
	int r = ask_for(run, CTL_STATUS, &before);

	if (r == CTL_DONE)
		r = write_mode(run, before, mode, path);
	if (r == CTL_DONE)
		r = ask_for(run, CTL_RELOAD, &reload);
	if (r == CTL_DONE && is_error(reload)) {
		(void)show_answer(run, reload);
		fprintf(run->err, "uswapctl: %s is written, but not in force\n", path);
		return CTL_FAILED;
	}
	if (r == CTL_DONE)
		r = ask_for(run, CTL_STATUS, &after);
	if (r != CTL_DONE)
		return r;
	if (strcmp(text_of(after, "mode"), mode) != 0) {
		fprintf(run->err,
			"uswapctl: %s says agent.mode = %s, but a later file or an option --set "
			"of uswapd says otherwise\n",
			path, mode);
		return CTL_FAILED;
	}
	fprintf(run->out, "uswapd %s now (agent.mode = %s in %s)\n",
		strcmp(mode, "act") == 0 ? "acts" : "observes", mode, path);
	return CTL_DONE;
}

static int watch(const struct run *run)
{
	int r = top_run(run->options.socket_path);

	if (r == -ENOTTY)
		fputs("uswapctl: top needs a terminal that $TERM describes; uswapctl status prints "
		      "once\n",
		      run->err);
	else if (r < 0)
		fprintf(run->err, "uswapctl: %s\n", strerrordesc_np(-r));
	return r < 0 ? CTL_FAILED : CTL_DONE;
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
	} else if (run.options.verb == CTL_ENABLE || run.options.verb == CTL_DISABLE) {
		r = change_mode(&run, run.options.verb == CTL_ENABLE ? "act" : "observe");
	} else if (run.options.verb == CTL_TOP) {
		r = watch(&run);
	} else {
		r = ask_and_show(&run);
	}
	if (fflush(out) != 0 || ferror(out)) {
		fprintf(err, "uswapctl: the output can't be written: %s\n", strerror(errno));
		return CTL_FAILED;
	}
	return r;
}
