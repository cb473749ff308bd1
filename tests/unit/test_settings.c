/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config/settings.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>

static void test_defaults(void **state)
{
	struct config config;

	(void)state;
	config_defaults(&config);
	assert_int_equal(config.agent.log_level, LOG_LEVEL_INFO);
	assert_string_equal(config.agent.socket_path, "/run/uswapd/control.sock");
	assert_int_equal(config.agent.tick_min_ns, 5 * NSEC_PER_MSEC);
	assert_int_equal(config.agent.tick_max_ns, NSEC_PER_SEC);
	assert_true(config.headroom.margin.enabled);
	assert_int_equal(config.headroom.margin.reaction_ns, 250 * NSEC_PER_MSEC);
	assert_int_equal(config.headroom.margin.margin_min_bytes, 1 << 20);
	assert_int_equal(config.headroom.margin.margin_max_permyriad, 1250);
	assert_int_equal(config.headroom.swap_allowance_permyriad, 20000);
	assert_true(config.balance.margin.enabled);
	assert_int_equal(config.balance.margin.margin_max_permyriad, 500);
	assert_false(config.balance.keep_local);
	assert_int_equal(config.balance.hopeless_rounds, 16);
	assert_int_equal(config.balance.hopeless_retry_ns, 30 * NSEC_PER_SEC);
	assert_int_equal(config.protect.exclude.n, 0);
	assert_int_equal(config.protect.swap_free_permyriad, 2000);
	assert_int_equal(config.protect.cpu_permyriad, 10000);
	assert_int_equal(config.reclaim.piece_ns, 30 * NSEC_PER_MSEC);
	assert_int_equal(config.reclaim.piece_min_bytes, 1 << 20);
	assert_int_equal(config.reclaim.piece_max_bytes, 64 << 20);
	assert_int_equal(config.reclaim.deadline_ns, NSEC_PER_SEC);
}

/* A row whose default does not stand in its own range would silently stay 0. */
static void test_table_is_sound(void **state)
{
	static const struct config empty;
	struct setting_problem problem;

	(void)state;
	for (size_t i = 0; i < n_settings; i++) {
		const struct setting *s = &settings[i];
		struct config config = empty;

		assert_int_equal(setting_set(s, s->initial, false, &config, &problem), 0);
		assert_ptr_equal(setting_find(s->section, s->key), s);
		assert_true(strlen(s->help) > 20 && s->help[strlen(s->help) - 1] == '.');
		if (s->min) {
			assert_int_equal(setting_set(s, s->min, false, &config, &problem), 0);
			assert_int_equal(setting_set(s, s->max, false, &config, &problem), 0);
		}
		for (size_t j = 0; j < i; j++)
			assert_true(settings[j].offset != s->offset);
	}
}

/* What is printed is read again as the same configuration. */
static void test_print_and_read_again(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	const char *overrides[11 + CONFIG_PATTERNS_MAX] = {
		"agent.mode=observe",
		"headroom.margin_max=0.15%",
		"headroom.swap_allowance=12.34%",
		"reclaim.piece_min=1.5M",
		"balance.hopeless_retry=90s",
		"agent.tick_min=1500us",
		"agent.log_level=debug",
		"balance.keep_local=yes",
		"protect.swap_free=0%",
		"agent.socket=/run/x#;[]=",
		"balance.hopeless_rounds=3",
	};
	char patterns[CONFIG_PATTERNS_MAX][160];
	_cleanup_(fclosep) FILE *file = NULL;
	struct config config, again;
	struct config_error error;
	char path[256];

	(void)state;
	for (int i = 0; i < CONFIG_PATTERNS_MAX; i++) {
		(void)snprintf(patterns[i], sizeof(patterns[i]), "protect.exclude=/%0*d-*",
			       i * 4 + 1, i);
		overrides[11 + i] = patterns[i];
	}
	assert_int_equal(config_load(NULL, overrides, ARRAY_SIZE(overrides), &config, &error), 0);
	(void)snprintf(path, sizeof(path), "%s/x.conf", fx->path);
	file = fopen(path, "we");
	assert_non_null(file);
	config_print(&config, file);
	assert_int_equal(fflush(file), 0);
	if (config_load(path, NULL, 0, &again, &error) < 0)
		fail_msg("%s", error.text);
	assert_memory_equal(&config, &again, sizeof(config));
}

