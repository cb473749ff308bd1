/* SPDX-License-Identifier: Apache-2.0 */
/* uswapctl's command line. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum ctl_verb {
	CTL_STATUS,
	CTL_WHY,
	CTL_ADVISE,
	CTL_EFFECT,
	CTL_GROWTH,
	CTL_METRICS,
	CTL_TOP,
	CTL_ENABLE,
	CTL_DISABLE,
	CTL_WAKE,
	CTL_RELOAD,
	CTL_PAUSE,
	CTL_RESUME,
	CTL_VERSION,
	CTL_HELP,
};

struct ctl_options {
	const char *socket_path;
	bool json;
	enum ctl_verb verb;
	const char *group; /* of why; NULL: none */
	bool has_node;	   /* of why and wake */
	unsigned int node;
	uint64_t bytes;	    /* of wake; 0: not said */
	uint64_t for_ns;    /* of pause; 0: not said */
	unsigned int order; /* of wake; 0: not said */
};

/* Texts of argv are kept. -EINVAL with the reason in ret_problem. */
struct ctl_problem {
	char text[256];
};
int ctl_options_parse(int argc, char *const argv[], struct ctl_options *ret,
		      struct ctl_problem *ret_problem);

void ctl_print_help(FILE *out);

/*
 * The request's line, without the newline, for the verbs that are requests; the caller frees it.
 */
char *ctl_request(const struct ctl_options *options);
