/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/live.h on a real hierarchy: groups are made with their settings in order, entered and
 * removed; what fails says why and leaves nothing behind.
 *
 *	tests/vm/run --kernel 6.1 -- tests/system/cgroup-live.sh
 */
#include "base/cleanup.h"
#include "base/kfile.h"
#include "tests/system/cgroup/groups.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define TOP "uswap-live"

static bool exists(const struct live_mount *mount, const char *path)
{
	_cleanup_close_ int fd = kfile_open_dir(AT_FDCWD, mount->path);
	struct stat st;

	return fstatat(fd, path, &st, 0) == 0;
}

static bool reads(const struct live_mount *mount, const char *path, const char *file,
		  const char *expected)
{
	_cleanup_close_ int fd = group_open(mount, path);
	char text[4096];

	return kfile_read_at(fd, file, text, sizeof(text)) >= 0 && strcmp(text, expected) == 0;
}

/* Why it failed; nothing when it did not. */
static const char *said(int r, const char *why)
{
	return r < 0 ? why : "";
}

static void check_mount(struct results *results, const struct live_mount *mount)
{
	_cleanup_(fclosep) FILE *file = fopen("/proc/self/mounts", "re");
	char line[4096], expected[200] = "";
	bool delegate = false, recursive = false;

	while (file && fgets(line, sizeof(line), file)) {
		if (!strstr(line, " cgroup2 "))
			continue;
		(void)sscanf(line, "%*s %199s", expected);
		delegate = strstr(line, "nsdelegate");
		recursive = strstr(line, "memory_recursiveprot");
	}
	check(results, strcmp(mount->path, expected) == 0, "the mount is at %s", mount->path);
	check(results, mount->nsdelegate == delegate && mount->recursive_protection == recursive,
	      "its options: nsdelegate %d, memory_recursiveprot %d", mount->nsdelegate,
	      mount->recursive_protection);
}

static void check_create(struct results *results, const struct live_mount *mount)
{
	/* The order shows in the last value of a file that is set twice. */
	static const struct live_setting settings[] = {
		{"memory.max", "104857600"},  {"cpu.max", "50000 100000"},
		{"memory.high", "52428800"},  {"memory.max", "max"},
		{"memory.swap.max", "0"},     {"pids.max", "100"},
		{"memory.max", "209715200"},  {"cgroup.max.depth", "7"},
		{"memory.high", "104857600"},
	};
	const char *why = "";
	int r = live_group_create(mount, TOP "/a/b", settings, ARRAY_SIZE(settings), &why);

	check(results, r == 0, "make a group and its parents (%d %s)", r, said(r, why));
	check(results,
	      reads(mount, TOP "/a/b", "memory.max", "209715200\n") &&
		      reads(mount, TOP "/a/b", "memory.high", "104857600\n"),
	      "settings are written in their order");
	check(results,
	      reads(mount, TOP "/a/b", "memory.swap.max", "0\n") &&
		      reads(mount, TOP "/a/b", "cpu.max", "50000 100000\n") &&
		      reads(mount, TOP "/a/b", "pids.max", "100\n") &&
		      reads(mount, TOP "/a/b", "cgroup.max.depth", "7\n"),
	      "and all of them, of several controllers");
	r = live_group_create(mount, TOP "/a/b", NULL, 0, &why);
	check(results, r == -EEXIST, "a group that is there is refused (%d %s)", r, said(r, why));
	check(results, reads(mount, TOP "/a/b", "memory.max", "209715200\n"), "and left as it was");
	r = live_group_delete(mount, TOP "/a/b", &why);
	check(results, r == 0 && !exists(mount, TOP "/a") && !exists(mount, TOP),
	      "removing it removes the parents that were made for it (%d %s)", r, said(r, why));
}

static void check_failures(struct results *results, const struct live_mount *mount)
{
	static const struct {
		struct live_setting setting;
		int result;
	} rows[] = {
		{{"memory.max", "lots"}, -EINVAL},
		{{"memory.nothing", "1"}, -ENOENT},
		{{"net_cls.classid", "1"}, -EOPNOTSUPP}, /* v1's */
		{{"memory.current", "1"}, -EACCES},	 /* root may open it; it takes no write */
	};
	struct live_mount elsewhere = *mount;
	const char *why = "";
	int r;

	strcpy(elsewhere.path, "/sys/fs/other");
	r = live_group_create(&elsewhere, TOP "/x", NULL, 0, &why);
	check(results, r == -EOPNOTSUPP && !exists(mount, TOP), "another mount: %s (%d)", why, r);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		why = "";
		r = live_group_create(mount, TOP "/x/y", &rows[i].setting, 1, &why);
		check(results,
		      (r == rows[i].result || (rows[i].result == -EACCES && r == -EINVAL)) && *why,
		      "%s = %s is refused: %s (%d)", rows[i].setting.file, rows[i].setting.value,
		      why, r);
		check(results, !exists(mount, TOP), "and nothing is left");
	}
}

