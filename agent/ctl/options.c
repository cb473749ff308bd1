/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ctl/options.h"

#include "agent/config/config.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/parse.h"
#include "base/spell.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>

#define OPTIONS_MAX 16
#define ORDER_MAX   10 /* of the kernel (MAX_PAGE_ORDER), on most machines */

static const char *const verbs[] = {
	[CTL_STATUS] = "status",   [CTL_WHY] = "why",	      [CTL_WAKE] = "wake",
	[CTL_ADVISE] = "advise",   [CTL_ENABLE] = "enable",   [CTL_DISABLE] = "disable",
	[CTL_RELOAD] = "reload",   [CTL_VERSION] = "version", [CTL_HELP] = "help",
	[CTL_METRICS] = "metrics", [CTL_TOP] = "top",	      [CTL_EFFECT] = "effect",
	[CTL_PAUSE] = "pause",	   [CTL_RESUME] = "resume",   [CTL_GROWTH] = "growth",
};

static int __attribute__((format(printf, 2, 3)))
wrong(struct ctl_problem *problem, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(problem->text, sizeof(problem->text), format, ap);
	va_end(ap);
	return -EINVAL;
}

static int read_node(const char *text, struct ctl_options *options, struct ctl_problem *ret_problem)
{
	uint64_t node;

	if (parse_u64(text, &node) < 0 || node > INT_MAX)
		return wrong(ret_problem, "\"%s\" is not the number of a node", text);
	options->node = (unsigned int)node;
	options->has_node = true;
	return 0;
}

static int read_bytes(const char *text, struct ctl_options *options,
		      struct ctl_problem *ret_problem)
{
	uint64_t bytes;

	if (parse_size(text, &bytes) < 0 || bytes == 0 || bytes > INT64_MAX)
		return wrong(ret_problem, "\"%s\" is not a size, as in 64M", text);
	options->bytes = bytes;
	return 0;
}

static int read_order(const char *text, struct ctl_options *options,
		      struct ctl_problem *ret_problem)
{
	uint64_t order;

	if (parse_u64(text, &order) < 0 || order == 0 || order > ORDER_MAX)
		return wrong(ret_problem, "\"%s\" is not an order of pages, from 1 to %d", text,
			     ORDER_MAX);
	options->order = (unsigned int)order;
	return 0;
}

static int read_time(const char *text, struct ctl_options *options, struct ctl_problem *ret_problem)
{
	uint64_t for_ns;

	if (parse_duration(text, &for_ns) < 0 || for_ns == 0 || for_ns > INT64_MAX)
		return wrong(ret_problem, "\"%s\" is not a time, as in 30min", text);
	options->for_ns = for_ns;
	return 0;
}

static int read_verb(const char *text, enum ctl_verb *ret, struct ctl_problem *ret_problem)
{
	size_t nearest;

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(text, verbs[i]) == 0) {
			*ret = (enum ctl_verb)i;
			return 0;
		}
	}
	nearest = spell_nearest(text, verbs, ARRAY_SIZE(verbs));
	if (nearest < ARRAY_SIZE(verbs))
		return wrong(ret_problem, "there is no command \"%s\"; did you mean %s?", text,
			     verbs[nearest]);
	return wrong(ret_problem, "there is no command \"%s\"", text);
}

/* What follows "why": nothing, a group, or "node N". */
static int read_subject(int n, char *const words[], struct ctl_options *options,
			struct ctl_problem *ret_problem)
{
	if (n > 0 && strcmp(words[0], "node") == 0) {
		if (n != 2)
			return wrong(ret_problem, "write: why node N (and why /node for a group of "
						  "that name)");
		return read_node(words[1], options, ret_problem);
	}
	if (n > 1)
		return wrong(ret_problem, "why takes one group, or: node N");
	if (n == 1 && *words[0] == '\0')
		return wrong(ret_problem, "the group's name is empty; the root is /");
	if (n == 1)
		options->group = words[0];
	return 0;
}

static int read_words(int n, char *const words[], struct ctl_options *options,
		      struct ctl_problem *ret_problem)
{
	int r;

	if (n == 0)
		return wrong(ret_problem, "a command is missing");
	r = read_verb(words[0], &options->verb, ret_problem);
	if (r < 0)
		return r;
	if (options->verb != CTL_WAKE &&
	    (options->has_node || options->bytes > 0 || options->order > 0))
		return wrong(ret_problem, "--node, --bytes and --order belong to wake");
	if (options->verb != CTL_PAUSE && options->for_ns > 0)
		return wrong(ret_problem, "--for belongs to pause");
	if (options->verb == CTL_WHY)
		return read_subject(n - 1, words + 1, options, ret_problem);
	if (n > 1)
		return wrong(ret_problem, "\"%s\" is too much: %s takes no more words", words[1],
			     words[0]);
	return 0;
}

static int no_such_option(const char *typed, const struct option *known,
			  struct ctl_problem *ret_problem)
{
	const char *names[OPTIONS_MAX];
	size_t n = 0, nearest;

