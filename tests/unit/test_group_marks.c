/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/group_marks.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#define EXCLUDE "user.uswapd.exclude"
#define WEIGHT	"user.uswapd.weight"

/* An empty directory; the test is skipped where its file system keeps no such attributes. */
static struct fixture *directory(void)
{
	struct fixture *fx = fixture_new(NULL, 0);

	if (fsetxattr(fx->fd, "user.uswapd.test", "1", 1, 0) < 0 && errno == EOPNOTSUPP) {
		fixture_free(fx);
		skip();
	}
	return fx;
}

static void mark(const struct fixture *fx, const char *name, const char *value)
{
	assert_int_equal(fsetxattr(fx->fd, name, value, strlen(value), 0), 0);
}

static void test_none(void **state)
{
	struct fixture *fx = directory();
	struct group_marks marks = {.exclude = true, .weight = 7};

	(void)state;
	assert_int_equal(group_marks_read(fx->fd, &marks, NULL), 0);
	assert_false(marks.exclude);
	assert_int_equal(marks.weight, 0);
	assert_int_equal(marks.owner, geteuid());
	fixture_free(fx);
}

static void test_values(void **state)
{
	static const struct {
		const char *name, *value;
		int error;
		bool exclude;
		uint64_t weight;
	} rows[] = {
		{EXCLUDE, "1", 0, true, 0},
		{EXCLUDE, "yes\n", 0, true, 0},
		{EXCLUDE, "no", 0, false, 0},
		{EXCLUDE, "", -EBADMSG, false, 0},
		{EXCLUDE, "maybe", -EBADMSG, false, 0},
		{EXCLUDE, "yes, and a great deal more than that", -EBADMSG, false, 0},
		{WEIGHT, "1", 0, false, 1},
		{WEIGHT, "10000", 0, false, 10000},
		{WEIGHT, "0", -EBADMSG, false, 0},
		{WEIGHT, "10001", -EBADMSG, false, 0},
		{WEIGHT, "-1", -EBADMSG, false, 0},
		{WEIGHT, "18446744073709551616", -EBADMSG, false, 0},
		{WEIGHT, "1.5", -EBADMSG, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture *fx = directory();
		struct group_marks marks = {.weight = 4711};
		const char *bad = NULL;
		int r;

		mark(fx, rows[i].name, rows[i].value);
		r = group_marks_read(fx->fd, &marks, &bad);
		if (r != rows[i].error)
			fail_msg("%s=%s: %d", rows[i].name, rows[i].value, r);
		if (r == 0) {
			assert_int_equal(marks.exclude, rows[i].exclude);
			assert_int_equal(marks.weight, rows[i].weight);
		} else {
			assert_string_equal(bad, rows[i].name);
			assert_int_equal(marks.weight, 4711);
		}
		fixture_free(fx);
	}
}

/* Of one to whom a group was delegated nothing counts. Who may give it away can try. */
static void test_another_owner(void **state)
{
	struct fixture *fx = directory();
	struct group_marks marks;

	(void)state;
	mark(fx, EXCLUDE, "yes");
	mark(fx, WEIGHT, "no number");
	if (fchown(fx->fd, 12345, (gid_t)-1) < 0) {
		fixture_free(fx);
		skip();
	}
	assert_int_equal(group_marks_read(fx->fd, &marks, NULL), 0);
	assert_int_equal(marks.owner, 12345);
	assert_false(marks.exclude);
	assert_int_equal(marks.weight, 0);
	fixture_free(fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_another_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