static void check_attach(struct results *results, const struct live_mount *mount)
{
	pid_t pid;
	const char *why = "";
	char expected[32];
	int r;

	group_make(mount, TOP "/a/b");
	pid = group_run(mount, TOP "/a/b", NULL, NULL);
	(void)snprintf(expected, sizeof(expected), "%d\n", pid);
	check(results, reads(mount, TOP "/a/b", "cgroup.procs", expected), "a process enters");
	r = live_group_attach(mount, TOP "/a/b", 0x3fffffff, &why);
	check(results, r == -ESRCH, "one that is not there: %s (%d)", why, r);
	r = live_group_attach(mount, TOP "/none", pid, &why);
	check(results, r == -ENOENT, "a group that is not there: %s (%d)", why, r);
	r = live_group_attach(mount, TOP "/a", pid, &why);
	check(results, r == -EBUSY, "a group that hands on controllers: %s (%d)", why, r);

	/* The rule works the other way round too. */
	r = live_group_create(mount, TOP "/a/b/c", NULL, 0, &why);
	check(results, r == -EBUSY && !exists(mount, TOP "/a/b/c"),
	      "below a group that has processes: %s (%d)", why, r);
	r = live_group_delete(mount, TOP "/a/b", &why);
	check(results, r == -EBUSY && exists(mount, TOP "/a/b"),
	      "one with a process stays: %s (%d)", why, r);
	check(results, reads(mount, TOP "/a/b", "cgroup.procs", expected), "and keeps the process");
	/* Not waited for: the group is still busy for a moment. */
	(void)kill(pid, SIGKILL);
	r = live_group_delete(mount, TOP "/a/b", &why);
	check(results, r == 0 && !exists(mount, TOP), "it goes once the process has (%d %s)", r,
	      why);
	(void)waitpid(pid, NULL, 0);
	r = live_group_delete(mount, TOP "/a/b", &why);
	check(results, r == -ENOENT, "and can't go twice: %s (%d)", why, r);
}

static void check_foreign_parents(struct results *results, const struct live_mount *mount)
{
	_cleanup_close_ int mount_fd = group_open(mount, "");
	const char *why = "";
	int r;

	(void)mkdirat(mount_fd, TOP, 0755);
	group_make(mount, TOP "/a/b");
	group_make(mount, TOP "/a/c");
	r = live_group_delete(mount, TOP "/a/b", &why);
	check(results, r == 0 && exists(mount, TOP "/a/c"), "a parent in use stays (%d %s)", r,
	      why);
	r = live_group_delete(mount, TOP "/a/c", &why);
	check(results, r == 0 && !exists(mount, TOP "/a") && exists(mount, TOP),
	      "somebody else's empty parent stays (%d %s)", r, said(r, why));
	group_remove(mount, TOP);
}

static int as_nobody(const struct live_mount *mount, const char **ret_why)
{
	int r;

	*ret_why = "";
	if (seteuid(65534) < 0)
		return -errno;
	r = live_group_create(mount, TOP "/a", NULL, 0, ret_why);
	if (r == -EACCES)
		r = live_group_delete(mount, TOP, ret_why);
	if (seteuid(0) < 0)
		return -errno;
	return r;
}

static void check_unprivileged(struct results *results, const struct live_mount *mount)
{
	const char *why = "";
	int r;

	group_make(mount, TOP);
	r = as_nobody(mount, &why);
	check(results, r == -EACCES && exists(mount, TOP) && !exists(mount, TOP "/a"),
	      "without rights: %s (%d)", why, r);
	group_remove(mount, TOP);
}

int main(void)
{
	struct live_mount mount = need_live_mount();
	struct results results = {0};

	group_remove(&mount, TOP);
	check_mount(&results, &mount);
	check_create(&results, &mount);
	check_failures(&results, &mount);
	check_attach(&results, &mount);
	check_foreign_parents(&results, &mount);
	check_unprivileged(&results, &mount);
	check(&results, !exists(&mount, TOP), "nothing is left");
	return finish(&results);
}
