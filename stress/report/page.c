/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/report/page.h"

#include "base/escape.h"
#include "stress/report/page_assets.h"
#include "stress/report/report.h"

#include <errno.h>
#include <string.h>

#define PAGE_RUNS_MAX 2

/* An object of arrays of n numbers. */
static bool columns_are_good(const json_t *columns, size_t n)
{
	const json_t *values, *value;
	const char *name;
	size_t i;

	if (!json_is_object(columns))
		return false;
	json_object_foreach((json_t *)(uintptr_t)columns, name, values)
	{
		if (!json_is_array(values) || json_array_size(values) != n)
			return false;
		json_array_foreach(values, i, value) if (!json_is_number(value)) return false;
	}
	return true;
}

/* As many columns as the run has things of that kind. */
static bool list_is_good(const json_t *series, const char *list, const json_t *things, size_t n)
{
	const json_t *columns = json_object_get(series, list), *one;
	size_t i;

	if (!json_is_array(columns) || json_array_size(columns) != json_array_size(things))
		return false;
	json_array_foreach(columns, i, one) if (!columns_are_good(one, n)) return false;
	return true;
}

/* Names are what the page finds things by. */
static bool names_are_good(const json_t *things)
{
	const json_t *one;
	size_t i;

	if (!json_is_array(things))
		return false;
	json_array_foreach(things, i,
			   one) if (!json_is_string(json_object_get(one, "name"))) return false;
	return true;
}

static bool texts_are_good(const json_t *texts)
{
	const json_t *one;
	size_t i;

	if (!json_is_array(texts))
		return false;
	json_array_foreach(texts, i, one) if (!json_is_string(one)) return false;
	return true;
}

static bool job_is_good(const json_t *job)
{
	const json_t *saying;
	size_t i;

	if (!json_is_array(job))
		return false;
	json_array_foreach(job, i, saying) if (json_array_size(saying) != 3 ||
					       !texts_are_good(saying)) return false;
	return true;
}

const char *page_find_fault(const json_t *run)
{
	const char *schema = json_string_value(json_object_get(run, "schema"));
	const json_t *series = json_object_get(run, "series");
	const json_t *groups = json_object_get(run, "groups"),
		     *loads = json_object_get(run, "loads");
	const json_t *nodes = json_object_get(json_object_get(run, "machine"), "nodes");
	const json_t *times = json_object_get(series, "t_ns");
	size_t n = json_array_size(times), i;
	const json_t *time;

	if (!schema || strcmp(schema, REPORT_SCHEMA) != 0)
		return "it is no report of a run: its schema is not " REPORT_SCHEMA;
	if (!series)
		return "it has no series of samples: it was written by an older uswap-stress";
	json_array_foreach(times, i,
			   time) if (!json_is_number(time)) return "series.t_ns: not a number";
	if (n == 0)
		return "it has no samples";
	if (!names_are_good(groups) || !names_are_good(loads))
		return "a group or a load has no name";
	if (!texts_are_good(json_object_get(run, "failures")) ||
	    !job_is_good(json_object_get(run, "job")))
		return "failures or job: not as they are written";
	if (!columns_are_good(json_object_get(series, "machine"), n) ||
	    !list_is_good(series, "nodes", nodes, n) ||
	    !list_is_good(series, "groups", groups, n) || !list_is_good(series, "loads", loads, n))
		return "series: columns of different lengths, or not of numbers";
	return NULL;
}

int page_read_run(const char *path, json_t **ret_run, struct stress_error *ret_error)
{
	_cleanup_(fclosep) FILE *file = fopen(path, "re");
	json_error_t bad;
	const char *fault;
	json_t *run;

	if (!file)
		return stress_fail(ret_error, -EINVAL, "%s: %s", path, strerror(errno));
	run = json_loadf(file, JSON_REJECT_DUPLICATES, &bad);
	if (!run)
		return stress_fail(ret_error, -EINVAL, "%s: line %d: %s", path, bad.line, bad.text);
	fault = page_find_fault(run);
	if (fault) {
		json_decref(run);
		return stress_fail(ret_error, -EINVAL, "%s: %s", path, fault);
	}
	*ret_run = run;
	return 0;
}

static int write_asset(FILE *to, const char *before, const struct page_asset *asset,
		       const char *after)
{
	return fputs(before, to) == EOF || fwrite(asset->bytes, 1, asset->n, to) != asset->n ||
			       fputs(after, to) == EOF
		       ? -EIO
		       : 0;
}

/*
 * JSON inside a script element: whatever a name holds, the element must not end there. The three
 * characters that HTML knows stand in strings only, where JSON can say them in another way.
 */
static int write_data(FILE *to, const json_t *data)
{
	_cleanup_free_ char *text = json_dumps(data, JSON_COMPACT | JSON_ENSURE_ASCII);

	if (!text)
		return -ENOMEM;
	(void)fputs("<script type=\"application/json\" id=\"data\">", to);
	for (const char *c = text; *c; c++) {
		if (*c == '<' || *c == '>' || *c == '&')
			(void)fprintf(to, "\\u%04x", (unsigned int)*c);
		else
			(void)fputc(*c, to);
	}
	return fputs("</script>\n", to) == EOF ? -EIO : 0;
}

