/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree and the readers of cgroup/ on a real kernel: groups that come, go and come again under
 * the same name; what reads and writes of a group that is gone say; frozen and threaded groups; a
 * PSI trigger; what this kernel's memory.reclaim understands.
 *
 *	tests/vm/run --kernel 6.1 -- tests/system/cgroup-kernel.sh
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "cgroup/memory.h"
#include "cgroup/psi.h"
#include "cgroup/reclaim.h"
#include "cgroup/state.h"
#include "cgroup/tree.h"
#include "tests/system/cgroup/groups.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define TOP  "uswap-kernel"
#define MANY 1000

struct counts {
	size_t added, removed;
};

static void on_add(struct cgroup *group, void *context)
{
	(void)group;
	((struct counts *)context)->added++;
}

static void on_remove(struct cgroup *group, void *context)
{
	(void)group;
	((struct counts *)context)->removed++;
}

static bool announced(struct cgroup_tree *tree)
{
	struct pollfd fd = {.fd = cgroup_tree_fd(tree), .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

static void make(int dir, const char *path)
{
	if (mkdirat(dir, path, 0755) < 0)
		printf("not ok - setting up: mkdir %s: %s\n", path, strerror(errno));
}

static void drop(int dir, const char *path)
{
	if (unlinkat(dir, path, AT_REMOVEDIR) < 0)
		printf("not ok - setting up: rmdir %s: %s\n", path, strerror(errno));
}

static void check_arrivals(struct results *results, struct cgroup_tree *tree, int top)
{
	uint64_t id;
	int r;

	check(results, cgroup_tree_size(tree) == 1 && cgroup_tree_is_complete(tree),
	      "a tree of one group");
	make(top, "a");
	check(results, announced(tree), "mkdir is announced");
	check(results, cgroup_tree_refresh(tree) == 1 && cgroup_tree_find(tree, "a"), "and found");
	make(top, "a/b");
	make(top, "a/b/c");
	r = cgroup_tree_refresh(tree);
	check(results, r == 2 && cgroup_tree_find(tree, "a/b/c"),
	      "a subtree made before its watch is found (%d)", r);
	id = cgroup_tree_find(tree, "a/b/c")->id;
	drop(top, "a/b/c");
	check(results, announced(tree), "rmdir is announced");
	make(top, "a/b/c");
	r = cgroup_tree_refresh(tree);
	check(results, r == 2 && cgroup_tree_find(tree, "a/b/c")->id != id,
	      "the same name is another group: id %ju, then %ju", (uintmax_t)id,
	      (uintmax_t)cgroup_tree_find(tree, "a/b/c")->id);
	r = renameat(top, "a", top, "z") < 0 ? -errno : 0;
	check(results, r == -EPERM && cgroup_tree_refresh(tree) == 0,
	      "groups can't be renamed (%d)", r);
	drop(top, "a/b/c");
	drop(top, "a/b");
	drop(top, "a");
	r = cgroup_tree_refresh(tree);
	check(results, r == 3 && cgroup_tree_size(tree) == 1, "a subtree goes (%d)", r);
	check(results, !announced(tree) && cgroup_tree_refresh(tree) == 0, "then it is quiet");
}

static void check_hostile_names(struct results *results, struct cgroup_tree *tree, int top)
{
	static const char *const names[] = {"\x1b[2J\x7f", "a b", "...", "a\\x0ab", "\xff\xfe"};
	size_t found = 0;

	/* A newline is the one byte that the kernel refuses besides '/'. */
	check(results, mkdirat(top, "a\nb", 0755) < 0 && errno == EINVAL,
	      "a newline in a name is refused by the kernel");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		make(top, names[i]);
	(void)cgroup_tree_refresh(tree);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		found += cgroup_tree_find(tree, names[i]) != NULL;
	check(results, found == ARRAY_SIZE(names), "all other bytes are found (%zu)", found);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		drop(top, names[i]);
	(void)cgroup_tree_refresh(tree);
}

/* More events than the queue holds. */
static void check_overflow(struct results *results, struct cgroup_tree *tree, int top)
{
	_cleanup_close_ int sys = kfile_open_dir(AT_FDCWD, "/proc/sys/fs/inotify");
	char before[32] = "";
	struct cgroup *kept;

	(void)kfile_read_at(sys, "max_queued_events", before, sizeof(before));
	/* Takes effect for queues that are made from now on. */
	if (kfile_write_at(sys, "max_queued_events", "16") < 0) {
		skip(results, "the queue can't be made short");
		return;
	}
	make(top, "kept");
	(void)cgroup_tree_refresh(tree);
	{
		_cleanup_(cgroup_tree_freep) struct cgroup_tree *small = NULL;
		static const struct cgroup_tree_events nothing;
		char name[16];
		int r;

		if (cgroup_tree_open(top, &nothing, &small) < 0)
			printf("not ok - setting up: second tree\n");
		kept = small ? cgroup_tree_find(small, "kept") : NULL;
		for (int i = 0; i < 50; i++) {
			(void)snprintf(name, sizeof(name), "o%d", i);
			make(top, name);
		}
		drop(top, "o0");
		r = small ? cgroup_tree_refresh(small) : -1;
		check(results,
		      r == 49 && cgroup_tree_find(small, "kept") == kept &&
			      cgroup_tree_find(small, "o49") && !cgroup_tree_find(small, "o0"),
		      "after lost events all is found and the rest kept (%d changes)", r);
		for (int i = 1; i < 50; i++) {
			(void)snprintf(name, sizeof(name), "o%d", i);
			drop(top, name);
		}
	}
	drop(top, "kept");
	(void)cgroup_tree_refresh(tree);
	(void)kfile_write_at(sys, "max_queued_events", before);
}

static void check_many(struct results *results, struct cgroup_tree *tree, int top)
{
	struct rlimit limit = {.rlim_cur = MANY + 100, .rlim_max = MANY + 100};
	uint64_t begin, quiet_ns, taken_ns;
	char name[16];
	int r;

	(void)setrlimit(RLIMIT_NOFILE, &limit);
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "m%d", i);
		make(top, name);
	}
	begin = clock_now_ns();
	r = cgroup_tree_refresh(tree);
	taken_ns = clock_now_ns() - begin;
	begin = clock_now_ns();
	(void)cgroup_tree_refresh(tree);
	quiet_ns = clock_now_ns() - begin;
	check(results, r == MANY, "%d groups at once: %ju us each, a quiet refresh %ju us", r,
	      (uintmax_t)(taken_ns / MANY / 1000), (uintmax_t)(quiet_ns / 1000));
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "m%d", i);
		drop(top, name);
	}
	r = cgroup_tree_refresh(tree);
	check(results, r == MANY && cgroup_tree_size(tree) == 1, "and they go (%d)", r);
}

