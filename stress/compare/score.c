/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/compare/score.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct score_kind score_kinds[SCORE_KEYS] = {
	[SCORE_WORK] = {"work", "operations of all loads", FORMULA_PLAIN},
	[SCORE_AVAILABLE] = {"available", "memory available at the end", FORMULA_BYTES},
	[SCORE_P99] = {"p99", "99 % of all touches took no longer", FORMULA_TIME},
	[SCORE_P99_9] = {"p99.9", "99.9 % of them", FORMULA_TIME},
	[SCORE_STALL] = {"stall", "time some task of a group stood still for memory", FORMULA_TIME},
	[SCORE_REFAULTS] = {"refaults", "pages that came back", FORMULA_PLAIN},
	[SCORE_WRITTEN] = {"written", "to block devices, zram among them", FORMULA_BYTES},
	[SCORE_CPU] = {"cpu", "CPU time of the whole machine", FORMULA_TIME},
	[SCORE_TIME] = {"time", "to the end of the last step", FORMULA_TIME},
};

int score_table_make(struct score_table *table, size_t n_agents, size_t n_runs)
{
	*table = (struct score_table){
		.n_agents = n_agents,
		.n_runs = n_runs,
		.scores = calloc(n_agents * n_runs + 1, sizeof(*table->scores)),
		.ran = calloc(n_agents * n_runs + 1, sizeof(*table->ran)),
	};
	return table->scores && table->ran ? 0 : -ENOMEM;
}

void score_table_free(struct score_table *table)
{
	free(table->scores);
	free(table->ran);
	*table = (struct score_table){.n_agents = 0};
}

void score_table_note(struct score_table *table, size_t agent, size_t run,
		      const struct score *score)
{
	table->scores[agent * table->n_runs + run] = *score;
	table->ran[agent * table->n_runs + run] = true;
}

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static struct score_spread spread(int64_t *values, size_t n)
{
	if (n == 0)
		return (struct score_spread){.n = 0};
	qsort(values, n, sizeof(*values), by_value);
	return (struct score_spread){n, values[0], values[(n - 1) / 2], values[n - 1]};
}

static int spread_of(const struct score_table *table, size_t agent, enum score_key key,
		     bool from_first, struct score_spread *ret)
{
	_cleanup_free_ int64_t *values = calloc(table->n_runs + 1, sizeof(*values));
	size_t n = 0;

	if (!values)
		return -ENOMEM;
	for (size_t i = 0; i < table->n_runs; i++) {
		size_t at = agent * table->n_runs + i;
		int64_t first = from_first ? table->scores[i].values[key] : 0;

		if (table->ran[at] && (!from_first || table->ran[i]))
			values[n++] = table->scores[at].values[key] - first;
	}
	*ret = spread(values, n);
	return 0;
}

int score_spread_of(const struct score_table *table, size_t agent, enum score_key key,
		    struct score_spread *ret)
{
	return spread_of(table, agent, key, false, ret);
}

int score_gain_of(const struct score_table *table, size_t agent, enum score_key key,
		  struct score_spread *ret)
{
	return spread_of(table, agent, key, true, ret);
}

/* user, nice, system, idle, iowait, irq, softirq */
#define STAT_FIELDS 7

int score_cpu_ticks(const char *stat, uint64_t *ret_ticks)
{
	static const bool counts[STAT_FIELDS] = {true, true, true, false, false, true, true};
	const char *field = stat + strlen("cpu");
	uint64_t sum = 0;

	/* The lines of single CPUs begin with "cpu0". */
	if (strncmp(stat, "cpu ", 4) != 0)
		return -EBADMSG;
	for (size_t i = 0; i < STAT_FIELDS; i++) {
		char *end;
		uint64_t ticks = strtoull(field, &end, 10);

		if (end == field)
			return -EBADMSG;
		sum += counts[i] ? ticks : 0;
		field = end;
	}
	*ret_ticks = sum;
	return 0;
}
