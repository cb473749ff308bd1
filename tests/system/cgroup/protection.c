/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgroup/protection.h against the kernel: trees of groups with memory.min or memory.low are filled,
 * reclaimed through their ancestor until the kernel takes no more, and what is left of each group
 * is compared with what protection_compute says of the usage that is left.
 *
 *	tests/vm/run --kernel 6.1 --disk 1G [--mount-opts nsdelegate] -- tests/system/protection.sh
 *
 * Groups that give hold clean page cache of a file on /data, read once; groups that do not give
 * hold anonymous memory, which nothing can take without swap. Where one group of a parent gives,
 * the result does not depend on the order in which the kernel takes pages, and is worked out by
 * hand too; where two do, only their sum is.
 *
 * Tolerance, 3 MiB: a request asks for 1 MiB, and the last one takes a whole folio of the page
 * cache, 2 MiB where those are large; usage is charged ahead in batches of 64 pages a CPU; slab
 * stays behind. Seen: 0.4 MiB on 6.1 and 6.12, 1.8 on 6.18 and 7.3 (one large folio).
 */
#include "cgroup/protection.h"

#include "base/cleanup.h"
#include "base/kfile.h"
#include "cgroup/memory.h"
#include "cgroup/reclaim.h"
#include "tests/system/cgroup/groups.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define MIB	      (INT64_C(1) << 20)
#define TOP	      "uswap-protection"
#define DATA	      "/data"
#define GROUPS_MAX    8
#define REQUEST_BYTES (1 * MIB)
#define TOLERANCE     (3 * MIB)
#define FRUITLESS_MAX 3
#define REQUESTS_MAX  1000

enum fill { FILL_NONE, FILL_FILE, FILL_ANON };

struct group {
	const char *path; /* below TOP; "" is TOP, which is reclaimed from; parents first */
	int parent;
	int64_t protect_mib;
	enum fill fill;
	int64_t fill_mib;
	/* What must be left, worked out by hand; -1: whatever protection_compute says. */
	int64_t left_mib, left_recursive_mib;
};

struct row {
	const char *what;
	struct group groups[GROUPS_MAX];
	size_t n;
	bool low;	  /* memory.low instead of memory.min */
	int64_t take_mib; /* with low, which yields in the end: no more than this is taken */
};

static const struct row rows[] = {
	{.what = "a child's own claim below a parent that affords it",
	 .groups = {{"", -1, 0, FILL_NONE, 0, -1, -1},
		    {"p", 0, 60, FILL_NONE, 0, -1, -1},
		    {"p/c", 1, 30, FILL_FILE, 80, 30, 60}},
	 .n = 3},
	{.what = "two children that claim more than their parent has, one of which can't give",
	 .groups = {{"", -1, 0, FILL_NONE, 0, -1, -1},
		    {"p", 0, 50, FILL_NONE, 0, -1, -1},
		    {"p/c", 1, 75, FILL_FILE, 80, 30, 30},
		    {"p/d", 1, 20, FILL_ANON, 40, -1, -1}},
	 .n = 4},
	{.what = "nothing claimed: the parent's protection is shared by usage, or by nobody",
	 .groups = {{"", -1, 0, FILL_NONE, 0, -1, -1},
		    {"p", 0, 60, FILL_NONE, 0, -1, -1},
		    {"p/c", 1, 0, FILL_FILE, 80, 0, 30},
		    {"p/d", 1, 0, FILL_ANON, 30, -1, -1}},
	 .n = 4},
	{.what = "partly claimed: what is over is shared by unprotected usage",
	 .groups = {{"", -1, 0, FILL_NONE, 0, -1, -1},
		    {"p", 0, 60, FILL_NONE, 0, -1, -1},
		    {"p/c", 1, 10, FILL_FILE, 80, 10, 30},
		    {"p/d", 1, 15, FILL_ANON, 30, -1, -1}},
	 .n = 4},
	{.what = "a claim below a parent without any",
	 .groups = {{"", -1, 0, FILL_NONE, 0, -1, -1},
		    {"p", 0, 0, FILL_NONE, 0, -1, -1},
		    {"p/c", 1, 1024, FILL_FILE, 60, 0, 0}},
	 .n = 3},
	{.what = "two levels without a setting below one that has it",
	 .groups = {{"", -1, 0, FILL_NONE, 0, -1, -1},
		    {"p", 0, 40, FILL_NONE, 0, -1, -1},
		    {"p/q", 1, 0, FILL_NONE, 0, -1, -1},
		    {"p/q/c", 2, 0, FILL_FILE, 80, 0, 40}},
	 .n = 4},
	{.what = "siblings of the first level do not share",
	 .groups = {{"", -1, 100, FILL_NONE, 0, -1, -1},
		    {"c", 0, 20, FILL_FILE, 50, 20, 20},
		    {"d", 0, 30, FILL_FILE, 50, 30, 30},
		    {"e", 0, 0, FILL_FILE, 50, 0, 0}},
	 .n = 4},
	{.what = "the two of the kernel's own test, which end where they claim what there is",
	 .groups = {{"", -1, 0, FILL_NONE, 0, -1, -1},
		    {"b", 0, 50, FILL_NONE, 0, -1, -1},
		    {"b/c", 1, 75, FILL_FILE, 50, -1, -1},
		    {"b/d", 1, 25, FILL_FILE, 50, -1, -1},
		    {"b/e", 1, 0, FILL_FILE, 50, 0, 0},
		    {"b/f", 1, 500, FILL_NONE, 0, 0, 0}},
	 .n = 6},
	{.what = "memory.low while there is unprotected memory",
	 .groups = {{"", -1, 0, FILL_NONE, 0, -1, -1},
		    {"c", 0, 40, FILL_FILE, 80, 40, 40},
		    {"d", 0, 0, FILL_FILE, 80, 0, 0}},
	 .n = 3,
	 .low = true,
	 .take_mib = 118},
};

