/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/loads/fileset.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/vfs.h>

#define PAGE ((uint64_t)CONTENT_PAGE_BYTES)

/* Tests run where the temporary directory is a disk's; elsewhere they say that they did not. */
static const char *disk_directory(void)
{
	static const char directory[] = "/var/tmp";
	struct statfs fs;

	if (statfs(directory, &fs) < 0 || fs.f_type == TMPFS_MAGIC)
		skip();
	return directory;
}

struct seen {
	const struct content *content; /* NULL: zeros */
	uint64_t n, bad, first_bad, wanted_step;
	size_t offset;
};

static bool wants(void *context, uint64_t page)
{
	const struct seen *seen = context;

	return page % seen->wanted_step == 0;
}

static void visit(void *context, uint64_t page, const void *data)
{
	struct seen *seen = context;
	struct content_error error;
	bool good = seen->content ? content_check(seen->content, page, 1, data, &error)
				  : content_check_zero(data, &error);

	seen->n++;
	if (!good && seen->bad++ == 0) {
		seen->first_bad = page;
		seen->offset = error.offset;
	}
}

static struct seen look(const struct fileset *set, const struct content *content, uint64_t step)
{
	struct seen seen = {.content = content, .wanted_step = step};
	const struct fileset_visitor visitor = {wants, visit, &seen};

	assert_int_equal(fileset_visit(set, &visitor), 0);
	return seen;
}

static void test_contents(void **state)
{
	_cleanup_(fileset_freep) struct fileset *set = NULL;
	struct content content;
	const char *why = "";
	struct seen seen;

	(void)state;
	content_init(&content, 1, 200);
	/* 1001 pages in three files: 334 each. */
	assert_int_equal(fileset_create(disk_directory(), 3, 1001 * PAGE, &content, &set, &why), 0);
	assert_int_equal(set->n_files, 3);
	assert_int_equal(set->pages_per_file, 334);
	seen = look(set, &content, 1);
	assert_int_equal(seen.n, 1002);
	assert_int_equal(seen.bad, 0);
	seen = look(set, &content, 7);
	assert_int_equal(seen.n, 144);
	/* One wrong byte in the second file is found and named. */
	assert_int_equal(pwrite(set->fds[1], "\x5a", 1, 100 * PAGE + 77), 1);
	seen = look(set, &content, 1);
	assert_int_equal(seen.bad, 1);
	assert_int_equal(seen.first_bad, 434);
	assert_int_equal(seen.offset, 77);
	/* A file that was cut is an error, not an end. */
	assert_int_equal(ftruncate(set->fds[2], 10 * PAGE), 0);
	{
		const struct fileset_visitor visitor = {wants, visit, &seen};

		assert_int_equal(fileset_visit(set, &visitor), -EIO);
	}
}

static void test_holes(void **state)
{
	_cleanup_(fileset_freep) struct fileset *set = NULL;
	const char *why = "";
	struct seen seen;

	(void)state;
	/* More than any disk here has. */
	assert_int_equal(fileset_create(disk_directory(), 2, UINT64_C(1) << 40, NULL, &set, &why),
			 0);
	seen = look(set, NULL, UINT64_C(1) << 20);
	assert_int_equal(seen.n, 256);
	assert_int_equal(seen.bad, 0);
}

/* At most so many are reclaimed meanwhile, by DAMON for one. */
#define TAKEN_PAGES 64

static uint64_t cached_pages(const struct fileset *set)
{
	uint64_t n = 0;

	for (size_t i = 0; i < set->n_files; i++)
		n += fileset_cached_pages(set, i);
	return n;
}

/* Whoever reads first pays for the cache: nothing of it is there after the files were made. */
static void test_cache(void **state)
{
	_cleanup_(fileset_freep) struct fileset *set = NULL;
	struct content content;
	const char *why = "";

	(void)state;
	content_init(&content, 1, 200);
	assert_int_equal(fileset_create(disk_directory(), 2, 2000 * PAGE, &content, &set, &why), 0);
	assert_int_equal(cached_pages(set), 0);
	(void)look(set, &content, 1);
	assert_in_range(cached_pages(set), 2000 - TAKEN_PAGES, 2000);
	fileset_drop(set, 0);
	assert_in_range(cached_pages(set), 1000 - TAKEN_PAGES, 1000);
	fileset_drop_all(set);
	assert_int_equal(cached_pages(set), 0);
}

static void test_refusals(void **state)
{
	struct fileset *set = NULL;
	struct content content;
	const char *why = "";

	(void)state;
	content_init(&content, 1, 200);
	assert_int_equal(fileset_create("/nowhere", 1, PAGE, &content, &set, &why), -ENOENT);
	assert_string_equal(why, "directory: it can't be opened");
	assert_int_equal(fileset_create("/dev/shm", 1, PAGE, &content, &set, &why), -EOPNOTSUPP);
	assert_non_null(strstr(why, "without a disk"));
	assert_int_equal(fileset_create("/var/tmp", 3, 2 * PAGE, &content, &set, &why), -EINVAL);
	assert_non_null(strstr(why, "files: there are more than"));
	assert_int_equal(
		fileset_create(disk_directory(), 1, UINT64_C(1) << 50, &content, &set, &why),
		-ENOSPC);
	assert_non_null(strstr(why, "space"));
	assert_null(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contents),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