static json_t *labelled(const struct page_run *run)
{
	size_t size = ESCAPE_SIZE(strlen(run->label));
	_cleanup_free_ char *label = malloc(size);
	json_t *to = json_object(), *copy = json_copy(run->run);

	/* The series have it all. */
	(void)json_object_del(copy, "samples");
	if (label)
		(void)json_object_set_new(to, "label",
					  json_string(escape_utf8(label, size, run->label)));
	(void)json_object_set_new(to, "run", copy);
	return to;
}

int page_write(const struct page_run *runs, size_t n, FILE *to)
{
	static const char script[] = "<script>\n", end[] = "\n</script>\n";
	json_t *data = json_object(), *list = json_array();
	int r;

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, labelled(&runs[i]));
	(void)json_object_set_new(data, "runs", list);
	r = write_asset(to, "", &page_head, "");
	if (r == 0)
		r = write_asset(to, "<style>\n", &page_uplot_style, "\n</style>\n");
	if (r == 0)
		r = write_asset(to, "<style>\n", &page_style, "</style>\n");
	if (r == 0)
		r = write_asset(to, "", &page_body, "");
	if (r == 0)
		r = write_data(to, data);
	if (r == 0)
		r = write_asset(to, script, &page_uplot, end);
	if (r == 0)
		r = write_asset(to, script, &page_format, end);
	if (r == 0)
		r = write_asset(to, script, &page_charts, end);
	if (r == 0)
		r = write_asset(to, script, &page_curves, end);
	if (r == 0)
		r = write_asset(to, script, &page_plot, end);
	if (r == 0)
		r = write_asset(to, script, &page_main, end);
	if (r == 0)
		r = fputs("</body>\n</html>\n", to) == EOF || fflush(to) == EOF ? -EIO : 0;
	json_decref(data);
	return r;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Both runs are good before the page is begun. */
static int write_file(const char *path, const struct page_run *runs, size_t n,
		      struct stress_error *ret_error)
{
	bool to_stdout = strcmp(path, "-") == 0;
	FILE *file = to_stdout ? stdout : fopen(path, "we");
	int r;

	if (!file)
		return stress_fail(ret_error, -EINVAL, "-o %s: %s", path, strerror(errno));
	r = page_write(runs, n, file);
	if (!to_stdout && fclose(file) == EOF && r == 0)
		r = -errno;
	return r < 0 ? stress_fail(ret_error, r, "write %s: %s", path, strerror(-r)) : 0;
}

/* Beside the run: "run.html" of "run.json"; said on standard output. */
static int write_beside(const char *path, const struct page_run *runs, size_t n,
			struct stress_error *ret_error)
{
	const char *end = strrchr(path, '.');
	size_t stem = end && strcmp(end, ".json") == 0 ? (size_t)(end - path) : strlen(path);
	_cleanup_free_ char *out = NULL;
	int r;

	if (asprintf(&out, "%.*s.html", (int)stem, path) < 0)
		return stress_fail(ret_error, -ENOMEM, "out of memory");
	r = write_file(out, runs, n, ret_error);
	if (r == 0)
		(void)printf("%s\n", out);
	return r;
}

int page_command(char **words, int n, struct stress_error *ret_error)
{
	struct page_run runs[PAGE_RUNS_MAX] = {0};
	const char *paths[PAGE_RUNS_MAX], *out = NULL;
	size_t n_runs = 0;
	int r = 0;

	for (int i = 0; i < n && r == 0; i++) {
		if (strcmp(words[i], "-o") == 0 && i + 1 < n) {
			out = words[++i];
		} else if (words[i][0] == '-' && words[i][1]) {
			r = stress_fail(ret_error, -EINVAL,
					"report: %s is not understood; it is RUN.json [OTHER.json] "
					"[-o FILE]",
					words[i]);
		} else if (n_runs == PAGE_RUNS_MAX) {
			r = stress_fail(ret_error, -EINVAL, "report: %d runs at most",
					PAGE_RUNS_MAX);
		} else {
			paths[n_runs] = words[i];
			runs[n_runs].label = base_name(words[i]);
			r = page_read_run(words[i], &runs[n_runs].run, ret_error);
			n_runs += r == 0;
		}
	}
	if (n_runs == 2 && strcmp(runs[0].label, runs[1].label) == 0)
		for (size_t i = 0; i < n_runs; i++)
			runs[i].label = paths[i];
	if (r == 0 && n_runs == 0)
		r = stress_fail(ret_error, -EINVAL,
				"report: which run? RUN.json is what run --json wrote");
	else if (r == 0)
		r = out ? write_file(out, runs, n_runs, ret_error)
			: write_beside(paths[0], runs, n_runs, ret_error);
	for (size_t i = 0; i < n_runs; i++)
		json_decref(runs[i].run);
	return r;
}
