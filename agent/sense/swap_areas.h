/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc/swaps: which area is written to next. The kernel fills those of the highest priority first,
 * areas of one priority in turn.
 */
#pragma once

#include "agent/config/config.h"

#include <stdbool.h>
#include <stdint.h>

/* What is filled before any area on a device that the operator has named. */
struct swap_before {
	bool any_named;
	uint64_t total_bytes, free_bytes;
};

/* is_named: whether the area, by the name it has there and as a file or not, is on such a device.
 * -EBADMSG: a line is malformed; -E2BIG: more areas than a kernel has. */
int swap_areas_parse(const char *text, bool (*is_named)(void *context, const char *name, bool file),
		     void *context, struct swap_before *ret);

/* proc_fd, sys_fd: descriptors of /proc and /sys. An area that can't be looked up is on one. */
int swap_areas_read(int proc_fd, int sys_fd, const struct config_patterns *devices,
		    struct swap_before *ret);
