/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/run/placement.h"

#include "base/clock.h"
#include "base/kfile.h"
#include "base/ktext.h"
#include "base/parse.h"
#include "cgroup/live.h"
#include "stress/measure/procstat.h"
#include "stress/run/controllers.h"
#include "stress/run/janitor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct placed_group {
	char path[LIVE_PATH_MAX];
	int fd;
	bool made;
};

struct placement {
	struct live_mount mount;
	int mount_fd;
	char parent[LIVE_PATH_MAX];	/* "" for the root */
	char mark[64];			/* what names end with */
	char supervisor[LIVE_PATH_MAX]; /* group to move into first; "": no need to */
	bool moved;
	bool gives_known;
	char gives[256];	/* the controllers that the parent gave to its children before */
	int proc_fd;		/* not owned */
	struct janitor janitor; /* removes the groups if we can't */
	size_t n_groups;
	struct placed_group *groups;
};

/* Workers die with the supervisor, but what the kernel still does for them can hold up rmdir. */
#define PATIENCE_NS (30 * NSEC_PER_SEC)
#define PAUSE_NS    (50 * NSEC_PER_MSEC)

bool placement_name_owner(const char *name, pid_t *ret_pid, uint64_t *ret_start_ticks)
{
	const char *mark = strstr(name, PLACEMENT_MARK);
	const char *numbers, *dash;
	uint64_t pid, start;

	if (!mark || mark == name)
		return false;
	numbers = mark + strlen(PLACEMENT_MARK);
	dash = strchr(numbers, '-');
	if (!dash || parse_u64_n(numbers, (size_t)(dash - numbers), &pid) < 0 ||
	    parse_u64(dash + 1, &start) < 0 || pid == 0 || pid > INT32_MAX)
		return false;
	*ret_pid = (pid_t)pid;
	*ret_start_ticks = start;
	return true;
}

static bool join(char to[static LIVE_PATH_MAX], const char *parent, const char *name,
		 const char *mark)
{
	int n = snprintf(to, LIVE_PATH_MAX, "%s%s%s%s", parent, *parent ? "/" : "", name, mark);

	return n > 0 && n < LIVE_PATH_MAX;
}

static int open_group_dir(const struct placement *placement, const char *path)
{
	return kfile_open_dir(placement->mount_fd, *path ? path : ".");
}

/* The entries of a group's directory; NULL where there is none. */
static DIR *list_group(const struct placement *placement, const char *path)
{
	int fd = open_group_dir(placement, path);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		fd_close(fd);
	return dir;
}

/* Removes the group and those in it. */
static void remove_tree(const struct placement *placement, const char *path)
{
	_cleanup_(closedirp) DIR *dir = list_group(placement, path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		_cleanup_free_ char *child = NULL;

		if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
		    asprintf(&child, "%s/%s", path, entry->d_name) >= 0)
			remove_tree(placement, child);
	}
	(void)live_group_delete(&placement->mount, path, NULL);
}

static bool is_alive(int proc_fd, pid_t pid, uint64_t start_ticks)
{
	struct procstat stat;

	return procstat_read(proc_fd, pid, &stat) == 0 && stat.start_ticks == start_ticks;
}

static void remove_leftovers(const struct placement *placement)
{
	_cleanup_(closedirp) DIR *dir = list_group(placement, placement->parent);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		_cleanup_free_ char *path = NULL;
		uint64_t start;
		pid_t pid;

		if (entry->d_type != DT_DIR || !placement_name_owner(entry->d_name, &pid, &start) ||
		    is_alive(placement->proc_fd, pid, start))
			continue;
		if (asprintf(&path, "%s%s%s", placement->parent, *placement->parent ? "/" : "",
			     entry->d_name) >= 0)
			remove_tree(placement, path);
	}
}

/* "0::/a/b" of /proc/self/cgroup, without the first '/'. */
static int own_group(int proc_fd, char to[static LIVE_PATH_MAX])
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

/*
 * Whether this process's own group can be given children with limits: it is the root, or holds
 * nobody but us, who can move aside.
 */
static int check_own_group(struct placement *placement, struct stress_error *ret_error)
{
	_cleanup_close_ int dir_fd = open_group_dir(placement, placement->parent);
	char text[64], self[32];

	if (dir_fd < 0)
		return stress_fail(ret_error, dir_fd, "open the cgroup /%s: %s", placement->parent,
				   strerror(-dir_fd));
	if (is_root(dir_fd))
		return 0;
	(void)snprintf(self, sizeof(self), "%d\n", getpid());
	/* Longer than the buffer is not us alone either. */
	if (kfile_read_at(dir_fd, "cgroup.procs", text, sizeof(text)) < 0 ||
	    strcmp(text, self) != 0)
		return stress_fail(ret_error, -EOPNOTSUPP,
				   "the cgroup /%s has other processes, so no groups can be made "
				   "in it: name another with --parent, or start with systemd-run "
				   "%s--scope -p Delegate=yes",
				   placement->parent, geteuid() ? "--user " : "");
	if (!join(placement->supervisor, placement->parent, "supervisor", placement->mark))
		return stress_fail(ret_error, -ENAMETOOLONG, "the cgroup's path is too long");
	return 0;
}

/* Enters the group: "0" is the writing process. */
static int enter(const struct placement *placement, const char *path)
{
	_cleanup_close_ int dir_fd = open_group_dir(placement, path);

	return dir_fd < 0 ? dir_fd : kfile_write_at(dir_fd, "cgroup.procs", "0");
}

/*
 * Not by live_group_create: that would first give controllers to the children of a group that still
 * holds this process.
 */
