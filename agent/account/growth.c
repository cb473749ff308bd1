/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/account/growth.h"

#include "base/cleanup.h"
#include "base/saturate.h"

static uint64_t anon_of(const struct growth_sample *s)
{
	return plus(s->anon_bytes, s->swapped_bytes);
}

void growth_learn(struct growth *g, const struct growth_sample *s)
{
	if (g->looks == 0 || s->now_ns < g->last.now_ns) {
		*g = (struct growth){
			.looks = 1,
			.begun_ns = s->now_ns,
			.first_bytes = anon_of(s),
			.most_bytes = anon_of(s),
			.first_read_bytes = s->read_bytes,
			.last = *s,
		};
		return;
	}
	g->looks++;
	g->most_bytes = MAX(g->most_bytes, anon_of(s));
	g->fallen_bytes = MAX(g->fallen_bytes, g->most_bytes - anon_of(s));
	g->last = *s;
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

	return grown >= MAX(g->first_bytes / 20, GROWTH_MIN_BYTES) &&
	       g->fallen_bytes <= MAX(grown / 20, GROWTH_NOISE_BYTES);
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
