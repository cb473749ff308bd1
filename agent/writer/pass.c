/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/writer/pass.h"

#include "agent/sense/block_device.h"
#include "base/kfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct pass {
	struct dirty_scan *scan;
	struct pass_bounds bounds;
	uint64_t wanted_bytes, found_bytes, again_bytes;
	bool scanning; /* a group is being scanned */
	int group_fd;  /* of the top; the caller's */
	size_t depth;  /* directories being listed, the innermost last */
	DIR *directories[PASS_DEPTH_MAX];
	size_t n_files, n_candidates, n_chosen;
	struct dirty_file files[PASS_FILES_MAX];
	struct clean_candidate candidates[PASS_CANDIDATES_MAX];
};

int pass_new(int proc_fd, count_pages_fn count, struct pass **ret_pass)
{
	_cleanup_(pass_freep) struct pass *pass = calloc(1, sizeof(*pass));
	int r;

	if (!pass)
		return -ENOMEM;
	r = dirty_scan_new(proc_fd, count, &pass->scan);
	if (r < 0)
		return r;
	*ret_pass = TAKE_PTR(pass);
	return 0;
}

static void close_directories(struct pass *p)
{
	while (p->depth > 0)
		closedir(p->directories[--p->depth]);
}

void pass_end(struct pass *p)
{
	for (size_t i = 0; i < p->n_files; i++)
		dirty_file_close(&p->files[i]);
	p->n_files = p->n_candidates = p->n_chosen = 0;
	p->scanning = false;
	close_directories(p);
}

struct pass *pass_free(struct pass *p)
{
	if (!p)
		return NULL;
	pass_end(p);
	dirty_scan_free(p->scan);
	free(p);
	return NULL;
}

/* Begins to list a group's directory, and to scan its processes. Takes dir_fd. */
static void enter(struct pass *p, int dir_fd)
{
	DIR *dir = dir_fd < 0 || p->depth == PASS_DEPTH_MAX ? NULL : fdopendir(dir_fd);

	if (!dir) {
		fd_close(dir_fd);
		return;
	}
	p->directories[p->depth++] = dir;
	p->scanning = dirty_scan_group(p->scan, dirfd(dir)) == 0;
}

void pass_begin(struct pass *p, int group_dir_fd, uint64_t wanted_bytes,
		const struct pass_bounds *bounds)
{
	pass_end(p);
	p->bounds = *bounds;
	p->wanted_bytes = wanted_bytes;
	p->found_bytes = p->again_bytes = 0;
	dirty_scan_begin(p->scan, bounds->remote_wanted);
	enter(p, kfile_open_dir(group_dir_fd, "."));
}

/* The next group, depth first. False: there is none. */
static bool next_group(struct pass *p)
{
	while (p->depth > 0) {
		DIR *dir = p->directories[p->depth - 1];
		const struct dirent *entry = readdir(dir);

		if (!entry) {
			closedir(dir);
			p->depth--;
			continue;
		}
		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		enter(p, kfile_open_dir(dirfd(dir), entry->d_name));
		return true;
	}
	return false;
}

static void add_file(struct pass *p, const struct dirty_file *file, struct clean_history *history,
		     uint64_t now_ns)
{
	struct clean_candidate *ranges = p->candidates + p->n_candidates;
	size_t n = MIN(file->n_ranges, PASS_CANDIDATES_MAX - p->n_candidates);
	/* Of which nothing may be dirty at all. */
	bool is_guess = file->estimated && !file->mapped;
	bool rests;

	for (size_t i = 0; i < n; i++)
		ranges[i] = (struct clean_candidate){
			.file = p->n_files,
			.offset = file->ranges[i].offset,
			.length = file->ranges[i].length,
			.dirty_bytes = file->ranges[i].dirty_bytes,
			.age = is_guess ? 0 : clean_age(file->age_s),
		};
	rests = clean_history_rests(history, file->device, file->inode, ranges, n, now_ns,
				    &p->again_bytes);
	for (size_t i = 0; i < n; i++)
		ranges[i].rests = rests;
	p->n_candidates += n;
	p->files[p->n_files++] = *file;
	if (!rests)
		p->found_bytes += file->dirty_bytes;
}

/* Twice what is wanted, so that there is something to choose from. */
static bool is_enough(const struct pass *p)
{
	return p->n_files == PASS_FILES_MAX || p->n_candidates == PASS_CANDIDATES_MAX ||
	       p->found_bytes / 2 >= p->wanted_bytes;
}

int pass_step(struct pass *p, struct clean_history *history, uint64_t now_ns)
{
	struct dirty_file found[8];
	size_t n = 0;
	int r = 0;

	if (p->scanning)
		r = dirty_scan_step(p->scan, DIRTY_STEP_WORK, found,
				    MIN(ARRAY_SIZE(found), PASS_FILES_MAX - p->n_files), &n);
	for (size_t i = 0; i < n; i++) {
		if (block_device_is_meant(p->bounds.sys_fd, p->bounds.denied, found[i].device))
			dirty_file_close(&found[i]);
		else
			add_file(p, &found[i], history, now_ns);
	}
	/* A group that is gone, or can't be read, has nothing to clean. */
	if (r <= 0)
		p->scanning = false;
	if (!is_enough(p) && (p->scanning || next_group(p)))
		return 1;
	p->scanning = false;
	close_directories(p);
	p->n_chosen = clean_choose(p->candidates, p->n_candidates, p->wanted_bytes);
	return 0;
}

const struct clean_candidate *pass_chosen(const struct pass *p, size_t *ret_n)
{
	*ret_n = p->n_chosen;
	return p->candidates;
}

const struct dirty_file *pass_file(const struct pass *p, uint64_t file)
{
	return &p->files[file];
}

uint64_t pass_again_bytes(const struct pass *p)
{
	return p->again_bytes;
}

const struct dirty_totals *pass_totals(const struct pass *p)
{
	return dirty_scan_totals(p->scan);
}
