/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mapping of a file, read and written page by page. Shared: what is written is file memory that
 * can't be dropped before it is written back. Private: what is written becomes anonymous memory of
 * the worker's own, and the file stays as it was.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/random.h"
#include "stress/loads/extent.h"
#include "stress/loads/fileset.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

struct filemap {
	struct fileset *file; /* one */
	char *map;
	uint64_t n_pages;
	uint8_t *generations; /* how often each page was written, 1 when it was made */
	uint8_t *touched;
	uint64_t random;
	struct extent extent;
	struct fileset_syncing syncing;
};

static const char *const filemap_settings[] = {
	"directory",  "mapping", "write",	  "dirty", "sync",
	"sync-every", "sparse",	 EXTENT_SETTINGS, NULL,
};

static bool is_private(const struct load_settings *settings)
{
	return settings->mapping == MAPPING_PRIVATE;
}

static const char *filemap_check(const struct load_settings *settings)
{
	if (settings->access.kind == ACCESS_NONE)
		return "access: none would touch nothing";
	if (is_private(settings) && settings->sync != SYNC_NONE)
		return "sync: what a private mapping writes never goes to the file";
	return NULL;
}

/* Pages that were written to privately can only go to swap. */
static uint64_t filemap_anonymous_bytes(const struct load_settings *settings,
					const struct load_plan *plan)
{
	if (!is_private(settings) || settings->write_permyriad == 0)
		return 0;
	return plan->size_bytes / 10000 * settings->dirty_permyriad;
}

static int filemap_prepare(struct load *load, const char **ret_why)
{
	const struct load_settings *settings = load->settings;
	struct filemap *mapping = calloc(1, sizeof(*mapping));
	int r;

	*ret_why = "no memory for book-keeping";
	if (!mapping)
		return -ENOMEM;
	load->state = mapping;
	r = extent_prepare(&mapping->extent, load, CONTENT_PAGE_BYTES, ret_why);
	if (r < 0)
		return r;
	r = fileset_create(settings->directory, 1, load->plan->size_bytes,
			   settings->sparse ? NULL : &load->content, &mapping->file, ret_why);
	if (r < 0)
		return r;
	mapping->n_pages = fileset_pages(mapping->file);
	if (!settings->sparse)
		load->block->cached_at_start_pages = fileset_cached_pages(mapping->file, 0);
	*ret_why = "no memory for book-keeping";
	mapping->generations = load_shared_alloc(mapping->n_pages);
	mapping->touched = load_shared_alloc(mapping->n_pages);
	if (!mapping->generations || !mapping->touched)
		return -ENOMEM;
	for (uint64_t i = 0; i < mapping->n_pages; i++)
		mapping->generations[i] = 1;
	mapping->random = load->seed;
	mapping->syncing = fileset_syncing(settings);
	extent_set_blocks(&mapping->extent, load, mapping->n_pages);
	return 0;
}

static int filemap_begin(struct load *load, const char **ret_why)
{
	struct filemap *mapping = load->state;
	void *map = mmap(NULL, mapping->n_pages * CONTENT_PAGE_BYTES, PROT_READ | PROT_WRITE,
			 is_private(load->settings) ? MAP_PRIVATE | MAP_NORESERVE : MAP_SHARED,
			 mapping->file->fds[0], 0);

	*ret_why = "map the file";
	if (map == MAP_FAILED)
		return -errno;
	mapping->map = map;
	if (mapping->extent.follows)
		(void)madvise(map, mapping->n_pages * CONTENT_PAGE_BYTES, MADV_RANDOM);
	return extent_begin(&mapping->extent, load, ret_why);
}

/* Whether this touch writes. Pages that are never written are the same ones throughout. */
static bool draw_write(const struct load *load, struct filemap *mapping, uint64_t page)
{
	uint64_t lot = load->seed ^ page;

	return random_below(&mapping->random, 10000) < load->settings->write_permyriad &&
	       random_below(&lot, 10000) < load->settings->dirty_permyriad;
}

/* The numbers begin anew behind that of a page as it was made, which may be a hole. */
static uint8_t generation_after(uint8_t generation)
{
	return generation == UINT8_MAX ? 2 : (uint8_t)(generation + 1);
}

