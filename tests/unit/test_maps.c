/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/maps.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *line;
	int result;
	struct mapping mapping;
} lines[] = {
	{"7f0000000000-7f0000001000 rw-s 00002000 fd:01 1234                       /data/f",
	 0,
	 {.start = 0x7f0000000000,
	  .end = 0x7f0000001000,
	  .offset = 0x2000,
	  .inode = 1234,
	  .writable = true,
	  .shared = true,
	  .name = "/data/f"}},
	{"00400000-00401000 r-xp 00000000 08:01 77 /bin/x",
	 0,
	 {.start = 0x400000, .end = 0x401000, .inode = 77, .executable = true, .name = "/bin/x"}},
	{"7ffd0-7ffe0 rw-p 0 00:00 0", 0, {.start = 0x7ffd0, .end = 0x7ffe0, .writable = true}},
	{"7ffd0-7ffe0 rw-p 0 00:00 0 ", 0, {.start = 0x7ffd0, .end = 0x7ffe0, .writable = true}},
	{"1000-2000 rw-s 0 00:01 5 /memfd:a b (deleted)",
	 0,
	 {.start = 0x1000,
	  .end = 0x2000,
	  .inode = 5,
	  .writable = true,
	  .shared = true,
	  .name = "/memfd:a b (deleted)"}},
	{"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0 [vsyscall]",
	 0,
	 {.start = 0xffffffffff600000,
	  .end = 0xffffffffff601000,
	  .executable = true,
	  .name = "[vsyscall]"}},
	{"", -EBADMSG, {0}},
	{"1000-2000", -EBADMSG, {0}},
	{"1000-2000 rw-s", -EBADMSG, {0}},
	{"1000-2000 rw-s 0 00:01", -EBADMSG, {0}},
	{"1000-2000 rw-s 0 00:01 ", -EBADMSG, {0}},
	{"1000-2000 rw-s 0 00:01 -5", -EBADMSG, {0}},
	{"1000-2000 rwxz 0 00:01 5", -EBADMSG, {0}},
	{"1000-2000 qw-s 0 00:01 5", -EBADMSG, {0}},
	{"2000-1000 rw-s 0 00:01 5", -EBADMSG, {0}},
	{"1000-1000 rw-s 0 00:01 5", -EBADMSG, {0}},
	{"10000000000000000-20000000000000000 rw-s 0 00:01 5", -EBADMSG, {0}},
	{"1000-2000 rw-s 0 00:01 99999999999999999999", -EBADMSG, {0}},
	{"1000-200G rw-s 0 00:01 5", -EBADMSG, {0}},
	{"1000-2000 rw-s x 00:01 5", -EBADMSG, {0}},
};

static void test_line(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct mapping m = {.start = 42};

		if (mapping_parse(lines[i].line, strlen(lines[i].line), &m) != lines[i].result)
			fail_msg("'%s'", lines[i].line);
		if (lines[i].result == 0)
			assert_memory_equal(&m, &lines[i].mapping, sizeof(m));
		else
			assert_int_equal(m.start, 42);
	}
}

/* Every front of a line is no line: a piece that ends within one is never taken for it. */
static void test_cut_line(void **state)
{
	static const char line[] = "7f00-8f00 rw-s 00002000 fd:01 1234";
	struct mapping m;

	(void)state;
	for (size_t n = 0; n < strlen("7f00-8f00 rw-s 00002000 fd:01 "); n++)
		assert_int_equal(mapping_parse(line, n, &m), -EBADMSG);
}

/* A name that does not fit is told from one that was meant to end there. */
static void test_long_name(void **state)
{
	char line[64 + MAPPING_NAME_BYTES];
	struct mapping m;

	(void)state;
	for (int n = MAPPING_NAME_BYTES - 3; n < MAPPING_NAME_BYTES + 2; n++) {
		(void)snprintf(line, sizeof(line), "1000-2000 rw-p 0 08:01 5 /%0*d", n - 1, 0);
		assert_int_equal(mapping_parse(line, strlen(line), &m), 0);
		assert_int_equal(strlen(m.name), MIN(n, MAPPING_NAME_BYTES - 1));
		assert_int_equal(m.name_cut, n >= MAPPING_NAME_BYTES);
	}
}

static int open_text(const struct fixture *fx, const char *text)
{
	fixture_write(fx, "maps", text);
	return openat(fx->fd, "maps", O_RDONLY | O_CLOEXEC);
}

