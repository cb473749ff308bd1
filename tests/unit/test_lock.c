/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/lock.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *in(const struct fixture *fx, const char *name, char *path)
{
	(void)snprintf(path, 128, "%s/%s", fx->path, name);
	return path;
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static void test_one_holder(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	_cleanup_(lock_freep) struct lock *first = NULL;
	struct lock *second = NULL;
	pid_t holder = -1;
	char path[128], file[128];
	struct stat st;

	(void)state;
	in(fx, "run/s", path);
	in(fx, "run/s.lock", file);
	assert_int_equal(lock_take(path, &first, &holder), 0);
	assert_int_equal(holder, -1);
	assert_int_equal(lock_take(path, &second, &holder), -EBUSY);
	assert_null(second);
	assert_int_equal(holder, getpid());
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	/* Let go: the file and the directory that was made for it are gone. */
	first = lock_free(first);
	in(fx, "run", path);
	assert_false(exists(path));
}

static void test_other_sockets_are_free(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	_cleanup_(lock_freep) struct lock *a = NULL, *b = NULL;
	pid_t holder;
	char path[128];

	(void)state;
	assert_int_equal(lock_take(in(fx, "a", path), &a, &holder), 0);
	assert_int_equal(lock_take(in(fx, "b", path), &b, &holder), 0);
	a = lock_free(a);
	assert_true(exists(in(fx, "b.lock", path))); /* a directory it did not make stays */
}

/* The kernel lets go the lock of an agent that was killed; its file is taken over. */
static void test_holder_was_killed(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	_cleanup_(lock_freep) struct lock *lock = NULL;
	char path[128], byte;
	int ready[2], status;
	pid_t child, holder;

	(void)state;
	in(fx, "s", path);
	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct lock *held;

		if (lock_take(path, &held, &holder) == 0 && write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(lock_take(path, &lock, &holder), -EBUSY);
	assert_int_equal(holder, child);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(lock_take(path, &lock, &holder), 0);
	close(ready[0]);
	close(ready[1]);
}

static void test_what_stands_in_the_way(void **state)
{
	static const struct fixture_file files[] = {{"file", ""}, {"s.lock/", NULL}};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	struct lock *lock = NULL;
	pid_t holder;
	char path[128];

	(void)state;
	assert_int_equal(lock_take(in(fx, "none/deeper/s", path), &lock, &holder), -ENOENT);
	assert_int_equal(lock_take(in(fx, "file/s", path), &lock, &holder), -ENOTDIR);
	assert_int_equal(lock_take(in(fx, "s", path), &lock, &holder), -EISDIR);
	assert_int_equal(symlinkat("file", fx->fd, "t.lock"), 0);
	assert_int_equal(lock_take(in(fx, "t", path), &lock, &holder), -ELOOP);
	assert_null(lock);
}

static void test_holder_without_a_pid(void **state)
{
	static const char *const texts[] = {"", "\n", "12", "x\n", "99999999999\n"};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	_cleanup_(lock_freep) struct lock *lock = NULL;
	struct lock *second;
	char path[128];

	(void)state;
	in(fx, "s", path);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		pid_t holder = -1;

		if (!lock)
			assert_int_equal(lock_take(path, &lock, &holder), 0);
		fixture_write(fx, "s.lock", texts[i]);
		assert_int_equal(lock_take(path, &second, &holder), -EBUSY);
		assert_int_equal(holder, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_holder),
		cmocka_unit_test(test_other_sockets_are_free),
		cmocka_unit_test(test_holder_was_killed),
		cmocka_unit_test(test_what_stands_in_the_way),
		cmocka_unit_test(test_holder_without_a_pid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
