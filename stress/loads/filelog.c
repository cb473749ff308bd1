/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log: blocks are appended to a file; when it is full the oldest of the set is emptied and goes
 * on as the newest (rotation). Where a schedule or a set point says how much there is to be, it is
 * appended to up to that, and what is older than that is dropped from the page cache.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/saturate.h"
#include "stress/loads/fileset.h"
#include "stress/loads/level.h"

#include <errno.h>
#include <unistd.h>

/* One file of the set, in its present life. */
struct log_file {
	uint64_t n_pages; /* written */
	uint8_t generation;
};

struct filelog {
	struct fileset *files;
	struct log_file *logs; /* as many */
	char *buffer;	       /* a block */
	size_t current;
	uint64_t appended; /* pages, since the beginning */
	uint64_t kept;	   /* the first of them that was not dropped */
	struct level level;
	struct pace pace;
	bool rests; /* there was enough at the last look */
	struct fileset_syncing syncing;
};

static const char *const filelog_settings[] = {
	"directory",	    "files",	    "block", "sync", "sync-every",
	LOAD_PACE_SETTINGS, LEVEL_SETTINGS, NULL,
};

static const char *filelog_check(const struct load_settings *settings)
{
	return settings->block_bytes % CONTENT_PAGE_BYTES ? "block: must be a multiple of 4K"
							  : level_check_unmapped(settings);
}

static int filelog_prepare(struct load *load, const char **ret_why)
{
	const struct load_settings *settings = load->settings;
	struct filelog *log = calloc(1, sizeof(*log));
	int r;

	*ret_why = "no memory for book-keeping";
	if (!log)
		return -ENOMEM;
	load->state = log;
	r = level_prepare(&log->level, load, settings->block_bytes, ret_why);
	if (r == 0)
		r = fileset_check_room(settings->directory, load->plan->size_bytes, ret_why);
	if (r < 0)
		return r;
	r = fileset_create(settings->directory, settings->n_files, load->plan->size_bytes, NULL,
			   &log->files, ret_why);
	for (size_t i = 0; r == 0 && i < log->files->n_files; i++)
		r = ftruncate(log->files->fds[i], 0) < 0 ? -errno : 0;
	if (r < 0)
		return r;
	log->pace = level_pace(&log->level, load);
	log->syncing = fileset_syncing(settings);
	*ret_why = "no memory for book-keeping";
	log->logs = load_shared_alloc(settings->n_files * sizeof(*log->logs));
	log->buffer = load_shared_alloc(settings->block_bytes);
	return log->logs && log->buffer ? 0 : -ENOMEM;
}

/* The oldest file becomes the newest. */
static int rotate(struct filelog *log)
{
	struct log_file *next;

	log->current = (log->current + 1) % log->files->n_files;
	next = &log->logs[log->current];
	next->n_pages = 0;
	next->generation++;
	log->kept = MAX(log->kept, minus(log->appended + log->files->pages_per_file,
					 fileset_pages(log->files)));
	return ftruncate(log->files->fds[log->current], 0) < 0 ? -errno : 0;
}

static int append(struct load *load, struct filelog *log, uint64_t *ret_bytes)
{
	uint64_t file_pages = log->files->pages_per_file;
	struct log_file *file;
	uint64_t n_pages, then;
	ssize_t written;
	int r = log->logs[log->current].n_pages == file_pages ? rotate(log) : 0;

	if (r < 0)
		return r;
	file = &log->logs[log->current];
	n_pages = MIN(load->settings->block_bytes / CONTENT_PAGE_BYTES, file_pages - file->n_pages);
	for (uint64_t i = 0; i < n_pages; i++)
		content_fill(&load->content, log->current * file_pages + file->n_pages + i,
			     file->generation, log->buffer + i * CONTENT_PAGE_BYTES);
	then = clock_now_ns();
	written = pwrite(log->files->fds[log->current], log->buffer, n_pages * CONTENT_PAGE_BYTES,
			 (off_t)(file->n_pages * CONTENT_PAGE_BYTES));
	histogram_record(&load->block->first, clock_now_ns() - then);
	if (written < 0)
		return -errno;
	if ((uint64_t)written != n_pages * CONTENT_PAGE_BYTES)
		return -EIO;
	file->n_pages += n_pages;
	log->appended += n_pages;
	*ret_bytes = (uint64_t)written;
	return 0;
}