static void check_tree(struct results *results, const struct live_mount *mount)
{
	_cleanup_(cgroup_tree_freep) struct cgroup_tree *tree = NULL;
	_cleanup_close_ int top = -1;
	struct counts counts = {0};
	const struct cgroup_tree_events events = {on_add, on_remove, &counts};
	int r;

	group_make(mount, TOP);
	top = group_open(mount, TOP);
	if (!check(results, cgroup_tree_open(top, &events, &tree) == 0, "open a tree"))
		return;
	check_arrivals(results, tree, top);
	check_hostile_names(results, tree, top);
	check_overflow(results, tree, top);
	check_many(results, tree, top);
	group_remove(mount, TOP);
	r = cgroup_tree_refresh(tree);
	check(results, r == 0, "that the root itself goes is not announced (%d)", r);
	tree = cgroup_tree_free(tree);
	check(results, counts.added == counts.removed, "%zu groups were added, %zu removed",
	      counts.added, counts.removed);
}

static void check_readers(struct results *results, const struct live_mount *mount)
{
	static const char *const files[] = {"memory.stat", "memory.numa_stat", "memory.events",
					    "memory.current", "memory.pressure"};
	_cleanup_close_ int dir = -1, root = group_open(mount, "");
	struct memory_node_share shares[MEMORY_NODES_MAX];
	struct memory_events events;
	struct memory_limits limits;
	struct group_state group;
	struct psi_totals totals;
	struct memory_stat stat;
	int fds[ARRAY_SIZE(files)], r[ARRAY_SIZE(files)];
	uint64_t bytes;

	group_make(mount, TOP);
	group_write(mount, TOP, "memory.high", "104857600");
	dir = group_open(mount, TOP);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		fds[i] = kfile_open(dir, files[i], O_RDONLY);
	for (int gone = 0; gone < 2; gone++) {
		const int expected = gone ? -ENODEV : 0;

		r[0] = memory_stat_read(fds[0], &stat, NULL);
		r[1] = memory_numa_stat_read(fds[1], shares, MEMORY_NODES_MAX, NULL);
		r[2] = memory_events_read(fds[2], &events, NULL);
		r[3] = memory_bytes_read(fds[3], &bytes);
		r[4] = psi_read(fds[4], &totals, NULL);
		for (size_t i = 0; i < ARRAY_SIZE(files); i++)
			check(results, r[i] == expected, "%s of a group%s: %d", files[i],
			      gone ? " that is gone" : "", r[i]);
		if (gone)
			break;
		check(results,
		      memory_limits_read(dir, &limits, NULL) == 0 && limits.high == 104857600 &&
			      limits.max == UINT64_MAX && limits.min == 0,
		      "its limits");
		check(results, group_state_read(dir, &group, NULL) == 0 && !group.populated,
		      "its state");
		group_remove(mount, TOP);
	}
	check(results, memory_limits_read(dir, &limits, NULL) == -ENOENT, "limits: gone");
	check(results, group_state_read(dir, &group, NULL) == -ENOENT, "state: gone");
	check(results,
	      memory_limits_read(root, &limits, NULL) == -ENOENT &&
		      group_state_read(root, &group, NULL) == -ENOENT &&
		      memory_bytes_read_at(root, "memory.current", &bytes) == -ENOENT,
	      "the root has no limits, usage or state");
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		fd_close(fds[i]);
}

