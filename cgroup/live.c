/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/live.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "cgroup/mountinfo.h"
#include "cgroup/path.h"

#include <errno.h>
#include <fcntl.h>
#include <libcgroup.h>
#include <linux/magic.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <time.h>

#define CONTROLLERS_MAX 16
#define CONTROLLER_MAX	32 /* bytes of a controller's name */
#define DELETE_TRIES	200
#define DELETE_PAUSE_NS (10 * NSEC_PER_MSEC)

typedef struct cgroup *library_group;

static library_group library_group_free(library_group group)
{
	if (group)
		cgroup_free(&group);
	return NULL;
}
DEFINE_CLEANUP(library_group, library_group_free)

static int fail(int r, const char *why, const char **ret_why)
{
	if (ret_why)
		*ret_why = why;
	return r;
}

/* libcgroup has numbers of its own; its words for ECGOTHER are not static and for 0 are wrong. */
static int library_error(int code, const char **ret_why)
{
	int error = cgroup_get_last_errno();

	switch (code) {
	case ECGOTHER:
		return fail(error ? -error : -EIO,
			    error ? strerrordesc_np(error) : "libcgroup failed", ret_why);
	case ECGROUPNOTMOUNTED:
	case ECGROUPSUBSYSNOTMOUNTED:
		return fail(-EOPNOTSUPP, cgroup_strerror(code), ret_why);
	case ECGROUPNOTEXIST:
		return fail(-ENOENT, cgroup_strerror(code), ret_why);
	case ECGROUPNOTOWNER:
		return fail(-EPERM, cgroup_strerror(code), ret_why);
	case ECGROUPNOTALLOWED:
	case ECGROUPVALUENOTEXIST:
		return fail(-EACCES, "a control file can't be opened for writing", ret_why);
	default:
		return fail(-EIO, cgroup_strerror(code), ret_why);
	}
}

/* Reads the tables anew: mounts may have changed, and who else uses libcgroup is not known. */
static int library_init(const char **ret_why)
{
	int code = cgroup_init();

	return code ? library_error(code, ret_why) : 0;
}

