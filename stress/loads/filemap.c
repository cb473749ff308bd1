/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shared mapping of a file, dirtied page by page: file memory that can't be dropped before it is
 * written back.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "stress/loads/fileset.h"
#include "stress/loads/load.h"

#include <errno.h>
#include <sys/mman.h>

struct filemap {
	struct fileset *file; /* one */
	char *map;
	uint64_t n_pages;
	uint8_t *generations; /* how often each page was written, 1 when it was made */
	uint8_t *touched;
	struct access access;
	struct schedule schedule;
};

static const char *const filemap_settings[] = {"directory", "access", NULL};

static const char *filemap_check(const struct load_settings *settings)
{
	return settings->access.kind == ACCESS_NONE ? "access: none would dirty nothing" : NULL;
}

static int filemap_prepare(struct load *load, const char **ret_why)
{
	struct filemap *mapping = calloc(1, sizeof(*mapping));
	void *map;
	int r;

	*ret_why = "no memory for book-keeping";
	if (!mapping)
		return -ENOMEM;
	load->state = mapping;
	r = fileset_create(load->settings->directory, 1, load->plan->size_bytes, &load->content,
			   &mapping->file, ret_why);
	if (r < 0)
		return r;
	mapping->n_pages = fileset_pages(mapping->file);
	load->block->cached_at_start_pages = fileset_cached_pages(mapping->file, 0);
	*ret_why = "no memory for book-keeping";
	mapping->generations = load_shared_alloc(mapping->n_pages);
	mapping->touched = load_shared_alloc(mapping->n_pages);
	if (!mapping->generations || !mapping->touched)
		return -ENOMEM;
	for (uint64_t i = 0; i < mapping->n_pages; i++)
		mapping->generations[i] = 1;
	mapping->schedule = (struct schedule){.rate_bytes = load->settings->rate_bytes,
					      .size_bytes = SCHEDULE_UNLIMITED};
	access_init(&mapping->access, &load->settings->access, mapping->n_pages, load->seed);
	*ret_why = "map the file";
	map = mmap(NULL, mapping->n_pages * CONTENT_PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
		   mapping->file->fds[0], 0);
	if (map == MAP_FAILED)
		return -errno;
	mapping->map = map;
	return 0;
}

static void dirty_pages(struct load *load, struct filemap *mapping, uint64_t n)
{
	struct worker_block *block = load->block;

	for (uint64_t i = 0; i < n; i++) {
		uint64_t page = access_next(&mapping->access, mapping->n_pages);
		uint64_t *words = (uint64_t *)(void *)(mapping->map + page * CONTENT_PAGE_BYTES);
		uint8_t generation = ++mapping->generations[page];
		uint64_t first = content_first_word(&load->content, page, generation);
		uint64_t then = clock_now_ns();

		*(volatile uint64_t *)words = first;
		histogram_record(mapping->touched[page] ? &block->reuse : &block->first,
				 clock_now_ns() - then);
		content_fill(&load->content, page, generation, words);
		mapping->touched[page] = 1;
	}
	block_add(&block->operations, n);
	block_add(&block->bytes, n * CONTENT_PAGE_BYTES);
	block_set(&block->passes, block_get(&block->operations) / mapping->n_pages);
}

static int filemap_step(struct load *load, uint64_t now_ns, uint64_t *ret_due_ns)
{
	struct filemap *mapping = load->state;
	uint64_t allowed = schedule_at(&mapping->schedule, now_ns - load->started_ns).bytes;
	uint64_t done = block_get(&load->block->bytes), due;

	if (mapping->schedule.rate_bytes != SCHEDULE_UNLIMITED)
		load_note_debt(load, allowed - MIN(allowed, done));
	if (allowed < done + CONTENT_PAGE_BYTES) {
		due = schedule_due_ns(&mapping->schedule, 0, done + CONTENT_PAGE_BYTES);
		*ret_due_ns = due == UINT64_MAX ? due : load->started_ns + due;
		return 0;
	}
	dirty_pages(load, mapping,
		    MIN((allowed - done) / CONTENT_PAGE_BYTES, (uint64_t)LOAD_BATCH));
	*ret_due_ns = 0;
	return 0;
}

static bool wants_page(void *context, uint64_t page)
{
	return load_verify_wants(context, page);
}

static void check_page(void *context, uint64_t page, const void *data)
{
	struct load *load = context;
	const struct filemap *mapping = load->state;

	load_verify_page(load, page, mapping->generations[page], data, false);
}

/* Through the disk: written back, dropped from the cache, read again. */
static int filemap_verify(struct load *load)
{
	struct filemap *mapping = load->state;
	const struct fileset_visitor visitor = {wants_page, check_page, load};
	int r;

	if (munmap(mapping->map, mapping->n_pages * CONTENT_PAGE_BYTES) < 0 ||
	    fdatasync(mapping->file->fds[0]) < 0)
		return -errno;
	mapping->map = NULL;
	fileset_drop_all(mapping->file);
	r = fileset_visit(mapping->file, &visitor);
	load->block->skipped_pages = mapping->n_pages - block_get(&load->block->verified_pages);
	return r;
}

static void filemap_finish(struct load *load)
{
	struct filemap *mapping = load->state;

	if (!mapping)
		return;
	if (mapping->map)
		(void)munmap(mapping->map, mapping->n_pages * CONTENT_PAGE_BYTES);
	load_shared_free(mapping->generations, mapping->n_pages);
	load_shared_free(mapping->touched, mapping->n_pages);
	mapping->file = fileset_free(mapping->file);
	free(mapping);
	load->state = NULL;
}

const struct load_ops load_filemap = {
	.name = "filemap",
	.help = "a shared mapping of a file that is dirtied page by page at a rate",
	.settings = filemap_settings,
	.check = filemap_check,
	.prepare = filemap_prepare,
	.step = filemap_step,
	.verify = filemap_verify,
	.finish = filemap_finish,
};
