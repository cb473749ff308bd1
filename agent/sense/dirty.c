/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/dirty.h"

#include "agent/sense/maps.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "base/lines.h"
#include "base/parse.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Of a step's work; a call of cachestat is one, and so is a line or a link. */
#define PROCESS_WORK 20
#define OPEN_WORK    6

/* Of the time a look takes it works for a part in so many. */
#define PAUSE_SHARE  20
#define PAUSE_MIN_NS (2 * NSEC_PER_MSEC)
#define PAUSE_MAX_NS (20 * NSEC_PER_MSEC)

/* Files looked at. When the table is full it is begun anew, and some are looked at twice. */
#define SEEN_SLOTS 65536
#define SEEN_MAX   (SEEN_SLOTS / 2)

struct seen {
	uint64_t device, inode; /* inode 0: free */
};

enum stage { STAGE_PROCESS, STAGE_MAPPINGS, STAGE_DESCRIPTORS, STAGE_FILE };

struct dirty_scan {
	int proc_fd;
	count_pages_fn count;
	struct file_rules rules;
	struct dirty_totals totals;
	uint64_t work; /* left of this step */

	int procs_fd; /* cgroup.procs of the group; -1: none is begun */
	struct line_reader procs;
	enum stage stage, stage_after_file;
	uint64_t pid;
	int maps_fd;
	struct mapping_reader mappings;
	DIR *descriptors;
	struct dirty_file file; /* being walked in STAGE_FILE */
	struct range_walk walk;

	size_t n_seen;
	struct seen seen[SEEN_SLOTS];
};

void dirty_file_close(struct dirty_file *file)
{
	file->fd = fd_close(file->fd);
}

int dirty_scan_new(int proc_fd, count_pages_fn count, struct dirty_scan **ret_scan)
{
	struct dirty_scan *scan = calloc(1, sizeof(*scan));

	if (!scan)
		return -ENOMEM;
	scan->proc_fd = proc_fd;
	scan->count = count;
	scan->procs_fd = scan->maps_fd = scan->file.fd = -1;
	*ret_scan = scan;
	return 0;
}

static void close_process(struct dirty_scan *s)
{
	s->maps_fd = fd_close(s->maps_fd);
	if (s->descriptors)
		closedir(s->descriptors);
	s->descriptors = NULL;
	dirty_file_close(&s->file);
}

static void close_group(struct dirty_scan *s)
{
	close_process(s);
	s->procs_fd = fd_close(s->procs_fd);
}

struct dirty_scan *dirty_scan_free(struct dirty_scan *s)
{
	if (!s)
		return NULL;
	close_group(s);
	free(s);
	return NULL;
}

void dirty_scan_begin(struct dirty_scan *s, bool remote_wanted)
{
	close_group(s);
	s->rules = (struct file_rules){.remote_wanted = remote_wanted};
	s->totals = (struct dirty_totals){0};
	s->n_seen = 0;
	memset(s->seen, 0, sizeof(s->seen));
	/* Who has a lease can't be told: then nothing is opened. */
	if (leases_read(s->proc_fd, &s->rules.leases) < 0)
		s->rules.leases = (struct leases){.too_many = true};
}

uint64_t dirty_step_pause_ns(uint64_t took_ns)
{
	/* A full step takes about 1 ms, one over the few files of a small group far less. */
	return CLAMP(took_ns, PAUSE_MIN_NS / PAUSE_SHARE, PAUSE_MAX_NS / PAUSE_SHARE) * PAUSE_SHARE;
}

int dirty_scan_group(struct dirty_scan *s, int group_dir_fd)
{
	int fd = kfile_open(group_dir_fd, "cgroup.procs", O_RDONLY);

	if (fd < 0)
		return fd;
	close_group(s);
	s->procs_fd = fd;
	s->procs = (struct line_reader){.fd = fd};
	s->stage = STAGE_PROCESS;
	return 0;
}

/* Whether the file was looked at before; from now on it was. */
static bool know(void *context, uint64_t device, uint64_t inode)
{
	struct dirty_scan *s = context;
	uint64_t hash = (inode ^ device << 32) * UINT64_C(0x9e3779b97f4a7c15);
	size_t slot = hash >> 48 & (SEEN_SLOTS - 1);

	if (s->n_seen == SEEN_MAX) {
		memset(s->seen, 0, sizeof(s->seen));
		s->n_seen = 0;
	}
	for (; s->seen[slot].inode != 0; slot = (slot + 1) & (SEEN_SLOTS - 1))
		if (s->seen[slot].inode == inode && s->seen[slot].device == device)
			return true;
	s->seen[slot] = (struct seen){device, inode};
	s->n_seen++;
	return false;
}

