/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ctl/show.h"

#include "agent/ctl/table.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>

#define STATUS STATUS_OF(GROUP)
#define STATUS_OF(groups)                                                                        \
	"{\"schema\":\"uswapd-status/1\",\"version\":\"0.1.0\",\"uptime_ns\":10800000000000,"    \
	"\"dry_run\":true,\"demotes\":true,\"mode\":\"observe\",\"paused\":false,\"swap_writes_" \
	"left_bytes\":null,"                                                                     \
	"\"degraded\":[\"no "                                                                    \
	"swap\\u001b[2J\"],\"hands\":{\"stuck\":1},\"write_back\":{\"devices_given_up\":2,"      \
	"\"devices\":[" DEVICE "]},\"nodes\":[" NODE                                             \
	",{\"node\":2,\"answered\":false}],\"groups\":[" groups "]}"
#define DEVICE                                                                              \
	"{\"device\":\"254:16\",\"orders\":3,\"written_bytes\":41943040,\"cleaned_bytes\":" \
	"40894464,\"slowest_ns\":750000000,\"bound_bytes_per_s\":12582912,\"given_up\":4,"  \
	"\"abandoned\":true}"
#define NODE                                                                                      \
	"{\"node\":0,\"answered\":true,\"managed_bytes\":1073741824,\"free_bytes\":536870912,"    \
	"\"low_bytes\":1,\"high_bytes\":2,\"wakeups\":3,\"cpu_ns\":1200000000,\"groups_seen\":4," \
	"\"verdict\":" NODE_VERDICT ",\"ledger\":" LEDGER "}"
#define NODE_VERDICT                                                                              \
	"{\"reason\":\"neighbours-have-room\",\"room_bytes\":528482304,\"margin_bytes\":4194304," \
	"\"rate_bytes_per_s\":10485760}"
#define GROUP GROUP_AT("/system.slice/x\\u001b[31m\\u00e4.service")
#define GROUP_AT(path)                                                                             \
	"{\"path\":\"" path "\",\"owns_limit\":true,"                                              \
	"\"limit\":\"high\",\"limit_bytes\":134217728,\"current_bytes\":125829120,\"events_max\":" \
	"1,"                                                                                       \
	"\"events_high\":123456,\"verdict\":" GROUP_VERDICT ",\"ledger\":" LEDGER                  \
	",\"trim\":" TRIM "}"
#define TRIM                                                                       \
	"{\"reason\":\"promotions\",\"wanted_bytes\":1048576,\"cold_bytes\":null," \
	"\"ledger\":" LEDGER "}"
#define GROUP_VERDICT                                                              \
	"{\"reason\":\"limit-near\",\"room_bytes\":null,\"margin_bytes\":9961472," \
	"\"rate_bytes_per_s\":0}"
#define LEDGER                                                                           \
	"{\"applied_bytes\":60817408,\"net_freed_bytes\":1023,\"refaulted_bytes\":1100," \
	"\"cpu_ns\":400000000}"

static int show(const char *status, char **ret_text)
{
	json_auto_t *json = json_loads(status, 0, NULL);
	size_t n;
	FILE *out = open_memstream(ret_text, &n);
	int r;

	assert_non_null(json);
	assert_non_null(out);
	r = show_status(json, out);
	assert_int_equal(fclose(out), 0);
	return r;
}

static void test_status(void **state)
{
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_int_equal(show(STATUS, &text), 0);
	assert_string_equal(
		text,
		"uswapd 0.1.0, up 3 h, dry run: it changes nothing\n"
		"! no swap\\x1b[2J\n"
		"! requests that the kernel keeps: 1; swap does not answer, and is not used (see "
		"the log)\n"
		"! demotion is on: what is taken goes to slower nodes first (uswapd --doctor)\n"
		"! 2 devices do not answer: nothing is written back there (see the log)\n"
		"\n"
		"NODE FREE ROOM MARGIN RATE/s STATE                TAKEN  NET BACK  CPU\n"
		"   0 512M 504M   4.0M    10M neighbours-have-room   58M 1023 1.0K 1.2s\n"
		"   2 did not answer\n"
		"\n"
		"   USED LIMIT KIND ROOM MARGIN RATE/s STATE      TAKEN BACK   CPU EVENTS\n"
		"/system.slice/x\\x1b[31m\\xc3\\xa4.service\n"
		"   120M  128M high    -   9.5M      0 limit-near   58M 1.0K 400ms   123k\n"
		"\n"
		"   USED COLD TRIM       STEP TAKEN  NET BACK   CPU\n"
		"/system.slice/x\\x1b[31m\\xc3\\xa4.service\n"
		"   120M    - promotions 1.0M   58M 1023 1.0K 400ms\n"
		"\n"
		"DEVICE WRITTEN CLEAN SLOWEST AT MOST/s GIVEN UP\n"
		"254:16     40M   39M   750ms       12M        4\n");
}