static void test_printed_lines_fit(void **state)
{
	_cleanup_free_ char *text = NULL;
	size_t n, column = 0;
	FILE *file = open_memstream(&text, &n);
	struct config config;

	(void)state;
	assert_non_null(file);
	config_defaults(&config);
	config_print(&config, file);
	settings_print_help(file);
	assert_int_equal(fclose(file), 0);
	for (size_t i = 0; i < n; i++) {
		column = text[i] == '\n' ? 0 : column + 1;
		assert_true(column <= 80);
	}
	for (size_t i = 0; i < n_settings; i++)
		assert_non_null(strstr(text, settings[i].key));
	assert_non_null(strstr(text, "\n# Most room kept, as a share of the group's limit.\n"
				     "margin_max = 12.5%\n"));
	assert_non_null(strstr(text, "\n  margin_max = 12.5%    (0.1% to 50%)\n"
				     "      Most room kept, as a share of the group's limit.\n"));
}

static void test_patterns(void **state)
{
	static const char *const overrides[] = {
		"protect.exclude=/system.slice/db-*.service kube*/burst?ble",
		"protect.exclude=[#]x"};
	static const struct {
		const char *path;
		bool match;
	} rows[] = {
		{"", false},
		{"system.slice", false},
		{"system.slice/db-1.service", true},
		{"/system.slice/db-1.service", true},
		{"system.slice/db-1.service/inner/most", true},
		{"system.slice/db-1/x.service", false},
		{"a/system.slice/db-1.service", false},
		{"kubepods/burstable/pod", true},
		{"kubepods/x/burstable", false},
		{"#x", true},
		{"\xff\xfe", false},
	};
	struct config config;
	struct config_error error;

	(void)state;
	assert_int_equal(config_load(NULL, overrides, 2, &config, &error), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (config_patterns_match(&config.protect.exclude, rows[i].path) != rows[i].match)
			fail_msg("\"%s\"", rows[i].path);
}

/* Wherever the unit stands in the tree; and those below it. */
static void test_patterns_of_a_part(void **state)
{
	static const struct {
		const char *path;
		bool match;
	} rows[] = {
		{"db.service", true},
		{"/db.service", true},
		{"system.slice/db.service", true},
		{"a/b/c/db.service/worker/1", true},
		{"system.slice/mydb.service", false},
		{"system.slice/db.service2", false},
		{"a/x/y", true},
		{"x/y/z", true},
		{"x", false},
		{"", false},
		{"/", false},
	};
	const char *const overrides[] = {"protect.exclude_unit=db.service x/y"};
	struct config config;
	struct config_error error;

	(void)state;
	assert_int_equal(config_load(NULL, overrides, 1, &config, &error), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (config_patterns_match_part(&config.protect.exclude_unit, rows[i].path) !=
		    rows[i].match)
			fail_msg("\"%s\"", rows[i].path);
	config.protect.exclude_unit.n = 0;
	assert_false(config_patterns_match_part(&config.protect.exclude_unit, "db.service"));
}

static void test_too_many_patterns(void **state)
{
	const char *overrides[CONFIG_PATTERNS_MAX + 1];
	struct config config;
	struct config_error error;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(overrides); i++)
		overrides[i] = "protect.exclude=a";
	assert_int_equal(config_load(NULL, overrides, CONFIG_PATTERNS_MAX, &config, &error), 0);
	assert_int_equal(config_load(NULL, overrides, CONFIG_PATTERNS_MAX + 1, &config, &error),
			 -E2BIG);
	assert_string_equal(error.text, "--set: protect.exclude: more than 32 patterns");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_table_is_sound),
		cmocka_unit_test(test_print_and_read_again),
		cmocka_unit_test(test_printed_lines_fit),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_patterns_of_a_part),
		cmocka_unit_test(test_too_many_patterns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
