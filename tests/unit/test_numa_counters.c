/* SPDX-License-Identifier: Apache-2.0 */
#include "numa/counters.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>

#define VMSTAT "devices/system/node/node1/vmstat"

static const char *const captured[] = {
	"kernel/6.1/node0-vmstat",  "kernel/6.1/node1-vmstat",	"kernel/6.12/node0-vmstat",
	"kernel/6.12/node1-vmstat", "kernel/6.18/node0-vmstat", "kernel/6.18/node1-vmstat",
	"kernel/7/node0-vmstat",    "kernel/7/node1-vmstat",
};

/* Everything a text must have, in an order no kernel uses. */
static const char *const lines[] = {
	"nr_kernel_stack 19",
	"nr_page_table_pages 18",
	"nr_slab_unreclaimable 17",
	"numa_foreign 16",
	"numa_miss 15",
	"numa_hit 14",
	"workingset_refault_file 13",
	"workingset_refault_anon 12",
	"nr_slab_reclaimable 11",
	"nr_writeback 10",
	"nr_dirty 9",
	"nr_shmem 8",
	"nr_file_pages 7",
	"nr_unevictable 6",
	"nr_active_file 5",
	"nr_inactive_file 4",
	"nr_active_anon 3",
	"nr_inactive_anon 2",
	"nr_free_pages 1",
};

static const char *const scan_lines[] = {"pgsteal_kswapd 22", "pgscan_kswapd 21",
					 "pgsteal_direct 24", "pgscan_direct 23",
					 "pgsteal_proactive 25"};

static char *join(const char *const *text, size_t n, const char *more)
{
	char *all = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&all, &size);

	assert_non_null(f);
	for (size_t i = 0; i < n; i++)
		(void)fprintf(f, "%s\n", text[i]);
	(void)fprintf(f, "%s", more);
	assert_int_equal(fclose(f), 0);
	return all;
}

static char *complete(const char *more)
{
	return join(lines, ARRAY_SIZE(lines), more);
}

static void test_every_field(void **state)
{
	_cleanup_free_ char *scan = join(scan_lines, ARRAY_SIZE(scan_lines), "nr_new x y z\n");
	_cleanup_free_ char *text = complete(scan);
	struct node_counters c;

	(void)state;
	assert_int_equal(node_counters_parse(text, &c, NULL), 0);
	assert_int_equal(c.free_pages, 1);
	assert_int_equal(c.inactive_anon_pages, 2);
	assert_int_equal(c.active_anon_pages, 3);
	assert_int_equal(c.inactive_file_pages, 4);
	assert_int_equal(c.active_file_pages, 5);
	assert_int_equal(c.unevictable_pages, 6);
	assert_int_equal(c.file_pages, 7);
	assert_int_equal(c.shmem_pages, 8);
	assert_int_equal(c.dirty_pages, 9);
	assert_int_equal(c.writeback_pages, 10);
	assert_int_equal(c.slab_reclaimable_pages, 11);
	assert_int_equal(c.workingset_refault_anon, 12);
	assert_int_equal(c.workingset_refault_file, 13);
	assert_int_equal(c.numa_hit, 14);
	assert_int_equal(c.numa_miss, 15);
	assert_int_equal(c.numa_foreign, 16);
	assert_int_equal(c.slab_unreclaimable_pages, 17);
	assert_int_equal(c.page_table_pages, 18);
	assert_int_equal(c.kernel_stack_kib, 19);
	assert_true(c.has_scan);
	assert_int_equal(c.pgscan_kswapd, 21);
	assert_int_equal(c.pgsteal_kswapd, 22);
	assert_int_equal(c.pgscan_direct, 23);
	assert_int_equal(c.pgsteal_direct, 24);
	assert_int_equal(c.pgsteal_proactive, 25);
}

