/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/clean.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/saturate.h"

#include <stdlib.h>

static const struct {
	const char *name, *words;
} reasons[CLEAN_REASONS] = {
	[CLEAN_NOT_WANTED] = {"not-wanted", "not in the way of anything"},
	[CLEAN_LITTLE] = {"little-dirty", "too little to be in the way"},
	[CLEAN_UNDER_WAY] = {"under-way", "what is being written already is enough"},
	[CLEAN_HELD_OUT] = {"held-out", "left alone by lot, to see what looking after it does"},
	[CLEAN_HARMFUL] = {"harmful", "groups that were looked after did worse: stopped"},
	[CLEAN_SHORT] = {"came-short", "in the way of what is wanted: written back"},
	[CLEAN_AHEAD] = {"ahead", "in the way soon, as fast as it fills: written back"},
	[CLEAN_OFF] = {"off", "write-back is switched off (clean.enabled)"},
};

const char *clean_reason_name(enum clean_reason reason)
{
	return (unsigned int)reason < CLEAN_REASONS ? reasons[reason].name : "unknown";
}

const char *clean_reason_words(enum clean_reason reason)
{
	return (unsigned int)reason < CLEAN_REASONS ? reasons[reason].words : "unknown";
}

/* Whether room and clean memory will be used up before what is dirty can have been written. */
static bool will_be_short(const struct clean_sample *s)
{
	uint64_t write_rate = s->write_bytes_per_s ?: CLEAN_UNKNOWN_WRITE, left_ns, needed_ns;

	if (s->rate_bytes_per_s == 0)
		return false;
	left_ns = scale(plus(s->room_bytes, s->clean_bytes), NSEC_PER_SEC, s->rate_bytes_per_s);
	needed_ns = plus(scale(s->dirty_bytes, 2 * NSEC_PER_SEC, write_rate), CLEAN_REACTION_NS);
	return left_ns < needed_ns;
}

struct clean_need clean_decide(bool enabled, const struct clean_sample *s)
{
	struct clean_need need = {.reason = CLEAN_NOT_WANTED};
	uint64_t soon = scale(s->rate_bytes_per_s, CLEAN_HORIZON_NS, NSEC_PER_SEC), short_of;
	bool came_short = s->came_short && s->wanted_bytes > 0;

	if (!enabled) {
		need.reason = CLEAN_OFF;
		return need;
	}
	if (!came_short && !will_be_short(s))
		return need;
	if (s->dirty_bytes < CLEAN_MIN_BYTES) {
		need.reason = CLEAN_LITTLE;
		return need;
	}
	/* What a request takes without write-back needs none. After a short one that is nothing. */
	short_of = plus(s->wanted_bytes, soon);
	if (!came_short)
		short_of -= MIN(short_of, s->clean_bytes);
	short_of = MAX(short_of, CLEAN_MIN_BYTES);
	if (s->writeback_bytes >= short_of) {
		need.reason = CLEAN_UNDER_WAY;
		return need;
	}
	need.reason = came_short ? CLEAN_SHORT : CLEAN_AHEAD;
	need.bytes = MIN(short_of - s->writeback_bytes, s->dirty_bytes);
	return need;
}

static struct clean_file_history *find(struct clean_history *h, uint64_t device, uint64_t inode)
{
	for (size_t i = 0; i < CLEAN_HISTORY_FILES; i++)
		if (h->files[i].inode == inode && h->files[i].device == device && inode != 0)
			return &h->files[i];
	return NULL;
}

static struct clean_file_history *oldest(struct clean_history *h)
{
	struct clean_file_history *best = &h->files[0];

	for (size_t i = 1; i < CLEAN_HISTORY_FILES; i++)
		if (h->files[i].used_ns < best->used_ns)
			best = &h->files[i];
	return best;
}

void clean_history_cleaned(struct clean_history *h, uint64_t device, uint64_t inode,
			   uint64_t offset, uint64_t length, uint64_t bytes, uint64_t now_ns)
{
	struct clean_file_history *f = find(h, device, inode);
	uint64_t end = plus(offset, length);

	if (!f) {
		f = oldest(h);
		*f = (struct clean_file_history){.device = device, .inode = inode};
	}
	/* The pieces of one pass are one cleaning. */
	if (f->cleaned_bytes != 0 && now_ns - f->cleaned_ns < CLEAN_AGAIN_NS) {
		f->begin = MIN(f->begin, offset);
		f->end = MAX(f->end, end);
		/* The same bytes again are no more. */
		f->cleaned_bytes = MIN(plus(f->cleaned_bytes, bytes), f->end - f->begin);
		f->again_bytes = minus(f->again_bytes, bytes);
	} else {
		f->cleaned_bytes = bytes;
		f->again_bytes = 0;
		f->begin = offset;
		f->end = end;
	}
	f->cleaned_ns = f->used_ns = now_ns;
}

/* How much of what was cleaned is dirty; a range that only touches it counts by its share. */
static uint64_t dirty_again(const struct clean_file_history *f,
			    const struct clean_candidate *ranges, size_t n)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t begin = MAX(ranges[i].offset, f->begin);
		uint64_t end = plus(ranges[i].offset, ranges[i].length);

		end = MIN(end, f->end);
		if (begin < end)
			bytes = plus(bytes,
				     scale(ranges[i].dirty_bytes, end - begin, ranges[i].length));
	}
	return bytes;
}

