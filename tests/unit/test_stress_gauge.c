/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/measure/gauge.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>

#define MEMINFO                                                                \
	"MemTotal: 4096000 kB\nMemFree: 100000 kB\nMemAvailable: 3000000 kB\n" \
	"SwapTotal: 0 kB\nSwapFree: 0 kB\n"
#define PSI(total)                                                 \
	"some avg10=0.00 avg60=0.00 avg300=0.00 total=" total "\n" \
	"full avg10=0.00 avg60=0.00 avg300=0.00 total=" total "\n"

static const struct fixture_file files[] = {
	{"proc/self/statm", "5000 1000 300 10 0 400 0\n"},
	{"proc/meminfo", MEMINFO},
	{"proc/pressure/memory", PSI("5000000")},
	{"group/memory.current", "123456\n"},
	{"group/memory.pressure", PSI("1000")},
	{"sys/devices/system/node/node1/meminfo",
	 "Node 1 MemTotal: 2048000 kB\nNode 1 MemFree: 50000 kB\nNode 1 FilePages: 1000 kB\n"
	 "Node 1 SReclaimable: 10 kB\nNode 1 Active(file): 500 kB\nNode 1 Inactive(file): 500 "
	 "kB\n"},
};

struct world {
	struct fixture *fx;
	struct gauge_sources sources;
};

static struct world world_new(bool with_group, int64_t node)
{
	struct world world = {.fx = fixture_new(files, ARRAY_SIZE(files))};

	world.sources = (struct gauge_sources){
		.proc_fd = openat(world.fx->fd, "proc", O_RDONLY | O_DIRECTORY),
		.sys_fd = openat(world.fx->fd, "sys", O_RDONLY | O_DIRECTORY),
		.group_fd = with_group ? openat(world.fx->fd, "group", O_RDONLY | O_DIRECTORY) : -1,
		.node = node,
	};
	return world;
}

static void world_end(struct world *world)
{
	fd_close(world->sources.proc_fd);
	fd_close(world->sources.sys_fd);
	fd_close(world->sources.group_fd);
	fixture_free(world->fx);
}

static void open_gauge(const struct world *world, enum setpoint_signal signal, struct gauge *ret)
{
	const char *file = "";
	int r = gauge_open(&world->sources, signal, NSEC_PER_SEC, ret, &file);

	if (r < 0)
		fail_msg("%s: %d", file, r);
}

static uint64_t value_at(struct gauge *gauge, uint64_t now_ns)
{
	uint64_t value = 0;

	assert_int_equal(gauge_read(gauge, now_ns, &value), 0);
	return value;
}

static void test_bytes(void **state)
{
	struct world world = world_new(true, -1);
	struct gauge gauge;

	(void)state;
	open_gauge(&world, SETPOINT_CURRENT, &gauge);
	assert_int_equal(value_at(&gauge, 0), 123456);
	gauge_close(&gauge);
	open_gauge(&world, SETPOINT_FREE, &gauge);
	assert_int_equal(value_at(&gauge, 0), 100000 * 1024);
	gauge_close(&gauge);
	world.sources.node = 1;
	open_gauge(&world, SETPOINT_FREE, &gauge);
	assert_int_equal(value_at(&gauge, 0), 50000 * 1024);
	gauge_close(&gauge);
	world_end(&world);
}

/* What was there before the load began is not the load's. */
static void test_resident(void **state)
{
	struct world world = world_new(false, -1);
	struct gauge gauge;
	uint64_t value = 7;

	(void)state;
	open_gauge(&world, SETPOINT_RESIDENT, &gauge);
	assert_int_equal(value_at(&gauge, 0), 0);
	fixture_write(world.fx, "proc/self/statm", "5000 1500 300 10 0 400 0\n");
	assert_int_equal(value_at(&gauge, 0), 500 * (uint64_t)sysconf(_SC_PAGESIZE));
	fixture_write(world.fx, "proc/self/statm", "5000 10 300 10 0 400 0\n");
	assert_int_equal(value_at(&gauge, 0), 0);
	fixture_write(world.fx, "proc/self/statm", "5000 1x 300 10 0 400 0\n");
	assert_int_equal(gauge_read(&gauge, 0, &value), -EBADMSG);
	fixture_write(world.fx, "proc/self/statm", "5000 15");
	assert_int_equal(gauge_read(&gauge, 0, &value), -EBADMSG);
	assert_int_equal(value, 7);
	gauge_close(&gauge);
	world_end(&world);
}

/* 250 ms of a second: 25 %. */
static void test_pressure(void **state)
{
	struct world world = world_new(true, -1);
	struct gauge gauge;

	(void)state;
	open_gauge(&world, SETPOINT_PRESSURE, &gauge);
	fixture_write(world.fx, "group/memory.pressure", PSI("251000"));
	assert_int_equal(value_at(&gauge, 2 * NSEC_PER_SEC), 2500);
	assert_int_equal(value_at(&gauge, 3 * NSEC_PER_SEC), 0);
	gauge_close(&gauge);
	/* Without a group the machine's. */
	world.sources.group_fd = fd_close(world.sources.group_fd);
	open_gauge(&world, SETPOINT_PRESSURE, &gauge);
	fixture_write(world.fx, "proc/pressure/memory", PSI("6000000"));
	assert_int_equal(value_at(&gauge, 3 * NSEC_PER_SEC), 5000);
	gauge_close(&gauge);
	world_end(&world);
}

static void test_missing(void **state)
{
	struct world world = world_new(true, 7);
	const char *file = "";
	struct gauge gauge;

	(void)state;
	assert_int_equal(gauge_open(&world.sources, SETPOINT_FREE, 0, &gauge, &file), -ENOENT);
	assert_string_equal(file, "meminfo");
	fixture_remove(world.fx, "group/memory.pressure");
	assert_int_equal(gauge_open(&world.sources, SETPOINT_PRESSURE, 0, &gauge, &file), -ENOENT);
	assert_string_equal(file, "memory.pressure");
	world_end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_resident),
		cmocka_unit_test(test_pressure),
		cmocka_unit_test(test_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