static void test_captured_kernels(void **state)
{
	static const struct {
		const char *name;
		uint64_t free, inactive_file, dirty, refault_file;
	} rows[] = {
		{"kernel/6.1/node0-vmstat", 212875, 337, 0, 6245},
		{"kernel/6.1/node1-vmstat", 210485, 1522, 89, 8027},
		{"kernel/6.12/node0-vmstat", 193221, 150, 4, 10240},
		{"kernel/6.12/node1-vmstat", 235398, 2815, 770, 10254},
		{"kernel/6.18/node0-vmstat", 220959, 10, 0, 10240},
		{"kernel/6.18/node1-vmstat", 215650, 5129, 768, 10143},
		{"kernel/7/node0-vmstat", 234502, 10, 0, 10240},
		{"kernel/7/node1-vmstat", 210702, 5895, 768, 10141},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = fixture_data(rows[i].name);
		bool is_7 = strstr(rows[i].name, "/7/");
		struct node_counters c;

		assert_int_equal(node_counters_parse(text, &c, NULL), 0);
		assert_int_equal(c.free_pages, rows[i].free);
		assert_int_equal(c.inactive_file_pages, rows[i].inactive_file);
		assert_int_equal(c.dirty_pages, rows[i].dirty);
		assert_int_equal(c.workingset_refault_file, rows[i].refault_file);
		assert_int_equal(c.has_scan, is_7);
		if (strcmp(rows[i].name, "kernel/7/node0-vmstat") == 0) {
			assert_int_equal(c.pgscan_direct, 17957);
			assert_int_equal(c.pgsteal_proactive, 1024);
		}
	}
}

static void assert_bad(const char *text, const char *field)
{
	struct node_counters c = {.free_pages = 77};
	const char *bad = NULL;

	assert_int_equal(node_counters_parse(text, &c, &bad), -EBADMSG);
	assert_string_equal(bad, field);
	assert_int_equal(c.free_pages, 77);
	assert_int_equal(node_counters_parse(text, &c, NULL), -EBADMSG);
}

/* Each line once missing, doubled, and with values that are none. */
static void test_each_malformed_line(void **state)
{
	static const char *const values[] = {
		"", " ", " x", " -1", " 1 2", " 0x10", " 1.5", " 18446744073709551616",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		_cleanup_free_ char *field = strndup(lines[i], strcspn(lines[i], " "));
		const char *changed[ARRAY_SIZE(lines)];
		_cleanup_free_ char *doubled = NULL;
		_cleanup_free_ char *once = complete(lines[i]);

		assert_true(asprintf(&doubled, "%s\n", once) > 0);
		assert_bad(doubled, field);
		memcpy(changed, lines, sizeof(lines));
		for (size_t v = 0; v < ARRAY_SIZE(values); v++) {
			_cleanup_free_ char *line = NULL, *text = NULL;

			assert_true(asprintf(&line, "%s%s", field, values[v]) > 0);
			changed[i] = line;
			text = join(changed, ARRAY_SIZE(changed), "");
			assert_bad(text, field);
		}
		{
			_cleanup_free_ char *text = NULL;

			changed[i] = "nr_other 5";
			text = join(changed, ARRAY_SIZE(changed), "");
			assert_bad(text, field);
		}
	}
}

static void test_scan_counters_come_together(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(scan_lines); i++) {
		_cleanup_free_ char *field = strndup(scan_lines[i], strcspn(scan_lines[i], " "));
		const char *changed[ARRAY_SIZE(scan_lines)];
		_cleanup_free_ char *scan = NULL, *text = NULL;

		memcpy(changed, scan_lines, sizeof(scan_lines));
		changed[i] = "nr_other 5";
		scan = join(changed, ARRAY_SIZE(changed), "");
		text = complete(scan);
		assert_bad(text, field);
	}
}

static void test_empty_and_unended(void **state)
{
	_cleanup_free_ char *text = complete("nr_other 1");

	(void)state;
	assert_bad("", "nr_free_pages");
	assert_bad("\n", "nr_free_pages");
	assert_bad(text, "end of file");
}

/*
 * Cut anywhere, a captured file is either refused or read with the right figures. The one thing
 * that can't be seen in the text alone is that scan counters would have followed.
 */