static void spend(struct dirty_scan *s, uint64_t work)
{
	s->work -= MIN(work, s->work);
}

static int open_maps(struct dirty_scan *s)
{
	char path[40];

	(void)snprintf(path, sizeof(path), "%" PRIu64 "/%s", s->pid, s->count ? "maps" : "smaps");
	s->maps_fd = kfile_open(s->proc_fd, path, O_RDONLY);
	s->mappings = (struct mapping_reader){.lines.fd = s->maps_fd, .smaps = !s->count};
	return s->maps_fd;
}

static void open_descriptors(struct dirty_scan *s)
{
	char path[40];
	int fd;

	(void)snprintf(path, sizeof(path), "%" PRIu64 "/fd", s->pid);
	fd = kfile_open_dir(s->proc_fd, path);
	s->descriptors = fd < 0 ? NULL : fdopendir(fd);
	if (!s->descriptors)
		fd_close(fd);
}

/* The next process of the group. Those of other PID namespaces read as 0 and can't be seen. */
static int next_process(struct dirty_scan *s)
{
	const char *line;
	size_t length;
	int n;

	close_process(s);
	n = line_reader_next(&s->procs, &line, &length);
	/* A threaded group's processes are listed by its parent. */
	if (n == -EOPNOTSUPP)
		return 0;
	if (n <= 0)
		return n;
	if (parse_u64_n(line, length, &s->pid) < 0)
		return -EBADMSG;
	spend(s, PROCESS_WORK);
	if (s->pid == 0)
		return 1;
	s->totals.processes++;
	s->stage = open_maps(s) < 0 ? STAGE_DESCRIPTORS : STAGE_MAPPINGS;
	if (s->stage == STAGE_DESCRIPTORS)
		open_descriptors(s);
	return 1;
}

/* Of times that were set to anything, 0 or as much as fits. */
static uint64_t age_s(int64_t modified_s)
{
	int64_t now_s = time(NULL), age;

	if (__builtin_sub_overflow(now_s, modified_s, &age))
		return INT64_MAX;
	return age > 0 ? (uint64_t)age : 0;
}

/* Opens what the link leads to, unless it is known or may not be touched, and begins its walk. */
static void take_up(struct dirty_scan *s, const char *link, const struct mapping *mapping)
{
	struct checked_file file;
	enum file_refusal refusal;

	spend(s, OPEN_WORK);
	refusal = file_open_checked(s->proc_fd, link, &s->rules, know, s, &file);
	s->totals.refused[refusal] += refusal != FILE_PASSED;
	if (refusal != FILE_PASSED || file.fd < 0)
		return;
	s->totals.files++;
	s->file = (struct dirty_file){
		.fd = file.fd,
		.device = file.device,
		.inode = file.inode,
		.size_bytes = file.size_bytes,
		.age_s = age_s(file.modified_s),
		.mapped = mapping != NULL,
		.estimated = !s->count,
	};
	s->walk = (struct range_walk){0};
	s->stage_after_file = s->stage;
	s->stage = STAGE_FILE;
	if (s->count)
		return;
	/* What smaps says of one mapping; the file may be mapped elsewhere too. Of a descriptor it
	 * is only known that something could be dirty: such files come last, and count for little.
	 */
	s->file.dirty_bytes = mapping ? mapping->dirty_bytes : 1;
	s->file.ranges[0] =
		(struct dirty_range){.length = file.size_bytes, .dirty_bytes = s->file.dirty_bytes};
	s->file.n_ranges = 1;
}

static void next_mapping(struct dirty_scan *s)
{
	struct mapping m;
	char link[80];
	int r = mapping_reader_next(&s->mappings, &m);

	spend(s, 1);
	if (r <= 0) {
		s->maps_fd = fd_close(s->maps_fd);
		s->stage = STAGE_DESCRIPTORS;
		open_descriptors(s);
		return;
	}
	s->totals.mappings++;
	if (!m.shared || !m.writable || m.inode == 0 || (!s->count && m.dirty_bytes == 0))
		return;
	(void)snprintf(link, sizeof(link), "%" PRIu64 "/map_files/%" PRIx64 "-%" PRIx64, s->pid,
		       m.start, m.end);
	take_up(s, link, &m);
}