static void touch(struct load *load, struct filemap *mapping, uint64_t page)
{
	uint64_t *words = (uint64_t *)(void *)(mapping->map + page * CONTENT_PAGE_BYTES);
	struct histogram *histogram = mapping->touched[page] ? &load->block->reuse
							     : &load->block->first;
	bool write = draw_write(load, mapping, page);
	uint8_t generation = generation_after(mapping->generations[page]);
	uint64_t first = content_first_word(&load->content, page, generation);
	uint64_t then = clock_now_ns();

	if (write)
		*(volatile uint64_t *)words = first;
	else
		(void)*(volatile uint64_t *)words;
	histogram_record(histogram, clock_now_ns() - then);
	mapping->touched[page] = 1;
	if (!write)
		return;
	mapping->generations[page] = generation;
	content_fill(&load->content, page, generation, words);
}

/* Pages that are not in use any more. What was written privately is gone with them. */
static int give_back(struct load *load, struct filemap *mapping)
{
	uint64_t from = mapping->extent.wanted, n = mapping->extent.n - from;

	if (madvise(mapping->map + from * CONTENT_PAGE_BYTES, n * CONTENT_PAGE_BYTES,
		    MADV_DONTNEED) < 0)
		return -errno;
	memset(mapping->touched + from, 0, n);
	if (is_private(load->settings))
		memset(mapping->generations + from, 1, n);
	extent_shrink(&mapping->extent, load);
	return fileset_give_back(mapping->file, from, n);
}

static int filemap_step(struct load *load, uint64_t now_ns, uint64_t *ret_due_ns)
{
	struct filemap *mapping = load->state;
	uint64_t n;
	int r = extent_look(&mapping->extent, load, now_ns, LOAD_BATCH, &n, ret_due_ns);

	if (r == 0 && mapping->extent.n > mapping->extent.wanted)
		r = give_back(load, mapping);
	if (r < 0)
		return r;
	for (uint64_t i = 0; i < n; i++)
		touch(load, mapping, extent_next(&mapping->extent, load));
	load_took(load, &mapping->extent.pace, n, n * CONTENT_PAGE_BYTES);
	block_set(&load->block->passes, block_get(&load->block->operations) / mapping->n_pages);
	return fileset_sync_when_due(mapping->file, &mapping->syncing, now_ns, ret_due_ns);
}

static bool wants_page(void *context, uint64_t page)
{
	return load_verify_wants(context, page);
}

static void check_page(void *context, uint64_t page, const void *data)
{
	struct load *load = context;
	const struct filemap *mapping = load->state;
	uint8_t generation = is_private(load->settings) ? 1 : mapping->generations[page];

	load_verify_page(load, page, generation, data, load->settings->sparse && generation == 1);
}

/* What a private mapping wrote, in memory: the file knows nothing of it. */
static void verify_private(struct load *load, const struct filemap *mapping)
{
	for (uint64_t page = 0; page < mapping->n_pages; page++)
		if (mapping->generations[page] != 1 && load_verify_wants(load, page))
			load_verify_page(load, page, mapping->generations[page],
					 mapping->map + page * CONTENT_PAGE_BYTES, false);
}

static int verify_file(struct load *load, const struct filemap *mapping)
{
	const struct fileset_visitor visitor = {wants_page, check_page, load};
	uint64_t before = block_get(&load->block->verified_pages);
	int r = fileset_visit(mapping->file, &visitor);

	load->block->skipped_pages = mapping->n_pages -
				     (block_get(&load->block->verified_pages) - before);
	return r;
}

static int filemap_verify(struct load *load)
{
	const struct filemap *mapping = load->state;

	if (is_private(load->settings))
		verify_private(load, mapping);
	return verify_file(load, mapping);
}

static int filemap_verify_at_end(struct load *load)
{
	struct filemap *mapping = load->state;
	int r;

	if (is_private(load->settings))
		verify_private(load, mapping);
	/* What is mapped can't be dropped. */
	if (munmap(mapping->map, mapping->n_pages * CONTENT_PAGE_BYTES) < 0)
		return -errno;
	mapping->map = NULL;
	r = fileset_to_disk(mapping->file);
	return r < 0 ? r : verify_file(load, mapping);
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
	extent_finish(&mapping->extent);
	free(mapping);
	load->state = NULL;
}

const struct load_ops load_filemap = {
	.name = "filemap",
	.help = "a shared or private mapping of a file that is read and dirtied page by page",
	.settings = filemap_settings,
	.anonymous_bytes = filemap_anonymous_bytes,
	.check = filemap_check,
	.io_rate = true,
	.prepare = filemap_prepare,
	.begin = filemap_begin,
	.step = filemap_step,
	.verify = filemap_verify,
	.verify_at_end = filemap_verify_at_end,
	.finish = filemap_finish,
};
