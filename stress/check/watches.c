/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/check/watches.h"

#include "base/kfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>

/* What was noticed counts from the reading on. */
static void read_again(int fd)
{
	char text[4096];

	(void)kfile_read(fd, text, sizeof(text));
}

static int open_poll(const struct scenario_watch *watch, int group_fd)
{
	int fd = kfile_open(group_fd, watch->file.file, O_RDONLY);

	if (fd >= 0)
		read_again(fd);
	return fd;
}

static int open_inotify(const struct scenario_watch *watch, const char *directory)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", directory, watch->file.file), fd, r;

	if (n < 0 || (size_t)n >= sizeof(path))
		return -ENAMETOOLONG;
	fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (inotify_add_watch(fd, path, IN_MODIFY | IN_DELETE_SELF) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	return fd;
}

int watches_open(struct watches *watches, const struct scenario *scenario, const int *group_fds,
		 int (*directory)(const void *context, size_t group, char *path, size_t size),
		 const void *context, struct stress_error *ret_error)
{
	watches->scenario = scenario;
	watches->list = calloc(scenario->n_watches + 1, sizeof(*watches->list));
	if (!watches->list)
		return stress_fail(ret_error, -ENOMEM, "out of memory");
	for (size_t i = 0; i < scenario->n_watches; i++)
		watches->list[i].fd = -1;
	for (size_t i = 0; i < scenario->n_watches; i++) {
		const struct scenario_watch *watch = &scenario->watches[i];
		size_t group = (size_t)job_find_group(scenario->job, watch->file.group);
		char path[PATH_MAX];
		int r;

		if (watch->by == SCENARIO_BY_POLL) {
			r = open_poll(watch, group_fds[group]);
		} else {
			r = directory(context, group, path, sizeof(path));
			r = r < 0 ? r : open_inotify(watch, path);
		}
		if (r < 0)
			return stress_fail(ret_error, r, "[watch %s] %s(%s): %s", watch->name,
					   watch->file.file, watch->file.group, strerror(-r));
		watches->list[i].fd = r;
	}
	return 0;
}

void watches_close(struct watches *watches)
{
	for (size_t i = 0; watches->list && i < watches->scenario->n_watches; i++)
		fd_close(watches->list[i].fd);
	free(watches->list);
	*watches = (struct watches){NULL, NULL};
}

static void look_by_poll(struct watch_state *watched)
{
	struct pollfd fd = {.fd = watched->fd, .events = POLLPRI};

	if (poll(&fd, 1, 0) <= 0 || !(fd.revents & POLLPRI))
		return;
	watched->seen[FORMULA_WATCH_EVENTS]++;
	read_again(watched->fd);
}

static void look_by_inotify(struct watch_state *watched)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	while ((n = read(watched->fd, buffer, sizeof(buffer))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *event = (const void *)(buffer + at);

			watched->seen[FORMULA_WATCH_EVENTS] += !!(event->mask & IN_MODIFY);
			watched->seen[FORMULA_WATCH_DELETED] += !!(event->mask & IN_DELETE_SELF);
			watched->seen[FORMULA_WATCH_IGNORED] += !!(event->mask & IN_IGNORED);
			at += (ssize_t)(sizeof(*event) + event->len);
		}
	}
}

void watches_look(struct watches *watches)
{
	for (size_t i = 0; watches->list && i < watches->scenario->n_watches; i++) {
		if (watches->scenario->watches[i].by == SCENARIO_BY_POLL)
			look_by_poll(&watches->list[i]);
		else
			look_by_inotify(&watches->list[i]);
	}
}
