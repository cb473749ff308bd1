/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Free memory in small pieces: memory is filled, then all of it is given back but one page in each
 * aligned block of 2^order. Where the kernel tells page frame numbers (CAP_SYS_ADMIN) the blocks
 * are those of the buddy allocator, and no free block of that order is left of this memory;
 * otherwise they are blocks of addresses, which comes near it. What is kept can be moved:
 * compaction undoes it. Memory given back before all of it is there would only be filled again: a
 * schedule says when there is all, and that of bursts when the pieces are whole again.
 */
#include "stress/loads/pages.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Bits 0 to 54 of an entry of pagemap: the frame number, 0 where it is not told. */
#define PAGEMAP_FRAME ((UINT64_C(1) << 55) - 1)

#define CHUNK_PAGES   512

/* The kind's own part of struct pages. */
struct fragment {
	bool *kept;	 /* of pages [0, next) */
	uint64_t next;	 /* to be given back or kept */
	uint64_t n_gone; /* of those before it */
	int pagemap_fd;
};

static const char *const fragment_settings[] = {
	"contents", "order", "schedule", "low", "steps", "period", "burst", "hold", "release", NULL,
};

static const char *fragment_check(const struct load_settings *settings)
{
	switch ((enum schedule_kind)settings->schedule) {
	case SCHEDULE_SINE:
	case SCHEDULE_SAWTOOTH:
	case SCHEDULE_REPLAY:
		return "schedule: memory is in pieces once all of it was there: it is steady, "
		       "burst, hold, leak, ramp or step";
	default:
		return pages_check(settings);
	}
}

static int fragment_prepare(struct load *load, const char **ret_why)
{
	struct fragment *fragment;
	struct pages *pages;
	int r = pages_prepare(load, &pages_anon, ret_why);

	if (r < 0)
		return r;
	pages = load->state;
	*ret_why = "no memory for book-keeping";
	fragment = pages->own = calloc(1, sizeof(*fragment));
	if (!fragment)
		return -ENOMEM;
	fragment->pagemap_fd = -1;
	fragment->kept = load_shared_alloc(pages->n_pages);
	return fragment->kept ? 0 : -ENOMEM;
}

static int fragment_begin(struct load *load, const char **ret_why)
{
	struct pages *pages = load->state;
	struct fragment *fragment = pages->own;

	/* Of the worker; without it addresses have to do. */
	fragment->pagemap_fd = openat(load->proc_fd, "self/pagemap", O_RDONLY | O_CLOEXEC);
	return pages_begin(load, ret_why);
}

static void choose(const struct load *load, const struct pages *pages, uint64_t from, uint64_t n)
{
	const struct fragment *fragment = pages->own;
	uint64_t mask = (UINT64_C(1) << load->settings->order) - 1;
	uint64_t first = (uint64_t)(uintptr_t)pages->memory / CONTENT_PAGE_BYTES + from;
	uint64_t entries[CHUNK_PAGES] = {0};

	if (fragment->pagemap_fd >= 0)
		(void)!pread(fragment->pagemap_fd, entries, n * sizeof(entries[0]),
			     (off_t)(first * sizeof(entries[0])));
	for (uint64_t i = 0; i < n; i++) {
		uint64_t frame = entries[i] & PAGEMAP_FRAME;

		fragment->kept[from + i] = ((frame ? frame : first + i) & mask) == 0;
	}
}

/* Gives back those of n pages that are not kept. */
static int thin(struct load *load, const struct pages *pages, uint64_t from, uint64_t n)
{
	struct fragment *fragment = pages->own;
	uint64_t end = from + n, n_gone = 0;

	for (uint64_t page = from, run; page < end; page += run + 1) {
		for (run = 0; page + run < end && !fragment->kept[page + run];)
			run++;
		n_gone += run;
		if (run && madvise(pages->memory + page * CONTENT_PAGE_BYTES,
				   run * CONTENT_PAGE_BYTES, MADV_DONTNEED) < 0)
			return -errno;
	}
	load->block->skipped_pages += n_gone;
	fragment->n_gone += n_gone;
	block_set(&load->block->resident_pages, block_get(&load->block->resident_pages) - n_gone);
	return 0;
}

/* There is not all of it, or no more: what had been given back of a burst was skipped twice. */
static void begin_anew(struct load *load, struct fragment *fragment)
{
	load->block->skipped_pages -= fragment->n_gone;
	fragment->next = fragment->n_gone = 0;
}

static int fragment_step(struct load *load, uint64_t now_ns, uint64_t *ret_due_ns)
{
	struct pages *pages = load->state;
	struct fragment *fragment = pages->own;
	uint64_t n;
	int r = pages_step(load, now_ns, ret_due_ns);

	if (r < 0)
		return r;
	if (pages->touched < pages->n_pages) {
		begin_anew(load, fragment);
		return 0;
	}
	n = MIN(pages->n_pages - fragment->next, (uint64_t)CHUNK_PAGES);
	if (n == 0)
		return 0;
	choose(load, pages, fragment->next, n);
	r = thin(load, pages, fragment->next, n);
	fragment->next += n;
	*ret_due_ns = 0;
	return r;
}

static int fragment_verify(struct load *load)
{
	const struct pages *pages = load->state;
	const struct fragment *fragment = pages->own;

	for (uint64_t page = 0; page < pages->touched; page++) {
		if (page < fragment->next && !fragment->kept[page])
			continue;
		if (load_verify_wants(load, page))
			load_verify_memory(load, page, pages->generations[page],
					   pages->memory + page * CONTENT_PAGE_BYTES);
		else
			load->block->skipped_pages++;
	}
	return 0;
}

static void fragment_finish(struct load *load)
{
	struct pages *pages = load->state;
	struct fragment *fragment = pages ? pages->own : NULL;

	if (fragment) {
		load_shared_free(fragment->kept, pages->n_pages);
		fd_close(fragment->pagemap_fd);
		free(fragment);
	}
	pages_finish(load);
}

const struct load_ops load_fragment = {
	.name = "fragment",
	.help = "memory that is filled and, once all is there, given back but for single pages, so "
		"that what is free is in pieces",
	.anonymous = true,
	.settings = fragment_settings,
	.anonymous_bytes = pages_anonymous_bytes,
	.check = fragment_check,
	.prepare = fragment_prepare,
	.begin = fragment_begin,
	.step = fragment_step,
	.verify = fragment_verify,
	.finish = fragment_finish,
};