static void die(const char *what, int error)
{
	printf("not ok - setting up: %s: %s\n", what, strerror(error));
	exit(EXIT_FAILURE);
}

static void group_path(char *path, size_t n, const struct group *group)
{
	(void)snprintf(path, n, "%s%s%s", TOP, *group->path ? "/" : "", group->path);
}

static void file_path(char *path, size_t n, size_t index)
{
	(void)snprintf(path, n, DATA "/protection-%zu", index);
}

/* Written by a process outside the groups and dropped, so that the pages are charged to nobody. */
static void make_file(size_t index, int64_t bytes)
{
	_cleanup_close_ int fd = -1;
	char path[64], block[65536];

	memset(block, 'x', sizeof(block));
	file_path(path, sizeof(path), index);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		die(path, errno);
	for (int64_t done = 0; done < bytes; done += (int64_t)sizeof(block))
		if (write(fd, block, sizeof(block)) != (ssize_t)sizeof(block))
			die(path, ENOSPC);
	if (fsync(fd) < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
		die(path, EIO);
}

static void read_file(const void *argument)
{
	_cleanup_close_ int fd = open(argument, O_RDONLY | O_CLOEXEC);
	char block[65536];

	while (fd >= 0 && read(fd, block, sizeof(block)) > 0)
		;
}

static void touch_memory(const void *argument)
{
	const size_t n = *(const size_t *)argument;
	char *memory = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory != MAP_FAILED)
		memset(memory, 1, n);
}

/* Returns the process that holds anonymous memory; page cache stays without one: 0. */
static pid_t fill(const struct live_mount *mount, const struct group *group, size_t index)
{
	const size_t bytes = (size_t)(group->fill_mib * MIB);
	char path[256], file[64];
	pid_t pid;

	group_path(path, sizeof(path), group);
	if (group->fill == FILL_ANON)
		return group_run(mount, path, touch_memory, &bytes);
	if (group->fill == FILL_FILE) {
		make_file(index, group->fill_mib * MIB);
		file_path(file, sizeof(file), index);
		pid = group_run(mount, path, read_file, file);
		group_stop(pid);
	}
	return 0;
}

static void make_groups(const struct live_mount *mount, const struct row *row)
{
	for (size_t i = 0; i < row->n; i++) {
		char path[256], value[32];

		group_path(path, sizeof(path), &row->groups[i]);
		group_make(mount, path);
		(void)snprintf(value, sizeof(value), "%" PRId64, row->groups[i].protect_mib * MIB);
		group_write(mount, path, row->low ? "memory.low" : "memory.min", value);
	}
}

static uint64_t usage(const struct live_mount *mount, const struct group *group)
{
	_cleanup_close_ int fd = -1;
	char path[256];
	uint64_t bytes;
	int r;

	group_path(path, sizeof(path), group);
	fd = group_open(mount, path);
	r = memory_bytes_read_at(fd, "memory.current", &bytes);
	if (r < 0)
		die("memory.current", -r);
	return bytes;
}

