/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Descriptors that stay open through a scenario ("memory.peak@own(A)"): what the kernel counts by
 * descriptor is counted from there.
 */
#pragma once

#include "stress/scenario/scenario.h"

#include <stddef.h>

struct handle {
	struct scenario_file file;
	int fd;
};

struct handles {
	size_t n;
	struct handle *list;
};

/* Opens all that the scenario names. handles_close after an error, too. -errno with words. */
int handles_open(struct handles *handles, const struct scenario *scenario, const int *group_fds,
		 struct stress_error *ret_error);
void handles_close(struct handles *handles);

/* The descriptor, -1 when there is none. */
int handles_find(const struct handles *handles, const char *file, const char *handle,
		 const char *group);