static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(captured); i++) {
		_cleanup_free_ char *text = fixture_data(captured[i]);
		struct node_counters whole, c;

		assert_int_equal(node_counters_parse(text, &whole, NULL), 0);
		for (size_t length = strlen(text); length-- > 0;) {
			int r;

			text[length] = '\0';
			memset(&c, 0, sizeof(c));
			r = node_counters_parse(text, &c, NULL);
			if (r == -EBADMSG)
				continue;
			assert_int_equal(r, 0);
			assert_memory_equal(&c, &whole,
					    offsetof(struct node_counters, pgscan_kswapd));
			if (c.has_scan)
				assert_memory_equal(&c, &whole, sizeof(c));
		}
	}
}

static void test_reader_follows_the_file(void **state)
{
	_cleanup_(node_reader_freep) struct node_reader *reader = NULL;
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	_cleanup_free_ char *text_6 = fixture_data("kernel/6.18/node1-vmstat");
	_cleanup_free_ char *text_7 = fixture_data("kernel/7/node1-vmstat");
	struct node_counters c;
	const char *bad = NULL;

	(void)state;
	fixture_write(fx, VMSTAT, text_6);
	assert_int_equal(node_reader_open(fx->fd, 1, &reader), 0);
	assert_int_equal(node_reader_read(reader, &c, &bad), 0);
	assert_int_equal(c.free_pages, 215650);
	assert_false(c.has_scan);
	fixture_write(fx, VMSTAT, text_7);
	assert_int_equal(node_reader_read(reader, &c, &bad), 0);
	assert_int_equal(c.free_pages, 210702);
	assert_true(c.has_scan);
	/* Once seen, scan counters are missed. */
	fixture_write(fx, VMSTAT, text_6);
	assert_int_equal(node_reader_read(reader, &c, &bad), -EBADMSG);
	assert_string_equal(bad, "node1/vmstat: pgscan_kswapd");
	assert_int_equal(c.free_pages, 210702);
	fixture_write(fx, VMSTAT, "nr_free_pages 12\n");
	assert_int_equal(node_reader_read(reader, &c, &bad), -EBADMSG);
	assert_string_equal(bad, "node1/vmstat: nr_inactive_anon");
	/* And a bad reading is no end. */
	fixture_write(fx, VMSTAT, text_7);
	assert_int_equal(node_reader_read(reader, &c, NULL), 0);
}

static void test_reader_errors(void **state)
{
	_cleanup_(node_reader_freep) struct node_reader *reader = NULL;
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	_cleanup_free_ char *large = malloc(20001);
	struct node_counters c;
	const char *bad = NULL;

	(void)state;
	assert_int_equal(node_reader_open(fx->fd, 1, &reader), -ENOENT);
	assert_null(reader);
	/* A descriptor that can be opened and not read, as that of a node that has gone. */
	fixture_write(fx, VMSTAT "/", NULL);
	assert_int_equal(node_reader_open(fx->fd, 1, &reader), 0);
	assert_int_equal(node_reader_read(reader, &c, &bad), -EISDIR);
	assert_string_equal(bad, "node1/vmstat");
	reader = node_reader_free(reader);
	fixture_remove(fx, VMSTAT);

	assert_non_null(large);
	memset(large, '\n', 20000);
	large[20000] = '\0';
	fixture_write(fx, VMSTAT, large);
	assert_int_equal(node_reader_open(fx->fd, 1, &reader), 0);
	assert_int_equal(node_reader_read(reader, &c, &bad), -EOVERFLOW);
	assert_string_equal(bad, "node1/vmstat");
	assert_null(node_reader_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_field),
		cmocka_unit_test(test_captured_kernels),
		cmocka_unit_test(test_each_malformed_line),
		cmocka_unit_test(test_scan_counters_come_together),
		cmocka_unit_test(test_empty_and_unended),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_reader_follows_the_file),
		cmocka_unit_test(test_reader_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
