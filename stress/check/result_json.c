/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/check/result.h"

#include <errno.h>
#include <jansson.h>

/* Words of the kernel and of files may hold any bytes; JSON may not. */
static json_t *words(const char *text)
{
	json_t *string = json_string(text);

	return string ? string : json_string("(not UTF-8)");
}

static json_t *figure_json(const struct figure *figure)
{
	json_t *json = json_object();

	(void)json_object_set_new(json, "name", words(figure->name));
	(void)json_object_set_new(json, "passed", json_boolean(figure->passed));
	/* bytes, ns, permyriad, or as the kernel counts: `counts` says in what */
	(void)json_object_set_new(json, "value",
				  figure->has_value ? json_integer(figure->value) : json_null());
	(void)json_object_set_new(json, "counts", words(formula_kind_name(figure->kind)));
	(void)json_object_set_new(json, "measured", words(figure->measured));
	(void)json_object_set_new(json, "expected", words(figure->expected));
	(void)json_object_set_new(json, "error", words(figure->error));
	(void)json_object_set_new(json, "tolerance", words(figure->tolerance));
	(void)json_object_set_new(json, "from", words(figure->from));
	(void)json_object_set_new(json, "samples", words(figure->samples));
	return json;
}

static json_t *run_json(const struct result_run *run)
{
	json_t *json = json_object(), *figures = json_array();

	(void)json_object_set_new(json, "outcome", words(outcome_kind_name(run->kind)));
	(void)json_object_set_new(json, "reason", words(run->reason));
	for (size_t i = 0; i < run->n_figures; i++)
		(void)json_array_append_new(figures, figure_json(&run->figures[i]));
	(void)json_object_set_new(json, "figures", figures);
	return json;
}

static json_t *result_json(const struct result *result)
{
	json_t *json = json_object(), *runs = json_array();

	(void)json_object_set_new(json, "name", words(result->name));
	(void)json_object_set_new(json, "file", words(result->path));
	(void)json_object_set_new(json, "outcome", words(outcome_kind_name(result->outcome.kind)));
	(void)json_object_set_new(json, "duration_ns",
				  json_integer((json_int_t)result->duration_ns));
	(void)json_object_set_new(json, "repeat", words(result->repeat));
	for (size_t i = 0; i < result->n_runs; i++)
		(void)json_array_append_new(runs, run_json(&result->runs[i]));
	(void)json_object_set_new(json, "runs", runs);
	return json;
}

int results_write_json(const struct result *results, size_t n, FILE *to)
{
	json_auto_t *root = json_object();
	json_t *all = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(all, result_json(&results[i]));
	/* What could not be added for want of memory makes these fail, too. */
	if (json_object_set_new(root, "format", json_string("uswap-check/1")) < 0 ||
	    json_object_set_new(root, "scenarios", all) < 0)
		return -ENOMEM;
	return json_dumpf(root, to, JSON_INDENT(1)) == 0 && fputc('\n', to) != EOF &&
			       fflush(to) == 0
		       ? 0
		       : -EIO;
}
