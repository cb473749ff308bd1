/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/limit_watch.h"

#include "cgroup/hash.h"

#include <errno.h>
#include <stdio.h>
#include <sys/inotify.h>

/* More is not taken at once, however much is written. */
#define READS_MAX 16

static const struct {
	const char *name;
	uint32_t change;
} files[LIMIT_FILES] = {
	{"memory.max", IN_MODIFY}, {"memory.high", IN_MODIFY},	   {"memory.min", IN_MODIFY},
	{"memory.low", IN_MODIFY}, {"memory.swap.max", IN_MODIFY}, {".", IN_ATTRIB},
};

/* One inotify watch: a file of a group. */
struct watched_file {
	struct hash_entry by_wd;
	uint64_t group_id;
};

struct limit_watch {
	int fd;
	struct hash files;
};

int limit_watch_open(struct limit_watch **ret_watch)
{
	struct limit_watch *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	r = hash_init(&w->files);
	if (r < 0) {
		free(w);
		return r;
	}
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0) {
		r = -errno;
		limit_watch_free(w);
		return r;
	}
	*ret_watch = w;
	return 0;
}

struct limit_watch *limit_watch_free(struct limit_watch *w)
{
	if (!w)
		return NULL;
	for (size_t i = 0; i < w->files.n_buckets; i++)
		while (w->files.buckets[i]) {
			struct hash_entry *entry = w->files.buckets[i];

			hash_remove(&w->files, entry);
			free(hash_owner(entry, struct watched_file, by_wd));
		}
	hash_done(&w->files);
	fd_close(w->fd);
	free(w);
	return NULL;
}

int limit_watch_fd(const struct limit_watch *w)
{
	return w->fd;
}

/*
 * Returns the watch or -errno. inotify wants a path; a descriptor's own link is one that can't be
 * renamed under us.
 */
static int add_file(struct limit_watch *w, int dir_fd, size_t i, uint64_t group_id)
{
	char path[64];
	struct watched_file *file;
	struct hash_entry *known;
	int wd;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir_fd, files[i].name);
	wd = inotify_add_watch(w->fd, path, files[i].change);
	if (wd < 0)
		return -errno;
	known = hash_first(&w->files, (uint64_t)wd);
	if (known) {
		hash_owner(known, struct watched_file, by_wd)->group_id = group_id;
		return wd;
	}
	file = malloc(sizeof(*file));
	if (!file) {
		(void)inotify_rm_watch(w->fd, wd);
		return -ENOMEM;
	}
	file->group_id = group_id;
	hash_insert(&w->files, &file->by_wd, (uint64_t)wd);
	return wd;
}

int limit_watch_add(struct limit_watch *w, int dir_fd, uint64_t group_id,
		    struct limit_watches *watches)
{
	for (size_t i = 0; i < LIMIT_FILES; i++)
		watches->wd[i] = -1;
	for (size_t i = 0; i < LIMIT_FILES; i++) {
		int r = add_file(w, dir_fd, i, group_id);

		/* Only memory.swap.max may be missing where the others are there. */
		if (r == -ENOENT && i > 0)
			continue;
		if (r < 0) {
			limit_watch_remove(w, watches);
			return r;
		}
		watches->wd[i] = r;
	}
	return 0;
}

static void forget(struct limit_watch *w, struct hash_entry *entry)
{
	hash_remove(&w->files, entry);
	free(hash_owner(entry, struct watched_file, by_wd));
}

void limit_watch_remove(struct limit_watch *w, struct limit_watches *watches)
{
	for (size_t i = 0; i < LIMIT_FILES; i++) {
		struct hash_entry *entry;

		if (watches->wd[i] < 0)
			continue;
		entry = hash_first(&w->files, (uint64_t)watches->wd[i]);
		if (entry) {
			(void)inotify_rm_watch(w->fd, watches->wd[i]);
			forget(w, entry);
		}
		watches->wd[i] = -1;
	}
}

bool limit_watch_take(struct limit_watch *w, void (*changed)(uint64_t group_id, void *context),
		      void *context)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool lost = false;

	for (int i = 0; i < READS_MAX; i++) {
		ssize_t n = read(w->fd, buffer, sizeof(buffer));

		if (n <= 0)
			return lost;
		for (char *at = buffer; at < buffer + n;) {
			const struct inotify_event *event = (const void *)at;
			struct hash_entry *entry = hash_first(&w->files, (uint64_t)event->wd);

			at += sizeof(*event) + event->len;
			lost |= (event->mask & IN_Q_OVERFLOW) != 0;
			if (!entry)
				continue;
			if (event->mask & (IN_MODIFY | IN_ATTRIB))
				changed(hash_owner(entry, struct watched_file, by_wd)->group_id,
					context);
			if (event->mask & IN_IGNORED)
				forget(w, entry);
		}
	}
	return true;
}
