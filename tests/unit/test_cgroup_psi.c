/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/psi.h"

#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>

#define AVERAGES "avg10=0.12 avg60=1.00 avg300=99.99 "

static void test_totals(void **state)
{
	struct psi_totals totals;

	(void)state;
	assert_int_equal(
		psi_parse("some " AVERAGES "total=123\nfull " AVERAGES "total=45\n", &totals, NULL),
		0);
	assert_int_equal(totals.some_us, 123);
	assert_int_equal(totals.full_us, 45);
	/* Without "full", in another order, with what a later kernel may add. */
	assert_int_equal(
		psi_parse("most total=9\nsome total=18446744073709551615 avg9=1\n", &totals, NULL),
		0);
	assert_int_equal(totals.some_us, UINT64_MAX);
	assert_int_equal(totals.full_us, 0);
}

static void test_malformed(void **state)
{
	static const struct {
		const char *text, *bad;
	} rows[] = {
		{"", "some total"},
		{"full total=1\n", "some total"},
		{"some avg10=0.00\n", "some total"},
		{"some total=\n", "some total"},
		{"some total=-1\n", "some total"},
		{"some total=1 total=1\n", "some total"},
		{"some total=1\nsome total=1\n", "some total"},
		{"some total=18446744073709551616\n", "some total"},
		{"some total=1\nfull total=x\n", "full total"},
		{"some total=1\nfull\n", "full total"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct psi_totals totals = {7, 8};
		const char *bad = NULL;

		assert_int_equal(psi_parse(rows[i].text, &totals, &bad), -EBADMSG);
		assert_string_equal(bad, rows[i].bad);
		assert_int_equal(totals.some_us, 7);
		assert_int_equal(totals.full_us, 8);
		assert_int_equal(psi_parse(rows[i].text, &totals, NULL), -EBADMSG);
	}
}

static void test_reads_an_open_file_again(void **state)
{
	static const struct fixture_file files[] = {
		{"memory.pressure", "some total=1\nfull total=0\n"}};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_close_ int fd = kfile_open(fx->fd, "memory.pressure", O_RDONLY);
	struct psi_totals totals;

	(void)state;
	assert_int_equal(psi_read(fd, &totals, NULL), 0);
	assert_int_equal(totals.some_us, 1);
	fixture_write(fx, "memory.pressure", "some total=2\nfull total=1\n");
	assert_int_equal(psi_read(fd, &totals, NULL), 0);
	assert_int_equal(totals.some_us, 2);
}

static void test_trigger_is_written_as_the_kernel_reads_it(void **state)
{
	static const struct fixture_file files[] = {{"proc/pressure/memory", NULL}};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_close_ int fd =
		psi_trigger_open(fx->fd, "proc/pressure/memory", 10000, UINT64_C(1000000));
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR | O_NONBLOCK);
	text = fixture_read(fx, "proc/pressure/memory");
	assert_string_equal(text, "some 10000 1000000\n");
	assert_int_equal(psi_trigger_open(fx->fd, "proc/pressure/none", 1, 1), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_totals),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_reads_an_open_file_again),
		cmocka_unit_test(test_trigger_is_written_as_the_kernel_reads_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
