/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log: blocks are appended to a file; when it is full the oldest of the set is emptied and goes
 * on as the newest (rotation).
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "stress/loads/fileset.h"
#include "stress/loads/load.h"

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
	struct pace pace;
	struct fileset_syncing syncing;
};

static const char *const filelog_settings[] = {
	"directory", "files", "block", "sync", "sync-every", LOAD_PACE_SETTINGS, NULL,
};

static const char *filelog_check(const struct load_settings *settings)
{
	return settings->block_bytes % CONTENT_PAGE_BYTES ? "block: must be a multiple of 4K"
							  : NULL;
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
	r = fileset_check_room(settings->directory, load->plan->size_bytes, ret_why);
	if (r < 0)
		return r;
	r = fileset_create(settings->directory, settings->n_files, load->plan->size_bytes, NULL,
			   &log->files, ret_why);
	for (size_t i = 0; r == 0 && i < log->files->n_files; i++)
		r = ftruncate(log->files->fds[i], 0) < 0 ? -errno : 0;
	if (r < 0)
		return r;
	log->pace = load_pace(load);
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
	*ret_bytes = (uint64_t)written;
	return 0;
}

static int filelog_step(struct load *load, uint64_t now_ns, uint64_t *ret_due_ns)
{
	struct filelog *log = load->state;
	uint64_t bytes = 0;
	int r;

	if (load_take(load, &log->pace, now_ns, load->settings->block_bytes, 1, ret_due_ns)) {
		r = append(load, log, &bytes);
		if (r < 0)
			return r;
		load_took(load, &log->pace, 1, bytes);
		block_set(&load->block->passes,
			  block_get(&load->block->bytes) / load->plan->size_bytes);
	}
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
	free(log);
	load->state = NULL;
}

const struct load_ops load_filelog = {
	.name = "filelog",
	.help = "blocks appended to files with write(2); full ones are rotated",
	.settings = filelog_settings,
	.check = filelog_check,
	.prepare = filelog_prepare,
	.step = filelog_step,
	.verify = filelog_verify,
	.verify_at_end = filelog_verify_at_end,
	.finish = filelog_finish,
};
