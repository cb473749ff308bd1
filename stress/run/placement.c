/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/run/placement.h"

#include "base/clock.h"
#include "base/kfile.h"
#include "cgroup/live.h"
#include "stress/run/group_mark.h"
#include "stress/run/janitor.h"
#include "stress/run/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

struct placed_group {
	char path[LIVE_PATH_MAX];
	int fd;
	bool made;
};

struct placement {
	struct live_mount mount;
	int mount_fd;
	struct parent parent;
	char mark[GROUP_MARK_BYTES];
	int proc_fd;		/* not owned */
	struct janitor janitor; /* removes the groups if we can't */
	size_t n_groups;
	struct placed_group *groups;
};

/* Workers die with the supervisor, but what the kernel still does for them can hold up rmdir. */
#define PATIENCE_NS (30 * NSEC_PER_SEC)
#define PAUSE_NS    (50 * NSEC_PER_MSEC)

int placement_open(int proc_fd, const struct job *job, struct placement **ret_placement,
		   struct stress_error *ret_error)
{
	_cleanup_(placement_freep) struct placement *placement = calloc(1, sizeof(*placement));
	const char *why = "";
	int r;

	if (!placement)
		return stress_fail(ret_error, -ENOMEM, "out of memory");
	placement->mount_fd = -1;
	placement->proc_fd = proc_fd;
	r = live_mount_find(&placement->mount, &why);
	if (r < 0)
		return stress_fail(ret_error, -EOPNOTSUPP, "no cgroup v2: %s", why);
	if (!placement->mount.has_memory)
		return stress_fail(ret_error, -EOPNOTSUPP,
				   "cgroup v2 at %s has no memory controller here",
				   placement->mount.path);
	placement->mount_fd = kfile_open_dir(AT_FDCWD, placement->mount.path);
	if (placement->mount_fd < 0)
		return stress_fail(ret_error, placement->mount_fd, "open %s: %s",
				   placement->mount.path, strerror(-placement->mount_fd));
	r = group_mark_write(proc_fd, placement->mark);
	if (r < 0)
		return stress_fail(ret_error, r, "read this process's stat: %s", strerror(-r));
	r = parent_find(&placement->parent, job, placement->mount_fd, proc_fd, placement->mark,
			ret_error);
	if (r < 0)
		return r;
	*ret_placement = TAKE_PTR(placement);
	return 0;
}

struct group_room placement_parent_room(const struct placement *placement)
{
	return group_room_read(placement->mount_fd, placement->parent.path);
}

int placement_read_parent(const struct placement *placement, const char *file, char *text,
			  size_t size)
{
	_cleanup_close_ int dir_fd = parent_open(&placement->parent);
	ssize_t n = dir_fd < 0 ? dir_fd : kfile_read_at(dir_fd, file, text, size);

	return n < 0 ? (int)n : 0;
}

struct group_room placement_own_room(int proc_fd)
{
	struct group_room none = {UINT64_MAX, UINT64_MAX};
	_cleanup_close_ int mount_fd = -1;
	struct live_mount mount;
	char path[LIVE_PATH_MAX];
	const char *why;

	if (live_mount_find(&mount, &why) < 0 || parent_own_group(proc_fd, path) < 0)
		return none;
	mount_fd = kfile_open_dir(AT_FDCWD, mount.path);
	return mount_fd < 0 ? none : group_room_read(mount_fd, path);
}

/* The group's file that live_group_create names in what it says went wrong; NULL: it is none. */
static const struct job_knob *find_knob(const struct job_group *group, const char *why)
{
	for (size_t i = 0; i < group->n_knobs; i++)
		if (strcmp(group->knobs[i].file, why) == 0)
			return &group->knobs[i];
	return NULL;
}

/* What can't be done here stays so; any other file or value that is refused is the job's fault. */
static int refuse_group(const struct job_group *group, const char *path, int error, const char *why,
			struct stress_error *ret_error)
{
	const struct job_knob *knob = find_knob(group, why);
	int r;

	if (!knob) {
		(void)job_fail(ret_error, &group->place, "group", group->name, "make /%s: %s (%s)",
			       path, strerror(-error), why);
		return error;
	}
	if (error == -ENOENT)
		r = job_fail(ret_error, &knob->place, "group", group->name,
			     "%s: groups have no such file on this kernel", knob->file);
	else if (error == -EOPNOTSUPP)
		r = job_fail(ret_error, &knob->place, "group", group->name,
			     "%s: not supported by this machine's cgroup v2", knob->file);
	else
		r = job_fail(ret_error, &knob->place, "group", group->name,
			     "%s: the kernel refuses \"%s\": %s", knob->file, knob->value,
			     strerror(-error));
	return error == -EOPNOTSUPP || error == -EACCES || error == -EPERM ? error : r;
}

static int make_group(struct placement *placement, const struct job_group *group,
		      const struct group_plan *plan, struct placed_group *placed,
		      struct stress_error *ret_error)
{
	struct live_setting settings[JOB_KNOBS_MAX];
	const char *slash = strrchr(group->name, '/');
	const char *why = "";
	bool fits;
	int r;

