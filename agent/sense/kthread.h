/* SPDX-License-Identifier: Apache-2.0 */
/* A thread of the kernel's own, and what it has used of a CPU. */
#pragma once

#include <stdint.h>

/*
 * Opens the schedstat of thread pid below proc_fd (/proc), whose name is as the pattern says
 * ("kswapd0"). Returns a descriptor; -ENOENT: it is no thread of the kernel, for anybody may take
 * such a name, or is not called so; or the kernel keeps no such figure.
 */
int kthread_open(int proc_fd, const char *pid, const char *pattern);

/* CPU time it has used, in ns. -ESRCH: it is gone. */
int kthread_read(int fd, uint64_t *ret_run_ns);

int kthread_parse(const char *text, uint64_t *ret_run_ns);
