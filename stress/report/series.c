/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The samples, column by column: {"t_ns": [...], "machine": {COLUMN: [...]}, "nodes": [{...}],
 * "groups": [{...}], "loads": [{...}]}, the arrays of one length; and the same as CSV. Columns are
 * those of measure/columns.h; counters begin at 0.
 */
#include "stress/measure/columns.h"
#include "stress/report/report.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>

/* One thing that was sampled: where it is in each sample, and what it was at the beginning. */
struct subject {
	const struct column_table *table;
	const void *begin; /* NULL: counters begin at 0 */
	enum { OF_MACHINE, OF_NODE, OF_GROUP, OF_LOAD } of;
	size_t index;
	const char *kind, *name; /* of the CSV's names: KIND.NAME.COLUMN; name may be "" */
};

static const void *reading_of(const struct subject *subject, const struct sample *sample)
{
	switch (subject->of) {
	case OF_NODE:
		return &sample->nodes[subject->index];
	case OF_GROUP:
		return &sample->groups[subject->index];
	case OF_LOAD:
		return &sample->loads[subject->index];
	case OF_MACHINE:
		break;
	}
	return &sample->machine;
}

static uint64_t value_of(const struct subject *subject, size_t column, const struct sample *sample)
{
	return column_value(&subject->table->columns[column], reading_of(subject, sample),
			    subject->begin);
}

static size_t count_subjects(const struct measures *results)
{
	return 1 + results->n_nodes + results->n_groups + results->n_loads;
}

/* The machine, then nodes, groups and loads in their order. name holds a node's number. */
static struct subject subject_at(const struct run *run, size_t i, char name[static 16])
{
	const struct measures *results = measure_results(run->measure);

	if (i-- == 0)
		return (struct subject){
			&machine_columns, &results->begin, OF_MACHINE, 0, "machine", ""};
	if (i < results->n_nodes) {
		(void)snprintf(name, 16, "%u", results->nodes[i].id);
		return (struct subject){&node_columns, NULL, OF_NODE, i, "node", name};
	}
	i -= results->n_nodes;
	if (i < results->n_groups)
		return (struct subject){&group_columns, &results->groups[i].begin, OF_GROUP, i,
					"group",	run->job->groups[i].name};
	i -= results->n_groups;
	return (struct subject){&load_columns, NULL, OF_LOAD, i, "load", run->workers[i].load.name};
}

static uint64_t sample_ns(const struct run *run, const struct sample *sample)
{
	uint64_t start_ns = run->control->start_ns, now_ns = sample->machine.now_ns;

	return now_ns > start_ns ? now_ns - start_ns : 0;
}

static json_t *subject_json(const struct subject *subject, const struct measures *results)
{
	json_t *to = json_object();

	for (size_t c = 0; c < subject->table->n; c++) {
		json_t *values = json_array();

		for (size_t i = 0; i < results->n_samples; i++)
			(void)json_array_append_new(
				values, json_integer((json_int_t)value_of(subject, c,
									  &results->samples[i])));
		(void)json_object_set_new(to, subject->table->columns[c].name, values);
	}
	return to;
}

json_t *report_series(const struct run *run)
{
	const struct measures *results = measure_results(run->measure);
	json_t *to = json_object(), *times = json_array();
	json_t *const lists[] = {
		[OF_NODE] = json_array(), [OF_GROUP] = json_array(), [OF_LOAD] = json_array()};

	for (size_t i = 0; i < results->n_samples; i++)
		(void)json_array_append_new(
			times, json_integer((json_int_t)sample_ns(run, &results->samples[i])));
	(void)json_object_set_new(to, "t_ns", times);
	for (size_t i = 0; i < count_subjects(results); i++) {
		char name[16];
		struct subject subject = subject_at(run, i, name);
		json_t *columns = subject_json(&subject, results);

		if (subject.of == OF_MACHINE)
			(void)json_object_set_new(to, "machine", columns);
		else
			(void)json_array_append_new(lists[subject.of], columns);
	}
	(void)json_object_set_new(to, "nodes", lists[OF_NODE]);
	(void)json_object_set_new(to, "groups", lists[OF_GROUP]);
	(void)json_object_set_new(to, "loads", lists[OF_LOAD]);
	return to;
}

/* Names of groups and loads hold no quotes and no commas (job.h), so nothing need be quoted. */
static void print_names(const struct run *run, FILE *to)
{
	(void)fputs("t_ns", to);
	for (size_t i = 0; i < count_subjects(measure_results(run->measure)); i++) {
		char name[16];
		struct subject subject = subject_at(run, i, name);

		for (size_t c = 0; c < subject.table->n; c++)
			(void)fprintf(to, ",%s%s%s.%s", subject.kind, *subject.name ? "." : "",
				      subject.name, subject.table->columns[c].name);
	}
	(void)fputc('\n', to);
}

int report_csv(const struct run *run, FILE *to)
{
	const struct measures *results = measure_results(run->measure);

	print_names(run, to);
	for (size_t row = 0; row < results->n_samples; row++) {
		const struct sample *sample = &results->samples[row];

		(void)fprintf(to, "%" PRIu64, sample_ns(run, sample));
		for (size_t i = 0; i < count_subjects(results); i++) {
			char name[16];
			struct subject subject = subject_at(run, i, name);

			for (size_t c = 0; c < subject.table->n; c++)
				(void)fprintf(to, ",%" PRIu64, value_of(&subject, c, sample));
		}
		(void)fputc('\n', to);
	}
	if (fflush(to) == EOF)
		return -errno;
	return ferror(to) ? -EIO : 0;
}
