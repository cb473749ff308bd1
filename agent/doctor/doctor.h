/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uswapd --doctor: what works here, found by trying, what does not, and what to do about it. A line
 * each; nothing is changed. It says the same inside the service and outside when the service may do
 * what root may.
 */
#pragma once

#include <stdio.h>

/* What is looked at: -1 where it can't be had. Borrowed. */
struct doctor {
	int proc_fd, sys_fd, cgroup_fd;
	const char *no_cgroup; /* why cgroup_fd is -1 */
};

/* -EOPNOTSUPP: nothing here could ever be reclaimed. */
int doctor_examine(const struct doctor *doctor, FILE *out);

/* Opens what it needs, below root unless that is NULL. -errno after it has said what failed. */
int doctor_run(const char *root, FILE *out);