static bool is_cgroup2(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

/* Where the controller is mounted, if that is cgroup v2. */
static bool find_controller(const char *controller, char *path, size_t n)
{
	_cleanup_free_ char *found = NULL;

	if (cgroup_get_subsys_mount_point(controller, &found) != 0 || !is_cgroup2(found) ||
	    strlen(found) >= n)
		return false;
	strcpy(path, found);
	return true;
}

/* The options of the mount at mount->path; without a path, the first cgroup v2 mount there is. */
static int read_options(struct live_mount *mount)
{
	_cleanup_(fclosep) FILE *file = fopen("/proc/self/mountinfo", "re");
	_cleanup_free_ char *line = NULL;
	struct mountinfo_cgroup2 info;
	bool found = false;
	size_t size = 0;

	if (!file)
		return -errno;
	while (getline(&line, &size, file) >= 0) {
		if (mountinfo_parse_line(line, &info) <= 0)
			continue;
		if (mount->path[0] && strcmp(mount->path, info.path) != 0)
			continue;
		/* Mounted over one another: the last one is seen. */
		strcpy(mount->path, info.path);
		mount->nsdelegate = info.nsdelegate;
		mount->recursive_protection = info.recursive_protection;
		found = true;
	}
	return found ? 0 : -ENOENT;
}

int live_mount_find(struct live_mount *ret, const char **ret_why)
{
	struct live_mount mount = {.has_memory = false};
	int r;

	/* Without any controller libcgroup fails; there may be a bare cgroup v2 mount yet. */
	if (library_init(NULL) == 0)
		mount.has_memory = find_controller("memory", mount.path, sizeof(mount.path));
	r = read_options(&mount);
	if (r < 0)
		return fail(r, "no cgroup v2 hierarchy is mounted", ret_why);
	*ret = mount;
	return 0;
}

/* A clean path without what libcgroup or the file system would take for something else. */
static int check_path(const struct live_mount *mount, const char *path, const char **ret_why)
{
	char clean[LIVE_PATH_MAX];
	int r;

	r = cgroup_path_parse(path, clean, sizeof(clean));
	if (r == 0 && (path[0] == '\0' || strcmp(path, clean) != 0))
		r = -EINVAL;
	/* libcgroup builds "MOUNT/PATH/FILE" in buffers of FILENAME_MAX. */
	if (r == 0 && strlen(mount->path) + strlen(path) + NAME_MAX >= FILENAME_MAX)
		r = -ENAMETOOLONG;
	return r < 0 ? fail(r, "not a path of a group below the mount", ret_why) : 0;
}

struct controllers {
	char names[CONTROLLERS_MAX][CONTROLLER_MAX];
	size_t n;
};

static int add_controller(struct controllers *controllers, const char *name, size_t length)
{
	char *slot;

	if (length == 0 || length >= CONTROLLER_MAX)
		return -EINVAL;
	for (size_t i = 0; i < controllers->n; i++)
		if (strlen(controllers->names[i]) == length &&
		    memcmp(controllers->names[i], name, length) == 0)
			return 0;
	if (controllers->n == CONTROLLERS_MAX)
		return -EINVAL;
	slot = controllers->names[controllers->n++];
	memcpy(slot, name, length);
	slot[length] = '\0';
	return 0;
}

static int collect_controllers(const struct live_setting *settings, size_t n,
			       struct controllers *controllers, const char **ret_why)
{
	int r = add_controller(controllers, "memory", strlen("memory"));

	for (size_t i = 0; r == 0 && i < n; i++) {
		size_t length = strcspn(settings[i].file, ".");

		if (strchr(settings[i].file, '/') || settings[i].file[length] != '.')
			r = -EINVAL;
		else if (strncmp(settings[i].file, "cgroup.", length + 1) != 0)
			r = add_controller(controllers, settings[i].file, length);
		if (r < 0)
			return fail(r, settings[i].file, ret_why);
	}
	return r;
}

/* Who wants the controller, in words: the first setting of it, else all groups. */
static const char *who_wants(const char *controller, const struct live_setting *settings, size_t n)
{
	size_t length = strlen(controller);

	for (size_t i = 0; i < n; i++)
		if (strncmp(settings[i].file, controller, length) == 0 &&
		    settings[i].file[length] == '.')
			return settings[i].file;
	return "the memory controller is not of this cgroup v2 mount";
}

/* libcgroup would make the group in a v1 hierarchy just as well. */
static int check_controllers(const struct live_mount *mount, const struct controllers *controllers,
			     const struct live_setting *settings, size_t n, const char **ret_why)
{
	char path[LIVE_PATH_MAX];

	for (size_t i = 0; i < controllers->n; i++)
		if (!find_controller(controllers->names[i], path, sizeof(path)) ||
		    strcmp(path, mount->path) != 0)
			return fail(-EOPNOTSUPP, who_wants(controllers->names[i], settings, n),
				    ret_why);
	return 0;
}

static int make_library_group(const char *path, const struct controllers *controllers,
			      library_group *ret_group, const char **ret_why)
{
	_cleanup_(library_group_freep) library_group group = cgroup_new_cgroup(path);

	if (!group)
		return fail(-ENOMEM, "out of memory", ret_why);
	for (size_t i = 0; i < controllers->n; i++)
		if (!cgroup_add_controller(group, controllers->names[i]))
			return fail(-ENOMEM, "out of memory", ret_why);
	*ret_group = TAKE_PTR(group);
	return 0;
}

/* Bytes of the part of path that exists in full names; path's length when all of it does. */
static size_t existing_length(int mount_fd, const char *path)
{
	size_t existing = 0, end = 0;
	char part[LIVE_PATH_MAX];

	while (path[end]) {
		struct stat st;

		end += end > 0;
		end += strcspn(path + end, "/");
		memcpy(part, path, end);
		part[end] = '\0';
		if (fstatat(mount_fd, part, &st, AT_SYMLINK_NOFOLLOW) < 0)
			break;
		existing = end;
	}
	return existing;
}

/* Removes path and its parents down to keep bytes of it, as far as they are empty. */
static void remove_down_to(int mount_fd, const char *path, size_t keep)
{
	char part[LIVE_PATH_MAX];
	char *slash;

	strcpy(part, path);
	while (strlen(part) > keep) {
		if (unlinkat(mount_fd, part, AT_REMOVEDIR) < 0 && errno != ENOENT)
			return;
		slash = strrchr(part, '/');
		if (!slash)
			return;
		*slash = '\0';
	}
}

/* Without extended attributes (before 5.7) parents stay when the group goes. */
static void mark_made(int mount_fd, const char *path, size_t existing)
{
	char part[LIVE_PATH_MAX];

	strcpy(part, path);
	while (strlen(part) > existing) {
		_cleanup_close_ int fd = kfile_open_dir(mount_fd, part);
		char *slash = strrchr(part, '/');

		if (fd >= 0)
			(void)fsetxattr(fd, LIVE_MARK, "1", 1, 0);
		if (!slash)
			return;
		*slash = '\0';
	}
}

static bool is_marked(int mount_fd, const char *path)
{
	_cleanup_close_ int fd = kfile_open_dir(mount_fd, path);

	return fd >= 0 && fgetxattr(fd, LIVE_MARK, NULL, 0) >= 0;
}

/* Ours, not libcgroup's: it writes controller by controller and hides EOPNOTSUPP. */
static int write_settings(int mount_fd, const char *path, const struct live_setting *settings,
			  size_t n, const char **ret_why)
{
	_cleanup_close_ int fd = kfile_open_dir(mount_fd, path);

	if (fd < 0)
		return fail(fd, "the group was removed while it was made", ret_why);
	for (size_t i = 0; i < n; i++) {
		int r = kfile_write_at(fd, settings[i].file, settings[i].value);

		if (r < 0)
			return fail(r, settings[i].file, ret_why);
	}
	return 0;
}

int live_group_create(const struct live_mount *mount, const char *path,
		      const struct live_setting *settings, size_t n, const char **ret_why)
{
	_cleanup_(library_group_freep) library_group group = NULL;
	_cleanup_close_ int mount_fd = -1;
	struct controllers controllers = {.n = 0};
	size_t existing;
	int r;

	r = check_path(mount, path, ret_why);
	if (r == 0)
		r = collect_controllers(settings, n, &controllers, ret_why);
	if (r == 0)
		r = library_init(ret_why);
	if (r == 0)
		r = check_controllers(mount, &controllers, settings, n, ret_why);
	if (r == 0)
		r = make_library_group(path, &controllers, &group, ret_why);
	if (r < 0)
		return r;
	mount_fd = kfile_open_dir(AT_FDCWD, mount->path);
	if (mount_fd < 0)
		return fail(mount_fd, "the mount can't be opened", ret_why);
	/* libcgroup takes an existing group for its own and on an error removes it. */
	existing = existing_length(mount_fd, path);
	if (existing == strlen(path))
		return fail(-EEXIST, "the group is there already", ret_why);
	r = cgroup_create_cgroup(group, 1);
	r = r ? library_error(r, ret_why) : write_settings(mount_fd, path, settings, n, ret_why);
	if (r < 0)
		remove_down_to(mount_fd, path, existing);
	else
		mark_made(mount_fd, path, existing);
	return r;
}

/* What attach and delete begin with. */
static int open_group(const struct live_mount *mount, const char *path, library_group *ret_group,
		      int *ret_mount_fd, const char **ret_why)
{
	_cleanup_close_ int mount_fd = -1;
	struct controllers controllers = {.names = {"memory"}, .n = 1};
	struct stat st;
	int r;

	r = check_path(mount, path, ret_why);
	if (r == 0)
		r = library_init(ret_why);
	if (r == 0)
		r = check_controllers(mount, &controllers, NULL, 0, ret_why);
	if (r < 0)
		return r;
	mount_fd = kfile_open_dir(AT_FDCWD, mount->path);
	if (mount_fd < 0)
		return fail(mount_fd, "the mount can't be opened", ret_why);
	if (fstatat(mount_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(-errno, "no such group", ret_why);
	r = make_library_group(path, &controllers, ret_group, ret_why);
	if (r < 0)
		return r;
	*ret_mount_fd = TAKE_FD(mount_fd);
	return 0;
}

int live_group_attach(const struct live_mount *mount, const char *path, pid_t pid,
		      const char **ret_why)
{
	_cleanup_(library_group_freep) library_group group = NULL;
	_cleanup_close_ int mount_fd = -1;
	int r = open_group(mount, path, &group, &mount_fd, ret_why);

	if (r < 0)
		return r;
	r = cgroup_attach_task_pid(group, pid);
	return r ? library_error(r, ret_why) : 0;
}

/* libcgroup says 0 for a group that is not empty and stays: look whether it is gone. */
static int delete_empty(library_group group, int mount_fd, const char *path, const char **ret_why)
{
	static const struct timespec pause = {.tv_nsec = DELETE_PAUSE_NS};

	for (int i = 0; i < DELETE_TRIES; i++) {
		int code = cgroup_delete_cgroup_ext(group, CGFLAG_DELETE_EMPTY_ONLY);
		struct stat st;

		if (code)
			return library_error(code, ret_why);
		if (fstatat(mount_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
			return 0;
		(void)nanosleep(&pause, NULL);
	}
	return fail(-EBUSY, "the group has processes or groups in it", ret_why);
}

int live_group_delete(const struct live_mount *mount, const char *path, const char **ret_why)
{
	_cleanup_(library_group_freep) library_group group = NULL;
	_cleanup_close_ int mount_fd = -1;
	char parent[LIVE_PATH_MAX];
	char *slash;
	int r;

	r = open_group(mount, path, &group, &mount_fd, ret_why);
	if (r == 0)
		r = delete_empty(group, mount_fd, path, ret_why);
	if (r < 0)
		return r;
	strcpy(parent, path);
	while ((slash = strrchr(parent, '/'))) {
		*slash = '\0';
		if (!is_marked(mount_fd, parent) || unlinkat(mount_fd, parent, AT_REMOVEDIR) < 0)
			break;
	}
	return 0;
}
