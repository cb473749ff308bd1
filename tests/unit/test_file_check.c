/* SPDX-License-Identifier: Apache-2.0 */
/* What may be touched, on real files: the rules are the kernel's words about them. */
#include "agent/sense/file_check.h"

#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

static const struct {
	const char *line;
	int result;
	uint64_t inode;
} locks[] = {
	{"1: LEASE  ACTIVE    WRITE 623 fd:01:5678 0 EOF", 1, 5678},
	{"12: LEASE  BREAKING  READ  623 00:1f:9 0 EOF", 1, 9},
	{"3: DELEG  ACTIVE    READ  1 fd:01:77 0 EOF", 1, 77},
	{"3: -> LEASE  ACTIVE    READ  1 fd:01:78 0 EOF", 1, 78},
	{"2: POSIX  ADVISORY  WRITE 623 fd:01:5678 0 EOF", 0, 0},
	{"2: FLOCK  ADVISORY  WRITE 623 fd:01:5678 0 EOF", 0, 0},
	{"", -EBADMSG, 0},
	{"LEASE ACTIVE WRITE 623 fd:01:5678 0 EOF", -EBADMSG, 0},
	{"1: LEASE ACTIVE WRITE 623", -EBADMSG, 0},
	{"1: LEASE ACTIVE WRITE 623 5678", -EBADMSG, 0},
	{"1: LEASE ACTIVE WRITE 623 fd:01:x 0 EOF", -EBADMSG, 0},
};

static void test_locks(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(locks); i++) {
		uint64_t inode = 42;

		if (lease_parse(locks[i].line, strlen(locks[i].line), &inode) != locks[i].result)
			fail_msg("'%s'", locks[i].line);
		assert_int_equal(inode, locks[i].result == 1 ? locks[i].inode : 42);
	}
}

static void test_too_many_leases(void **state)
{
	static struct leases leases;
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	char path[64];
	FILE *f;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/locks", fx->path);
	f = fopen(path, "w");
	assert_non_null(f);
	for (int i = 1; i <= LEASES_MAX; i++)
		fprintf(f, "%d: LEASE  ACTIVE    READ 1 fd:01:%d 0 EOF\n", i, i);
	assert_int_equal(fflush(f), 0);
	assert_int_equal(leases_read(fx->fd, &leases), 0);
	assert_true(leases_have(&leases, LEASES_MAX));
	assert_false(leases_have(&leases, 9999));
	fprintf(f, "9: LEASE  ACTIVE    READ 1 fd:01:12345 0 EOF\n");
	assert_int_equal(fclose(f), 0);
	assert_int_equal(leases_read(fx->fd, &leases), 0);
	assert_true(leases_have(&leases, 9999));
}

static void test_file_systems(void **state)
{
	(void)state;
	assert_int_equal(file_system_check(EXT4_SUPER_MAGIC, false), FILE_PASSED);
	assert_int_equal(file_system_check(0x58465342, false), FILE_PASSED);
	/* f_type is signed and can be sign-extended. */
	assert_int_equal(file_system_check((uint64_t)(int)0xff534d42, false), FILE_REMOTE);
	assert_int_equal(file_system_check(NFS_SUPER_MAGIC, false), FILE_REMOTE);
	assert_int_equal(file_system_check(FUSE_SUPER_MAGIC, false), FILE_REMOTE);
	assert_int_equal(file_system_check(NFS_SUPER_MAGIC, true), FILE_PASSED);
	assert_int_equal(file_system_check(TMPFS_MAGIC, true), FILE_IN_MEMORY);
	assert_int_equal(file_system_check(HUGETLBFS_MAGIC, true), FILE_IN_MEMORY);
	assert_int_equal(file_system_check(PROC_SUPER_MAGIC, true), FILE_IN_MEMORY);
	/* Its pages are those of the file below, which sync_file_range on it does not reach. */
	assert_int_equal(file_system_check(OVERLAYFS_SUPER_MAGIC, true), FILE_OVERLAY);
}

struct scene {
	struct fixture *fx;
	int proc_fd;
	struct file_rules rules;
};

