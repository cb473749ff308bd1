/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/system/cgroup/groups.h"

#include "base/cleanup.h"
#include "base/kfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#define SKIPPED 77

static void say(const char *what, const char *format, va_list ap)
{
	printf("%s - ", what);
	vprintf(format, ap);
	printf("\n");
	(void)fflush(stdout);
}

bool check(struct results *results, bool good, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(good ? "ok" : "not ok", format, ap);
	va_end(ap);
	if (good)
		results->passed++;
	else
		results->failed++;
	return good;
}

void skip(struct results *results, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say("ok # SKIP", format, ap);
	va_end(ap);
	results->skipped++;
}

int finish(const struct results *results)
{
	printf("%u passed, %u failed, %u skipped\n", results->passed, results->failed,
	       results->skipped);
	return results->failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void die(int error, const char *what, const char *path, const char *file)
{
	printf("not ok - setting up: %s %s %s: %s\n", what, path, file, strerror(error));
	exit(EXIT_FAILURE);
}

struct live_mount need_live_mount(void)
{
	struct live_mount mount;
	const char *why = "";

	if (geteuid() != 0) {
		printf("ok - # SKIP this needs root\n");
		exit(SKIPPED);
	}
	if (live_mount_find(&mount, &why) < 0 || !mount.has_memory) {
		printf("ok - # SKIP no cgroup v2 memory controller %s\n", why);
		exit(SKIPPED);
	}
	return mount;
}

int group_open(const struct live_mount *mount, const char *path)
{
	_cleanup_close_ int mount_fd = kfile_open_dir(AT_FDCWD, mount->path);
	int fd = mount_fd < 0 ? mount_fd : kfile_open_dir(mount_fd, *path ? path : ".");

	if (fd < 0)
		die(-fd, "open", path, "");
	return fd;
}

void group_make(const struct live_mount *mount, const char *path)
{
	const char *why = "";
	int r = live_group_create(mount, path, NULL, 0, &why);

	if (r < 0)
		die(-r, "make", path, why);
}

void group_write(const struct live_mount *mount, const char *path, const char *file,
		 const char *value)
{
	_cleanup_close_ int fd = group_open(mount, path);
	int r = kfile_write_at(fd, file, value);

	if (r < 0)
		die(-r, "write", path, file);
}

/* Empties and removes what is below dir_fd, deepest first. */
static void remove_below(int dir_fd)
{
	_cleanup_(closedirp) DIR *dir = fdopendir(dup(dir_fd));
	const struct dirent *entry;

	if (!dir)
		return;
	rewinddir(dir);
	while ((entry = readdir(dir))) {
		_cleanup_close_ int child = -1;

		if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		child = kfile_open_dir(dir_fd, entry->d_name);
		if (child < 0)
			continue;
		remove_below(child);
		(void)unlinkat(dir_fd, entry->d_name, AT_REMOVEDIR);
	}
}

void group_remove(const struct live_mount *mount, const char *path)
{
	static const struct timespec pause = {.tv_nsec = 20000000};
	_cleanup_close_ int mount_fd = kfile_open_dir(AT_FDCWD, mount->path);

	for (int i = 0; i < 250; i++) {
		_cleanup_close_ int fd = kfile_open_dir(mount_fd, path);

		if (fd == -ENOENT)
			return;
		(void)kfile_write_at(fd, "cgroup.kill", "1");
		remove_below(fd);
		if (unlinkat(mount_fd, path, AT_REMOVEDIR) == 0)
			return;
		(void)nanosleep(&pause, NULL);
	}
	die(EBUSY, "remove", path, "");
}

pid_t group_run(const struct live_mount *mount, const char *path, void (*body)(const void *),
		const void *argument)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		die(errno, "pipe for", path, "");
	(void)fflush(stdout);
	pid = fork();
	if (pid < 0)
		die(errno, "fork for", path, "");
	if (pid == 0) {
		const char *why = "";
		int r;

		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		r = live_group_attach(mount, path, getpid(), &why);
		if (r < 0)
			die(-r, "enter", path, why);
		if (body)
			body(argument);
		(void)!write(ready[1], "", 1);
		for (;;)
			(void)pause();
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		die(ECHILD, "process in", path, "ended early");
	close(ready[0]);
	return pid;
}

void group_stop(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}