static void test_pieces(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	char path[64];
	_cleanup_close_ int fd = -1;
	struct mapping_reader reader = {0};
	struct mapping m;
	size_t n = 0;
	FILE *f;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/maps", fx->path);
	f = fopen(path, "w");
	assert_non_null(f);
	/* Names of all lengths, some longer than a piece. */
	for (unsigned int i = 0; i < 20000; i++)
		fprintf(f, "%x-%x rw-s 0 08:01 %u /%.*d\n", i * 4096, (i + 1) * 4096, i + 1,
			i % 997 == 0 ? 3 * LINE_PIECE_BYTES : (int)(i % 61), 0);
	assert_int_equal(fclose(f), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	reader.lines.fd = fd;
	while (mapping_reader_next(&reader, &m) == 1) {
		n++;
		assert_int_equal(m.inode, n);
		assert_int_equal(m.end, n * 4096);
	}
	assert_int_equal(n, 20000);
	assert_int_equal(mapping_reader_next(&reader, &m), 0);
}

static void test_smaps(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	_cleanup_close_ int fd = open_text(
		fx,
		"1000-3000 rw-s 00000000 08:01 7 /a\nSize: 8 kB\nRss: 8 kB\nShared_Clean: 0 kB\n"
		"Shared_Dirty:          4 kB\nPrivate_Dirty:         4 kB\nVmFlags: rd wr sh\n"
		"3000-4000 rw-p 00000000 00:00 0\nRss: 12 kB\nAnonymous: 4 kB\n"
		"Private_Dirty: 4 kB\nTHPeligible: 0\nVmFlags: rd wr lo ac \n"
		"5000-6000 rw-s 00000000 08:01 8 /b\nShared_Dirty: 0 kB\nVmFlags: ht\n"
		"6000-7000 rw-s 00000000 08:01 8 /b\nVmFlags: rd pf\n"
		"7000-8000 rw-s 00000000 08:01 8 /b\nVmFlags: io\n");
	struct mapping_reader reader = {.lines.fd = fd, .smaps = true};
	struct mapping m;

	(void)state;
	assert_int_equal(mapping_reader_next(&reader, &m), 1);
	assert_int_equal(m.inode, 7);
	assert_int_equal(m.dirty_bytes, 8192);
	assert_int_equal(m.resident_bytes, 8192);
	assert_false(m.locked);
	assert_int_equal(mapping_reader_next(&reader, &m), 1);
	assert_false(m.shared);
	assert_int_equal(m.resident_bytes, 12288);
	assert_int_equal(m.anon_bytes, 4096);
	assert_true(m.locked && !m.huge && !m.device);
	assert_int_equal(mapping_reader_next(&reader, &m), 1);
	assert_int_equal(m.inode, 8);
	assert_int_equal(m.dirty_bytes, 0);
	assert_true(m.huge && !m.device);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(mapping_reader_next(&reader, &m), 1);
		assert_true(m.device && !m.huge && !m.locked);
	}
	assert_int_equal(mapping_reader_next(&reader, &m), 0);
}

static void test_malformed_smaps(void **state)
{
	static const char *const texts[] = {
		"Size: 8 kB\n1000-2000 rw-s 0 08:01 7 /a\n",
		"1000-2000 rw-s 0 08:01 7 /a\nShared_Dirty: -1 kB\n",
		"1000-2000 rw-s 0 08:01 7 /a\nShared_Dirty: 1\n",
		"1000-2000 rw-s 0 08:01 7 /a\nPrivate_Dirty: 9999999999999999999 kB\n",
		"1000-2000 rw-s 0 08:01 7 /a\nRss: 7 kB of it\nRss: x kB\n",
		"1000-2000 rw-s 0 08:01 7 /a\nAnonymous: 7 MB\n",
		"1000-2000 rw-s 0 08:01 7 /a\nnonsense\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
		_cleanup_close_ int fd = open_text(fx, texts[i]);
		struct mapping_reader reader = {.lines.fd = fd, .smaps = true};
		struct mapping m;

		assert_int_equal(mapping_reader_next(&reader, &m), -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),	  cmocka_unit_test(test_cut_line),
		cmocka_unit_test(test_long_name), cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_smaps),	  cmocka_unit_test(test_malformed_smaps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
