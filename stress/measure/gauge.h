/* SPDX-License-Identifier: Apache-2.0 */
/* The signal of a set point, read again and again. */
#pragma once

#include "base/cleanup.h"
#include "stress/pattern/setpoint.h"

#include <stdint.h>

struct gauge {
	enum setpoint_signal signal;
	int fd;
	int64_t node;	     /* of free memory; -1: the machine's */
	uint64_t base_bytes; /* resident bytes of the process when it was opened: not the load's */
	uint64_t stalled_us; /* pressure: at the last reading */
	uint64_t last_ns;
};

/* Where signals are found; group_fd is the group's directory, -1: none. */
struct gauge_sources {
	int proc_fd, sys_fd, group_fd;
	int64_t node; /* -1: the whole machine */
};

/*
 * For the calling process. Pressure without a group is the machine's. -errno of opening or the
 * first reading; *ret_file names the file.
 */
int gauge_open(const struct gauge_sources *sources, enum setpoint_signal signal, uint64_t now_ns,
	       struct gauge *ret_gauge, const char **ret_file);

/* In the unit of setpoint.target; pressure: since the last reading. -errno as for the file. */
int gauge_read(struct gauge *gauge, uint64_t now_ns, uint64_t *ret_value);

void gauge_close(struct gauge *gauge);
