/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/command_line.h"

#include "agent/config/settings.h"

#include <getopt.h>
#include <stdio.h>

static void print_help(FILE *out)
{
	(void)fputs(
		"uswapd: reclaims memory before tasks have to\n"
		"\n"
		"usage: uswapd [OPTION]...\n"
		"\n"
		"  --config FILE            read FILE, then FILE.d/*.conf\n"
		"  --set SECTION.KEY=VALUE  override one setting; may be repeated\n"
		"  --dry-run                decide and report, but ask the kernel for nothing\n"
		"  --check-config           say whether the configuration is good, and exit\n"
		"  --doctor                 try what works on this machine, say what to do about\n"
		"                           the rest, and exit: 0, or 69 when nothing can be\n"
		"                           reclaimed\n"
		"  --replay FILE            decide anew on what was recorded (record.file), with\n"
		"                           --set by other settings; say what differs, what came\n"
		"                           true of predictions, what other laws would do, and "
		"exit\n"
		"  --help-settings          list all settings with their defaults, and exit\n"
		"  --root DIR               read DIR/proc and DIR/sys instead of /proc and /sys\n"
		"  --cgroup DIR             look only after the groups below DIR, the directory "
		"of\n"
		"                           a cgroup\n"
		"  --topology xml:FILE      take the nodes from a file of lstopo, or from\n"
		"             synthetic:D   a description such as \"numa:2 core:2 pu:1\"\n"
		"  --no-io-uring            wait with poll(2)\n"
		"  --version, --help\n"
		"\n"
		"Without a configuration file the defaults hold: room is kept below the limit of\n"
		"every group that has one, and above the watermarks of every node.\n"
		"Exit status: 0 ended as told; 64 usage; 69 nothing can be reclaimed here;\n"
		"70 failed; 75 another uswapd runs; 78 configuration.\n",
		out);
}

int command_line_parse(int argc, char **argv, struct command_line *ret)
{
	enum {
		CONFIG = 1,
		SET,
		DRY_RUN,
		CHECK,
		DOCTOR,
		REPLAY,
		SETTINGS,
		ROOT,
		CGROUP,
		TOPOLOGY,
		NO_URING,
		VERSION,
		HELP
	};
	static const struct option options[] = {
		{"config", required_argument, NULL, CONFIG},
		{"set", required_argument, NULL, SET},
		{"dry-run", no_argument, NULL, DRY_RUN},
		{"check-config", no_argument, NULL, CHECK},
		{"doctor", no_argument, NULL, DOCTOR},
		{"replay", required_argument, NULL, REPLAY},
		{"help-settings", no_argument, NULL, SETTINGS},
		{"root", required_argument, NULL, ROOT},
		{"cgroup", required_argument, NULL, CGROUP},
		{"topology", required_argument, NULL, TOPOLOGY},
		{"no-io-uring", no_argument, NULL, NO_URING},
		{"version", no_argument, NULL, VERSION},
		{"help", no_argument, NULL, HELP},
		{0},
	};
	int option;

	*ret = (struct command_line){.agent = {.overrides = ret->overrides, .try_uring = true}};
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case CONFIG:
			ret->agent.config_file = optarg;
			break;
		case SET:
			if (ret->agent.n_overrides == OVERRIDES_MAX) {
				(void)fprintf(stderr, "uswapd: more than %d --set options\n",
					      OVERRIDES_MAX);
				return EXIT_USAGE;
			}
			ret->overrides[ret->agent.n_overrides++] = optarg;
			break;
		case DRY_RUN:
			ret->agent.dry_run = true;
			break;
		case CHECK:
			ret->check_config = true;
			break;
		case DOCTOR:
			ret->doctor = true;
			break;
		case REPLAY:
			ret->replay = optarg;
			break;
		case SETTINGS:
			settings_print_help(stdout);
			return 0;
		case ROOT:
			ret->agent.root = optarg;
			break;
		case CGROUP:
			ret->agent.cgroup = optarg;
			break;
		case TOPOLOGY:
			ret->agent.topology = optarg;
			break;
		case NO_URING:
			ret->agent.try_uring = false;
			break;
		case VERSION:
			(void)printf("uswapd %s\n", USWAP_VERSION);
			return 0;
		case HELP:
			print_help(stdout);
			return 0;
		default:
			(void)fputs("uswapd: see uswapd --help\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		(void)fprintf(stderr, "uswapd: unexpected argument \"%s\"; see uswapd --help\n",
			      argv[optind]);
		return EXIT_USAGE;
	}
	return -1;
}
