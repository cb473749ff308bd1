/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/account/growth.h"

#include "base/cleanup.h"
#include "base/saturate.h"

static uint64_t anon_of(const struct growth_sample *s)
{
	return plus(s->anon_bytes, s->swapped_bytes);
}

static void begin_period(struct growth *g, const struct growth_sample *s)
{
	const struct growth_mark mark = {.now_ns = s->now_ns, .bytes = anon_of(s)};

	g->looks = 1;
	g->begun_ns = s->now_ns;
	g->first_bytes = g->most_bytes = anon_of(s);
	g->earlier = g->later = mark;
	g->fallen_bytes = g->fallen_before_bytes = 0;
	g->last = *s;
}

static bool is_begun_anew(const struct growth *g, const struct growth_sample *s)
{
	uint64_t mark_bytes = MAX(g->earlier.bytes, g->later.bytes);
	uint64_t most_bytes = MAX(g->most_bytes, mark_bytes);
	uint64_t small_bytes = MAX(g->first_bytes / 20, GROWTH_MIN_BYTES);

	return minus(most_bytes, anon_of(s)) >
	       MAX(minus(most_bytes, g->first_bytes) / 2, small_bytes);
}

/* Two laps as long as they get are behind it: then the oldest is forgotten. */
static void end_lap(struct growth *g)
{
	if (g->earlier.now_ns - g->begun_ns >= GROWTH_LAP_NS) {
		g->begun_ns = g->earlier.now_ns;
		g->first_bytes = g->earlier.bytes;
		g->fallen_before_bytes = 0;
	}
	g->earlier = g->later;
	g->later = (struct growth_mark){.now_ns = g->last.now_ns, .bytes = anon_of(&g->last)};
	g->fallen_before_bytes = MAX(g->fallen_before_bytes, g->fallen_bytes);
	g->fallen_bytes = 0;
	g->most_bytes = anon_of(&g->last);
}

void growth_learn(struct growth *g, const struct growth_sample *s)
{
	if (g->looks == 0 || s->now_ns < g->last.now_ns) {
		*g = (struct growth){.first_read_bytes = s->read_bytes};
		begin_period(g, s);
		return;
	}
	if (is_begun_anew(g, s)) {
		g->again_ns = MAX(g->again_ns, MIN(g->last.now_ns - g->begun_ns, GROWTH_AGAIN_NS));
		begin_period(g, s);
		return;
	}
	g->looks++;
	g->most_bytes = MAX(g->most_bytes, anon_of(s));
	g->fallen_bytes = MAX(g->fallen_bytes, g->most_bytes - anon_of(s));
	g->last = *s;
	if (s->now_ns - g->later.now_ns >= MIN(g->later.now_ns - g->begun_ns, GROWTH_LAP_NS))
		end_lap(g);
}

uint64_t growth_bytes(const struct growth *g)
{
	return minus(anon_of(&g->last), g->first_bytes);
}

uint64_t growth_unused_bytes(const struct growth *g)
{
	uint64_t cold = g->last.cold_anon_bytes;

	return plus(g->last.swapped_bytes, cold == GROWTH_UNKNOWN ? 0 : cold);
}

static bool only_grows(const struct growth *g)
{
	uint64_t grown = growth_bytes(g);
	uint64_t fallen = MAX(g->fallen_bytes, g->fallen_before_bytes);

	return grown >= MAX(g->first_bytes / 20, GROWTH_MIN_BYTES) &&
	       minus(anon_of(&g->last), g->earlier.bytes) >= grown / 8 &&
	       fallen <= MAX(grown / 20, GROWTH_NOISE_BYTES) &&
	       g->last.now_ns - g->begun_ns >= g->again_ns;
}

static bool is_unread_cache(const struct growth *g)
{
	const struct growth_sample *s = &g->last;
	uint64_t read = minus(s->read_bytes, g->first_read_bytes);

	return s->file_bytes >= GROWTH_CACHE_BYTES && s->cold_file_bytes != GROWTH_UNKNOWN &&
	       s->cold_file_bytes >= s->file_bytes - s->file_bytes / 4 &&
	       read <= s->file_bytes / 100;
}

enum growth_kind growth_judge(const struct growth *g)
{
	if (g->looks < GROWTH_LOOKS)
		return GROWTH_NOTHING;
	if (only_grows(g))
		return growth_unused_bytes(g) >= growth_bytes(g) / 2 ? GROWTH_LEAK : GROWTH_GROWS;
	return is_unread_cache(g) ? GROWTH_UNREAD_CACHE : GROWTH_NOTHING;
}
