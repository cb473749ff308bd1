/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel objects of names: dentries of names that do not exist, or files with their inodes. They
 * live in directories below one of the load's own; when a directory is removed the kernel's objects
 * go with it, which is the only way to give up a dentry of a name that is not there. A janitor
 * removes them all if the program is killed.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "stress/loads/fileset.h"
#include "stress/loads/level.h"
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

/* Objects of one directory, which are given back together: some 100 KiB of either kind. */
#define DIR_DENTRIES 512
#define DIR_FILES    64

struct slab {
	char path[PATH_MAX]; /* of the directory */
	int dir_fd;
	struct janitor janitor;
	struct level level;
	uint64_t dir_objects;
	uint64_t n_objects, made; /* at most, and now: [0, made) */
	struct pace pace, reuse;
	struct access access;
};

static const char *const slab_settings[] = {
	"directory", "objects", "reuse", "reuse-rate", LOAD_PACE_SETTINGS, LEVEL_SETTINGS, NULL,
};

static uint64_t object_bytes(const struct load *load)
{
	return load->settings->objects == OBJECTS_FILES ? FILE_BYTES : DENTRY_BYTES;
}

#define NAME_BYTES 48

static void name_directory(const struct slab *slab, char name[NAME_BYTES], uint64_t index)
{
	(void)snprintf(name, NAME_BYTES, "%ju", (uintmax_t)(index / slab->dir_objects));
}

static void name_object(const struct slab *slab, char name[NAME_BYTES], uint64_t index)
{
	(void)snprintf(name, NAME_BYTES, "%ju/%020ju", (uintmax_t)(index / slab->dir_objects),
		       (uintmax_t)index);
}

/* A directory below, with the files that there are. */
static int remove_below(int dir_fd, const char *name)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			(void)unlinkat(fd, entry->d_name, 0);
	return unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* In the janitor, or here if that was killed. */
