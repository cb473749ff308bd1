/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of groups carry the number and start time of the process that made them
 * (svc.uswap-stress-1234-567890), so that what a killed run left behind is found and removed by the
 * next one in the same place.
 */
#pragma once

#include "cgroup/live.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define GROUP_MARK	 ".uswap-stress-"
#define GROUP_MARK_BYTES 64

/* What names of this process's groups end with. -errno: its stat can't be read. */
int group_mark_write(int proc_fd, char ret_mark[static GROUP_MARK_BYTES]);

/* Whether name has such a mark, and of which process. "svc.uswap-stress-12-34" gives 12 and 34. */
bool group_mark_read(const char *name, pid_t *ret_pid, uint64_t *ret_start_ticks);

/*
 * Removes, with all below them, the groups in parent ("" for the root) whose process is no more.
 * mount_fd is the mount's directory.
 */
void group_mark_sweep(const struct live_mount *mount, int mount_fd, const char *parent,
		      int proc_fd);
