/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anonymous memory that grows by a schedule, page by page; what is there is left to grow cold or
 * touched again by a pattern; bursts give it back.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "stress/loads/load.h"
#include "stress/pattern/random.h"

#include <errno.h>
#include <sys/mman.h>

struct anon {
	char *memory;
	uint64_t n_pages; /* of the mapping */
	size_t mapped_bytes;
	/*
	 * How often each page was written. Shared memory, so that it is neither charged to the
	 * group nor swapped with it.
	 */
	uint8_t *generations;
	struct schedule growth, reuse;
	struct access access;
	uint64_t round;	       /* burst */
	uint64_t touched;      /* pages of this round that exist: [0, touched) */
	uint64_t goal;	       /* pages of a round */
	bool released;	       /* this round's memory was given back */
	uint64_t complete_ns;  /* when the round had all its pages; 0: not yet */
	uint64_t reused_bytes; /* by the reuse rate */
	uint64_t reuse_from_ns;
	uint64_t floor_checked; /* pages touched when the floor was last looked at */
};

#define HUGE_BYTES (UINT64_C(2) << 20)

static const char *const anon_settings[] = {
	"thp",	   "contents", "schedule",   "burst",	   "period",	  "hold",
	"release", "reuse",    "reuse-when", "reuse-rate", "reuse-write", NULL,
};

static int set_advice(struct load *load, const struct anon *anon)
{
	int advice = load->settings->thp ? MADV_HUGEPAGE : MADV_NOHUGEPAGE;

	/* EINVAL: a kernel without THP, where there are only small pages anyway. */
	if (madvise(anon->memory, anon->n_pages * CONTENT_PAGE_BYTES, advice) < 0 &&
	    (errno != EINVAL || load->settings->thp))
		return -errno;
	return 0;
}

