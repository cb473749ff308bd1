/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/doctor/doctor.h"

#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>

static const struct fixture_file files[] = {
	{"proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n"
		       "/dev/zram0 partition 524284 0 -2\n"
		       "/swap\\040file file 1048572 12 -3\n"
		       "/dev/vda2 partition 2097148 0 -4\n"},
	{"proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
				 "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"},
	{"sys/module/zswap/parameters/enabled", "Y\n"},
	{"sys/devices/system/node/node0/reclaim", ""},
	{"sys/devices/system/node/node2/reclaim", ""},
	{"sys/kernel/mm/lru_gen/enabled", "0x0000\n"},
	{"sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n"},
};

struct result {
	int r;
	char *text;
};

static struct result examine(const struct fixture *fx)
{
	_cleanup_close_ int proc_fd = kfile_open_dir(fx->fd, "proc");
	_cleanup_close_ int sys_fd = kfile_open_dir(fx->fd, "sys");
	_cleanup_close_ int cgroup_fd = kfile_open_dir(fx->fd, "sys/fs/cgroup");
	const struct doctor doctor = {
		.proc_fd = proc_fd,
		.sys_fd = sys_fd,
		.cgroup_fd = cgroup_fd < 0 ? -1 : cgroup_fd,
		.no_cgroup = "none is mounted",
	};
	struct result result = {0};
	size_t n;
	FILE *out = open_memstream(&result.text, &n);

	assert_non_null(out);
	result.r = doctor_examine(&doctor, out);
	assert_int_equal(fclose(out), 0);
	return result;
}

static void check(const struct fixture *fx, int r, const char *const *lines)
{
	struct result result = examine(fx);

	if (result.r != r)
		fail_msg("%d:\n%s", result.r, result.text);
	for (; *lines; lines++)
		if (!strstr(result.text, *lines))
			fail_msg("no \"%s\" in:\n%s", *lines, result.text);
	free(result.text);
}

static void check_absent(const struct fixture *fx, const char *text)
{
	struct result result = examine(fx);

	if (strstr(result.text, text))
		fail_msg("\"%s\" in:\n%s", text, result.text);
	free(result.text);
}

static void check_once(const struct fixture *fx, const char *text)
{
	struct result result = examine(fx);
	const char *first = strstr(result.text, text);

	if (!first || strstr(first + 1, text))
		fail_msg("\"%s\" not once in:\n%s", text, result.text);
	free(result.text);
}

static void test_what_is_there(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	static const char *const lines[] = {
		"\nok  cgroup v2         with the memory controller\n",
		"\nno  memory.reclaim    needs Linux 5.19 and cgroup v2\n",
		"\nok  nodeN/reclaim     of 2 nodes\n",
		"\nok  PSI               stalls are seen\n",
		"\nok  swap              /dev/zram0, 511 MiB, zram: ",
		"\nok  swap              /swap\\040file, 1023 MiB, a file\n",
		"\nok  swap              /dev/vda2, 2047 MiB, a disk: ",
		"\nok  zswap             is on",
		"\nno  MGLRU             is off",
		"\nno  DAMON             pageout.cold_age is of no use: this kernel has no DAMON",
		NULL,
	};

	(void)state;
	check(fx, 0, lines);
}

static void test_demotion(void **state)
{
	static const char fast[] = "sys/devices/virtual/memory_tiering/memory_tier4/nodelist";
	static const char slow[] = "sys/devices/virtual/memory_tiering/memory_tier90/nodelist";
	static const char enabled[] = "sys/kernel/mm/numa/demotion_enabled";
	static const char *const off[] = {
		"\nok  demotion          nodes 1 are slower than 0, and it is off: ", NULL};
	static const char *const on[] = {
		"\nno  demotion          is on: what is taken on nodes 0 goes to slower ones first "
		"(last to 1), ",
		NULL};
	static const char *const bad[] = {
		"\nno  demotion          kernel/mm/numa/demotion_enabled: Bad message: ", NULL};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));

	(void)state;
	check_absent(fx, "demotion");
	fixture_write(fx, enabled, "true\n");
	fixture_write(fx, fast, "0-1\n");
	check_absent(fx, "demotion");
	fixture_write(fx, fast, "0\n");
	fixture_write(fx, slow, "1\n");
	check(fx, 0, on);
	fixture_write(fx, enabled, "false\n");
	check(fx, 0, off);
	fixture_write(fx, enabled, "perhaps\n");
	check(fx, 0, bad);
}

