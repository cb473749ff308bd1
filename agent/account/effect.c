/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/account/effect.h"

#include "base/cleanup.h"
#include "base/random.h"

#include <string.h>

static const struct {
	const char *name, *words;
} signals[EFFECT_SIGNALS] = {
	[EFFECT_STALL] = {"stall", "stalled on memory, us"},
	[EFFECT_REFAULTS] = {"refaults", "read back, bytes"},
	[EFFECT_EVENTS] = {"events", "limit hit, times"},
	[EFFECT_CPU] = {"cpu", "CPU time, us"},
	[EFFECT_MEMORY] = {"memory", "memory, bytes"},
};

const char *effect_signal_name(enum effect_signal signal)
{
	return signals[signal].name;
}

const char *effect_signal_words(enum effect_signal signal)
{
	return signals[signal].words;
}

void effect_add(struct effect_log *log, const struct effect_window *window)
{
	log->windows[log->next] = *window;
	log->next = (log->next + 1) % EFFECT_WINDOWS;
	log->n = MIN(log->n + 1, (size_t)EFFECT_WINDOWS);
	log->seen++;
}

static int by_group(const void *a, const void *b)
{
	const struct effect_item *left = a, *right = b;

	return (left->group > right->group) - (left->group < right->group);
}

static size_t end_of_group(const struct effect_item *items, size_t n, size_t begin)
{
	size_t end = begin;

	while (end < n && items[end].group == items[begin].group)
		end++;
	return end;
}

/* Sorted by group; what was 0 all the time tells nothing and is left out. */
static size_t make_items(const struct effect_log *log, enum effect_signal signal,
			 struct effect_item items[EFFECT_WINDOWS])
{
	size_t n = log->n, kept = 0;

	for (size_t i = 0; i < n; i++)
		items[i] = (struct effect_item){
			.group = log->windows[i].group,
			.share = (double)log->windows[i].values[signal],
			.held = log->windows[i].held,
		};
	qsort(items, n, sizeof(*items), by_group);
	for (size_t begin = 0, end; begin < n; begin = end) {
		double sum = 0;

		end = end_of_group(items, n, begin);
		for (size_t i = begin; i < end; i++)
			sum += items[i].share;
		for (size_t i = begin; i < end && sum > 0; i++) {
			items[kept] = items[i];
			items[kept++].share *= (double)(end - begin) / sum;
		}
	}
	return kept;
}

struct means {
	size_t acted, held; /* items */
	double acted_mean, held_mean;
};

static struct means means_of(const struct effect_item *items, size_t n)
{
	double sums[2] = {0};
	size_t counts[2] = {0};

	for (size_t i = 0; i < n; i++) {
		sums[items[i].held] += items[i].share;
		counts[items[i].held]++;
	}
	return (struct means){
		.acted = counts[0],
		.held = counts[1],
		.acted_mean = sums[0] / (double)MAX(counts[0], (size_t)1),
		.held_mean = sums[1] / (double)MAX(counts[1], (size_t)1),
	};
}

static double difference(const struct means *m)
{
	return m->acted_mean - m->held_mean;
}

/* Draws the lots anew within each group (Fisher and Yates). */
static void draw(struct effect_item *items, size_t n, uint64_t *random)
{
	for (size_t begin = 0, end; begin < n; begin = end) {
		end = end_of_group(items, n, begin);
		for (size_t i = end - begin; i > 1; i--) {
			size_t other = begin + random_below(random, i);
			bool held = items[begin + i - 1].held;

			items[begin + i - 1].held = items[other].held;
			items[other].held = held;
		}
	}
}

