/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel objects of names: dentries of names that do not exist, or files with their inodes. They
 * live in a directory of their own, which is removed with everything in it, by a janitor if the
 * program is killed; the kernel's objects go with it.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "stress/loads/fileset.h"
#include "stress/loads/load.h"
#include "stress/run/janitor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * What an object takes of slab, about: a dentry with its name, 192 bytes since long; and beside it
 * an inode of ext4 or xfs, some 1.1 KiB. They come packed in pages, so that there is little else.
 */
#define DENTRY_BYTES 192
#define FILE_BYTES   (DENTRY_BYTES + 1120)

struct slab {
	char path[PATH_MAX]; /* of the directory */
	int dir_fd;
	struct janitor janitor;
	uint64_t n_objects, made;
	struct pace pace, reuse;
	struct access access;
};

static const char *const slab_settings[] = {"directory",  "objects",	      "reuse",
					    "reuse-rate", LOAD_PACE_SETTINGS, NULL};

static uint64_t object_bytes(const struct load *load)
{
	return load->settings->objects == OBJECTS_FILES ? FILE_BYTES : DENTRY_BYTES;
}

static void name_object(char name[32], uint64_t index)
{
	(void)snprintf(name, 32, "%020ju", (uintmax_t)index);
}

/* In the janitor: the files that there are, and the directory. */
static int remove_directory(void *context)
{
	const struct slab *slab = context;
	_cleanup_(closedirp) DIR *dir = fdopendir(slab->dir_fd);
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	return rmdir(slab->path) < 0 && errno != ENOENT ? -errno : 0;
}

static int make_directory(const struct load *load, struct slab *slab, const char **ret_why)
{
	int r;

	*ret_why = "directory: its path is too long";
	if ((size_t)snprintf(slab->path, sizeof(slab->path), "%s/uswap-stress-XXXXXX",
			     load->settings->directory) >= sizeof(slab->path))
		return -ENAMETOOLONG;
	*ret_why = "make a directory in the directory";
	if (!mkdtemp(slab->path)) {
		slab->path[0] = '\0';
		return -errno;
	}
	slab->dir_fd = open(slab->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = slab->dir_fd < 0 ? -errno : janitor_start(&slab->janitor, remove_directory, slab);
	if (r < 0)
		(void)rmdir(slab->path);
	return r;
}

static int slab_prepare(struct load *load, const char **ret_why)
{
	const struct load_settings *settings = load->settings;
	struct slab *slab = calloc(1, sizeof(*slab));
	uint64_t disk_bytes;
	int r;

	*ret_why = "no memory for book-keeping";
	if (!slab)
		return -ENOMEM;
	load->state = slab;
	slab->dir_fd = -1;
	slab->n_objects = MAX(load->plan->size_bytes / object_bytes(load), UINT64_C(1));
	/* Each file has an inode on the disk, and an entry of the directory. */
	disk_bytes = settings->objects == OBJECTS_FILES ? slab->n_objects * 512 : 0;
	r = fileset_check_room(settings->directory, disk_bytes, ret_why);
	if (r < 0)
		return r;
	slab->pace = load_pace(load);
	slab->reuse = (struct pace){.rate_bytes = settings->reuse_rate_bytes,
				    .debt_limit_bytes = PACE_UNLIMITED};
	if (settings->reuse.kind != ACCESS_NONE)
		access_init(&slab->access, &settings->reuse, slab->n_objects, load->seed);
	return make_directory(load, slab, ret_why);
}

/* A name that is not there is looked up, a file is made. */
static int make_object(struct load *load, const struct slab *slab, uint64_t index)
{
	struct stat unused;
	char name[32];

	name_object(name, index);
	if (load->settings->objects == OBJECTS_FILES)
		return mknodat(slab->dir_fd, name, S_IFREG | 0600, 0) < 0 ? -errno : 0;
	if (fstatat(slab->dir_fd, name, &unused, 0) == 0)
		return load_fail(load, -EEXIST, "the name %s is there", name);
	return errno == ENOENT ? 0 : -errno;
}

static int look_up(const struct load *load, const struct slab *slab, uint64_t index)
{
	bool there = load->settings->objects == OBJECTS_FILES;
	struct stat unused;
	char name[32];

	name_object(name, index);
	if (fstatat(slab->dir_fd, name, &unused, 0) < 0)
		return !there && errno == ENOENT ? 0 : -errno;
	return there ? 0 : -EEXIST;
}

static int make_objects(struct load *load, struct slab *slab, uint64_t n)
{
	uint64_t then = clock_now_ns(), now;
	int r = 0;

	for (uint64_t i = 0; i < n && r == 0; i++) {
		r = make_object(load, slab, slab->made);
		now = clock_now_ns();
		histogram_record(&load->block->first, now - then);
		then = now;
		slab->made += r == 0;
	}
	load_took(load, &slab->pace, n, n * object_bytes(load));
	block_set(&load->block->resident_pages,
		  slab->made * object_bytes(load) / CONTENT_PAGE_BYTES);
	return r;
}

static int look_up_again(struct load *load, struct slab *slab, uint64_t n)
{
	int r = 0;

	for (uint64_t i = 0; i < n && r == 0; i++) {
		uint64_t index = access_next(&slab->access, slab->made), then = clock_now_ns();

		r = look_up(load, slab, index);
		histogram_record(&load->block->reuse, clock_now_ns() - then);
	}
	load_took(load, &slab->reuse, n, n * object_bytes(load));
	return r;
}

static int slab_step(struct load *load, uint64_t now_ns, uint64_t *ret_due_ns)
{
	struct slab *slab = load->state;
	uint64_t left = MIN(slab->n_objects - slab->made, (uint64_t)LOAD_BATCH), n;
	uint64_t due_ns = UINT64_MAX;
	int r = 0;

	*ret_due_ns = UINT64_MAX;
	if (left && slab->made % 65536 == 0 && !load_may_grow(load)) {
		*ret_due_ns = now_ns + 10 * LOAD_SLEEP_NS;
		return 0;
	}
	n = left ? load_take(load, &slab->pace, now_ns, object_bytes(load), left, ret_due_ns) : 0;
	if (n)
		r = make_objects(load, slab, n);
	if (r < 0 || load->settings->reuse.kind == ACCESS_NONE || slab->made == 0)
		return r;
	n = load_take(load, &slab->reuse, now_ns, object_bytes(load), LOAD_BATCH, &due_ns);
	*ret_due_ns = MIN(*ret_due_ns, due_ns);
	return n ? look_up_again(load, slab, n) : 0;
}

/* Every name is what it was made: a file, or nothing. Counted as pages are. */
static int slab_verify(struct load *load)
{
	const struct slab *slab = load->state;

	for (uint64_t i = 0; i < slab->made; i++) {
		if (!load_verify_wants(load, i)) {
			load->block->skipped_pages++;
			continue;
		}
		load_verified(load, i, 1, look_up(load, slab, i) == 0, (struct content_error){0});
	}
	return 0;
}

static void slab_finish(struct load *load)
{
	struct slab *slab = load->state;

	if (!slab)
		return;
	(void)janitor_end(&slab->janitor);
	slab->dir_fd = fd_close(slab->dir_fd);
	free(slab);
	load->state = NULL;
}

const struct load_ops load_slab = {
	.name = "slab",
	.help = "dentries of names that do not exist, or small files with their inodes; size is "
		"what they take of slab, about",
	.settings = slab_settings,
	.prepare = slab_prepare,
	.step = slab_step,
	.verify = slab_verify,
	.finish = slab_finish,
};
