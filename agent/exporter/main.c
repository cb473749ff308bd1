/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uswapd-metrics: the agent's metrics over HTTP, in a process of its own, so that the agent, which
 * may do much, has no network.
 */
#include "agent/config/config.h"
#include "agent/exporter/http.h"
#include "agent/exporter/listen.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define DEFAULT_ADDRESS "127.0.0.1:9752"

enum { EXIT_USAGE = 64 };

struct options {
	const char *socket_path, *address;
};

static void print_help(FILE *out)
{
	(void)fputs(
		"uswapd-metrics: the metrics of a running uswapd over HTTP, at /metrics\n"
		"\n"
		"usage: uswapd-metrics [--listen ADDRESS:PORT] [--socket PATH]\n"
		"\n"
		"  --listen ADDRESS:PORT    in numbers (default " DEFAULT_ADDRESS "), unless\n"
		"                           systemd hands over a socket\n"
		"  --socket PATH            of the agent (default " CONFIG_SOCKET_PATH ")\n"
		"  --help, --version\n"
		"\n"
		"It must be root, the agent's user or in the agent's group. Whoever reaches the\n"
		"address may read the metrics, and nothing else.\n",
		out);
}

/* Returns -1 to go on, or the status to exit with. */
static int parse_command_line(int argc, char **argv, struct options *ret)
{
	static const struct option known[] = {
		{"listen", required_argument, NULL, 'l'},
		{"socket", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{NULL, 0, NULL, 0},
	};
	int option;

	*ret = (struct options){.socket_path = CONFIG_SOCKET_PATH, .address = DEFAULT_ADDRESS};
	while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (option) {
		case 'l':
			ret->address = optarg;
			break;
		case 's':
			ret->socket_path = optarg;
			break;
		case 'h':
			print_help(stdout);
			return 0;
		case 'V':
			(void)printf("uswapd-metrics %s\n", USWAP_VERSION);
			return 0;
		default:
			return EXIT_USAGE;
		}
	}
	if (optind == argc)
		return -1;
	(void)fprintf(stderr, "uswapd-metrics: unexpected argument \"%s\"\n", argv[optind]);
	return EXIT_USAGE;
}

static int open_listener(const char *address)
{
	int fd = listen_inherited();

	if (fd == -EINVAL) {
		(void)fputs("uswapd-metrics: systemd must hand over one socket that listens\n",
			    stderr);
		return fd;
	}
	if (fd < 0)
		fd = listen_on(address);
	if (fd == -EINVAL)
		(void)fprintf(stderr, "uswapd-metrics: --listen %s: not an address as in %s\n",
			      address, DEFAULT_ADDRESS);
	else if (fd < 0)
		(void)fprintf(stderr, "uswapd-metrics: can't listen on %s: %s\n", address,
			      strerrordesc_np(-fd));
	return fd;
}

int main(int argc, char **argv)
{
	_cleanup_(http_stopp) struct http *http = NULL;
	struct options options;
	sigset_t ends;
	int fd, r = parse_command_line(argc, argv, &options), signal_number;

	if (r >= 0)
		return r;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	(void)sigprocmask(SIG_BLOCK, &ends, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	fd = open_listener(options.address);
	if (fd < 0)
		return fd == -EINVAL ? EXIT_USAGE : EXIT_FAILURE;
	r = http_start(fd, options.socket_path, &http);
	if (r < 0) {
		(void)fprintf(stderr, "uswapd-metrics: can't serve: %s\n", strerrordesc_np(-r));
		return EXIT_FAILURE;
	}
	(void)sigwait(&ends, &signal_number);
	return EXIT_SUCCESS;
}