/* Opened for writing, by "flags:" of its fdinfo (octal). */
static bool is_writable(struct dirty_scan *s, const char *number)
{
	char path[64], text[512];
	_cleanup_close_ int fd = -1;
	const char *flags;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%" PRIu64 "/fdinfo/%.20s", s->pid, number);
	fd = kfile_open(s->proc_fd, path, O_RDONLY);
	n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);
	if (n < 0)
		return false;
	text[n] = '\0';
	flags = strstr(text, "flags:");
	return flags && (strtoul(flags + strlen("flags:"), NULL, 8) & O_ACCMODE) != O_RDONLY;
}

static void next_descriptor(struct dirty_scan *s)
{
	const struct dirent *entry = s->descriptors ? readdir(s->descriptors) : NULL;
	char link[64], target[8];

	spend(s, 1);
	if (!entry) {
		close_process(s);
		s->stage = STAGE_PROCESS;
		return;
	}
	if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
		return;
	s->totals.descriptors++;
	/* Most are sockets, pipes and the like, whose link says so: "socket:[123]". */
	(void)snprintf(link, sizeof(link), "%" PRIu64 "/fd/%.20s", s->pid, entry->d_name);
	if (readlinkat(s->proc_fd, link, target, sizeof(target)) <= 0 || target[0] != '/')
		return;
	spend(s, 1);
	if (is_writable(s, entry->d_name))
		take_up(s, link, NULL);
}

static void add_range(struct dirty_file *file, const struct dirty_range *range)
{
	struct dirty_range *last = file->n_ranges ? &file->ranges[file->n_ranges - 1] : NULL;
	bool joins = last && last->offset + last->length == range->offset &&
		     last->length + range->length <= RANGE_MAX_BYTES;

	file->dirty_bytes += range->dirty_bytes;
	if (joins || file->n_ranges == DIRTY_RANGES_MAX) {
		last->length = range->offset + range->length - last->offset;
		last->dirty_bytes += range->dirty_bytes;
		return;
	}
	file->ranges[file->n_ranges++] = *range;
}

/* Walks the file that was taken up. True when it is done and has something dirty. */
static bool walk_file(struct dirty_scan *s)
{
	struct dirty_range range;
	int r = 0;

	if (s->count)
		r = range_walk_next(&s->walk, s->file.fd, s->file.size_bytes, s->count, &s->work,
				    &range);
	if (r == -EAGAIN)
		return false;
	if (r > 0) {
		add_range(&s->file, &range);
		return false;
	}
	s->stage = s->stage_after_file;
	if (r == 0 && s->file.dirty_bytes > 0)
		return true;
	dirty_file_close(&s->file);
	return false;
}

int dirty_scan_step(struct dirty_scan *s, uint64_t work, struct dirty_file *files, size_t n,
		    size_t *ret_n)
{
	int r = s->procs_fd < 0 ? 0 : 1;

	*ret_n = 0;
	s->work = work;
	while (r > 0 && s->work > 0 && *ret_n < n) {
		switch (s->stage) {
		case STAGE_PROCESS:
			r = next_process(s);
			break;
		case STAGE_MAPPINGS:
			next_mapping(s);
			break;
		case STAGE_DESCRIPTORS:
			next_descriptor(s);
			break;
		case STAGE_FILE:
			if (!walk_file(s))
				break;
			s->totals.dirty_files++;
			s->totals.dirty_bytes += s->file.dirty_bytes;
			files[(*ret_n)++] = s->file;
			s->file.fd = -1;
			break;
		}
	}
	if (r <= 0)
		close_group(s);
	return r;
}

const struct dirty_totals *dirty_scan_totals(const struct dirty_scan *s)
{
	return &s->totals;
}

int dirty_try_mapping(int proc_fd, int pid)
{
	_cleanup_(closedirp) DIR *dir = NULL;
	_cleanup_close_ int fd = -1;
	const struct dirent *entry;
	char path[48];
	int dir_fd, r;

	(void)snprintf(path, sizeof(path), "%d/map_files", pid);
	dir_fd = kfile_open_dir(proc_fd, path);
	if (dir_fd < 0)
		return dir_fd;
	dir = fdopendir(dir_fd);
	if (!dir) {
		r = -errno;
		fd_close(dir_fd);
		return r;
	}
	do {
		errno = 0;
		entry = readdir(dir);
		if (!entry)
			return errno ? -errno : -ENOENT;
	} while (entry->d_name[0] == '.');
	fd = openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	return fd < 0 ? -errno : 0;
}