bool clean_history_rests(struct clean_history *h, uint64_t device, uint64_t inode,
			 const struct clean_candidate *ranges, size_t n, uint64_t now_ns,
			 uint64_t *again_bytes)
{
	struct clean_file_history *f = find(h, device, inode);
	uint64_t again;

	if (!f)
		return false;
	f->used_ns = now_ns;
	if (now_ns < f->rest_until_ns)
		return true;
	if (f->cleaned_bytes == 0)
		return false;
	if (now_ns - f->cleaned_ns >= CLEAN_AGAIN_NS) {
		/* Not dirtied at once: the next rest is a short one again. */
		f->rest_ns = 0;
		return false;
	}
	again = dirty_again(f, ranges, n);
	*again_bytes += minus(again, f->again_bytes);
	f->again_bytes = MAX(f->again_bytes, again);
	if (again < f->cleaned_bytes / 2 || again < CLEAN_MIN_BYTES / 4)
		return false;
	f->rest_ns = f->rest_ns ? MIN(2 * f->rest_ns, CLEAN_REST_MAX_NS) : CLEAN_REST_NS;
	f->rest_until_ns = now_ns + f->rest_ns;
	f->cleaned_bytes = 0;
	return true;
}

uint64_t clean_age(uint64_t age_s)
{
	uint64_t age = 0;

	for (; age_s > 0; age_s /= 2)
		age++;
	return age;
}

/* qsort(3) order; those that rest come last. */
static int before(const void *a, const void *b)
{
	const struct clean_candidate *x = a, *y = b;

	if (x->rests != y->rests)
		return x->rests ? 1 : -1;
	if (x->age != y->age)
		return x->age > y->age ? -1 : 1;
	if (x->dirty_bytes != y->dirty_bytes)
		return x->dirty_bytes > y->dirty_bytes ? -1 : 1;
	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int by_offset(const void *a, const void *b)
{
	const struct clean_candidate *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Moves what else of the first one's file is to be written behind it. Returns how many there are.
 */
static size_t gather(struct clean_candidate *c, size_t n)
{
	size_t end = 1;

	for (size_t i = 1; i < n && !c[i].rests; i++) {
		struct clean_candidate found = c[i];

		if (found.file != c[0].file)
			continue;
		c[i] = c[end];
		c[end++] = found;
	}
	qsort(c, end, sizeof(*c), by_offset);
	return end;
}

size_t clean_choose(struct clean_candidate *candidates, size_t n, uint64_t wanted_bytes)
{
	uint64_t bytes = 0;
	size_t chosen = 0;

	qsort(candidates, n, sizeof(*candidates), before);
	while (chosen < n && !candidates[chosen].rests && bytes < wanted_bytes) {
		size_t of_file = gather(candidates + chosen, n - chosen);

		for (size_t i = 0; i < of_file && bytes < wanted_bytes; i++)
			bytes = plus(bytes, candidates[chosen++].dirty_bytes);
	}
	return chosen;
}

static uint64_t burst_bytes(uint64_t bytes_per_s)
{
	return scale(bytes_per_s, CLEAN_BURST_NS, NSEC_PER_SEC);
}

uint64_t clean_budget_take(struct clean_budget *b, uint64_t bytes_per_s, uint64_t wanted_bytes,
			   uint64_t now_ns)
{
	uint64_t elapsed_ns = CLEAN_BURST_NS, taken;

	if (bytes_per_s == 0)
		return wanted_bytes;
	if (b->filled_ns != 0)
		elapsed_ns = now_ns > b->filled_ns ? now_ns - b->filled_ns : 0;
	b->filled_ns = now_ns;
	b->left_bytes = plus(b->left_bytes, scale(bytes_per_s, elapsed_ns, NSEC_PER_SEC));
	b->left_bytes = MIN(b->left_bytes, burst_bytes(bytes_per_s));
	taken = MIN(wanted_bytes, b->left_bytes);
	b->left_bytes -= taken;
	return taken;
}

uint64_t clean_depth_bytes(const struct clean_depth *depth)
{
	return depth->bytes ?: 2 * CLEAN_DEPTH_MIN_BYTES;
}

uint64_t clean_piece_bytes(const struct clean_depth *depth, uint64_t bytes_per_s)
{
	uint64_t piece = clean_depth_bytes(depth) / 2;

	if (bytes_per_s > 0)
		piece = MIN(piece, burst_bytes(bytes_per_s));
	piece = CLAMP(piece, CLEAN_PIECE_MIN_BYTES, CLEAN_PIECE_MAX_BYTES);
	return piece - piece % CLEAN_PIECE_MIN_BYTES;
}

void clean_depth_learn(struct clean_depth *depth, uint64_t target_ns, uint64_t begun_ns,
		       uint64_t now_ns)
{
	uint64_t bytes = clean_depth_bytes(depth), fit;
	uint64_t step = clean_piece_bytes(depth, 0) / 4;
	uint64_t took_ns = now_ns > begun_ns ? now_ns - begun_ns : 0;

	if (took_ns <= target_ns) {
		bytes += MAX(step, CLEAN_PIECE_MIN_BYTES / 2);
		depth->bytes = MIN(bytes, CLEAN_DEPTH_MAX_BYTES);
		return;
	}
	/* Pieces begun before the depth was made less tell of the old one. */
	if (begun_ns < depth->shrunk_ns)
		return;
	fit = scale(bytes, target_ns, took_ns);
	fit = MAX(fit, bytes / 2);
	depth->bytes = MAX(fit, CLEAN_DEPTH_MIN_BYTES);
	depth->shrunk_ns = now_ns;
}
