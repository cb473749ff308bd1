/* SPDX-License-Identifier: Apache-2.0 */
/* Whether this machine has what a scenario requires. */
#pragma once

#include "stress/job/plan.h"
#include "stress/run/placement.h"
#include "stress/scenario/scenario.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is known of the machine before groups are made. */
struct require_facts {
	uint64_t swap_free_bytes, available_bytes, nodes;
	uint64_t kernel_major, kernel_minor;
	bool zswap;
	char controllers[256];	 /* words: those of the group that groups are made in */
	char mount_options[256]; /* joined by ',': of the cgroup file system */
};

/* placement: NULL: none. -errno with words. */
int require_read(const struct machine *machine, int proc_fd, int sys_fd,
		 const struct placement *placement, struct require_facts *ret,
		 struct stress_error *ret_error);

/* "5.19.0-1-amd64" */
int require_parse_release(const char *release, uint64_t *ret_major, uint64_t *ret_minor);

/*
 * False with words: what is missing. `file` and `program` are not looked at: groups and the PATH
 * have it or not. Pure.
 */
bool require_has(const struct require_facts *facts, const struct scenario_requirement *requirement,
		 char *words, size_t n);

/* Whether a group has the file, or the key in it: "memory.peak", "memory.stat:zswpwb". */
bool require_has_file(int group_fd, const char *name);

/* Whether a program of that name is in the PATH. */
bool require_has_program(const char *name);