/* The widest numbers and states still fit a terminal. */
static void test_width(void **state)
{
	static const char group[] =
		"{\"path\":\"/"
		"\",\"owns_limit\":true,\"trim\":null,\"limit\":\"high\",\"limit_bytes\":"
		"1072693248,"
		"\"current_bytes\":1072693248,\"events_high\":9223372036854775807,\"verdict\":"
		"{\"reason\":\"kswapd-suffices\",\"room_bytes\":1072693248,\"margin_bytes\":"
		"1072693248,\"rate_bytes_per_s\":1072693248},\"ledger\":{\"applied_bytes\":"
		"1072693248,\"net_freed_bytes\":0,\"refaulted_bytes\":1072693248,\"cpu_ns\":"
		"999999999}}";
	_cleanup_free_ char *text = NULL, *status = NULL;

	(void)state;
	assert_true(asprintf(&status,
			     "{\"version\":\"1\",\"uptime_ns\":0,\"dry_run\":false,\"mode\":"
			     "\"act\",\"paused\":false,\"swap_writes_left_bytes\":null,\"nodes\":[]"
			     ",\"write_back\":{\"devices\":[]},"
			     "\"groups\":[%s]}",
			     group) > 0);
	assert_int_equal(show(status, &text), 0);
	for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
		assert_in_range(strcspn(line, "\n"), 0, 80);
	assert_non_null(strstr(text, "1023M"));
}

static void test_no_groups(void **state)
{
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_int_equal(show("{\"version\":\"1\",\"uptime_ns\":0,\"dry_run\":false,\"mode\":"
			      "\"act\",\"paused\":false,\"swap_writes_left_bytes\":null,\"nodes\":["
			      "],\"write_back\":{\"devices\":[]},"
			      "\"groups\":[]}",
			      &text),
			 0);
	assert_non_null(strstr(text, "No group has a limit (memory.high, memory.max).\n"));
}

/* Any member missing or of the wrong type: nothing is shown. */
static void test_every_member_is_checked(void **state)
{
	static const char *const names[] = {
		"version",
		"uptime_ns",
		"dry_run",
		"mode",
		"paused",
		"nodes",
		"groups",
		"node",
		"answered",
		"free_bytes",
		"verdict",
		"ledger",
		"reason",
		"room_bytes",
		"path",
		"limit",
		"margin_bytes",
		"rate_bytes_per_s",
		"cpu_ns",
		"limit_bytes",
		"applied_bytes",
		"net_freed_bytes",
		"events_high",
		"current_bytes",
		"owns_limit",
		"trim",
		"wanted_bytes",
		"cold_bytes",
		"refaulted_bytes",
		"devices",
		"device",
		"written_bytes",
		"cleaned_bytes",
		"slowest_ns",
		"bound_bytes_per_s",
		"given_up",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char status[] = STATUS, key[64];
		_cleanup_free_ char *text = NULL;
		char *found;

		(void)snprintf(key, sizeof(key), "\"%s\":", names[i]);
		found = strstr(status, key);
		assert_non_null(found);
		found[1] = '#';
		if (show(status, &text) != -EPROTO)
			fail_msg("%s is not missed", names[i]);
		assert_string_equal(text, "");
	}
}

static void test_sizes(void **state)
{
	static const struct {
		uint64_t bytes;
		const char *text;
	} rows[] = {
		{0, "0"},
		{1023, "1023"},
		{1024, "1.0K"},
		{10239, "9.9K"},
		{10240, "10K"},
		{1048575, "1023K"},
		{UINT64_C(1) << 60, "1.0E"},
		{UINT64_MAX - 1, "15E"},
		{UINT64_MAX, "-"},
	};
	char cell[SHOW_SIZE_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(show_size(cell, rows[i].bytes), rows[i].text);
	assert_string_equal(show_count(cell, 99999), "99999");
	assert_string_equal(show_count(cell, 100000), "100k");
	assert_string_equal(show_count(cell, 4567890), "4.5M");
	assert_string_equal(show_count(cell, UINT64_MAX), "18E");
}

static void test_text(void **state)
{
	_cleanup_free_ char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	assert_non_null(out);
	show_text("one\n\ntwo\x1b\r\nthree", out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(text, "one\n\ntwo\\x1b\\x0d\nthree\n");
}

static void test_table(void **state)
{
	static const struct table_column columns[] = {{"N", false}, {"NAME", true}, {"X", true}};
	_cleanup_(table_freep) struct table *table = table_new(columns, 3);
	_cleanup_free_ char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	assert_non_null(table);
	assert_non_null(out);
	for (int i = 0; i < 20; i++) {
		const char *const cells[] = {i < 19 ? "7" : "1000", i < 19 ? "a" : "b\ncdef", "y"};

		assert_int_equal(table_add(table, i == 19 ? "head\t" : NULL, cells), 0);
	}
	assert_int_equal(table_add_line(table, "line"), 0);
	table_print(table, out);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(strncmp(text, "   N NAME      X\n   7 a         y\n", 34), 0);
	assert_non_null(strstr(text, "\nhead\\x09\n1000 b\\x0acdef y\nline\n"));
	assert_null(table_new(columns, TABLE_COLUMNS_MAX + 1));
}

/* However the agent met them. */
static void test_groups_are_in_order(void **state)
{
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_int_equal(
		show(STATUS_OF(GROUP_AT("/b") "," GROUP_AT("/a") "," GROUP_AT("/")), &text), 0);
	assert_true(strstr(text, "\n/\n") < strstr(text, "\n/a\n"));
	assert_true(strstr(text, "\n/a\n") < strstr(text, "\n/b\n"));
	assert_non_null(strstr(text, "\n/\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_groups_are_in_order),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_no_groups),
		cmocka_unit_test(test_every_member_is_checked),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
