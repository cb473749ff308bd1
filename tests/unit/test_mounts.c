/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/mounts.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>

static bool is_remote(const char *type)
{
	return mount_type_is_remote((struct ktext_line){type, strlen(type)});
}

static void test_types(void **state)
{
	(void)state;
	assert_true(is_remote("nfs4"));
	assert_true(is_remote("fuse"));
	assert_true(is_remote("fuse.sshfs"));
	assert_true(is_remote("fuseblk"));
	assert_false(is_remote("fuse."));
	assert_false(is_remote("fusectl"));
	assert_false(is_remote("btrfs"));
	assert_false(is_remote("tmpfs"));
	assert_false(is_remote("overlay"));
	assert_false(is_remote(""));
}

static void test_lines(void **state)
{
	static const struct {
		const char *line, *type; /* NULL: -EBADMSG */
		uint64_t id;
	} cases[] = {
		{"36 35 0:31 / /mnt rw,noatime shared:9 master:1 - nfs4 host:/ rw", "nfs4", 36},
		{"36 35 0:31 / /mnt rw - xfs /dev/vdb rw", "xfs", 36},
		{"36 35 0:31 / /a\\040-\\040b rw - xfs", "xfs", 36},
		{"36 35 0:31 / /mnt rw - ", NULL, 36},
		{"36 35 0:31 / /mnt rw", NULL, 36},
		{"36", NULL, 36},
		{"-36 35 0:31 / /mnt rw - nfs4 host:/ rw", NULL, 7},
		{"", NULL, 7},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ktext_line type = {0};
		uint64_t id = 7;
		int r = mount_parse(cases[i].line, strlen(cases[i].line), &id, &type);

		if (r != (cases[i].type ? 0 : -EBADMSG) || id != cases[i].id ||
		    (cases[i].type && !ktext_word_is(type, cases[i].type)))
			fail_msg("case %zu: %d", i, r);
	}
}

/* By what the process sees; a line that can't be read is left alone. */
static void test_of_a_process(void **state)
{
	static const struct fixture_file files[] = {
		{"12/mountinfo", "36 35 0:31 / /mnt rw - nfs4 host:/ rw\n"
				 "37 35 0:32 / /b rw - btrfs /dev/vdb rw\n"
				 "38 35 0:33 / /c rw\n"},
		{"13/mountinfo", ""},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));

	(void)state;
	assert_int_equal(mount_is_remote(fx->fd, "12", 36), 1);
	assert_int_equal(mount_is_remote(fx->fd, "12", 37), 0);
	assert_int_equal(mount_is_remote(fx->fd, "12", 38), 1);
	assert_int_equal(mount_is_remote(fx->fd, "12", 39), -ENOENT);
	assert_int_equal(mount_is_remote(fx->fd, "13", 36), -ENOENT);
	assert_int_equal(mount_is_remote(fx->fd, "14", 36), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_of_a_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