static int move_aside(struct placement *placement, struct stress_error *ret_error)
{
	int r = mkdirat(placement->mount_fd, placement->supervisor, 0755) < 0 ? -errno : 0;

	if (r == 0) {
		placement->moved = true;
		r = enter(placement, placement->supervisor);
	}
	return r < 0 ? stress_fail(ret_error, r, "move into the cgroup /%s: %s",
				   placement->supervisor, strerror(-r))
		     : 0;
}

int placement_open(int proc_fd, const char *parent, struct placement **ret_placement,
		   struct stress_error *ret_error)
{
	_cleanup_(placement_freep) struct placement *placement = calloc(1, sizeof(*placement));
	struct procstat self;
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
	r = procstat_read(proc_fd, getpid(), &self);
	if (r < 0)
		return stress_fail(ret_error, r, "read this process's stat: %s", strerror(-r));
	(void)snprintf(placement->mark, sizeof(placement->mark), PLACEMENT_MARK "%d-%" PRIu64,
		       getpid(), self.start_ticks);
	while (*parent == '/')
		parent++;
	if (*parent) {
		if (!join(placement->parent, "", parent, ""))
			return stress_fail(ret_error, -ENAMETOOLONG,
					   "parent: the path is too long");
	} else {
		r = own_group(proc_fd, placement->parent);
		if (r == 0)
			r = check_own_group(placement, ret_error);
		else
			(void)stress_fail(ret_error, r, "find this process's cgroup: %s",
					  strerror(-r));
		if (r < 0)
			return r;
	}
	*ret_placement = TAKE_PTR(placement);
	return 0;
}

struct group_room placement_parent_room(const struct placement *placement)
{
	return group_room_read(placement->mount_fd, placement->parent);
}

int placement_read_parent(const struct placement *placement, const char *file, char *text,
			  size_t size)
{
	_cleanup_close_ int dir_fd = open_group_dir(placement, placement->parent);
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

	if (live_mount_find(&mount, &why) < 0 || own_group(proc_fd, path) < 0)
		return none;
	mount_fd = kfile_open_dir(AT_FDCWD, mount.path);
	return mount_fd < 0 ? none : group_room_read(mount_fd, path);
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
		fits = join(placed->path, placement->groups[plan->parent].path, slash + 1, "");
	else
		fits = join(placed->path, placement->parent, group->name, placement->mark);
	if (!fits)
		return stress_fail(ret_error, -ENAMETOOLONG, "[group %s]: the path is too long",
				   group->name);
	for (size_t i = 0; i < group->n_knobs; i++)
		settings[i] = (struct live_setting){group->knobs[i].file, plan->values[i]};
	r = live_group_create(&placement->mount, placed->path, settings, group->n_knobs, &why);
	if (r < 0)
		(void)stress_fail(ret_error, r, "[group %s]: make /%s: %s (%s)", group->name,
				  placed->path, strerror(-r), why);
	/* A file that this kernel does not have, or a value it does not take: the job is wrong. */
	if (r < 0)
		return r == -ENOENT || r == -ERANGE ? -EINVAL : r;
	placed->made = true;
	placed->fd = open_group_dir(placement, placed->path);
	if (placed->fd < 0)
		return stress_fail(ret_error, placed->fd, "[group %s]: open /%s: %s", group->name,
				   placed->path, strerror(-placed->fd));
	return 0;
}

static void note_controllers(struct placement *placement)
{
	_cleanup_close_ int dir_fd = open_group_dir(placement, placement->parent);

	placement->gives_known = dir_fd >= 0 &&
				 kfile_read_at(dir_fd, "cgroup.subtree_control", placement->gives,
					       sizeof(placement->gives)) >= 0;
}

/* The parent as it was, unless others are in it by now, who may want the controllers. */
static void restore_controllers(const struct placement *placement)
{
	_cleanup_close_ int dir_fd = open_group_dir(placement, placement->parent);

	if (dir_fd >= 0 && placement->gives_known && !controllers_wanted_below(dir_fd))
		controllers_take_back(dir_fd, placement->gives);
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
	int r = 0;

	placement->groups = calloc(job->n_groups + 1, sizeof(*placement->groups));
	if (!placement->groups)
		return stress_fail(ret_error, -ENOMEM, "out of memory");
	remove_leftovers(placement);
	note_controllers(placement);
	if (*placement->supervisor)
		r = move_aside(placement, ret_error);
	for (size_t i = 0; i < job->n_groups && r == 0; i++) {
		placement->groups[i].fd = -1;
		placement->n_groups = i + 1;
		r = make_group(placement, &job->groups[i], &plan->groups[i], &placement->groups[i],
			       ret_error);
	}
	if (r < 0)
		return r;
	r = janitor_start(&placement->janitor, remove_groups, placement);
	return r < 0 ? stress_fail(ret_error, r, "start the process that cleans up: %s",
				   strerror(-r))
		     : 0;
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
		restore_controllers(placement);
	return n_left;
}

/* Back out of the group made by move_aside, so that it can be removed. */
static void move_back(struct placement *placement)
{
	_cleanup_close_ int dir_fd = open_group_dir(placement, placement->parent);

	if (dir_fd < 0)
		return;
	controllers_take_back(dir_fd, "");
	if (enter(placement, placement->parent) == 0)
		(void)unlinkat(placement->mount_fd, placement->supervisor, AT_REMOVEDIR);
}

struct placement *placement_free(struct placement *placement)
{
	struct stress_error ignored;

	if (!placement)
		return NULL;
	(void)placement_remove(placement, &ignored);
	janitor_dismiss(&placement->janitor);
	if (placement->moved)
		move_back(placement);
	free(placement->groups);
	fd_close(placement->mount_fd);
	free(placement);
	return NULL;
}