/* A line for each sysctl, whose text begins so. */
struct sysctl_case {
	const char *swaps, *zswap; /* proc/swaps after its heading */
	const char *name, *value;
	const char *line;
};

#define ZRAM "/dev/zram0 partition 524284 0 -2\n"
#define DISK "/dev/vda2 partition 2097148 0 -4\n"

static const struct sysctl_case sysctl_cases[] = {
	{ZRAM, "N", "swappiness", "60", "no  sysctl            vm.swappiness is 60: what is comp"},
	{ZRAM, "N", "swappiness", "99", "no  sysctl            vm.swappiness is 99: what is comp"},
	{ZRAM, "N", "swappiness", "100", "ok  sysctl            vm.swappiness is 100\n"},
	{ZRAM, "N", "swappiness", "180", "ok  sysctl            vm.swappiness is 180\n"},
	{ZRAM, "N", "swappiness", "0", "no  sysctl            vm.swappiness is 0: the kernel sw"},
	{DISK, "N", "swappiness", "60", "ok  sysctl            vm.swappiness is 60\n"},
	{DISK, "N", "swappiness", "101", "no  sysctl            vm.swappiness is 101: above 100"},
	{DISK, "Y", "swappiness", "60", "no  sysctl            vm.swappiness is 60: what is comp"},
	{DISK, "Y", "swappiness", "150", "ok  sysctl            vm.swappiness is 150\n"},
	{ZRAM DISK, "N", "swappiness", "60", "ok  sysctl            vm.swappiness is 60\n"},
	{NULL, "N", "swappiness", "0", "ok  sysctl            vm.swappiness is 0\n"},
	{NULL, "Y", "swappiness", "200", "ok  sysctl            vm.swappiness is 200\n"},
	{ZRAM, "N", "page-cluster", "3", "no  sysctl            vm.page-cluster is 3: more pa"},
	{ZRAM, "N", "page-cluster", "0", "ok  sysctl            vm.page-cluster is 0\n"},
	{ZRAM DISK, "N", "page-cluster", "3", "ok  sysctl            vm.page-cluster is 3\n"},
	{DISK, "Y", "page-cluster", "3", "ok  sysctl            vm.page-cluster is 3\n"},
	{NULL, "N", "page-cluster", "3", "ok  sysctl            vm.page-cluster is 3\n"},
	{NULL, "N", "watermark_scale_factor", "49",
	 "no  sysctl            vm.watermark_scale_factor is 49, and tasks had to reclaim for "
	 "themselves since boot (allocstall): 50 to 200"},
	{NULL, "N", "watermark_scale_factor", "50",
	 "ok  sysctl            vm.watermark_scale_factor is 50\n"},
	{NULL, "N", "watermark_scale_factor", "999",
	 "ok  sysctl            vm.watermark_scale_factor is 999\n"},
	{NULL, "N", "watermark_scale_factor", "3000",
	 "no  sysctl            vm.watermark_scale_factor is 3000: kswapd keeps 60 % of memory"},
	/* Of 4 GiB the kernel's choice is 8192. */
	{NULL, "N", "min_free_kbytes", "4096",
	 "ok  sysctl            vm.min_free_kbytes is 4096\n"},
	{NULL, "N", "min_free_kbytes", "4095",
	 "no  sysctl            vm.min_free_kbytes is 4095: less than half"},
	{NULL, "N", "min_free_kbytes", "209715",
	 "ok  sysctl            vm.min_free_kbytes is 209715\n"},
	{NULL, "N", "min_free_kbytes", "209716",
	 "no  sysctl            vm.min_free_kbytes is 209716: more than a twentieth"},
	{NULL, "N", "vfs_cache_pressure", "0",
	 "no  sysctl            vm.vfs_cache_pressure is 0: dentries and inodes are never"},
	{NULL, "N", "vfs_cache_pressure", "1",
	 "ok  sysctl            vm.vfs_cache_pressure is 1\n"},
	{NULL, "N", "vfs_cache_pressure", "1000",
	 "no  sysctl            vm.vfs_cache_pressure is 1000: dentries and inodes go long"},
};

