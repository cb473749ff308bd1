/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/memory.h"

#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define REST                                                                          \
	"shmem N0=3 N1=13\nfile_dirty N0=4 N1=14\nfile_writeback N0=5 N1=15\n"        \
	"swapcached N0=90 N1=90\ninactive_anon N0=6 N1=16\nactive_anon N0=7 N1=17\n"  \
	"inactive_file N0=8 N1=18\nactive_file N0=9 N1=19\nunevictable N0=10 N1=20\n" \
	"workingset_refault_file N0=90 N1=90\n"
#define TWO_NODES "anon N0=1 N1=11\nfile N0=2 N1=12\n" REST "slab_reclaimable N0=21 N1=22\n"

static void test_two_nodes(void **state)
{
	struct memory_node_share shares[3];

	(void)state;
	memset(shares, 0xff, sizeof(shares));
	assert_int_equal(memory_numa_stat_parse(TWO_NODES, shares, 3, NULL), 0);
	assert_int_equal(shares[0].anon, 1);
	assert_int_equal(shares[0].unevictable, 10);
	assert_int_equal(shares[1].anon, 11);
	assert_int_equal(shares[1].file, 12);
	assert_int_equal(shares[1].shmem, 13);
	assert_int_equal(shares[1].file_dirty, 14);
	assert_int_equal(shares[1].file_writeback, 15);
	assert_int_equal(shares[1].inactive_anon, 16);
	assert_int_equal(shares[1].active_anon, 17);
	assert_int_equal(shares[1].inactive_file, 18);
	assert_int_equal(shares[1].active_file, 19);
	assert_int_equal(shares[1].unevictable, 20);
	assert_int_equal(shares[1].slab_reclaimable, 22);
	assert_int_equal(shares[2].anon, 0);
	assert_int_equal(shares[2].slab_reclaimable, 0);
}

static void test_nodes_beyond_the_array(void **state)
{
	struct memory_node_share shares[2] = {{.anon = 4711}, {.anon = 4711}};

	(void)state;
	assert_int_equal(memory_numa_stat_parse(TWO_NODES, shares, 1, NULL), 0);
	assert_int_equal(shares[0].anon, 1);
	assert_int_equal(shares[1].anon, 4711);
	assert_int_equal(memory_numa_stat_parse("anon N0=1 N1023=5\nfile N0=2 N64=12\n" REST
						"slab_reclaimable N63=21\n",
						shares, 2, NULL),
			 0);
	assert_int_equal(shares[0].slab_reclaimable, 0);
	assert_int_equal(memory_numa_stat_parse(TWO_NODES, shares, MEMORY_NODES_MAX + 1, NULL),
			 -EINVAL);
}

static void test_malformed(void **state)
{
	static const struct {
		const char *first_line, *bad;
	} rows[] = {
		{"", "anon"},
		{"anon\n", "anon"},
		{"anon 1\n", "anon"},
		{"anon N0\n", "anon"},
		{"anon N=1\n", "anon"},
		{"anon N0=\n", "anon"},
		{"anon N0=1 N0=2\n", "anon"},
		{"anon N0=1 N1=x\n", "anon"},
		{"anon M0=1\n", "anon"},
		{"anon N0=-1\n", "anon"},
		{"anon N0=18446744073709551616\n", "anon"},
		{"anon N0=1\nanon N0=1\n", "anon"},
		{"anon N0=1\nunevictable N0=1\n", "unevictable"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct memory_node_share share = {.anon = 4711};
		const char *bad = NULL;
		char text[1024];

		(void)snprintf(text, sizeof(text), "%sfile N0=2\n" REST "slab_reclaimable N0=1\n",
			       rows[i].first_line);
		assert_int_equal(memory_numa_stat_parse(text, &share, 1, &bad), -EBADMSG);
		assert_string_equal(bad, rows[i].bad);
		assert_int_equal(share.anon, 4711);
	}
}

/* A machine of many nodes: the file is larger than any buffer, its lines are not. */
static void test_reads_large_files_in_pieces(void **state)
{
	static const char *const keys[] = {"anon",	    "file",	      "shmem",
					   "file_dirty",    "file_writeback", "unknown_key",
					   "inactive_anon", "active_anon",    "inactive_file",
					   "active_file",   "unevictable",    "slab_reclaimable"};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	_cleanup_close_ int fd = -1;
	struct memory_node_share shares[64];
	const size_t size = 64 * 1024;
	_cleanup_free_ char *text = calloc(1, size);
	size_t used = 0;

	(void)state;
	assert_non_null(text);
	for (size_t k = 0; k < ARRAY_SIZE(keys); k++) {
		used += (size_t)snprintf(text + used, size - used, "%s", keys[k]);
		for (unsigned int node = 0; node < 64; node++)
			used += (size_t)snprintf(text + used, size - used,
						 " N%u=10000000000%02zu%02u", node, k, node);
		used += (size_t)snprintf(text + used, size - used, "\n");
	}
	assert_true(used > 12000);
	fixture_write(fx, "memory.numa_stat", text);
	fd = kfile_open(fx->fd, "memory.numa_stat", O_RDONLY);
	for (int again = 0; again < 2; again++) {
		memset(shares, 0, sizeof(shares));
		assert_int_equal(memory_numa_stat_read(fd, shares, 64, NULL), 0);
		for (unsigned int node = 0; node < 64; node++) {
			assert_int_equal(shares[node].anon, UINT64_C(100000000000000) + node);
			assert_int_equal(shares[node].slab_reclaimable,
					 UINT64_C(100000000001100) + node);
		}
	}
}

static void test_reading_errors(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	_cleanup_free_ char *line = malloc(20000);
	struct memory_node_share share = {.anon = 4711};
	_cleanup_close_ int fd = -1;
	const char *bad = NULL;

	(void)state;
	assert_non_null(line);
	/* Cut in the middle of a number. */
	fixture_write(fx, "memory.numa_stat", TWO_NODES "pgscan N0=1");
	fd = kfile_open(fx->fd, "memory.numa_stat", O_RDONLY);
	assert_int_equal(memory_numa_stat_read(fd, &share, 1, &bad), -EBADMSG);
	assert_string_equal(bad, "end of last line");
	fixture_write(fx, "memory.numa_stat", "anon N0=1\n");
	assert_int_equal(memory_numa_stat_read(fd, &share, 1, &bad), -EBADMSG);
	assert_string_equal(bad, "file");
	memset(line, 'x', 20000);
	line[19999] = '\0';
	fixture_write(fx, "memory.numa_stat", line);
	assert_int_equal(memory_numa_stat_read(fd, &share, 1, NULL), -EOVERFLOW);
	assert_int_equal(memory_numa_stat_read(fx->fd, &share, 1, NULL), -EISDIR);
	assert_int_equal(share.anon, 4711);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_nodes),
		cmocka_unit_test(test_nodes_beyond_the_array),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_reads_large_files_in_pieces),
		cmocka_unit_test(test_reading_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