	if (plan->parent >= 0)
		fits = parent_join(placed->path, placement->groups[plan->parent].path, slash + 1,
				   "");
	else
		fits = parent_join(placed->path, placement->parent.path, group->name,
				   placement->mark);
	if (!fits)
		return job_fail(ret_error, &group->place, "group", group->name,
				"the path is too long");
	for (size_t i = 0; i < group->n_knobs; i++)
		settings[i] = (struct live_setting){group->knobs[i].file, plan->values[i]};
	r = live_group_create(&placement->mount, placed->path, settings, group->n_knobs, &why);
	if (r < 0)
		return refuse_group(group, placed->path, r, why, ret_error);
	placed->made = true;
	return 0;
}

static int open_groups(struct placement *placement, const struct job *job,
		       struct stress_error *ret_error)
{
	for (size_t i = 0; i < placement->n_groups; i++) {
		struct placed_group *placed = &placement->groups[i];

		placed->fd = kfile_open_dir(placement->mount_fd, placed->path);
		if (placed->fd < 0)
			return stress_fail(ret_error, placed->fd, "[group %s]: open /%s: %s",
					   job->groups[i].name, placed->path,
					   strerror(-placed->fd));
	}
	return 0;
}

/* In the janitor. */
static int remove_groups(void *context)
{
	const struct timespec pause = {.tv_nsec = (long)PAUSE_NS};
	uint64_t until_ns = clock_now_ns() + PATIENCE_NS;
	struct stress_error ignored;

	while (placement_remove(context, &ignored) > 0) {
		if (clock_now_ns() >= until_ns)
			return -EBUSY;
		(void)nanosleep(&pause, NULL);
	}
	/* The janitor goes back to where the supervisor came from, too. */
	placement_free(context);
	return 0;
}

int placement_make(struct placement *placement, const struct job *job, const struct plan *plan,
		   struct stress_error *ret_error)
{
	int r;

	placement->groups = calloc(job->n_groups + 1, sizeof(*placement->groups));
	if (!placement->groups)
		return stress_fail(ret_error, -ENOMEM, "out of memory");
	group_mark_sweep(&placement->mount, placement->mount_fd, placement->parent.path,
			 placement->proc_fd);
	r = parent_prepare(&placement->parent, ret_error);
	for (size_t i = 0; i < job->n_groups && r == 0; i++) {
		placement->groups[i].fd = -1;
		placement->n_groups = i + 1;
		r = make_group(placement, &job->groups[i], &plan->groups[i], &placement->groups[i],
			       ret_error);
	}
	if (r < 0)
		return r;
	r = janitor_start(&placement->janitor, remove_groups, placement);
	if (r < 0)
		return stress_fail(ret_error, r, "start the process that cleans up: %s",
				   strerror(-r));
	/* After it was forked: what it held open would not be told to be gone (inotify). */
	return open_groups(placement, job, ret_error);
}

int placement_group_fd(const struct placement *placement, size_t index)
{
	return placement->groups[index].fd;
}

const char *placement_group_path(const struct placement *placement, size_t index)
{
	return placement->groups[index].path;
}

int placement_group_directory(const struct placement *placement, size_t index, char *path,
			      size_t size)
{
	int n = snprintf(path, size, "%s/%s", placement->mount.path, placement->groups[index].path);

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

int placement_remove_group(struct placement *placement, size_t index)
{
	struct placed_group *group = &placement->groups[index];

	/* An open directory would keep those who watch it from hearing of its end. */
	group->fd = fd_close(group->fd);
	if (unlinkat(placement->mount_fd, group->path, AT_REMOVEDIR) < 0)
		return -errno;
	group->made = false;
	return 0;
}

size_t placement_remove(struct placement *placement, struct stress_error *ret_error)
{
	size_t n_left = 0;

	/* Children were made after their parents. */
	for (size_t i = placement->n_groups; i-- > 0;) {
		struct placed_group *group = &placement->groups[i];
		const char *why = "";
		int r;

		group->fd = fd_close(group->fd);
		if (!group->made)
			continue;
		r = live_group_delete(&placement->mount, group->path, &why);
		if (r < 0 && r != -ENOENT && n_left++ == 0)
			(void)stress_fail(ret_error, r, "remove the cgroup /%s: %s (%s)",
					  group->path, strerror(-r), why);
		group->made = r < 0 && r != -ENOENT;
	}
	if (n_left == 0)
		parent_restore(&placement->parent);
	return n_left;
}

struct placement *placement_free(struct placement *placement)
{
	struct stress_error ignored;

	if (!placement)
		return NULL;
	(void)placement_remove(placement, &ignored);
	janitor_dismiss(&placement->janitor);
	parent_move_back(&placement->parent);
	free(placement->groups);
	fd_close(placement->mount_fd);
	free(placement);
	return NULL;
}