static const struct fixture_file machine_files[] = {
	{"sys/", NULL},
	{"proc/meminfo", "MemTotal:        4194304 kB\nSwapTotal:             0 kB\n"
			 "SwapFree:              0 kB\n"},
	{"proc/vmstat", "allocstall_normal 4\nallocstall_movable 3\npgscan_kswapd 0\n"},
};

static void test_sysctls(void **state)
{
	static const char *const none[] = {"\nno  swap  ", NULL};
	static const char *const little[] = {
		"\nok  sysctl            vm.watermark_scale_factor is 10\n", NULL};
	_cleanup_(fixture_freep) struct fixture *fx = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sysctl_cases); i++) {
		const struct sysctl_case *c = &sysctl_cases[i];
		const char *const lines[] = {c->line, NULL};
		char path[64], text[256];

		fx = fixture_new(machine_files, ARRAY_SIZE(machine_files));
		(void)snprintf(text, sizeof(text), "Filename\n%s", c->swaps ? c->swaps : "");
		fixture_write(fx, "proc/swaps", text);
		if (c->swaps)
			fixture_write(fx, "proc/meminfo",
				      "MemTotal: 4194304 kB\nSwapTotal: 9 kB\nSwapFree: 9 kB\n");
		fixture_write(fx, "sys/module/zswap/parameters/enabled", c->zswap);
		(void)snprintf(path, sizeof(path), "proc/sys/vm/%s", c->name);
		(void)snprintf(text, sizeof(text), "%s\n", c->value);
		fixture_write(fx, path, text);
		check(fx, -EOPNOTSUPP, lines);
		fx = fixture_free(fx);
	}
	/* Where nobody had to, little will do. */
	fx = fixture_new(machine_files, ARRAY_SIZE(machine_files));
	fixture_write(fx, "proc/vmstat", "allocstall_normal 0\npgscan_kswapd 0\n");
	fixture_write(fx, "proc/sys/vm/watermark_scale_factor", "10\n");
	check(fx, -EOPNOTSUPP, little);
	/* Text that is none says nothing. */
	fixture_freep(&fx);
	fx = fixture_new(machine_files, ARRAY_SIZE(machine_files));
	fixture_write(fx, "proc/meminfo", "MemTotal: x kB\nMemTotal:\n\n");
	fixture_write(fx, "proc/vmstat", "nothing\n");
	fixture_write(fx, "proc/sys/vm/swappiness", "sixty\n");
	fixture_write(fx, "proc/sys/vm/dirty_ratio", "20\n");
	check(fx, -EOPNOTSUPP, none);
	check_absent(fx, "sysctl ");
}

static void write_dirty(const struct fixture *fx, const char *ratio, const char *bytes,
			const char *background_ratio, const char *background_bytes)
{
	fixture_write(fx, "proc/sys/vm/dirty_ratio", ratio);
	fixture_write(fx, "proc/sys/vm/dirty_bytes", bytes);
	fixture_write(fx, "proc/sys/vm/dirty_background_ratio", background_ratio);
	fixture_write(fx, "proc/sys/vm/dirty_background_bytes", background_bytes);
}

