/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/doctor.h"

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
		NULL,
	};

	(void)state;
	check(fx, 0, lines);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_there),
		cmocka_unit_test(test_what_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