static int by_size(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static int64_t permyriad(double share)
{
	/* Far beyond what is worth a number, and within what one holds. */
	return (int64_t)(CLAMP(share, -1e6, 1e6) * 10000);
}

static void count(const struct effect_log *log, enum effect_signal signal, struct effect *ret)
{
	double sums[2] = {0};

	for (size_t i = 0; i < log->n; i++) {
		const struct effect_window *w = &log->windows[i];

		sums[w->held] += (double)w->values[signal];
		*(w->held ? &ret->held : &ret->acted) += 1;
	}
	/* Sums of doubles may come out a little above the largest of what was added. */
	ret->acted_mean = (uint64_t)MIN(sums[0] / (double)MAX(ret->acted, (size_t)1), 0x1p63);
	ret->held_mean = (uint64_t)MIN(sums[1] / (double)MAX(ret->held, (size_t)1), 0x1p63);
}

void effect_search_begin(struct effect_search *s, const struct effect_log *log,
			 enum effect_signal signal, uint64_t seed)
{
	struct means means;

	s->effect = (struct effect){0};
	s->drawn = 0;
	s->seed = seed;
	count(log, signal, &s->effect);
	s->n = make_items(log, signal, s->items);
	means = means_of(s->items, s->n);
	if (means.acted < EFFECT_MIN_WINDOWS || means.held < EFFECT_MIN_WINDOWS)
		s->n = 0;
	s->effect.without_base = means.held_mean <= 0;
	s->base = s->effect.without_base ? 1 : means.held_mean;
	s->found = difference(&means);
}

static struct effect conclude(struct effect_search *s)
{
	struct effect effect = s->effect;
	/* The same items summed in another order may come out a little less. */
	double size = (s->found < 0 ? -s->found : s->found) * (1 - 1e-9);
	size_t extreme = 0;

	for (size_t i = 0; i < EFFECT_DRAWS; i++)
		extreme += (s->draws[i] < 0 ? -s->draws[i] : s->draws[i]) >= size;
	qsort(s->draws, EFFECT_DRAWS, sizeof(*s->draws), by_size);
	effect.difference = permyriad(s->found / s->base);
	effect.low =
		permyriad((s->found - s->draws[EFFECT_DRAWS - 1 - EFFECT_DRAWS / 40]) / s->base);
	effect.high = permyriad((s->found - s->draws[EFFECT_DRAWS / 40]) / s->base);
	/* The lots as they were are one of the draws. */
	effect.chance = 10000 * (extreme + 1) / (EFFECT_DRAWS + 1);
	return effect;
}

bool effect_search_go_on(struct effect_search *s, size_t items, struct effect *ret)
{
	struct means means;

	if (s->n == 0) {
		*ret = (struct effect){0};
		return true;
	}
	for (size_t used = 0; used < items && s->drawn < EFFECT_DRAWS; used += s->n) {
		draw(s->items, s->n, &s->seed);
		means = means_of(s->items, s->n);
		s->draws[s->drawn++] = difference(&means);
	}
	if (s->drawn < EFFECT_DRAWS)
		return false;
	*ret = conclude(s);
	return true;
}

struct effect effect_of(const struct effect_log *log, enum effect_signal signal, uint64_t seed)
{
	struct effect_search search;
	struct effect effect;

	effect_search_begin(&search, log, signal, seed);
	(void)effect_search_go_on(&search, SIZE_MAX, &effect);
	return effect;
}

bool effect_is_harm(enum effect_signal signal, const struct effect *effect, uint64_t harm_permyriad)
{
	if (signal == EFFECT_REFAULTS || signal == EFFECT_MEMORY)
		return false;
	if (signal == EFFECT_STALL &&
	    effect->acted_mean < effect->held_mean + EFFECT_LEAST_STALL_US)
		return false;
	return effect->difference > 0 && (uint64_t)effect->difference >= harm_permyriad &&
	       effect->chance <= 100;
}

bool effect_harm_is_due(struct effect_log *log)
{
	if (log->seen < 2 * MAX(log->looked_at, (uint64_t)EFFECT_HARM_WINDOWS))
		return false;
	log->looked_at = log->seen;
	return true;
}