static void test_dirty_sysctls(void **state)
{
	static const char *const well[] = {
		"ok  sysctl            vm.dirty_*: up to 819.2 MiB may be dirty\n", NULL};
	static const char *const much[] = {"lets 1.6 GiB be dirty, which can't be taken", NULL};
	static const char *const in_bytes[] = {"vm.dirty_*: up to 64.0 MiB may be dirty\n", NULL};
	static const char *const crossed[] = {
		"vm.dirty_background_* (128.0 MiB) is not below vm.dirty_* (64.0 MiB): ", NULL};
	static const char *const large[] = {"lets 12.8 GiB be dirty, ", ": 65 s on a disk", NULL};
	_cleanup_(fixture_freep) struct fixture *fx =
		fixture_new(machine_files, ARRAY_SIZE(machine_files));

	(void)state;
	write_dirty(fx, "20\n", "0\n", "10\n", "0\n");
	check(fx, -EOPNOTSUPP, well);
	write_dirty(fx, "40\n", "0\n", "10\n", "0\n");
	check(fx, -EOPNOTSUPP, much);
	write_dirty(fx, "0\n", "67108864\n", "0\n", "33554432\n");
	check(fx, -EOPNOTSUPP, in_bytes);
	write_dirty(fx, "0\n", "67108864\n", "0\n", "134217728\n");
	check(fx, -EOPNOTSUPP, crossed);
	write_dirty(fx, "20\n", "0\n", "10\n", "0\n");
	fixture_write(fx, "proc/meminfo",
		      "MemTotal: 67108864 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
	check(fx, -EOPNOTSUPP, large);
}

static void test_disks(void **state)
{
	static const struct fixture_file disks[] = {
		{"proc/", NULL},
		{"sys/block/sda/device/", NULL},
		{"sys/block/sda/queue/rotational", "1\n"},
		{"sys/block/sda/queue/scheduler", "[none] mq-deadline bfq \n"},
		{"sys/block/sdb/device/", NULL},
		{"sys/block/sdb/queue/rotational", "1\n"},
		{"sys/block/sdb/queue/scheduler", "none mq-deadline [bfq] \n"},
		{"sys/block/nvme0n1/device/", NULL},
		{"sys/block/nvme0n1/queue/rotational", "0\n"},
		{"sys/block/nvme0n1/queue/scheduler", "none mq-deadline [bfq]\n"},
		{"sys/block/vda/device/", NULL},
		{"sys/block/vda/queue/rotational", "0\n"},
		{"sys/block/vda/queue/scheduler", "[none] mq-deadline\n"},
		{"sys/block/vdb/device/", NULL},
		{"sys/block/vdb/queue/rotational", "0\n"},
		{"sys/block/vdb/queue/scheduler", "none\n"},
		{"sys/block/zram0/queue/rotational", "1\n"},
		{"sys/block/zram0/queue/scheduler", "[none]\n"},
		{"sys/block/dm-0/queue/rotational", "1\n"},
		{"sys/block/dm-0/queue/scheduler", "[none]\n"},
	};
	static const char *const lines[] = {
		"\nno  I/O scheduler     none of sda, which rotates: heads move back",
		"\nok  I/O scheduler     bfq of sdb, which rotates\n",
		"\nno  I/O scheduler     bfq of nvme0n1, which does not rotate: it takes more CPU",
		"\nok  I/O scheduler     none of vda, which does not rotate\n",
		NULL,
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(disks, ARRAY_SIZE(disks));

	(void)state;
	check(fx, -EOPNOTSUPP, lines);
	check_absent(fx, "zram0");
	check_absent(fx, "dm-0");
	check_absent(fx, "vdb");
}

/* Whether somebody else has it. */
static void test_damon(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	static const char *const free[] = {
		"\nok  DAMON             can tell what of a process is cold", NULL};
	static const char *const others[] = {
		"\nno  DAMON             pageout.cold_age is of no use: kdamonds are set up", NULL};
	static const char *const stat[] = {
		"\nno  DAMON             pageout.cold_age is of no use: DAMON_STAT has it", NULL};

	(void)state;
	fixture_write(fx, "sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds", "0\n");
	check(fx, 0, free);
	fixture_write(fx, "sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds", "1\n");
	check(fx, 0, others);
	fixture_write(fx, "sys/module/damon_stat/parameters/enabled", "Y\n");
	check(fx, 0, stat);
}

static void test_others(void **state)
{
	static const struct fixture_file nobody[] = {
		{"proc/1/comm", "systemd\n"},
		{"proc/21/comm", "kubelet-not\n"},
		{"proc/self/comm", "oomd\n"},
		{"sys/module/damon_reclaim/parameters/enabled", "N\n"},
		{"sys/kernel/mm/damon/admin/kdamonds/0/state", "off\n"},
		{"sys/kernel/mm/damon/admin/kdamonds/0/contexts/0/schemes/0/action", "pageout\n"},
		{"sys/kernel/mm/damon/admin/kdamonds/1/state", "on\n"},
		{"sys/kernel/mm/damon/admin/kdamonds/1/contexts/0/schemes/0/action", "stat\n"},
	};
	static const char *const none[] = {"\nok  others            nobody was seen who", NULL};
	static const char *const all[] = {
		"\nok  others            systemd-oomd: kills groups",
		"\nno  others            oomd: its Senpai takes",
		"\nok  others            kubelet: evicts pods",
		"\nno  others            DAMON_RECLAIM pages out",
		"\nno  others            DAMON's kdamonds/1 pages out",
		NULL,
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(nobody, ARRAY_SIZE(nobody));

	(void)state;
	check(fx, -EOPNOTSUPP, none);
	fixture_write(fx, "proc/33/comm", "systemd-oomd\n");
	fixture_write(fx, "proc/34/comm", "oomd\n");
	fixture_write(fx, "proc/4000000/comm", "kubelet\n");
	fixture_write(fx, "sys/module/damon_reclaim/parameters/enabled", "Y\n");
	fixture_write(fx, "sys/kernel/mm/damon/admin/kdamonds/1/contexts/0/schemes/7/action",
		      "pageout\n");
	check(fx, -EOPNOTSUPP, all);
	check_absent(fx, "nobody was seen");
	check_absent(fx, "kdamonds/0");
	/* However many of them there are. */
	fixture_write(fx, "proc/35/comm", "oomd\n");
	check_once(fx, "oomd: its Senpai");
}

static void test_what_is_not(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	static const char *const no_memory[] = {
		"\nno  cgroup v2         without the memory controller: boot with ", NULL};
	static const char *const nothing[] = {
		"\nno  cgroup v2         none is mounted: groups can't be looked after\n",
		"\nno  nodeN/reclaim     needs Linux 6.17; ",
		"\nno  PSI               No such file or directory: boot with psi=1",
		"\nno  swap              none: only file memory can be taken",
		"\nno  MGLRU             this kernel has none",
		"\nNothing can be reclaimed here: ",
		NULL,
	};

	(void)state;
	fixture_write(fx, "sys/fs/cgroup/cgroup.controllers", "memoryx xmemory cpu\n");
	check(fx, 0, no_memory);
	fixture_remove(fx, "sys/fs");
	fixture_remove(fx, "sys/devices");
	fixture_remove(fx, "sys/kernel");
	fixture_remove(fx, "proc/pressure");
	fixture_write(fx, "proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n");
	check(fx, -EOPNOTSUPP, nothing);
	/* Text that is none takes nothing down. */
	fixture_write(fx, "proc/swaps", "x\n\n/dev/sda\n \n");
	check(fx, -EOPNOTSUPP, nothing);
	fixture_remove(fx, "proc/swaps");
	check(fx, -EOPNOTSUPP, nothing);
}

static void test_lru_gen(void **state)
{
	static const char *const writable[] = {"lru_gen", "can be written (balance.lru_gen)", NULL};
	struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));

	(void)state;
	fixture_write(fx, "sys/kernel/debug/lru_gen", "");
	check(fx, 0, writable);
	fixture_free(fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_there), cmocka_unit_test(test_what_is_not),
		cmocka_unit_test(test_demotion),      cmocka_unit_test(test_sysctls),
		cmocka_unit_test(test_dirty_sysctls), cmocka_unit_test(test_disks),
		cmocka_unit_test(test_damon),	      cmocka_unit_test(test_others),
		cmocka_unit_test(test_lru_gen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
