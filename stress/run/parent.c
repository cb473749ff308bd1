/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/run/parent.h"

#include "base/cleanup.h"
#include "base/kfile.h"
#include "stress/run/controllers.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

bool parent_join(char to[static LIVE_PATH_MAX], const char *parent, const char *name,
		 const char *mark)
{
	int n = snprintf(to, LIVE_PATH_MAX, "%s%s%s%s", parent, *parent ? "/" : "", name, mark);

	return n > 0 && n < LIVE_PATH_MAX;
}

int parent_open(const struct parent *parent)
{
	return kfile_open_dir(parent->mount_fd, *parent->path ? parent->path : ".");
}

/* "0::/a/b" of /proc/self/cgroup, without the first '/'. */
int parent_own_group(int proc_fd, char to[static LIVE_PATH_MAX])
{
	char text[2 * LIVE_PATH_MAX];
	ssize_t n = kfile_read_at(proc_fd, "self/cgroup", text, sizeof(text));
	char *line, *end;

	if (n < 0)
		return (int)n;
	line = strncmp(text, "0::/", 4) == 0 ? text : strstr(text, "\n0::/");
	if (!line)
		return -EOPNOTSUPP;
	line += *line == '\n' ? 5 : 4;
	end = strchrnul(line, '\n');
	*end = '\0';
	if ((size_t)(end - line) >= LIVE_PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(to, line, (size_t)(end - line) + 1);
	return 0;
}

/* The root of the hierarchy itself may hold processes and have children with limits. */
static bool is_root(int dir_fd)
{
	return faccessat(dir_fd, "cgroup.type", F_OK, 0) < 0 && errno == ENOENT;
}

/* What is wrong with the parent, where it was said. */
__attribute__((format(printf, 4, 5))) static int fail_parent(const struct job *job, int error,
							     struct stress_error *ret_error,
							     const char *format, ...)
{
	const struct job_place *place = job_said_globally(job, "parent", NULL);
	char words[512];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(words, sizeof(words), format, ap);
	va_end(ap);
	(void)job_fail(ret_error, place, place ? "global" : NULL, NULL, "%s%s",
		       place ? "parent: " : "", words);
	return error;
}

/*
 * Whether the parent can be given children with limits: it is the root, is still to be made, or
 * holds nobody but us, who can move aside.
 */
static int check_children(struct parent *parent, const struct job *job, const char *mark,
			  struct stress_error *ret_error)
{
	_cleanup_close_ int dir_fd = parent_open(parent);
	char text[64], self[32];
	ssize_t n;

	if (dir_fd == -ENOENT || (dir_fd >= 0 && is_root(dir_fd)))
		return 0;
	n = dir_fd < 0 ? dir_fd : kfile_read_at(dir_fd, "cgroup.procs", text, sizeof(text));
	(void)snprintf(self, sizeof(self), "%d\n", getpid());
	if (n == 0)
		return 0;
	/* Longer than the buffer is not us alone either. */
	if (n == -EOVERFLOW || (n > 0 && strcmp(text, self) != 0))
		return fail_parent(job, -EOPNOTSUPP, ret_error,
				   "the cgroup /%s has other processes, so no groups can be made "
				   "in it: name another with --parent, or start with systemd-run "
				   "%s--scope -p Delegate=yes",
				   parent->path, geteuid() ? "--user " : "");
	if (n < 0)
		return fail_parent(job, (int)n, ret_error, "look into the cgroup /%s: %s",
				   parent->path, strerror((int)-n));
	if (!parent_join(parent->supervisor, parent->path, "supervisor", mark))
		return fail_parent(job, -ENAMETOOLONG, ret_error, "the path is too long");
	return 0;
}

int parent_find(struct parent *parent, const struct job *job, int mount_fd, int proc_fd,
		const char *mark, struct stress_error *ret_error)
{
	const char *said = job->global.parent;
	int r;

	*parent = (struct parent){.mount_fd = mount_fd};
	/* "/a/b" */
	(void)snprintf(parent->path, sizeof(parent->path), "%s", *said ? said + 1 : "");
	r = *said ? 0 : parent_own_group(proc_fd, parent->path);
	if (r < 0)
		return stress_fail(ret_error, r, "find this process's cgroup: %s", strerror(-r));
	return check_children(parent, job, mark, ret_error);
}

/* Enters the group: "0" is the writing process. */
static int enter(int dir_fd)
{
	return dir_fd < 0 ? dir_fd : kfile_write_at(dir_fd, "cgroup.procs", "0");
}

/*
 * Not by live_group_create: that would first give controllers to the children of a group that still
 * holds this process.
 */
static int move_aside(struct parent *parent, struct stress_error *ret_error)
{
	int r = mkdirat(parent->mount_fd, parent->supervisor, 0755) < 0 ? -errno : 0;
	_cleanup_close_ int dir_fd = -1;

	if (r == 0) {
		parent->moved = true;
		dir_fd = kfile_open_dir(parent->mount_fd, parent->supervisor);
		r = enter(dir_fd);
	}
	return r < 0 ? stress_fail(ret_error, r, "move into the cgroup /%s: %s", parent->supervisor,
				   strerror(-r))
		     : 0;
}

int parent_prepare(struct parent *parent, struct stress_error *ret_error)
{
	_cleanup_close_ int dir_fd = parent_open(parent);

	parent->gives_known = dir_fd >= 0 &&
			      kfile_read_at(dir_fd, "cgroup.subtree_control", parent->gives,
					    sizeof(parent->gives)) >= 0;
	return *parent->supervisor ? move_aside(parent, ret_error) : 0;
}

void parent_restore(const struct parent *parent)
{
	_cleanup_close_ int dir_fd = parent_open(parent);

	if (dir_fd >= 0 && parent->gives_known && !controllers_wanted_below(dir_fd))
		controllers_take_back(dir_fd, parent->gives);
}

void parent_move_back(struct parent *parent)
{
	_cleanup_close_ int dir_fd = -1;

	if (!parent->moved)
		return;
	dir_fd = parent_open(parent);
	if (dir_fd < 0)
		return;
	controllers_take_back(dir_fd, "");
	if (enter(dir_fd) == 0)
		(void)unlinkat(parent->mount_fd, parent->supervisor, AT_REMOVEDIR);
}
