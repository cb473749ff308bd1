/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a job file, and each of its lines as an option of the command line. A job is taken
 * or refused with words; what is taken can be planned or is refused with words, and a plan keeps
 * what plan.h promises.
 */
#include "stress/job/plan.h"
#include "stress/loads/load.h"

#include <errno.h>
#include <string.h>

#define require(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static const struct machine machine = {
	.total = UINT64_C(4) << 30,
	.available = UINT64_C(3) << 30,
	.swap_free = UINT64_C(1) << 30,
	.parent_limit = UINT64_C(2) << 30,
	.parent_headroom = UINT64_C(1) << 30,
	.own_limit = UINT64_MAX,
	.own_headroom = UINT64_MAX,
	.n_nodes = 2,
	.nodes = {{0, UINT64_C(2) << 30, UINT64_C(1) << 30, true},
		  {1, UINT64_C(2) << 30, UINT64_C(1) << 30, false}},
};

static void check_result(int r, const struct stress_error *error)
{
	require(r == 0 || (r == -EINVAL && error->text[0]));
}

static void check_size(const struct load_plan *load, bool sizeless)
{
	if (sizeless) {
		require(load->size_bytes == 0);
		return;
	}
	require(load->size_bytes >= CONTENT_PAGE_BYTES &&
		load->size_bytes % CONTENT_PAGE_BYTES == 0);
	require(load->burst_bytes >= CONTENT_PAGE_BYTES && load->burst_bytes <= load->peak_bytes);
	require(load->peak_bytes >= load->size_bytes && load->low_bytes <= load->peak_bytes);
}

static void plan(const struct job *job)
{
	_cleanup_(plan_freep) struct plan *plan = NULL;
	struct stress_error error = {""};
	int r = plan_make(job, &machine, &plan, &error);

	check_result(r, &error);
	if (r < 0) {
		require(!plan);
		return;
	}
	for (size_t i = 0; i < plan->n_loads; i++) {
		const struct load_plan *load = &plan->loads[i];
		const struct load_ops *ops = load_find_type(job->loads[i].settings.type);

		require(ops);
		check_size(load, ops->sizeless);
		require(load->group < (int)plan->n_groups);
		require(job->loads[i].settings.n_workers == 1);
	}
	for (size_t i = 0; i < plan->n_groups; i++) {
		require(plan->groups[i].limit_bytes <= machine.parent_limit);
		require(plan->groups[i].headroom_bytes <= plan->groups[i].limit_bytes);
		require(plan->groups[i].parent < (int)i);
	}
}

static void complete_and_plan(struct job *job)
{
	struct stress_error error = {""};
	int r = job_complete(job, &error);

	check_result(r, &error);
	require(job->n_loads <= JOB_LOADS_MAX);
	if (r == 0)
		plan(job);
}

static int (*const options[])(struct job *, const char *,
			      struct stress_error *) = {job_add_load, job_add_group, job_set};

static void take_lines(struct job *job, char *text)
{
	size_t which = 0;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		struct stress_error error = {""};

		check_result(options[which++ % 3](job, line, &error), &error);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = malloc(size + 1);
	_cleanup_(job_freep) struct job *job = NULL;
	struct stress_error error = {""};
	int r;

	require(text && job_new(&job) == 0);
	memcpy(text, data, size);
	text[size] = '\0';
	r = job_read_text(job, "fuzz", text, &error);
	check_result(r, &error);
	if (r == 0)
		complete_and_plan(job);
	take_lines(job, text);
	complete_and_plan(job);
	return 0;
}
