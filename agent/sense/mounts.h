/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What kind of file system a mount is of, by /proc/PID/mountinfo (proc_pid_mountinfo(5)): statfs(2)
 * asks the file system itself, and waits where its server or daemon does not answer.
 */
#pragma once

#include "base/ktext.h"

/* "36 35 0:31 / /mnt rw - nfs4 host:/ rw": the mount's id and its type. -EBADMSG. */
int mount_parse(const char *text, size_t length, uint64_t *ret_id, struct ktext_line *ret_type);

/* Of the network, or of a daemon of user space. */
bool mount_type_is_remote(struct ktext_line type);

/*
 * Whether the mount with that id (statx(2)) is, by what the process with the directory "12" below
 * proc_fd sees: 1 or 0, 1 also when its line can't be read; -ENOENT: there is none with that id.
 */
int mount_is_remote(int proc_fd, const char *process, uint64_t id);
