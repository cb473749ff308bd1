/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/loads/fileset.h"

#include "stress/loads/load.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#define CHUNK_PAGES 256
#define CHUNK_BYTES (CHUNK_PAGES * CONTENT_PAGE_BYTES)

static const char no_directory[] = "directory: it can't be opened";
static const char no_space[] = "directory: there is not enough space for the files";

static int check_directory(int dir_fd, uint64_t bytes, const char **ret_why)
{
	struct statfs fs;
	struct statvfs space;

	*ret_why = "look at the directory's file system";
	if (fstatfs(dir_fd, &fs) < 0 || fstatvfs(dir_fd, &space) < 0)
		return -errno;
	if (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC) {
		*ret_why = "directory: it is on a file system without a disk, whose files are "
			   "anonymous memory; name one on a disk";
		return -EOPNOTSUPP;
	}
	*ret_why = no_space;
	if (bytes > (uint64_t)space.f_bavail * space.f_frsize ||
	    (uint64_t)space.f_bavail * space.f_frsize - bytes < FILESET_RESERVE_BYTES)
		return -ENOSPC;
	return 0;
}

int fileset_check_room(const char *directory, uint64_t bytes, const char **ret_why)
{
	_cleanup_close_ int dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*ret_why = no_directory;
	return dir_fd < 0 ? -errno : check_directory(dir_fd, bytes, ret_why);
}

static int open_nameless(int dir_fd, const char *directory)
{
	char path[4096];
	int fd = openat(dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0)
		return fd;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)
		return -errno;
	if ((size_t)snprintf(path, sizeof(path), "%s/uswap-stress-XXXXXX", directory) >=
	    sizeof(path))
		return -ENAMETOOLONG;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	(void)unlink(path);
	return fd;
}

static int write_all(int fd, const char *data, size_t n, off_t offset)
{
	while (n > 0) {
		ssize_t written = pwrite(fd, data, n, offset);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		data += written;
		n -= (size_t)written;
		offset += written;
	}
	return 0;
}

static int fill_file(int fd, uint64_t first_page, uint64_t n_pages, const struct content *contents,
		     char *chunk)
{
	for (uint64_t page = 0; page < n_pages; page += CHUNK_PAGES) {
		uint64_t n = MIN(n_pages - page, (uint64_t)CHUNK_PAGES);
		int r;

		for (uint64_t i = 0; i < n; i++)
			content_fill(contents, first_page + page + i, 1,
				     chunk + i * CONTENT_PAGE_BYTES);
		r = write_all(fd, chunk, n * CONTENT_PAGE_BYTES,
			      (off_t)(page * CONTENT_PAGE_BYTES));
		if (r < 0)
			return r;
	}
	return fdatasync(fd) < 0 ? -errno : 0;
}

static int make_file(struct fileset *set, size_t i, int dir_fd, const char *directory,
		     const struct content *contents, const char **ret_why)
{
	uint64_t bytes = set->pages_per_file * CONTENT_PAGE_BYTES;
	int r;

	*ret_why = "directory: no file can be made in it";
	set->fds[i] = open_nameless(dir_fd, directory);
	if (set->fds[i] == -EMFILE)
		*ret_why = "files: more than one process may open (ulimit -n)";
	if (set->fds[i] < 0)
		return set->fds[i];
	*ret_why = "write a file in the directory";
	if (contents) {
		r = fill_file(set->fds[i], i * set->pages_per_file, set->pages_per_file, contents,
			      set->chunk);
		if (r == -ENOSPC)
			*ret_why = no_space;
		if (r < 0)
			return r;
	} else if (ftruncate(set->fds[i], (off_t)bytes) < 0) {
		*ret_why = "size: a file of that size can't be had in the directory";
		return -errno;
	}
	fileset_drop(set, i);
	return 0;
}

int fileset_create(const char *directory, size_t n_files, uint64_t bytes,
		   const struct content *contents, struct fileset **ret_set, const char **ret_why)
{
	_cleanup_(fileset_freep) struct fileset *set = calloc(1, sizeof(*set));
	_cleanup_close_ int dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t file_bytes = (bytes + n_files - 1) / n_files;
	int r;

	*ret_why = "files: there are more than the size has pages of 4K";
	if (n_files > bytes / CONTENT_PAGE_BYTES)
		return -EINVAL;
	*ret_why = no_directory;
	if (dir_fd < 0)
		return -errno;
	*ret_why = "no memory for book-keeping";
	if (!set)
		return -ENOMEM;
	set->chunk = load_shared_alloc(CHUNK_BYTES);
	set->pages_per_file = (file_bytes + CONTENT_PAGE_BYTES - 1) / CONTENT_PAGE_BYTES;
	set->fds = malloc(n_files * sizeof(*set->fds));
	if (!set->fds || !set->chunk)
		return -ENOMEM;
	r = check_directory(dir_fd, contents ? bytes : 0, ret_why);
	for (size_t i = 0; i < n_files && r == 0; i++) {
		set->n_files = i + 1;
		r = make_file(set, i, dir_fd, directory, contents, ret_why);
	}
	if (r == 0)
		*ret_set = TAKE_PTR(set);
	return r;
}

