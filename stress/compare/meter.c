/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/compare/meter.h"

#include "base/clock.h"
#include "base/kfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Counters are told by how much they grow, of the rest the value at the end counts. */
static const struct {
	enum score_key key;
	const char *formula;
	bool grows;
} sources[] = {
	{SCORE_AVAILABLE, "meminfo:MemAvailable(machine)", false},
	{SCORE_REFAULTS,
	 "vmstat:workingset_refault_anon(machine) + vmstat:workingset_refault_file(machine)", true},
	{SCORE_WRITTEN, "vmstat:pgpgout(machine) * 1K", true},
};

static int read_formula(const struct trial *trial, const char *text, int64_t *ret,
			struct stress_error *ret_error)
{
	char words[SOURCES_WORDS_BYTES] = "";
	struct formula_error error;
	struct formula formula;
	int r = formula_parse(text, &formula, &error);

	if (r == 0)
		r = sources_evaluate(&trial->sources, &formula, ret, words);
	return r < 0 ? stress_fail(ret_error, r, "%s", words[0] ? words : error.words) : 0;
}

/* Of the groups that are in no other one: theirs is that of those below, too. */
static int read_stall(const struct trial *trial, int64_t *ret_ns, struct stress_error *ret_error)
{
	const struct job *job = trial->scenario->job;
	char text[STRESS_NAME_MAX + 32];
	int64_t ns = 0, sum = 0;
	int r = 0;

	for (size_t i = 0; i < job->n_groups && r == 0; i++) {
		if (strchr(job->groups[i].name, '/'))
			continue;
		(void)snprintf(text, sizeof(text), "memory.pressure:some.total(%s)",
			       job->groups[i].name);
		r = read_formula(trial, text, &ns, ret_error);
		sum += r == 0 ? ns : 0;
		/* PSI is off. */
		if (r == -EOPNOTSUPP || r == -ENOENT)
			r = 0;
	}
	*ret_ns = sum;
	return r;
}

static int read_cpu(const struct trial *trial, int64_t *ret_ns, struct stress_error *ret_error)
{
	/* Of a file that lists every interrupt the first line is enough. */
	_cleanup_close_ int fd = kfile_open(trial->ground.proc_fd, "stat", O_RDONLY);
	char text[256] = "";
	uint64_t ticks = 0;
	int r = fd < 0 ? fd : pread(fd, text, sizeof(text) - 1, 0) < 0 ? -errno : 0;

	if (r == 0)
		r = score_cpu_ticks(text, &ticks);
	if (r < 0)
		return stress_fail(ret_error, r, "/proc/stat: %s", strerror(-r));
	*ret_ns = (int64_t)(ticks * (NSEC_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK)));
	return 0;
}

static int read_counters(const struct trial *trial, struct score *ret,
			 struct stress_error *ret_error)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(sources) && r == 0; i++)
		r = read_formula(trial, sources[i].formula, &ret->values[sources[i].key],
				 ret_error);
	if (r == 0)
		r = read_stall(trial, &ret->values[SCORE_STALL], ret_error);
	return r == 0 ? read_cpu(trial, &ret->values[SCORE_CPU], ret_error) : r;
}

/* Their figures are their own from the start on. */
static int read_loads(const struct trial *trial, struct score *score,
		      struct stress_error *ret_error)
{
	_cleanup_free_ struct histogram *touches = calloc(1, sizeof(*touches));

	if (!touches)
		return stress_fail(ret_error, -ENOMEM, "out of memory");
	for (size_t i = 0; i < trial->actors.n; i++) {
		const struct worker_block *block = trial->actors.list[i].load.block;

		score->values[SCORE_WORK] += (int64_t)block_get(&block->operations);
		histogram_add(touches, &block->first);
		histogram_add(touches, &block->reuse);
	}
	score->values[SCORE_P99] = (int64_t)histogram_percentile_ns(touches, 9900);
	score->values[SCORE_P99_9] = (int64_t)histogram_percentile_ns(touches, 9990);
	return 0;
}

int meter_begin(void *context, const struct trial *trial, struct stress_error *ret_error)
{
	struct meter *meter = context;

	*meter = (struct meter){.begin_ns = clock_now_ns()};
	return read_counters(trial, &meter->score, ret_error);
}

int meter_end(void *context, const struct trial *trial, struct stress_error *ret_error)
{
	struct meter *meter = context;
	struct score end = {0};
	int r = read_counters(trial, &end, ret_error);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		if (sources[i].grows)
			end.values[sources[i].key] -= meter->score.values[sources[i].key];
	end.values[SCORE_STALL] -= meter->score.values[SCORE_STALL];
	end.values[SCORE_CPU] -= meter->score.values[SCORE_CPU];
	end.values[SCORE_TIME] = (int64_t)(clock_now_ns() - meter->begin_ns);
	r = read_loads(trial, &end, ret_error);
	if (r == 0)
		meter->score = end;
	return r;
}