/* Asks until several requests in a row took nothing. */
static void reclaim_all(const struct live_mount *mount, const struct row *row)
{
	_cleanup_close_ int dir = group_open(mount, TOP);
	_cleanup_close_ int fd = group_reclaim_open(dir);
	const uint64_t begin = usage(mount, &row->groups[0]);
	int fruitless = 0;

	if (fd < 0)
		die("memory.reclaim", -fd);
	for (int i = 0; i < REQUESTS_MAX && fruitless < FRUITLESS_MAX; i++) {
		uint64_t before = usage(mount, &row->groups[0]);

		if (row->take_mib && before + (uint64_t)(row->take_mib * MIB) <= begin)
			break;
		(void)group_reclaim(fd, REQUEST_BYTES, GROUP_RECLAIM_DEFAULT);
		fruitless = usage(mount, &row->groups[0]) + 65536 < before ? 0 : fruitless + 1;
	}
}

static int64_t protected_bytes(const struct row *row, const struct protection_group *group)
{
	uint64_t bytes = row->low ? group->effective_low : group->effective_min;

	return (int64_t)MIN(bytes, group->current);
}

static void check_group(struct results *results, const struct row *row, size_t index,
			const struct protection_group *computed, bool recursive)
{
	const struct group *group = &row->groups[index];
	const int64_t left = (int64_t)computed->current;
	const int64_t by_rule = protected_bytes(row, computed);
	const int64_t by_hand = (recursive ? group->left_recursive_mib : group->left_mib) * MIB;

	check(results, left - by_rule <= TOLERANCE,
	      "%s: %.1f MiB left, %.1f protected: the rest was taken", group->path,
	      (double)left / MIB, (double)by_rule / MIB);
	if (by_hand >= 0)
		check(results, left >= by_hand - TOLERANCE && left <= by_hand + TOLERANCE,
		      "%s: %.1f MiB left, %.1f worked out by hand", group->path, (double)left / MIB,
		      (double)by_hand / MIB);
}

/* The protection that is shared among the givers must not have been taken in sum. */
static void check_parent(struct results *results, const struct row *row, size_t index,
			 const struct protection_group *computed, bool recursive)
{
	const struct group *group = &row->groups[index];
	int64_t claimed = 0, expected;

	for (size_t i = 0; i < row->n; i++)
		if (row->groups[i].parent == (int)index)
			claimed += MIN(row->groups[i].protect_mib, row->groups[i].fill_mib) * MIB;
	expected = group->protect_mib * MIB;
	if (!recursive)
		expected = MIN(expected, claimed);
	check(results, (int64_t)computed->current >= expected - TOLERANCE,
	      "%s: %.1f MiB left of it, %.1f are its due", group->path,
	      (double)computed->current / MIB, (double)expected / MIB);
}

static void check_row(struct results *results, const struct live_mount *mount,
		      const struct row *row)
{
	const bool recursive = mount->recursive_protection;
	struct protection_group computed[GROUPS_MAX];
	pid_t holders[GROUPS_MAX] = {0};

	printf("# %s\n", row->what);
	group_remove(mount, TOP);
	make_groups(mount, row);
	for (size_t i = 0; i < row->n; i++)
		holders[i] = fill(mount, &row->groups[i], i);
	reclaim_all(mount, row);
	for (size_t i = 0; i < row->n; i++)
		computed[i] = (struct protection_group){
			.parent = row->groups[i].parent,
			.current = usage(mount, &row->groups[i]),
			.min = row->low ? 0 : (uint64_t)(row->groups[i].protect_mib * MIB),
			.low = row->low ? (uint64_t)(row->groups[i].protect_mib * MIB) : 0,
		};
	protection_compute(computed, row->n, recursive);
	for (size_t i = 1; i < row->n; i++) {
		if (row->groups[i].fill == FILL_FILE)
			check_group(results, row, i, &computed[i], recursive);
		if (row->groups[i].fill == FILL_NONE && row->groups[i].parent == 0)
			check_parent(results, row, i, &computed[i], recursive);
	}
	for (size_t i = 0; i < row->n; i++)
		if (holders[i])
			group_stop(holders[i]);
	group_remove(mount, TOP);
}

static void need_disk(void)
{
	struct statfs fs;

	if (statfs(DATA, &fs) < 0 || fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC ||
	    fs.f_blocks == 0) {
		printf("ok - # SKIP no disk mounted at %s\n", DATA);
		exit(77);
	}
}

int main(void)
{
	struct live_mount mount = need_live_mount();
	struct results results = {0};

	need_disk();
	printf("# memory_recursiveprot %s\n", mount.recursive_protection ? "on" : "off");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_row(&results, &mount, &rows[i]);
	return finish(&results);
}