struct fileset *fileset_free(struct fileset *set)
{
	if (!set)
		return NULL;
	for (size_t i = 0; i < set->n_files; i++)
		set->fds[i] = fd_close(set->fds[i]);
	free(set->fds);
	load_shared_free(set->chunk, CHUNK_BYTES);
	free(set);
	return NULL;
}

int fileset_sync(const struct fileset *set, enum sync how)
{
	for (size_t i = 0; i < set->n_files; i++)
		if ((how == SYNC_WRITEBACK &&
		     sync_file_range(set->fds[i], 0, 0, SYNC_FILE_RANGE_WRITE) < 0) ||
		    (how == SYNC_DATA && fdatasync(set->fds[i]) < 0))
			return -errno;
	return 0;
}

struct fileset_syncing fileset_syncing(const struct load_settings *settings)
{
	return (struct fileset_syncing){.how = (enum sync)settings->sync,
					.every_ns = settings->sync_every_ns};
}

int fileset_sync_when_due(const struct fileset *set, struct fileset_syncing *syncing,
			  uint64_t now_ns, uint64_t *ret_due_ns)
{
	int r = 0;

	if (syncing->how == SYNC_NONE)
		return 0;
	if (syncing->next_ns == 0)
		syncing->next_ns = now_ns + syncing->every_ns;
	if (now_ns >= syncing->next_ns) {
		r = fileset_sync(set, syncing->how);
		/* Times that were missed are left out. */
		syncing->next_ns += ((now_ns - syncing->next_ns) / syncing->every_ns + 1) *
				    syncing->every_ns;
	}
	*ret_due_ns = MIN(*ret_due_ns, syncing->next_ns);
	return r;
}

void fileset_read_exactly(const struct fileset *set)
{
	for (size_t i = 0; i < set->n_files; i++)
		(void)posix_fadvise(set->fds[i], 0, 0, POSIX_FADV_RANDOM);
}

void fileset_drop(const struct fileset *set, size_t i)
{
	(void)posix_fadvise(set->fds[i], 0, 0, POSIX_FADV_DONTNEED);
}

void fileset_drop_all(const struct fileset *set)
{
	for (size_t i = 0; i < set->n_files; i++)
		fileset_drop(set, i);
}

int fileset_give_back(const struct fileset *set, uint64_t page, uint64_t n_pages)
{
	for (uint64_t end = page + n_pages, n; page < end; page += n) {
		int fd = set->fds[page / set->pages_per_file];
		off_t offset = (off_t)(page % set->pages_per_file * CONTENT_PAGE_BYTES);
		off_t bytes;

		n = MIN(end - page, set->pages_per_file - page % set->pages_per_file);
		bytes = (off_t)(n * CONTENT_PAGE_BYTES);
		if (sync_file_range(fd, offset, bytes,
				    SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
					    SYNC_FILE_RANGE_WAIT_AFTER) < 0)
			return -errno;
		(void)posix_fadvise(fd, offset, bytes, POSIX_FADV_DONTNEED);
	}
	return 0;
}

int fileset_to_disk(const struct fileset *set)
{
	int r = fileset_sync(set, SYNC_DATA);

	if (r == 0)
		fileset_drop_all(set);
	return r;
}

uint64_t fileset_cached_pages(const struct fileset *set, size_t i)
{
	size_t bytes = set->pages_per_file * CONTENT_PAGE_BYTES;
	unsigned char residency[CHUNK_PAGES];
	uint64_t n = 0;
	char *map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, set->fds[i], 0);

	if (map == MAP_FAILED)
		return 0;
	for (uint64_t page = 0; page < set->pages_per_file; page += CHUNK_PAGES) {
		uint64_t pages = MIN(set->pages_per_file - page, (uint64_t)CHUNK_PAGES);

		if (mincore(map + page * CONTENT_PAGE_BYTES, pages * CONTENT_PAGE_BYTES,
			    residency) < 0)
			break;
		for (uint64_t p = 0; p < pages; p++)
			n += residency[p] & 1;
	}
	(void)munmap(map, bytes);
	return n;
}

/* Reads n pages of one file in a row. */
static int read_pages(const struct fileset *set, uint64_t page, uint64_t n)
{
	int fd = set->fds[page / set->pages_per_file];
	off_t offset = (off_t)(page % set->pages_per_file * CONTENT_PAGE_BYTES);
	size_t bytes = n * CONTENT_PAGE_BYTES, done = 0;

	while (done < bytes) {
		ssize_t got = pread(fd, set->chunk + done, bytes - done, offset + (off_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		done += (size_t)got;
	}
	return 0;
}

int fileset_visit(const struct fileset *set, const struct fileset_visitor *visitor)
{
	uint64_t page = 0, end, n;
	int r;

	if (set->pages_per_file == 0)
		return 0;
	while (page < fileset_pages(set)) {
		if (!visitor->wants(visitor->context, page)) {
			page++;
			continue;
		}
		end = page - page % set->pages_per_file + set->pages_per_file;
		end = MIN(end, page + CHUNK_PAGES);
		for (n = 1; page + n < end && visitor->wants(visitor->context, page + n);)
			n++;
		r = read_pages(set, page, n);
		if (r < 0)
			return r;
		for (uint64_t i = 0; i < n; i++)
			visitor->visit(visitor->context, page + i,
				       set->chunk + i * CONTENT_PAGE_BYTES);
		page += n;
	}
	return 0;
}