/* Address space that begins at a huge page: before 6.7 mmap does not see to that. */
static int reserve(struct anon *anon, uint64_t bytes)
{
	char *map = mmap(NULL, bytes + HUGE_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t head;

	if (map == MAP_FAILED)
		return -errno;
	head = (HUGE_BYTES - (uintptr_t)map % HUGE_BYTES) % HUGE_BYTES;
	if (head)
		(void)munmap(map, head);
	(void)munmap(map + head + bytes, HUGE_BYTES - head);
	anon->memory = map + head;
	anon->mapped_bytes = bytes;
	return 0;
}

static const char *anon_check(const struct load_settings *settings)
{
	if (settings->contents == CONTENTS_WORD && settings->reuse_write_permyriad)
		return "contents: one word a page can't be combined with reuse-write";
	return NULL;
}

static int anon_prepare(struct load *load, const char **ret_why)
{
	const struct load_settings *settings = load->settings;
	struct anon *anon = calloc(1, sizeof(*anon));
	uint64_t bytes = load->plan->size_bytes;
	int r;

	*ret_why = "no memory for book-keeping";
	if (!anon)
		return -ENOMEM;
	load->state = anon;
	anon->growth = (struct schedule){
		.kind = (enum schedule_kind)settings->schedule,
		.rate_bytes = settings->rate_bytes,
		.size_bytes = bytes,
		.burst_bytes = load->plan->burst_bytes,
		.period_ns = settings->period_ns,
	};
	anon->reuse = (struct schedule){
		.rate_bytes = settings->reuse_rate_bytes,
		.size_bytes = SCHEDULE_UNLIMITED,
	};
	bytes = schedule_peak_bytes(&anon->growth);
	anon->goal = anon->n_pages = bytes / CONTENT_PAGE_BYTES;
	anon->generations = load_shared_alloc(anon->n_pages);
	if (!anon->generations)
		return -ENOMEM;
	if (settings->reuse.kind != ACCESS_NONE)
		access_init(&anon->access, &settings->reuse, anon->n_pages, load->seed);
	*ret_why = "no address space";
	r = reserve(anon, bytes);
	if (r < 0)
		return r;
	*ret_why = "madvise of huge pages";
	return set_advice(load, anon);
}

/* Touches n pages more for the first time. */
static void grow(struct load *load, struct anon *anon, uint64_t n)
{
	struct worker_block *block = load->block;
	bool full = load->settings->contents == CONTENTS_FULL;
	uint64_t then = clock_now_ns();

	for (uint64_t end = anon->touched + n; anon->touched < end; anon->touched++) {
		uint64_t page = anon->touched;
		uint64_t *words = (uint64_t *)(void *)(anon->memory + page * CONTENT_PAGE_BYTES);
		uint8_t generation = ++anon->generations[page];
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
	block_set(&block->resident_pages, anon->touched);
}

/* Reads one word, or writes the page anew; returns when the touch itself was over. */
static uint64_t touch_page(struct load *load, struct anon *anon, uint64_t page, bool write)
{
	uint64_t *words = (uint64_t *)(void *)(anon->memory + page * CONTENT_PAGE_BYTES);
	uint64_t first, now;

	if (!write) {
		(void)*(volatile uint64_t *)words;
		return clock_now_ns();
	}
	anon->generations[page]++;
	first = content_first_word(&load->content, page, anon->generations[page]);
	*(volatile uint64_t *)words = first;
	now = clock_now_ns();
	content_fill(&load->content, page, anon->generations[page], words);
	return now;
}

/* Touches a batch of what is there; which pages is drawn before the clock runs. */
static void touch_again(struct load *load, struct anon *anon, uint64_t n)
{
	struct worker_block *block = load->block;
	uint64_t pages[LOAD_BATCH];
	bool writes[LOAD_BATCH];
	uint64_t then;

	for (uint64_t i = 0; i < n; i++) {
		pages[i] = access_next(&anon->access, anon->touched);
		writes[i] = load->settings->reuse_write_permyriad &&
			    random_below(&anon->access.random, 10000) <
				    load->settings->reuse_write_permyriad;
	}
	then = clock_now_ns();
	for (uint64_t i = 0; i < n; i++) {
		uint64_t now = touch_page(load, anon, pages[i], writes[i]);

		histogram_record(&block->reuse, now - then);
		then = writes[i] ? clock_now_ns() : now;
	}
	anon->reused_bytes += n * CONTENT_PAGE_BYTES;
	block_add(&block->operations, n);
	block_add(&block->bytes, n * CONTENT_PAGE_BYTES);
	block_set(&block->passes, anon->reused_bytes / CONTENT_PAGE_BYTES / anon->goal);
}

static int release(struct load *load, struct anon *anon)
{
	size_t bytes = anon->touched * CONTENT_PAGE_BYTES;

	if (bytes == 0 || anon->released)
		return 0;
	anon->released = true;
	load->block->skipped_pages += anon->touched;
	block_set(&load->block->resident_pages, 0);
	if (load->settings->release == RELEASE_DONTNEED)
		return madvise(anon->memory, bytes, MADV_DONTNEED) < 0 ? -errno : 0;
	/* A new mapping in its place: munmap without the risk that somebody else takes it. */
	if (mmap(anon->memory, anon->mapped_bytes, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) == MAP_FAILED)
		return -errno;
	return set_advice(load, anon);
}

static int begin_round(struct load *load, struct anon *anon, uint64_t round)
{
	uint64_t missed = anon->goal - anon->touched;
	int r = release(load, anon);

	/* Whole bursts can have been missed too. */
	load->block->lost_bytes += (missed + (round - anon->round - 1) * anon->goal) *
				   CONTENT_PAGE_BYTES;
	anon->round = round;
	anon->touched = 0;
	anon->complete_ns = 0;
	anon->released = false;
	anon->floor_checked = 0;
	return r;
}

/* Grows by what is due, at most a batch. *ret_due_ns: when the next page is. */
static int grow_by_schedule(struct load *load, struct anon *anon, uint64_t now_ns,
			    uint64_t *ret_due_ns)
{
	struct schedule_level level = schedule_at(&anon->growth, now_ns - load->started_ns);
	uint64_t allowed, due, batch;
	int r;

	if (level.round != anon->round) {
		r = begin_round(load, anon, level.round);
		if (r < 0)
			return r;
	}
	allowed = MIN(level.bytes / CONTENT_PAGE_BYTES, anon->goal);
	if (anon->growth.rate_bytes != SCHEDULE_UNLIMITED)
		load_note_debt(load, (allowed - MIN(allowed, anon->touched)) * CONTENT_PAGE_BYTES);
	if (anon->growth.kind == SCHEDULE_BURST)
		block_set(&load->block->rounds, anon->round + 1);
	if (anon->touched >= allowed) {
		due = schedule_due_ns(&anon->growth, anon->round,
				      (anon->touched + 1) * CONTENT_PAGE_BYTES);
		*ret_due_ns = due == UINT64_MAX ? due : load->started_ns + due;
		return 0;
	}
	batch = MIN(allowed - anon->touched, (uint64_t)LOAD_BATCH);
	if ((anon->touched - anon->floor_checked) * CONTENT_PAGE_BYTES >= LOAD_FLOOR_STEP_BYTES ||
	    anon->touched == 0) {
		if (!load_may_grow(load)) {
			*ret_due_ns = now_ns + 10 * LOAD_SLEEP_NS;
			return 0;
		}
		anon->floor_checked = anon->touched;
	}
	grow(load, anon, batch);
	*ret_due_ns = 0;
	return 0;
}

/* Gives a complete burst back once it was held. */
static int release_when_due(struct load *load, struct anon *anon, uint64_t now_ns,
			    uint64_t *ret_due_ns)
{
	uint64_t due_ns;

	*ret_due_ns = UINT64_MAX;
	if (anon->growth.kind != SCHEDULE_BURST || anon->touched < anon->goal || anon->released)
		return 0;
	if (anon->complete_ns == 0)
		anon->complete_ns = now_ns;
	due_ns = anon->complete_ns + load->settings->hold_ns;
	if (now_ns >= due_ns)
		return release(load, anon);
	*ret_due_ns = due_ns;
	return 0;
}

static uint64_t reuse_by_schedule(struct load *load, struct anon *anon, uint64_t now_ns)
{
	uint64_t allowed, due;

	if (load->settings->reuse.kind == ACCESS_NONE || anon->touched == 0 || anon->released ||
	    (load->settings->reuse_when == REUSE_AFTER && anon->touched < anon->goal))
		return UINT64_MAX;
	if (anon->reuse_from_ns == 0)
		anon->reuse_from_ns = now_ns;
	allowed = schedule_at(&anon->reuse, now_ns - anon->reuse_from_ns).bytes;
	if (allowed < anon->reused_bytes + CONTENT_PAGE_BYTES) {
		due = schedule_due_ns(&anon->reuse, 0, anon->reused_bytes + CONTENT_PAGE_BYTES);
		return due == UINT64_MAX ? due : anon->reuse_from_ns + due;
	}
	touch_again(load, anon,
		    MIN((allowed - anon->reused_bytes) / CONTENT_PAGE_BYTES, (uint64_t)LOAD_BATCH));
	return 0;
}

static int anon_step(struct load *load, uint64_t now_ns, uint64_t *ret_due_ns)
{
	struct anon *anon = load->state;
	uint64_t grow_ns, release_ns, reuse_ns;
	int r = grow_by_schedule(load, anon, now_ns, &grow_ns);

	if (r == 0)
		r = release_when_due(load, anon, now_ns, &release_ns);
	if (r < 0)
		return r;
	reuse_ns = reuse_by_schedule(load, anon, now_ns);
	grow_ns = MIN(grow_ns, release_ns);
	*ret_due_ns = MIN(grow_ns, reuse_ns);
	return 0;
}

static int anon_verify(struct load *load)
{
	struct anon *anon = load->state;

	if (anon->released)
		return 0;
	for (uint64_t page = 0; page < anon->touched; page++) {
		const char *data = anon->memory + page * CONTENT_PAGE_BYTES;
		uint8_t generation = anon->generations[page];

		if (!load_verify_wants(load, page)) {
			load->block->skipped_pages++;
			continue;
		}
		if (load->settings->contents == CONTENTS_FULL)
			load_verify_page(load, page, generation, data, false);
		else
			load_verify_word(load, page, generation, data);
	}
	return 0;
}

static void anon_finish(struct load *load)
{
	struct anon *anon = load->state;

	if (!anon)
		return;
	load_shared_free(anon->generations, anon->n_pages);
	if (anon->memory)
		(void)munmap(anon->memory, anon->mapped_bytes);
	free(anon);
	load->state = NULL;
}

const struct load_ops load_anon = {
	.name = "anon",
	.help = "anonymous memory that grows at a rate or in bursts, then cold or touched again",
	.anonymous = true,
	.settings = anon_settings,
	.check = anon_check,
	.prepare = anon_prepare,
	.step = anon_step,
	.verify = anon_verify,
	.finish = anon_finish,
};
