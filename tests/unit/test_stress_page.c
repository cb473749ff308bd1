/* SPDX-License-Identifier: Apache-2.0 */
/* The page's file: what is let in, and that data stay data. How it looks is tested by tests/report.
 */
#include "stress/report/page.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>

/* As small as a run can be. */
static const char good[] =
	"{\"schema\":\"uswap-stress/1\",\"failures\":[],\"job\":[[\"global\",\"seed\",\"1\"]],"
	"\"groups\":[{\"name\":\"svc\"}],\"loads\":[],\"machine\":{\"nodes\":[{\"id\":0}]},"
	"\"series\":{\"t_ns\":[0,1],\"machine\":{\"pswpin\":[1,2]},\"nodes\":[{\"free_bytes\":[3,4]"
	"}],"
	"\"groups\":[{\"current_bytes\":[5,6.5]}],\"loads\":[]}}";

static void test_faults(void **state)
{
	/* What is put in the place of what, and a word of the answer. */
	static const struct {
		const char *from, *to, *word;
	} rows[] = {
		{"uswap-stress/1", "uswap-stress/2", "schema"},
		{"\"series\":", "\"other\":", "older"},
		{"\"t_ns\":[0,1]", "\"t_ns\":[]", "no samples"},
		{"\"t_ns\":[0,1]", "\"t_ns\":7", "no samples"},
		{"\"t_ns\":[0,1]", "\"t_ns\":[0,\"1\"]", "not a number"},
		{"\"name\":\"svc\"", "\"name\":7", "no name"},
		{"\"loads\":[],\"machine\"", "\"loads\":7,\"machine\"", "no name"},
		{"\"failures\":[]", "\"failures\":[7]", "failures"},
		{"[\"global\",\"seed\",\"1\"]", "[\"global\",\"seed\"]", "job"},
		{"[\"global\",\"seed\",\"1\"]", "[\"global\",\"seed\",1]", "job"},
		{"[1,2]", "[1]", "lengths"},
		{"[1,2]", "[1,null]", "lengths"},
		{"[5,6.5]", "[5,6,7]", "lengths"},
		{"[{\"free_bytes\":[3,4]}]", "[]", "lengths"},
		{"[{\"free_bytes\":[3,4]}]", "[[3,4]]", "lengths"},
	};
	json_t *run = json_loads(good, 0, NULL);

	(void)state;
	assert_null(page_find_fault(run));
	json_decref(run);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *at = strstr(good, rows[i].from), *fault;
		char text[1024];

		assert_non_null(at);
		(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - good), good, rows[i].to,
			       at + strlen(rows[i].from));
		run = json_loads(text, 0, NULL);
		assert_non_null(run);
		fault = page_find_fault(run);
		if (!fault || !strstr(fault, rows[i].word))
			fail_msg("%s: %s", text, fault ? fault : "no fault");
		json_decref(run);
	}
}

static void test_files(void **state)
{
	const struct fixture_file files[] = {{"good.json", good}, {"bad.json", "{\n1\n"}};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_free_ char *good_path = NULL, *bad_path = NULL;
	struct stress_error error;
	json_t *run = NULL;

	(void)state;
	assert_true(asprintf(&good_path, "%s/good.json", fx->path) > 0);
	assert_true(asprintf(&bad_path, "%s/bad.json", fx->path) > 0);
	assert_int_equal(page_read_run(bad_path, &run, &error), -EINVAL);
	assert_non_null(strstr(error.text, "bad.json: line 2: "));
	assert_int_equal(page_read_run("/nowhere", &run, &error), -EINVAL);
	assert_string_equal(error.text, "/nowhere: No such file or directory");
	assert_null(run);
	assert_int_equal(page_read_run(good_path, &run, &error), 0);
	json_decref(run);
}

/* Without -o the page stands beside the run. */
static void test_command(void **state)
{
	const struct fixture_file files[] = {{"a.json", good}, {"b.run", good}};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_free_ char *a = NULL, *b = NULL, *out = NULL;
	char to[] = "-o", unknown[] = "-x";
	struct stress_error error = {""};

	(void)state;
	assert_true(asprintf(&a, "%s/a.json", fx->path) > 0);
	assert_true(asprintf(&b, "%s/b.run", fx->path) > 0);
	assert_true(asprintf(&out, "%s/out", fx->path) > 0);
	assert_int_equal(page_command((char *[]){a, b}, 2, &error), 0);
	assert_int_equal(faccessat(fx->fd, "a.html", R_OK, 0), 0);
	assert_int_equal(page_command((char *[]){b}, 1, &error), 0);
	assert_int_equal(faccessat(fx->fd, "b.run.html", R_OK, 0), 0);
	assert_int_equal(page_command((char *[]){a, to, out}, 3, &error), 0);
	assert_int_equal(faccessat(fx->fd, "out", R_OK, 0), 0);
	assert_int_equal(page_command((char *[]){a, unknown}, 2, &error), -EINVAL);
	assert_int_equal(page_command((char *[]){to, out}, 2, &error), -EINVAL);
}

/* Between the data's tags there is none of the characters that end them or mean something there. */
static void test_data_stay_data(void **state)
{
	static const char evil[] = "</script><!--&\xe2\x80\xa8";
	json_t *run = json_loads(good, 0, NULL);
	const struct page_run runs[] = {{"x</script>\xff", run}, {"b", run}};
	_cleanup_free_ char *text = NULL;
	const char *data, *end;
	json_error_t bad;
	json_t *all;
	const json_t *read;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	(void)state;
	assert_non_null(to);
	(void)json_array_append_new(json_object_get(run, "failures"), json_string(evil));
	assert_int_equal(page_write(runs, 2, to), 0);
	(void)fclose(to);
	data = strstr(text, "id=\"data\">");
	assert_non_null(data);
	data += strlen("id=\"data\">");
	end = strchr(data, '<');
	assert_int_equal(strncmp(end, "</script>\n", 10), 0);
	assert_null(memchr(data, '&', (size_t)(end - data)));
	all = json_loadb(data, (size_t)(end - data), 0, &bad);
	assert_non_null(all);
	read = json_array_get(json_object_get(all, "runs"), 0);
	assert_string_equal(json_string_value(json_object_get(read, "label")), "x</script>\\xff");
	read = json_array_get(json_object_get(json_object_get(read, "run"), "failures"), 0);
	assert_string_equal(json_string_value(read), evil);
	/* The chart library and the page's own scripts are in it, and nothing from elsewhere. */
	assert_non_null(strstr(text, "uPlot"));
	assert_null(strstr(text, " src="));
	assert_null(strstr(text, "<link"));
	json_decref(all);
	json_decref(run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_data_stay_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
