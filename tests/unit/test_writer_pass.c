/* SPDX-License-Identifier: Apache-2.0 */
/* What a look at a group chooses, over a fake /proc, with files that say themselves what is dirty.
 */
#include "agent/writer/pass.h"

#include "tests/unit/fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <time.h>

/* As many dirty bytes as there are capital Ds at the beginning, in pages of one byte. */
static int count_by_content(int fd, uint64_t offset, uint64_t length, struct page_counts *ret)
{
	char text[64];
	ssize_t n = pread(fd, text, MIN(length, sizeof(text)), (off_t)offset);

	*ret = (struct page_counts){0};
	for (ssize_t i = 0; i < n && text[i] == 'D'; i++)
		ret->dirty++;
	ret->cached = ret->dirty;
	return 0;
}

struct scene {
	struct fixture *fx;
	int proc_fd, group_fd;
	struct pass *pass;
	struct clean_history history;
	struct config_patterns denied;
};

/* Process 12 has /large and /small mapped, of which the kernel says the same in smaps, and /other
 * open. */
static struct scene *scene_new(count_pages_fn count)
{
	static const struct fixture_file files[] = {
		{"large", "DDDDDDDD"},
		{"small", "DD"},
		{"other", "c"},
		{"group/cgroup.procs", "12\n"},
		{"proc/locks", ""},
		{"proc/12/maps",
		 "1000-2000 rw-s 0 08:01 7 /large\n3000-4000 rw-s 0 08:01 8 /small\n"},
		{"proc/12/smaps", "1000-2000 rw-s 0 08:01 7 /large\nShared_Dirty: 8 kB\n"
				  "3000-4000 rw-s 0 08:01 8 /small\nShared_Dirty: 2 kB\n"},
		{"proc/12/map_files/", NULL},
		{"proc/12/fd/", NULL},
		{"proc/12/fdinfo/3", "flags:\t0100002\n"},
	};
	struct scene *s = calloc(1, sizeof(*s));
	char target[128];
	struct statfs fs;

	assert_non_null(s);
	s->fx = fixture_new(files, ARRAY_SIZE(files));
	s->proc_fd = openat(s->fx->fd, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s->group_fd = openat(s->fx->fd, "group", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(symlinkat("/proc/self", s->proc_fd, "self"), 0);
	assert_int_equal(symlinkat("../../../large", s->proc_fd, "12/map_files/1000-2000"), 0);
	assert_int_equal(symlinkat("../../../small", s->proc_fd, "12/map_files/3000-4000"), 0);
	(void)snprintf(target, sizeof(target), "%s/other", s->fx->path);
	assert_int_equal(symlinkat(target, s->proc_fd, "12/fd/3"), 0);
	assert_int_equal(pass_new(s->proc_fd, count, &s->pass), 0);
	assert_int_equal(fstatfs(s->proc_fd, &fs), 0);
	if (file_system_check((uint64_t)fs.f_type, false) != FILE_PASSED) {
		print_message("temporary files are in memory\n");
		skip();
	}
	return s;
}

static void scene_free(struct scene *s)
{
	pass_free(s->pass);
	fd_close(s->proc_fd);
	fd_close(s->group_fd);
	fixture_free(s->fx);
	free(s);
}

static void set_age(const struct scene *s, const char *path, time_t age_s)
{
	const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = time(NULL) - age_s}};

	assert_int_equal(utimensat(s->fx->fd, path, times, 0), 0);
}

/* The size of the file to be written first, when so much is wanted. */
static uint64_t first_choice(struct scene *s, uint64_t wanted_bytes, size_t *ret_n)
{
	const struct pass_bounds bounds = {.sys_fd = s->fx->fd, .denied = &s->denied};
	const struct clean_candidate *chosen;

	pass_begin(s->pass, s->group_fd, wanted_bytes, &bounds);
	while (pass_step(s->pass, &s->history, 1) > 0)
		;
	chosen = pass_chosen(s->pass, ret_n);
	return *ret_n > 0 ? pass_file(s->pass, chosen[0].file)->size_bytes : 0;
}

static void test_the_oldest_first(void **state)
{
	struct scene *s = scene_new(count_by_content);
	size_t n;

	(void)state;
	set_age(s, "large", 0);
	set_age(s, "small", 0);
	assert_int_equal(first_choice(s, UINT64_MAX, &n), 8);
	assert_int_equal(n, 2);
	set_age(s, "small", 100);
	assert_int_equal(first_choice(s, UINT64_MAX, &n), 2);
	/* Nearly as old: the larger. */
	set_age(s, "large", 70);
	assert_int_equal(first_choice(s, UINT64_MAX, &n), 8);
	/* Times may be set to anything. */
	set_age(s, "large", -1000000);
	set_age(s, "small", time(NULL) + 1000000);
	assert_int_equal(first_choice(s, UINT64_MAX, &n), 2);
	scene_free(s);
}

/* Without cachestat nothing is known of what is only open, and age does not make it more. */
static void test_guesses_come_last(void **state)
{
	struct scene *s = scene_new(NULL);
	const struct clean_candidate *chosen;
	size_t n;

	(void)state;
	set_age(s, "other", 10000);
	assert_int_equal(first_choice(s, UINT64_MAX, &n), 8);
	assert_int_equal(n, 3);
	chosen = pass_chosen(s->pass, &n);
	assert_int_equal(pass_file(s->pass, chosen[2].file)->size_bytes, 1);
	scene_free(s);
}

/* Whatever is dirty there. */
static void test_denied_devices(void **state)
{
	struct scene *s = scene_new(count_by_content);
	char link[64];
	struct stat st;
	size_t n;

	(void)state;
	assert_int_equal(fstat(s->fx->fd, &st), 0);
	fixture_write(s->fx, "dev/block/", NULL);
	(void)snprintf(link, sizeof(link), "dev/block/%u:%u", major(st.st_dev), minor(st.st_dev));
	assert_int_equal(symlinkat("../../devices/block/sda", s->fx->fd, link), 0);
	s->denied.n = 1;
	(void)snprintf(s->denied.pattern[0], CONFIG_PATTERN_MAX, "sdb");
	assert_int_equal(first_choice(s, UINT64_MAX, &n), 8);
	(void)snprintf(s->denied.pattern[0], CONFIG_PATTERN_MAX, "sda");
	(void)first_choice(s, UINT64_MAX, &n);
	assert_int_equal(n, 0);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_oldest_first),
		cmocka_unit_test(test_guesses_come_last),
		cmocka_unit_test(test_denied_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
