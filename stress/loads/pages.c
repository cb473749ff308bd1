/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/loads/pages.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/random.h"

#include <errno.h>
#include <sys/mman.h>

const char *pages_check(const struct load_settings *settings)
{
	if (settings->contents == CONTENTS_WORD && settings->reuse_write_permyriad)
		return "contents: one word a page can't be combined with reuse-write";
	return NULL;
}

uint64_t pages_anonymous_bytes(const struct load_settings *settings, const struct load_plan *plan)
{
	return settings->schedule == SCHEDULE_BURST ? plan->burst_bytes : plan->size_bytes;
}

static size_t round_up(size_t bytes, size_t unit)
{
	return (bytes + unit - 1) / unit * unit;
}

static size_t mapped_bytes(const struct pages *pages)
{
	return pages->n_pages * CONTENT_PAGE_BYTES;
}

/* Address space beyond the last page, so that the last huge page is whole. */
static size_t reserved_bytes(const struct pages *pages)
{
	return mapped_bytes(pages) + PAGES_HUGE_BYTES;
}

/* Makes the memory where a huge page begins: before 6.7 mmap does not see to that. */
static int map_memory(struct load *load, struct pages *pages, const char **ret_why)
{
	size_t bytes = reserved_bytes(pages), head;
	char *map = mmap(NULL, bytes + PAGES_HUGE_BYTES, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	*ret_why = "no address space";
	if (map == MAP_FAILED)
		return -errno;
	head = (PAGES_HUGE_BYTES - (uintptr_t)map % PAGES_HUGE_BYTES) % PAGES_HUGE_BYTES;
	if (head)
		(void)munmap(map, head);
	(void)munmap(map + head + bytes, PAGES_HUGE_BYTES - head);
	pages->memory = map + head;
	return pages->kind->map(load, pages->memory, mapped_bytes(pages), ret_why);
}

static void unmap_memory(struct pages *pages)
{
	if (pages->memory)
		(void)munmap(pages->memory, reserved_bytes(pages));
	pages->memory = NULL;
}

int pages_prepare(struct load *load, const struct pages_kind *kind, const char **ret_why)
{
	const struct load_settings *settings = load->settings;
	struct pages *pages = calloc(1, sizeof(*pages));
	int r;

	*ret_why = "no memory for book-keeping";
	if (!pages)
		return -ENOMEM;
	load->state = pages;
	pages->kind = kind;
	r = level_prepare(&pages->level, load, CONTENT_PAGE_BYTES, ret_why);
	if (r < 0)
		return r;
	pages->reuse = (struct pace){
		.rate_bytes = settings->reuse_rate_bytes,
		.debt_limit_bytes = settings->reuse_debt_bytes,
		.think_ns = settings->think_ns,
		.think_after_bytes = settings->think_after_bytes,
	};
	pages->n_pages = level_peak_bytes(&pages->level) / CONTENT_PAGE_BYTES;
	/* A trial: what can't be had is refused before anything else is made. */
	r = map_memory(load, pages, ret_why);
	unmap_memory(pages);
	if (r < 0)
		return r;
	*ret_why = "no memory for book-keeping";
	pages->generations = load_shared_alloc(pages->n_pages);
	if (!pages->generations)
		return -ENOMEM;
	if (settings->reuse.kind != ACCESS_NONE)
		access_init(&pages->access, &settings->reuse, pages->n_pages, load->seed);
	pages->access.changes = settings->changes;
	return 0;
}

int pages_begin(struct load *load, const char **ret_why)
{
	struct pages *pages = load->state;
	int r = map_memory(load, pages, ret_why);

	return r < 0 ? r : level_begin(&pages->level, load, ret_why);
}

/* Touches n pages more for the first time. */
static int grow(struct load *load, struct pages *pages, uint64_t n)
{
	struct worker_block *block = load->block;
	bool full = load->settings->contents == CONTENTS_FULL;
	char *from = pages->memory + pages->touched * CONTENT_PAGE_BYTES;
	uint64_t then = clock_now_ns();

	for (uint64_t end = pages->touched + n; pages->touched < end; pages->touched++) {
		uint64_t page = pages->touched;
		uint64_t *words = (uint64_t *)(void *)(pages->memory + page * CONTENT_PAGE_BYTES);
		uint8_t generation = ++pages->generations[page];
		uint64_t first = content_first_word(&load->content, page, generation);
		uint64_t now;

		*(volatile uint64_t *)words = first;
		now = clock_now_ns();
		histogram_record(&block->first, now - then);
		then = now;
		if (full) {
			content_fill(&load->content, page, generation, words);
			then = clock_now_ns();
		}
	}
	block_add(&block->operations, n);
	block_add(&block->bytes, n * CONTENT_PAGE_BYTES);
	block_set(&block->resident_pages, pages->touched);
	return pages->kind->grown ? pages->kind->grown(load, from, n * CONTENT_PAGE_BYTES) : 0;
}

/* Reads one word, or writes the page anew; returns when the touch itself was over. */
static uint64_t touch_page(struct load *load, struct pages *pages, uint64_t page, bool write)
{
	uint64_t *words = (uint64_t *)(void *)(pages->memory + page * CONTENT_PAGE_BYTES);
	uint64_t first, now;

	if (!write) {
		(void)*(volatile uint64_t *)words;
		return clock_now_ns();
	}
	pages->generations[page]++;
	first = content_first_word(&load->content, page, pages->generations[page]);
	*(volatile uint64_t *)words = first;
	now = clock_now_ns();
	content_fill(&load->content, page, pages->generations[page], words);
	return now;
}

/* Touches a batch of what is there; which pages is drawn before the clock runs. */
static void touch_again(struct load *load, struct pages *pages, uint64_t n)
{
	struct worker_block *block = load->block;
	uint64_t drawn[LOAD_BATCH];
	bool writes[LOAD_BATCH];
	uint64_t then;

	for (uint64_t i = 0; i < n; i++) {
		drawn[i] = access_next(&pages->access, pages->touched);
		writes[i] = load->settings->reuse_write_permyriad &&
			    random_below(&pages->access.random, 10000) <
				    load->settings->reuse_write_permyriad;
	}
	then = clock_now_ns();
	for (uint64_t i = 0; i < n; i++) {
		uint64_t now = touch_page(load, pages, drawn[i], writes[i]);

		histogram_record(&block->reuse, now - then);
		then = writes[i] ? clock_now_ns() : now;
	}
	block_add(&block->operations, n);
	block_add(&block->bytes, n * CONTENT_PAGE_BYTES);
}

/* Gives back the pages from `from` on; of huge pages, those that are wholly beyond it. */
static int discard_from(struct load *load, struct pages *pages, uint64_t from)
{
	bool huge = pages->kind->is_huge && pages->kind->is_huge(load->settings);
	size_t unit = huge ? PAGES_HUGE_BYTES : CONTENT_PAGE_BYTES;
	size_t begin = round_up(from * CONTENT_PAGE_BYTES, unit);
	size_t end = round_up(mapped_bytes(pages), unit);

	from = MIN(begin / CONTENT_PAGE_BYTES, pages->touched);
	if (from == pages->touched)
		return 0;
	if (madvise(pages->memory + begin, end - begin, pages->kind->discard) < 0)
		return -errno;
	load->block->skipped_pages += pages->touched - from;
	pages->touched = from;
	block_set(&load->block->resident_pages, from);
	return 0;
}

/* Gives back all of it: by default as munmap would. */
static int release(struct load *load, struct pages *pages)
{
	const char *why;

	if (load->settings->release == RELEASE_DONTNEED)
		return discard_from(load, pages, 0);
	load->block->skipped_pages += pages->touched;
	pages->touched = 0;
	block_set(&load->block->resident_pages, 0);
	/* New memory in its place: munmap without the risk that somebody else takes it. */
	return pages->kind->map(load, pages->memory, mapped_bytes(pages), &why);
}

static int shrink(struct load *load, struct pages *pages, uint64_t to)
{
	bool burst = load->settings->schedule == SCHEDULE_BURST;

	return burst && to == 0 ? release(load, pages) : discard_from(load, pages, to);
}

/* How many pages there are to be now; what is more is given back first. */
static int look_allowed(struct load *load, struct pages *pages, uint64_t now_ns,
			uint64_t *ret_allowed, uint64_t *ret_due_ns)
{
	uint64_t bytes;
	int r;

	r = level_look(&pages->level, load, pages->touched * CONTENT_PAGE_BYTES, now_ns, &bytes,
		       ret_due_ns);
	if (r == 0 && pages->touched * CONTENT_PAGE_BYTES > bytes) {
		r = shrink(load, pages, bytes / CONTENT_PAGE_BYTES);
		if (r == 0)
			r = level_look(&pages->level, load, pages->touched * CONTENT_PAGE_BYTES,
				       now_ns, &bytes, ret_due_ns);
	}
	if (r == 0)
		*ret_allowed = MIN(bytes / CONTENT_PAGE_BYTES, pages->n_pages);
	return r;
}

/* Grows by what is due, at most a batch. *ret_due_ns: when the next page is. */
static int grow_by_level(struct load *load, struct pages *pages, uint64_t now_ns,
			 uint64_t *ret_due_ns)
{
	uint64_t allowed = 0, have, batch;
	int r = look_allowed(load, pages, now_ns, &allowed, ret_due_ns);

	if (r < 0)
		return r;
	have = pages->touched * CONTENT_PAGE_BYTES;
	pages->growth_debt_bytes =
		level_debt_bytes(&pages->level, have, allowed * CONTENT_PAGE_BYTES);
	load_note_debt(load, pages->growth_debt_bytes + pages->reuse.debt_bytes);
	if (pages->touched >= allowed)
		return 0;
	if (!level_may_grow(&pages->level, load, have)) {
		*ret_due_ns = now_ns + 10 * LOAD_SLEEP_NS;
		return 0;
	}
	batch = MIN(allowed - pages->touched, (uint64_t)LOAD_BATCH);
	*ret_due_ns = 0;
	pages->growth_debt_bytes -= MIN(batch * CONTENT_PAGE_BYTES, pages->growth_debt_bytes);
	return grow(load, pages, batch);
}

static uint64_t reuse_by_schedule(struct load *load, struct pages *pages, uint64_t now_ns)
{
	uint64_t bytes, elapsed_ns, due_ns, lost_bytes = pages->reuse.lost_bytes;

	if (load->settings->reuse.kind == ACCESS_NONE || pages->touched == 0 ||
	    (load->settings->reuse_when == REUSE_AFTER && pages->touched < pages->n_pages))
		return UINT64_MAX;
	if (pages->reuse_from_ns == 0)
		pages->reuse_from_ns = pages->stepped ? now_ns : load->started_ns;
	elapsed_ns = now_ns - pages->reuse_from_ns;
	bytes = pace_take(&pages->reuse, elapsed_ns, CONTENT_PAGE_BYTES, &due_ns);
	load->block->lost_bytes += pages->reuse.lost_bytes - lost_bytes;
	load_note_debt(load, pages->growth_debt_bytes + pages->reuse.debt_bytes);
	if (bytes == 0)
		return due_ns == UINT64_MAX ? due_ns : pages->reuse_from_ns + due_ns;
	bytes = MIN(bytes, (uint64_t)LOAD_BATCH * CONTENT_PAGE_BYTES);
	access_move(&pages->access, elapsed_ns);
	touch_again(load, pages, bytes / CONTENT_PAGE_BYTES);
	pace_note(&pages->reuse, bytes);
	block_set(&load->block->passes,
		  pages->reuse.done_bytes / CONTENT_PAGE_BYTES / pages->n_pages);
	return 0;
}

int pages_step(struct load *load, uint64_t now_ns, uint64_t *ret_due_ns)
{
	struct pages *pages = load->state;
	uint64_t grow_ns = 0, reuse_ns;
	int r = grow_by_level(load, pages, now_ns, &grow_ns);

	if (r < 0)
		return r;
	reuse_ns = reuse_by_schedule(load, pages, now_ns);
	pages->stepped = true;
	load_note_debt(load, pages->growth_debt_bytes + pages->reuse.debt_bytes);
	*ret_due_ns = MIN(grow_ns, reuse_ns);
	return 0;
}

int pages_verify(struct load *load)
{
	struct pages *pages = load->state;

	for (uint64_t page = 0; page < pages->touched; page++) {
		const char *data = pages->memory + page * CONTENT_PAGE_BYTES;
		uint8_t generation = pages->generations[page];

		if (!load_verify_wants(load, page)) {
			load->block->skipped_pages++;
			continue;
		}
		load_verify_memory(load, page, generation, data);
	}
	return 0;
}

void pages_finish(struct load *load)
{
	struct pages *pages = load->state;

	if (!pages)
		return;
	unmap_memory(pages);
	level_finish(&pages->level);
	load_shared_free(pages->generations, pages->n_pages);
	free(pages);
	load->state = NULL;
}