static enum file_refusal try(struct scene *s, const char *target, struct checked_file *ret)
{
	struct checked_file file = {.fd = -1};
	enum file_refusal refusal;

	(void)unlinkat(s->proc_fd, "11/link", 0);
	assert_int_equal(symlinkat(target, s->proc_fd, "11/link"), 0);
	refusal = file_open_checked(s->proc_fd, "11/link", &s->rules, NULL, NULL, &file);
	if (refusal == FILE_PASSED && ret)
		*ret = file;
	else
		fd_close(file.fd);
	return refusal;
}

/* NULL where temporary files are in memory: nothing could pass. */
static struct scene *scene_new(void)
{
	struct scene *s = calloc(1, sizeof(*s));
	char mounts[65536];
	struct statfs fs;

	assert_non_null(s);
	s->fx = fixture_new(NULL, 0);
	fixture_write(s->fx, "file", "content");
	fixture_write(s->fx, "proc/locks", "");
	s->proc_fd = openat(s->fx->fd, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(s->proc_fd >= 0);
	assert_int_equal(symlinkat("/proc/self", s->proc_fd, "self"), 0);
	assert_true(kfile_read_at(AT_FDCWD, "/proc/self/mountinfo", mounts, sizeof(mounts)) > 0);
	fixture_write(s->fx, "proc/11/mountinfo", mounts);
	assert_int_equal(fstatfs(s->proc_fd, &fs), 0);
	if (file_system_check((uint64_t)fs.f_type, false) == FILE_PASSED)
		return s;
	fd_close(s->proc_fd);
	fixture_free(s->fx);
	free(s);
	return NULL;
}

static void scene_free(struct scene *s)
{
	fd_close(s->proc_fd);
	fixture_free(s->fx);
	free(s);
}

static void test_regular_file(void **state)
{
	struct scene *s = scene_new();
	struct checked_file file = {.fd = -1};
	struct stat st;

	(void)state;
	if (!s)
		skip();
	assert_int_equal(try(s, "../../file", &file), FILE_PASSED);
	assert_int_equal(fcntl(file.fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK | O_PATH),
			 O_RDONLY | O_NONBLOCK);
	assert_int_equal(fcntl(file.fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(fstat(file.fd, &st), 0);
	assert_int_equal(st.st_ino, file.inode);
	assert_int_equal(st.st_dev, file.device);
	assert_int_equal(file.size_bytes, 7);
	fd_close(file.fd);
	/* Leased: it is not opened at all. */
	s->rules.leases = (struct leases){.n = 1, .inode = {file.inode}};
	assert_int_equal(try(s, "../../file", NULL), FILE_LEASED);
	scene_free(s);
}

static void test_others(void **state)
{
	struct scene *s = scene_new();
	char name[64];
	_cleanup_close_ int memfd = -1;

	(void)state;
	if (!s)
		skip();
	assert_int_equal(mkfifoat(s->fx->fd, "fifo", 0600), 0);
	assert_int_equal(try(s, "../../fifo", NULL), FILE_NOT_REGULAR);
	assert_int_equal(mknodat(s->fx->fd, "socket", S_IFSOCK | 0600, 0), 0);
	assert_int_equal(try(s, "../../socket", NULL), FILE_NOT_REGULAR);
	assert_int_equal(try(s, "/dev/null", NULL), FILE_NOT_REGULAR);
	assert_int_equal(try(s, "/dev/tty", NULL), FILE_NOT_REGULAR);
	assert_int_equal(try(s, "..", NULL), FILE_NOT_REGULAR);
	assert_int_equal(try(s, "../../nothing", NULL), FILE_GONE);
	assert_int_equal(try(s, "/proc/self/status", NULL), FILE_IN_MEMORY);
	memfd = memfd_create("test", MFD_CLOEXEC);
	assert_true(memfd >= 0);
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", memfd);
	/* The kernel's own mounts are in nobody's mountinfo. */
	assert_int_equal(try(s, name, NULL), FILE_HIDDEN);
	s->rules.remote_wanted = true;
	assert_int_equal(try(s, name, NULL), FILE_IN_MEMORY);
	scene_free(s);
}

/* By the mounts of the process alone: a file in memory, of which these say that it is elsewhere. */
static void test_remote(void **state)
{
	struct scene *s = scene_new();
	_cleanup_close_ int memfd = memfd_create("test", MFD_CLOEXEC);
	struct checked_file file;
	struct statx stx;
	char mounts[128], path[64];

	(void)state;
	if (!s)
		skip();
	assert_int_equal(statx(memfd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx), 0);
	(void)snprintf(mounts, sizeof(mounts), "%ju 1 0:1 / / rw - fuse.x y rw\n",
		       (uintmax_t)stx.stx_mnt_id);
	fixture_write(s->fx, "proc/12/mountinfo", mounts);
	fixture_write(s->fx, "proc/12/fd/", NULL);
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", memfd);
	assert_int_equal(symlinkat(path, s->proc_fd, "12/fd/3"), 0);
	assert_int_equal(file_open_checked(s->proc_fd, "12/fd/3", &s->rules, NULL, NULL, &file),
			 FILE_REMOTE);
	/* What is known of a device is not looked up again. */
	fixture_remove(s->fx, "proc/12/mountinfo");
	assert_int_equal(file_open_checked(s->proc_fd, "12/fd/3", &s->rules, NULL, NULL, &file),
			 FILE_REMOTE);
	s->rules.remote_wanted = true;
	assert_int_equal(file_open_checked(s->proc_fd, "12/fd/3", &s->rules, NULL, NULL, &file),
			 FILE_IN_MEMORY);
	/* Of one that is unmounted lazily nothing can be told; another process may see it. */
	s->rules = (struct file_rules){0};
	assert_int_equal(file_open_checked(s->proc_fd, "12/fd/3", &s->rules, NULL, NULL, &file),
			 FILE_HIDDEN);
	fixture_write(s->fx, "proc/12/mountinfo", mounts);
	assert_int_equal(file_open_checked(s->proc_fd, "12/fd/3", &s->rules, NULL, NULL, &file),
			 FILE_HIDDEN);
	fixture_write(s->fx, "proc/13/mountinfo", mounts);
	fixture_write(s->fx, "proc/13/fd/", NULL);
	assert_int_equal(symlinkat(path, s->proc_fd, "13/fd/3"), 0);
	assert_int_equal(file_open_checked(s->proc_fd, "13/fd/3", &s->rules, NULL, NULL, &file),
			 FILE_REMOTE);
	assert_int_equal(s->rules.n_devices, 1);
	/* A daemon's too where there is a block device; else such a one is taken for local. */
	assert_int_equal(statx(s->fx->fd, "file", 0, STATX_MNT_ID, &stx), 0);
	(void)snprintf(mounts, sizeof(mounts), "%ju 1 8:1 / / rw - fuseblk /dev/sda1 rw\n",
		       (uintmax_t)stx.stx_mnt_id);
	fixture_write(s->fx, "proc/11/mountinfo", mounts);
	assert_int_equal(try(s, "../../file", NULL), FILE_REMOTE);
	s->rules = (struct file_rules){0};
	fixture_remove(s->fx, "proc/11/mountinfo");
	if (stx.stx_dev_major != 0)
		assert_int_equal(try(s, "../../file", NULL), FILE_PASSED);
	scene_free(s);
}

/* A FIFO that were opened would let a writer in. */
static void test_fifo_is_not_opened(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	if (!s)
		skip();
	assert_int_equal(mkfifoat(s->fx->fd, "fifo", 0600), 0);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(try(s, "../../fifo", NULL), FILE_NOT_REGULAR);
		assert_int_equal(openat(s->fx->fd, "fifo", O_WRONLY | O_NONBLOCK | O_CLOEXEC), -1);
		assert_int_equal(errno, ENXIO);
	}
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_locks),	     cmocka_unit_test(test_too_many_leases),
		cmocka_unit_test(test_file_systems), cmocka_unit_test(test_regular_file),
		cmocka_unit_test(test_others),	     cmocka_unit_test(test_fifo_is_not_opened),
		cmocka_unit_test(test_remote),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