static void check_states(struct results *results, const struct live_mount *mount)
{
	_cleanup_close_ int dir = -1, threads = -1, mount_fd = group_open(mount, "");
	struct group_state group = {0};
	pid_t pid;

	/* Plain mkdir: a threaded group must not have the memory controller. */
	make(mount_fd, TOP);
	make(mount_fd, TOP "/threads");
	group_write(mount, TOP "/threads", "cgroup.type", "threaded");
	dir = group_open(mount, TOP);
	threads = group_open(mount, TOP "/threads");
	check(results, group_state_read(threads, &group, NULL) == 0 && group.threaded,
	      "a threaded group");
	check(results, group_state_read(dir, &group, NULL) == 0 && !group.threaded,
	      "its domain is none");
	pid = group_run(mount, TOP, NULL, NULL);
	check(results, group_state_read(dir, &group, NULL) == 0 && group.populated && !group.frozen,
	      "a group with a process");
	group_write(mount, TOP, "cgroup.freeze", "1");
	for (int i = 0; i < 100 && !group.frozen; i++) {
		(void)usleep(10000);
		if (group_state_read(dir, &group, NULL) < 0)
			break;
	}
	check(results, group.frozen && group.populated, "a frozen group");
	group_write(mount, TOP, "cgroup.freeze", "0");
	group_stop(pid);
	group_remove(mount, TOP);
}

static void check_trigger(struct results *results, const struct live_mount *mount)
{
	_cleanup_close_ int dir = -1, fd = -1, proc = kfile_open_dir(AT_FDCWD, "/proc");
	_cleanup_close_ int system = -1;
	struct psi_totals totals;
	struct pollfd poll_fd;

	group_make(mount, TOP);
	dir = group_open(mount, TOP);
	fd = psi_trigger_open(dir, "memory.pressure", 50000, 1000000);
	check(results, fd >= 0, "a trigger on a group (%d)", fd);
	check(results, psi_read(fd, &totals, NULL) == 0, "its descriptor can be read");
	system = psi_trigger_open(proc, "pressure/memory", 50000, 1000000);
	check(results, system >= 0, "and one on the system (%d)", system);
	poll_fd = (struct pollfd){.fd = fd, .events = POLLPRI};
	check(results, poll(&poll_fd, 1, 0) == 0, "it is quiet");
	check(results, psi_trigger_open(dir, "memory.pressure", 2, 1) == -EINVAL,
	      "a stall longer than its window is refused");
	group_remove(mount, TOP);
	(void)poll(&poll_fd, 1, 2000);
	check(results, poll_fd.revents == (POLLPRI | POLLERR), "it says when the group goes (%#x)",
	      (unsigned int)poll_fd.revents);
}

static void check_reclaim(struct results *results, const struct live_mount *mount)
{
	_cleanup_close_ int dir = -1, fd = -1;
	struct group_reclaim_features features = {false};
	int r;

	group_make(mount, TOP);
	dir = group_open(mount, TOP);
	fd = group_reclaim_open(dir);
	if (!check(results, fd >= 0, "open memory.reclaim (%d)", fd))
		return;
	r = group_reclaim_probe(fd, &features);
	check(results, r == 0, "probe: swappiness= %s", features.swappiness ? "yes" : "no");
	r = group_reclaim(fd, 1 << 20, 60);
	check(results, r == (features.swappiness ? -EAGAIN : -EINVAL),
	      "a request with a swappiness agrees with it (%d)", r);
	r = group_reclaim(fd, 1 << 20, GROUP_RECLAIM_DEFAULT);
	check(results, r == -EAGAIN, "an empty group has nothing to give (%d)", r);
	group_remove(mount, TOP);
	r = group_reclaim(fd, 1 << 20, GROUP_RECLAIM_DEFAULT);
	check(results, r == -ENODEV, "one that is gone says so (%d)", r);
}

int main(void)
{
	struct live_mount mount = need_live_mount();
	struct results results = {0};

	group_remove(&mount, TOP);
	check_tree(&results, &mount);
	check_readers(&results, &mount);
	check_states(&results, &mount);
	check_trigger(&results, &mount);
	check_reclaim(&results, &mount);
	return finish(&results);
}