static int remove_directory(void *context)
{
	const struct slab *slab = context;
	int fd = openat(slab->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			(void)remove_below(dirfd(dir), entry->d_name);
	return rmdir(slab->path) < 0 && errno != ENOENT ? -errno : 0;
}

static int make_directory(const struct load *load, struct slab *slab, const char **ret_why)
{
	int r;

	*ret_why = "directory: its path is too long";
	if ((size_t)snprintf(slab->path, sizeof(slab->path), "%s/uswap-stress-XXXXXX",
			     load->settings->directory) >= sizeof(slab->path))
		return -ENAMETOOLONG;
	*ret_why = "directory: no directory can be made in it";
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
	r = level_prepare(&slab->level, load, object_bytes(load), ret_why);
	if (r < 0)
		return r;
	slab->dir_objects = settings->objects == OBJECTS_FILES ? DIR_FILES : DIR_DENTRIES;
	slab->n_objects = level_peak_bytes(&slab->level) / object_bytes(load);
	/* Each file has an inode on the disk, and an entry of the directory. */
	disk_bytes = settings->objects == OBJECTS_FILES ? slab->n_objects * 512 : 0;
	r = fileset_check_room(settings->directory, disk_bytes, ret_why);
	if (r < 0)
		return r;
	slab->pace = level_pace(&slab->level, load);
	slab->reuse = (struct pace){.rate_bytes = settings->reuse_rate_bytes,
				    .debt_limit_bytes = PACE_UNLIMITED};
	if (settings->reuse.kind != ACCESS_NONE)
		access_init(&slab->access, &settings->reuse, slab->n_objects, load->seed);
	return make_directory(load, slab, ret_why);
}

static int slab_begin(struct load *load, const char **ret_why)
{
	return level_begin(&((struct slab *)load->state)->level, load, ret_why);
}

/* A name that is not there is looked up, a file is made. */
static int make_object(struct load *load, const struct slab *slab, uint64_t index)
{
	struct stat unused;
	char name[NAME_BYTES];

	name_object(slab, name, index);
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
	char name[NAME_BYTES];

	name_object(slab, name, index);
	if (fstatat(slab->dir_fd, name, &unused, 0) < 0)
		return !there && errno == ENOENT ? 0 : -errno;
	return there ? 0 : -EEXIST;
}

static void set_made(struct load *load, struct slab *slab, uint64_t made)
{
	slab->made = made;
	block_set(&load->block->resident_pages, made * object_bytes(load) / CONTENT_PAGE_BYTES);
}

static int begin_directory(const struct slab *slab)
{
	char name[NAME_BYTES];

	name_directory(slab, name, slab->made);
	return mkdirat(slab->dir_fd, name, 0700) < 0 ? -errno : 0;
}

static int make_objects(struct load *load, struct slab *slab, uint64_t n)
{
	uint64_t in_directory = slab->made % slab->dir_objects, then, now;
	int r = in_directory == 0 ? begin_directory(slab) : 0;

	/* Not beyond this directory. */
	n = MIN(n, slab->dir_objects - in_directory);
	then = clock_now_ns();
	for (uint64_t i = 0; i < n && r == 0; i++) {
		r = make_object(load, slab, slab->made);
		now = clock_now_ns();
		histogram_record(&load->block->first, now - then);
		then = now;
		slab->made += r == 0;
	}
	load_took(load, &slab->pace, n, n * object_bytes(load));
	set_made(load, slab, slab->made);
	return r;
}

/* The first object of the directory that the last of so many is in. */
static uint64_t last_directory(const struct slab *slab, uint64_t made)
{
	return (made - 1) / slab->dir_objects * slab->dir_objects;
}

/* Whole directories from the end. */
static int give_back(struct load *load, struct slab *slab, uint64_t to)
{
	uint64_t made = slab->made;
	int r = 0;

	while (r == 0 && made > 0 && last_directory(slab, made) >= to) {
		char name[NAME_BYTES];

		name_directory(slab, name, made - 1);
		r = remove_below(slab->dir_fd, name);
		if (r == 0)
			made = last_directory(slab, made);
	}
	load->block->skipped_pages += slab->made - made;
	set_made(load, slab, made);
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

/* Towards the level, at most a batch. */
static int follow_level(struct load *load, struct slab *slab, uint64_t now_ns, uint64_t *ret_due_ns)
{
	uint64_t object = object_bytes(load), have = slab->made * object, bytes, pace_ns, n;
	int r = level_look(&slab->level, load, have, now_ns, &bytes, ret_due_ns);

	if (r < 0)
		return r;
	level_note_debt(&slab->level, load, have, bytes, &slab->pace);
	if (bytes < have)
		return give_back(load, slab, bytes / object);
	n = MIN(bytes / object - slab->made, (uint64_t)LOAD_BATCH);
	if (n == 0)
		return 0;
	if (!level_may_grow(&slab->level, load, have)) {
		*ret_due_ns = now_ns + 10 * LOAD_SLEEP_NS;
		return 0;
	}
	n = load_take(load, &slab->pace, now_ns, object, n, &pace_ns);
	if (n == 0) {
		*ret_due_ns = MIN(*ret_due_ns, pace_ns);
		return 0;
	}
	*ret_due_ns = 0;
	r = make_objects(load, slab, n);
	level_note_debt(&slab->level, load, slab->made * object, bytes, &slab->pace);
	return r;
}

static int slab_step(struct load *load, uint64_t now_ns, uint64_t *ret_due_ns)
{
	struct slab *slab = load->state;
	uint64_t due_ns = UINT64_MAX, n;
	int r = follow_level(load, slab, now_ns, ret_due_ns);

	if (r < 0 || load->settings->reuse.kind == ACCESS_NONE || slab->made == 0)
		return r;
	n = load_take(load, &slab->reuse, now_ns, object_bytes(load), LOAD_BATCH, &due_ns);
	*ret_due_ns = MIN(*ret_due_ns, n ? 0 : due_ns);
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
	level_finish(&slab->level);
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
	.check = level_check_unmapped,
	.prepare = slab_prepare,
	.begin = slab_begin,
	.step = slab_step,
	.verify = slab_verify,
	.finish = slab_finish,
};