/* Down to n pages, from the oldest on; on the disk they stay. */
static int give_back(struct filelog *log, uint64_t to)
{
	uint64_t n_set = fileset_pages(log->files), end = log->appended - to;
	int r = 0;

	while (r == 0 && log->kept < end) {
		uint64_t page = log->kept % n_set, n = MIN(end - log->kept, n_set - page);

		r = fileset_give_back(log->files, page, n);
		log->kept += n;
	}
	return r;
}

/* Whether another block is wanted now. */
static int look_wanted(struct load *load, struct filelog *log, uint64_t now_ns, bool *ret_wanted,
		       uint64_t *ret_due_ns)
{
	uint64_t have = (log->appended - log->kept) * CONTENT_PAGE_BYTES, bytes;
	int r = level_look(&log->level, load, have, now_ns, &bytes, ret_due_ns);

	if (r < 0)
		return r;
	level_note_debt(&log->level, load, have, bytes, &log->pace);
	if (have > bytes)
		r = give_back(log, bytes / CONTENT_PAGE_BYTES);
	*ret_wanted = have + load->settings->block_bytes <= bytes;
	if (*ret_wanted && log->rests)
		pace_rest(&log->pace, now_ns - load->started_ns);
	log->rests = !*ret_wanted;
	return r;
}

static int append_next(struct load *load, struct filelog *log)
{
	uint64_t bytes = 0;
	int r = append(load, log, &bytes);

	if (r < 0)
		return r;
	load_took(load, &log->pace, 1, bytes);
	block_set(&load->block->passes, block_get(&load->block->bytes) / load->plan->size_bytes);
	return 0;
}

static int filelog_begin(struct load *load, const char **ret_why)
{
	return level_begin(&((struct filelog *)load->state)->level, load, ret_why);
}

static int filelog_step(struct load *load, uint64_t now_ns, uint64_t *ret_due_ns)
{
	struct filelog *log = load->state;
	uint64_t pace_ns = 0;
	bool follows = level_is_said(load->settings), wanted = true;
	int r = 0;

	*ret_due_ns = UINT64_MAX;
	if (follows)
		r = look_wanted(load, log, now_ns, &wanted, ret_due_ns);
	if (r == 0 && wanted) {
		if (load_take(load, &log->pace, now_ns, load->settings->block_bytes, 1, &pace_ns))
			r = append_next(load, log);
		*ret_due_ns = MIN(*ret_due_ns, pace_ns);
	}
	if (r < 0)
		return r;
	if (follows)
		block_set(&load->block->resident_pages, log->appended - log->kept);
	return fileset_sync_when_due(log->files, &log->syncing, now_ns, ret_due_ns);
}

static bool wants_page(void *context, uint64_t page)
{
	const struct load *load = context;
	const struct filelog *log = load->state;
	uint64_t file_pages = log->files->pages_per_file;

	return page % file_pages < log->logs[page / file_pages].n_pages &&
	       load_verify_wants(load, page);
}

static void check_page(void *context, uint64_t page, const void *data)
{
	struct load *load = context;
	const struct filelog *log = load->state;

	load_verify_page(load, page, log->logs[page / log->files->pages_per_file].generation, data,
			 false);
}

static int filelog_verify(struct load *load)
{
	const struct filelog *log = load->state;
	const struct fileset_visitor visitor = {wants_page, check_page, load};
	int r = fileset_visit(log->files, &visitor);

	load->block->skipped_pages = block_get(&load->block->bytes) / CONTENT_PAGE_BYTES -
				     block_get(&load->block->verified_pages);
	return r;
}

static int filelog_verify_at_end(struct load *load)
{
	const struct filelog *log = load->state;
	int r = fileset_to_disk(log->files);

	return r < 0 ? r : filelog_verify(load);
}

static void filelog_finish(struct load *load)
{
	struct filelog *log = load->state;

	if (!log)
		return;
	load_shared_free(log->logs, load->settings->n_files * sizeof(*log->logs));
	load_shared_free(log->buffer, load->settings->block_bytes);
	log->files = fileset_free(log->files);
	level_finish(&log->level);
	free(log);
	load->state = NULL;
}

const struct load_ops load_filelog = {
	.name = "filelog",
	.help = "blocks appended to files with write(2); full ones are rotated",
	.settings = filelog_settings,
	.check = filelog_check,
	.io_rate = true,
	.prepare = filelog_prepare,
	.begin = filelog_begin,
	.step = filelog_step,
	.verify = filelog_verify,
	.verify_at_end = filelog_verify_at_end,
	.finish = filelog_finish,
};
