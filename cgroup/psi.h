/* SPDX-License-Identifier: Apache-2.0 */
/* Pressure stall information: /proc/pressure/memory and a group's memory.pressure. */
#pragma once

#include <stdint.h>

/* Time stalled since boot (or since the group was made). The averages are not read: totals are
 * exact at the moment of reading, averages are 2 s old. */
struct psi_totals {
	uint64_t some_us, full_us;
};

/* Parses the whole file; "full" is missing in /proc/pressure/cpu before 5.13 and reads as 0. */
int psi_parse(const char *text, struct psi_totals *ret, const char **ret_bad);
int psi_read(int fd, struct psi_totals *ret, const char **ret_bad);

/*
 * Opens path below dir_fd and arms a trigger: it polls POLLPRI at most once a window as long as
 * tasks stall for more than stall_us of it. Poll the descriptor itself, never an epoll set that
 * holds it: whoever polls first consumes the event. The descriptor can be read with psi_read too.
 * Returns a descriptor; -EINVAL (window out of the kernel's range: 500 ms..10 s on 6.1, and a
 * multiple of 2 s without CAP_SYS_RESOURCE), -EOPNOTSUPP (PSI is off), -EACCES.
 */
int psi_trigger_open(int dir_fd, const char *path, uint64_t stall_us, uint64_t window_us);
