/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/give_way.h"

#include "base/cleanup.h"
#include "base/saturate.h"

static void begin_round(struct give_way *way, uint64_t reads, uint64_t wait_ns, uint64_t now_ns)
{
	way->reads = reads;
	way->wait_ns = wait_ns;
	way->begun_ns = now_ns;
}

static bool is_over(const struct give_way *way, uint64_t reads, uint64_t elapsed_ns)
{
	if (elapsed_ns < GIVE_WAY_ROUND_NS)
		return false;
	return reads >= GIVE_WAY_READS || elapsed_ns >= GIVE_WAY_LONGEST_NS ||
	       (way->state == GIVE_WAY_FIRST && reads == 0);
}

/* Below the ceiling, which is forgotten by and by. */
static uint64_t most(struct give_way *way)
{
	if (way->ceiling_bytes_per_s == 0)
		return GIVE_WAY_MOST_BYTES;
	way->ceiling_bytes_per_s =
		MIN(way->ceiling_bytes_per_s + way->ceiling_bytes_per_s / 256, GIVE_WAY_MOST_BYTES);
	return way->ceiling_bytes_per_s / 4 * 3;
}

static void learn(struct give_way *way, uint64_t wait_ns)
{
	/* Twice as long after a minute, so that what was once is not for ever. */
	uint64_t least_ns = plus(way->least_wait_ns, way->least_wait_ns / 1024 + 1);

	way->least_wait_ns = way->least_wait_ns ? MIN(least_ns, wait_ns) : wait_ns;
	/* A counter of whole milliseconds may say that they took no time. */
	way->least_wait_ns = way->least_wait_ns ?: 1;
	if (wait_ns > plus(plus(way->least_wait_ns, way->least_wait_ns), GIVE_WAY_SLACK_NS)) {
		way->ceiling_bytes_per_s = way->bytes_per_s;
		way->bytes_per_s /= 2;
	} else {
		way->bytes_per_s = MIN(way->bytes_per_s + way->bytes_per_s / 8, most(way));
	}
	way->bytes_per_s = MAX(way->bytes_per_s, GIVE_WAY_LEAST_BYTES);
}

void give_way_look(struct give_way *way, uint64_t reads, uint64_t wait_ns, uint64_t now_ns)
{
	uint64_t n = minus(reads, way->reads);

	if (way->state == GIVE_WAY_NEW) {
		way->state = GIVE_WAY_FIRST;
		way->bytes_per_s = GIVE_WAY_LEAST_BYTES;
		begin_round(way, reads, wait_ns, now_ns);
		return;
	}
	if (!is_over(way, n, minus(now_ns, way->begun_ns)))
		return;
	if (n < GIVE_WAY_FEW) {
		way->state = GIVE_WAY_NOBODY;
	} else if (way->state == GIVE_WAY_NOBODY) {
		/* They waited for what we wrote without a bound: it tells nothing yet. */
		way->state = GIVE_WAY_READING;
		way->bytes_per_s = MAX(way->ceiling_bytes_per_s / 4 * 3, GIVE_WAY_LEAST_BYTES);
	} else {
		way->state = GIVE_WAY_READING;
		learn(way, minus(wait_ns, way->wait_ns) / n);
	}
	begin_round(way, reads, wait_ns, now_ns);
}

uint64_t give_way_rate(const struct give_way *way)
{
	return way->state == GIVE_WAY_FIRST || way->state == GIVE_WAY_READING ? way->bytes_per_s
									      : 0;
}