	for (; known[n].name && n < OPTIONS_MAX; n++)
		names[n] = known[n].name;
	nearest = strncmp(typed, "--", 2) == 0 ? spell_nearest(typed + 2, names, n) : n;
	if (nearest < n)
		return wrong(ret_problem, "there is no option %s; did you mean --%s?", typed,
			     names[nearest]);
	return wrong(ret_problem, "there is no option %s", typed);
}

int ctl_options_parse(int argc, char *const argv[], struct ctl_options *ret,
		      struct ctl_problem *ret_problem)
{
	static const struct option known[] = {
		{"socket", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"node", required_argument, NULL, 'n'},
		{"bytes", required_argument, NULL, 'b'},
		{"order", required_argument, NULL, 'o'},
		{"for", required_argument, NULL, 'f'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	struct ctl_options options = {.socket_path = CONFIG_SOCKET_PATH};
	int option, r = 0;

	optind = 0; /* getopt begins anew */
	while (r == 0 && (option = getopt_long(argc, argv, ":h", known, NULL)) != -1) {
		switch (option) {
		case 's':
			options.socket_path = optarg;
			break;
		case 'j':
			options.json = true;
			break;
		case 'n':
			r = read_node(optarg, &options, ret_problem);
			break;
		case 'b':
			r = read_bytes(optarg, &options, ret_problem);
			break;
		case 'o':
			r = read_order(optarg, &options, ret_problem);
			break;
		case 'f':
			r = read_time(optarg, &options, ret_problem);
			break;
		case 'h':
		case 'V':
			options.verb = option == 'h' ? CTL_HELP : CTL_VERSION;
			*ret = options;
			return 0;
		case ':':
			return wrong(ret_problem, "%s needs a value", argv[optind - 1]);
		default:
			return no_such_option(argv[optind - 1], known, ret_problem);
		}
	}
	if (r == 0)
		r = read_words(argc - optind, argv + optind, &options, ret_problem);
	if (r == 0)
		*ret = options;
	return r;
}

void ctl_print_help(FILE *out)
{
	(void)fputs(
		"uswapctl: looks at a running uswapd and steers it\n"
		"\n"
		"usage: uswapctl [--socket PATH] [--json] COMMAND\n"
		"\n"
		"  status                   nodes and groups: room, margins, what was done\n"
		"  why                      what is being done and what is held back\n"
		"  why GROUP                why the agent did or did not act on a group\n"
		"  why node N               and on a node\n"
		"  advise                   what it would take, why, and what that would risk\n"
		"  effect                   what it does for groups and nodes, against those left\n"
		"                           alone by lot (holdout.share)\n"
		"  growth                   who only grows, and which caches nobody reads\n"
		"                           (growth.enabled)\n"
		"  top                      the same as status, kept up to date in the terminal\n"
		"  metrics                  nodes and groups for Prometheus, in its text format\n"
		"  enable, disable          let it act, or only observe: writes agent.mode into\n"
		"                           the configuration's drop-in 90-mode.conf and reloads\n"
		"  wake [--node N] [--bytes SIZE] [--order N]\n"
		"                           look now, and take SIZE however much room there is;\n"
		"                           with --order have SIZE free in pieces of that order\n"
		"  pause [--for TIME]       ask the kernel for nothing, until resume or its end\n"
		"  resume                   go on\n"
		"  reload                   read the configuration again\n"
		"  version\n"
		"\n"
		"  --socket PATH            of the agent (default " CONFIG_SOCKET_PATH ")\n"
		"  --json                   the agent's answer as it is\n"
		"  --help, --version\n"
		"\n"
		"Anyone in the socket's group may look; wake, pause, resume and reload are for\n"
		"root and the agent's own user, enable and disable for root.\n"
		"\n"
		"exit status: 0 done, 1 refused or failed, 2 wrong command line, 3 no agent\n",
		out);
}

/* A name from the command line may be any bytes: the agent knows its escaped form too. */
static json_t *group_json(const char *group)
{
	size_t size = ESCAPE_SIZE(strlen(group));
	_cleanup_free_ char *escaped = malloc(size);

	return escaped ? json_string(escape_utf8(escaped, size, group)) : NULL;
}

char *ctl_request(const struct ctl_options *options)
{
	json_auto_t *request = json_object();
	int r = json_object_set_new(request, "request", json_string(verbs[options->verb]));

	if (options->group)
		r |= json_object_set_new(request, "group", group_json(options->group));
	if (options->has_node)
		r |= json_object_set_new(request, "node", json_integer(options->node));
	if (options->bytes > 0)
		r |= json_object_set_new(request, "bytes",
					 json_integer((json_int_t)options->bytes));
	if (options->order > 0)
		r |= json_object_set_new(request, "order", json_integer(options->order));
	if (options->for_ns > 0)
		r |= json_object_set_new(request, "for_ns",
					 json_integer((json_int_t)options->for_ns));
	return r == 0 ? json_dumps(request, JSON_COMPACT) : NULL;
}
