/* SPDX-License-Identifier: Apache-2.0 */
/* Sections [group PATTERN]: what they may say, and for whom it holds. */
#include "agent/config/group_rules.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>

/* Reads text as a configuration file. */
static int load(const char *text, struct config *ret, struct config_error *ret_error)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/x.conf", fx->path);
	fixture_write(fx, "x.conf", text);
	return config_load(path, NULL, 0, ret, ret_error);
}

static void test_keys_are_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_group_keys; i++) {
		const struct setting *key = &group_keys[i];
		struct setting_problem problem;
		struct group_rule rule = {.said = 0};

		assert_ptr_equal(group_key_find(key->key), key);
		assert_true(strlen(key->help) > 20 && key->help[strlen(key->help) - 1] == '.');
		if (*key->initial)
			assert_int_equal(group_rule_set(&rule, key, key->initial, &problem), 0);
		if (key->min) {
			assert_int_equal(group_rule_set(&rule, key, key->min, &problem), 0);
			assert_int_equal(group_rule_set(&rule, key, key->max, &problem), 0);
		}
		assert_int_equal(group_rule_set(&rule, key, "nonsense", &problem), -EINVAL);
	}
}

static void test_for_whom(void **state)
{
	static const char text[] = "[trim]\nenabled = yes\n"
				   "[group /system.slice/db-*.service]\n"
				   "weight = 50\ntrim = no\nfloor = 64M\n"
				   "[group a[bc]]\nexclude = yes\nheadroom = no\n"
				   "[headroom]\nreaction = 1s\n"
				   "[group system.slice/db-1.service]\nweight = 70\ntrim = yes\n"
				   "[group ab/x]\nexclude = no\n";
	static const struct {
		const char *path;
		struct group_settings settings;
	} rows[] = {
		{"", {.headroom = true, .trim = true}},
		{"system.slice", {.headroom = true, .trim = true}},
		{"system.slice/db-2.service",
		 {.headroom = true, .weight = 50, .floor_bytes = 64 << 20}},
		/* Its floor is that of all together. */
		{"/system.slice/db-2.service/below/it", {.headroom = true, .weight = 50}},
		{"system.slice/db-1.service",
		 {.headroom = true, .trim = true, .weight = 70, .floor_bytes = 64 << 20}},
		{"ab", {.exclude = true, .trim = true}},
		{"ac/y", {.exclude = true, .trim = true}},
		{"ab/x", {.trim = true}},
		{"ad", {.headroom = true, .trim = true}},
	};
	struct config config;
	struct config_error error;

	(void)state;
	if (load(text, &config, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(config.headroom.margin.reaction_ns, UINT64_C(1000000000));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct group_settings s = config_of_group(&config, rows[i].path);
		const struct group_settings *e = &rows[i].settings;

		if (s.exclude != e->exclude || s.headroom != e->headroom || s.trim != e->trim ||
		    s.weight != e->weight || s.floor_bytes != e->floor_bytes)
			fail_msg("\"%s\"", rows[i].path);
	}
}

/* Trimming on for one group alone. */
static void test_some_are_trimmed(void **state)
{
	struct config config;
	struct config_error error;

	(void)state;
	assert_int_equal(load("[group a]\ntrim = no\n", &config, &error), 0);
	assert_false(config_trims(&config));
	assert_int_equal(load("[group a]\ntrim = no\n[group b]\ntrim = yes\n", &config, &error), 0);
	assert_true(config_trims(&config));
	assert_false(config_of_group(&config, "a").trim);
	assert_true(config_of_group(&config, "b").trim);
	assert_false(config_of_group(&config, "c").trim);
}

#define TEN	  "0123456789"
#define FORTY	  TEN TEN TEN TEN
#define LONG_NAME FORTY FORTY FORTY FORTY /* as long as a value may be */

static void test_wrong(void **state)
{
	static const struct {
		const char *text;
		int result;
		const char *message; /* its end */
	} rows[] = {
		{"[group]\n", -EINVAL, "uswapd --help-settings lists them all"},
		{"[group ]\n", -EINVAL,
		 ":1: [group ...]: write one path or pattern, as in "
		 "[group /system.slice/db-*.service]"},
		{"[group /]\n", -EINVAL, "[group /system.slice/db-*.service]"},
		{"[group a b]\n", -EINVAL, "[group /system.slice/db-*.service]"},
		{"[group a/]\n", -EINVAL, "[group /system.slice/db-*.service]"},
		{"[group " LONG_NAME "0]\n", -EINVAL, "[group /system.slice/db-*.service]"},
		{"[group a] x\n", -EINVAL, "a section's line is [NAME] and nothing else"},
		{"[group a]\nweigth = 5\n", -EINVAL,
		 ":2: [group]: there is no \"weigth\"; did you mean weight?"},
		{"[group a]\nsomething = 5\n", -EINVAL,
		 ":2: [group]: there is no \"something\"; uswapd --help-settings lists what there "
		 "is"},
		{"[group a]\nweight = 0\n", -ERANGE,
		 ":2: [group]: weight: 0 is out of range: write 1 to 10000"},
		{"[group a]\nfloor = much\n", -EINVAL, "as in 64M"},
		{"[group a]\nweight = 5\n\nweight = 6\n", -EINVAL,
		 ":4: [group]: weight was set before, in line 2"},
		{"[group a]\nreaction = 1s\n", -EINVAL, "lists what there is"},
		{"[group a]\n[headroom]\nweight = 5\n", -EINVAL,
		 "headroom.weight: there is no such setting; uswapd --help-settings lists them "
		 "all"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct config config;
		struct config_error error = {""};
		int r = load(rows[i].text, &config, &error);
		size_t n = strlen(error.text), end = strlen(rows[i].message);

		if (r != rows[i].result || n < end ||
		    strcmp(error.text + n - end, rows[i].message) != 0)
			fail_msg("\"%s\": %d, %s", rows[i].text, r, error.text);
	}
}

/* The same group twice is two rules, as in a file and a drop-in; and there is a bound. */
static void test_many(void **state)
{
	_cleanup_free_ char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);
	struct config config;
	struct config_error error = {""};

	(void)state;
	assert_non_null(out);
	for (int i = 0; i < CONFIG_RULES_MAX; i++)
		fprintf(out, "[group a]\nweight = %d\n", i + 1);
	assert_int_equal(fflush(out), 0);
	assert_int_equal(load(text, &config, &error), 0);
	assert_int_equal(config_of_group(&config, "a").weight, CONFIG_RULES_MAX);
	fputs("[group b]\n", out);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(load(text, &config, &error), -E2BIG);
	assert_non_null(strstr(error.text, "more than 32 sections [group ...]"));
}

/* What is printed is read again as the same. */
static void test_printed(void **state)
{
	static const char text[] = "[group /#x]\nexclude = yes\n[group " LONG_NAME
				   "]\nweight = 7\nfloor = 1G\nheadroom = no\n"
				   "[group a[]]x]\n[group a]\ntrim = yes\n";
	_cleanup_free_ char *printed = NULL;
	size_t n;
	FILE *out = open_memstream(&printed, &n);
	struct config config, again;
	struct config_error error;

	(void)state;
	assert_non_null(out);
	if (load(text, &config, &error) < 0)
		fail_msg("%s", error.text);
	config_print(&config, out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(printed, "\n[group /#x]\nexclude = yes\n\n[group /0123"));
	assert_non_null(
		strstr(printed, "\nheadroom = no\nweight = 7\nfloor = 1G\n\n[group /a[]]x]"));
	if (load(printed, &again, &error) < 0)
		fail_msg("%s", error.text);
	assert_memory_equal(&config, &again, sizeof(config));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_are_sound),
		cmocka_unit_test(test_for_whom),
		cmocka_unit_test(test_some_are_trimmed),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
