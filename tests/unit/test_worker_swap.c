/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker makes of what its requests sent to swap. */
#include "agent/worker/internal.h"
#include "agent/worker/swap.h"

#include "base/clock.h"
#include "cgroup/reclaim.h"
#include "tests/unit/fixture.h"

#include <fcntl.h>

#define MIB (UINT64_C(1) << 20)
#define NOW (1000 * NSEC_PER_SEC)

/* A group on a machine with zram of 1 GiB. */
struct scene {
	struct fixture *fx;
	struct config config;
	struct worker_world world;
	struct hands hands;
	struct numa_node node;
	struct worker worker;
	struct cgroup cgroup;
	struct group group;
};

static void write_bytes(const struct scene *s, const char *path, uint64_t bytes)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%ju\n", (uintmax_t)bytes);
	fixture_write(s->fx, path, text);
}

static void write_zram(const struct scene *s, uint64_t stored, uint64_t used)
{
	char text[96];

	(void)snprintf(text, sizeof(text), "%ju %ju %ju 0 0 0 0 0 0\n", (uintmax_t)stored,
		       (uintmax_t)used, (uintmax_t)used);
	fixture_write(s->fx, "block/zram0/mm_stat", text);
}

/* So much was ever swapped out, and written to zram. */
static void write_out(const struct scene *s, uint64_t swapped_mib, uint64_t zram_mib)
{
	char text[96];

	(void)snprintf(text, sizeof(text), "allocstall_normal 0\npgscan_kswapd 0\npswpout %ju\n",
		       (uintmax_t)(swapped_mib * 256));
	fixture_write(s->fx, "vmstat", text);
	(void)snprintf(text, sizeof(text), "0 0 0 0 1 0 %ju 0 0 0 0\n",
		       (uintmax_t)(zram_mib * 2048));
	fixture_write(s->fx, "block/zram0/stat", text);
}

static struct scene *scene_new(void)
{
	static const struct fixture_file files[] = {
		{"meminfo", "SwapTotal: 1048576 kB\nSwapFree: 1048576 kB\n"},
		{"block/", NULL},
	};
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->fx = fixture_new(files, ARRAY_SIZE(files));
	config_defaults(&s->config);
	s->world = (struct worker_world){
		.log = {.fd = -1},
		.proc_fd = s->fx->fd,
		.sys_fd = s->fx->fd,
		.hands = &s->hands,
		.reclaim_features.swappiness = true,
	};
	s->worker = (struct worker){
		.world = &s->world, .node = &s->node, .config = &s->config, .page_size = 4096};
	write_out(s, 1000, 900);
	s->cgroup.dir_fd = s->fx->fd;
	s->group.cgroup = &s->cgroup;
	write_zram(s, 100 * MIB, 50 * MIB);
	write_bytes(s, "memory.swap.current", 30 * MIB);
	assert_int_equal(machine_watch_open(s->fx->fd, &s->worker.machine_watch), 0);
	worker_read_swap(&s->worker, NOW);
	return s;
}

static void scene_free(struct scene *s)
{
	machine_watch_close(&s->worker.machine_watch);
	fixture_free(s->fx);
	free(s);
}

static struct flight flight_to(struct scene *s, int swappiness)
{
	return (struct flight){
		.request = {.backend = BACKEND_MEMORY_RECLAIM, .swappiness = swappiness},
		.group = &s->group,
	};
}

/* 3 MiB went to swap of the group, and zram needs used more for it. */
static struct taken swap_out(struct scene *s, struct flight *f, uint64_t used)
{
	struct taken taken = {0};

	worker_swap_before(&s->worker, f);
	write_zram(s, 103 * MIB, 50 * MIB + used);
	write_bytes(s, "memory.swap.current", 33 * MIB);
	worker_swap_after(&s->worker, f, &taken, NOW);
	return taken;
}

static void test_a_group(void **state)
{
	(void)state;
	for (uint64_t used = MIB; used <= 3 * MIB; used += 2 * MIB) {
		struct scene *s = scene_new();
		struct flight f = flight_to(s, GROUP_RECLAIM_DEFAULT);
		struct taken taken = swap_out(s, &f, used);

		assert_int_equal(taken.swapped_bytes, 3 * MIB);
		assert_int_equal(taken.swap_kept_bytes, used);
		assert_int_equal(yield_is_poor_for_node(&s->group.yield, NOW), used == 3 * MIB);
		assert_false(yield_is_poor_for_node(&s->worker.here.yield, NOW));
		scene_free(s);
	}
}

/* Chosen for its memory on the node; and what is learned of it when it vanishes meanwhile. */
static void test_a_victim(void **state)
{
	(void)state;
	for (int gone = 0; gone < 2; gone++) {
		struct scene *s = scene_new();
		struct flight f = flight_to(s, GROUP_RECLAIM_DEFAULT);
		struct taken taken = {0};

		f.victim = f.group;
		f.group = NULL;
		worker_swap_before(&s->worker, &f);
		write_zram(s, 103 * MIB, 53 * MIB);
		write_bytes(s, "memory.swap.current", 33 * MIB);
		if (gone)
			f.victim = NULL;
		worker_swap_after(&s->worker, &f, &taken, NOW);
		assert_int_equal(taken.swapped_bytes, gone ? 0 : 3 * MIB);
		assert_int_equal(yield_is_poor_for_node(&s->group.yield, NOW), !gone);
		assert_false(yield_is_poor_for_node(&s->worker.here.yield, NOW));
		scene_free(s);
	}
}

static void test_the_node(void **state)
{
	struct scene *s = scene_new();
	struct flight f = {
		.request = {.backend = BACKEND_NODE_RECLAIM, .swappiness = GROUP_RECLAIM_DEFAULT}};
	struct taken taken = swap_out(s, &f, 3 * MIB);

	(void)state;
	assert_int_equal(taken.swapped_bytes, 3 * MIB);
	assert_int_equal(taken.swap_kept_bytes, 3 * MIB);
	assert_true(yield_is_poor_for_node(&s->worker.here.yield, NOW));
	assert_false(yield_is_poor_for_node(&s->group.yield, NOW));
	scene_free(s);
}

static uint64_t counted_after(struct scene *s, struct flight *f, uint64_t swapped_mib,
			      uint64_t zram_mib)
{
	struct taken taken = {0};

	worker_swap_before(&s->worker, f);
	write_out(s, swapped_mib, zram_mib);
	worker_swap_after(&s->worker, f, &taken, NOW);
	return shared_swap_writes(s->world.shared);
}

/*
 * What was swapped out and not to zram went to a disk, whether or not others empty swap meanwhile:
 * counted, and no more than the day's budget.
 */
static void test_writes_to_disks(void **state)
{
	struct scene *s = scene_new();
	_cleanup_(shared_freep) struct shared *shared = NULL;
	struct flight f = flight_to(s, GROUP_RECLAIM_DEFAULT);
	struct flight of_files = flight_to(s, GROUP_RECLAIM_NO_ANON);

	(void)state;
	assert_int_equal(shared_new(1, &shared), 0);
	s->config.protect.swap_writes_bytes = 20 * MIB;
	s->world.shared = shared;
	f.request.bytes = of_files.request.bytes = 4 * MIB;
	/* Without a disk nothing is counted, nor without a budget. */
	assert_int_equal(counted_after(s, &f, 1010, 900), 0);
	s->worker.swap_on_disk = true;
	s->config.protect.swap_writes_bytes = 0;
	assert_int_equal(counted_after(s, &f, 1020, 900), 0);
	s->config.protect.swap_writes_bytes = 20 * MIB;
	assert_int_equal(counted_after(s, &of_files, 1030, 900), 0);
	assert_int_equal(counted_after(s, &f, 1040, 903), 7 * MIB);
	assert_int_equal(counted_after(s, &f, 1043, 906), 7 * MIB);
	/* Of what others send there meanwhile twice the request at most. */
	assert_int_equal(counted_after(s, &f, 1200, 906), 15 * MIB);
	assert_false(s->worker.swap.is_worn);
	assert_int_equal(counted_after(s, &f, 1400, 906), 23 * MIB);
	worker_read_swap(&s->worker, NOW + NSEC_PER_SEC);
	assert_true(s->worker.swap.is_worn);
	scene_free(s);
}

static void test_swap_that_comes_gives_a_node_another_try(void **state)
{
	static const struct {
		const char *meminfo;
		bool sooner;
	} then[] = {
		{"SwapTotal: 1048576 kB\nSwapFree: 524288 kB\n", false},
		{"SwapTotal: 524288 kB\nSwapFree: 524288 kB\n", false},
		{"SwapTotal: 2097152 kB\nSwapFree: 524288 kB\n", true},
	};
	const uint64_t never = UINT64_MAX;
	uint64_t now_ns = NOW;
	struct scene *s = scene_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(then); i++) {
		s->worker.here.history.hopeless_until_ns = never;
		fixture_write(s->fx, "meminfo", then[i].meminfo);
		worker_read_swap(&s->worker, now_ns += NSEC_PER_SEC);
		assert_int_equal(s->worker.here.history.hopeless_until_ns,
				 then[i].sooner ? now_ns + BALANCE_TRY_AGAIN_NS : never);
	}
	scene_free(s);
}

/* More than was asked for: all that the group has in swap since. */
static void test_writes_beyond_the_request(void **state)
{
	struct scene *s = scene_new();
	_cleanup_(shared_freep) struct shared *shared = NULL;
	struct flight f = flight_to(s, GROUP_RECLAIM_DEFAULT);
	struct taken taken = {0};

	(void)state;
	assert_int_equal(shared_new(1, &shared), 0);
	s->config.protect.swap_writes_bytes = 20 * MIB;
	s->world.shared = shared;
	s->worker.swap_on_disk = true;
	f.request.bytes = 1 * MIB;
	write_out(s, 1000, 900);
	worker_swap_before(&s->worker, &f);
	write_bytes(s, "memory.swap.current", 49 * MIB);
	write_out(s, 1020, 900);
	worker_swap_after(&s->worker, &f, &taken, NOW);
	assert_int_equal(taken.swapped_bytes, 19 * MIB);
	assert_int_equal(shared_swap_writes(shared), 19 * MIB);
	scene_free(s);
}

/* zram is filled before the disk behind it, and only as far as swap is to be filled at all. */
static void test_denied_devices(void **state)
{
	static const struct {
		const char *swaps;
		bool denied;
	} rows[] = {
		{"Heading\n/dev/zram0 partition 1000 0 100\n", false},
		{"Heading\n/dev/zram0 partition 1000 799 100\n/dev/sda2 partition 9 0 -2\n", false},
		{"Heading\n/dev/zram0 partition 1000 800 100\n/dev/sda2 partition 9 0 -2\n", true},
		{"Heading\n/dev/zram0 partition 1000 0 -2\n/dev/sda2 partition 9 0 -2\n", true},
		{"Heading\n/dev/sda2 partition 9 0 -2\n", true},
		{"Heading\nnothing like it\n", true},
	};
	struct scene *s = scene_new();

	(void)state;
	fixture_write(s->fx, "class/block/", NULL);
	assert_int_equal(symlinkat("../../devices/block/zram0", s->fx->fd, "class/block/zram0"), 0);
	assert_int_equal(symlinkat("../../devices/block/sda2", s->fx->fd, "class/block/sda2"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		fixture_write(s->fx, "swaps", rows[i].swaps);
		s->config.protect.exclude_device.n = 0;
		worker_read_swap(&s->worker, NOW + (2 * i + 1) * NSEC_PER_SEC);
		assert_false(s->worker.swap.is_denied);
		s->config.protect.exclude_device.n = 1;
		(void)snprintf(s->config.protect.exclude_device.pattern[0], CONFIG_PATTERN_MAX,
			       "sda*");
		worker_read_swap(&s->worker, NOW + (2 * i + 2) * NSEC_PER_SEC);
		assert_int_equal(s->worker.swap.is_denied, rows[i].denied);
	}
	scene_free(s);
}

/* Where it can't be told, or nothing may go to swap, nothing is learned. */
static void test_not_known(void **state)
{
	(void)state;
	for (int i = 0; i < 5; i++) {
		struct scene *s = scene_new();
		struct flight f =
			flight_to(s, i == 0 ? GROUP_RECLAIM_NO_ANON : GROUP_RECLAIM_DEFAULT);

		if (i == 1) {
			fixture_write(s->fx, "meminfo", "SwapTotal: 0 kB\nSwapFree: 0 kB\n");
			worker_read_swap(&s->worker, NOW + NSEC_PER_SEC);
		}
		if (i == 2)
			fixture_remove(s->fx, "memory.swap.current");
		if (i == 3)
			s->group.cgroup = NULL;
		if (i == 4)
			s->config.protect.swap_yield_permyriad = 0;
		(void)swap_out(s, &f, 3 * MIB);
		assert_int_equal(s->group.yield.sums.swapped_bytes, 0);
		assert_false(yield_is_poor_for_node(&s->group.yield, NOW));
		scene_free(s);
	}
}

/* At most once a second; a device that comes with new swap is seen. */
static void test_swap_is_read_anew(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	assert_int_equal(s->worker.store.stored_bytes, 100 * MIB);
	fixture_write(s->fx, "meminfo", "SwapTotal: 2097152 kB\nSwapFree: 1048576 kB\n");
	fixture_write(s->fx, "block/zram1/mm_stat", "4096 100 4096\n");
	worker_read_swap(&s->worker, NOW + NSEC_PER_SEC - 1);
	assert_int_equal(s->worker.swap.total_bytes, 1024 * MIB);
	worker_read_swap(&s->worker, NOW + NSEC_PER_SEC);
	assert_int_equal(s->worker.swap.total_bytes, 2048 * MIB);
	assert_int_equal(s->worker.store.stored_bytes, 100 * MIB + 4096);
	scene_free(s);
}

static void write_reads(const struct scene *s, unsigned int swap_mib, unsigned int file_mib)
{
	char text[256];

	/* A MiB from swap takes 1 ms, another 2 ms. */
	(void)snprintf(text, sizeof(text),
		       " 253 0 zram0 1 0 %u %u 0 0 0 0 0 0 0\n 254 0 vda 1 0 %u %u 0 0 0 0 0 0 0\n",
		       swap_mib * 2048, swap_mib, file_mib * 2048, 2 * file_mib);
	fixture_write(s->fx, "diskstats", text);
}

/* 100 MiB of each kind were read within 3 s. */
static struct scene *scene_with_prices(bool wanted)
{
	struct scene *s = scene_new();

	s->config.reclaim.swappiness_by_price = wanted;
	fixture_write(s->fx, "swaps", "Filename\n/dev/zram0 partition 1 0 5\n");
	write_reads(s, 1000, 1000);
	worker_read_swap(&s->worker, NOW + NSEC_PER_SEC);
	write_reads(s, 1100, 1100);
	worker_read_swap(&s->worker, NOW + 3 * NSEC_PER_SEC - 1);
	assert_int_equal(worker_swappiness(&s->worker, NULL), GROUP_RECLAIM_DEFAULT);
	worker_read_swap(&s->worker, NOW + 4 * NSEC_PER_SEC);
	return s;
}

static int swappiness_of_request(const struct scene *s, const struct group *asked, int allowed)
{
	struct request request = {.swappiness = allowed};

	worker_weigh(&s->worker, asked, &request);
	return request.swappiness;
}

/* Of the target itself what it gained counts, before that what the machine does. */
static void test_swappiness_by_price(void **state)
{
	struct scene *s = scene_with_prices(true);

	(void)state;
	assert_int_equal(swappiness_of_request(s, NULL, GROUP_RECLAIM_DEFAULT), 133);
	s->worker.swap.free_bytes -= 100 * MIB;
	assert_int_equal(swappiness_of_request(s, NULL, GROUP_RECLAIM_DEFAULT), 100);
	assert_int_equal(swappiness_of_request(s, &s->group, GROUP_RECLAIM_DEFAULT), 100);
	s->group.yield.judged = (struct yield_sums){.swapped_bytes = 8 * MIB};
	assert_int_equal(swappiness_of_request(s, &s->group, GROUP_RECLAIM_DEFAULT), 133);
	s->group.yield.judged.kept_bytes = 6 * MIB;
	assert_int_equal(swappiness_of_request(s, &s->group, GROUP_RECLAIM_DEFAULT), 66);
	assert_int_equal(swappiness_of_request(s, NULL, GROUP_RECLAIM_DEFAULT), 100);
	/* Where anonymous memory is forbidden, that stands. */
	assert_int_equal(swappiness_of_request(s, NULL, GROUP_RECLAIM_NO_ANON),
			 GROUP_RECLAIM_NO_ANON);
	/* 6.1 can't be told. */
	s->world.reclaim_features.swappiness = false;
	assert_int_equal(swappiness_of_request(s, NULL, GROUP_RECLAIM_DEFAULT),
			 GROUP_RECLAIM_DEFAULT);
	scene_free(s);
}

static void test_swappiness_is_the_kernels(void **state)
{
	struct scene *s = scene_with_prices(false);

	(void)state;
	assert_int_equal(swappiness_of_request(s, NULL, GROUP_RECLAIM_DEFAULT),
			 GROUP_RECLAIM_DEFAULT);
	assert_int_equal(s->worker.read_prices.learned_ns, 0);
	scene_free(s);
	s = scene_with_prices(true);
	/* Not without swap; and what can't be read is not guessed. */
	s->worker.swap.total_bytes = 0;
	assert_int_equal(swappiness_of_request(s, NULL, GROUP_RECLAIM_DEFAULT),
			 GROUP_RECLAIM_DEFAULT);
	scene_free(s);
	s = scene_with_prices(true);
	fixture_write(s->fx, "diskstats", "253 0 zram0\n");
	worker_read_swap(&s->worker, NOW + 1000 * NSEC_PER_SEC);
	assert_int_equal(s->worker.read_prices.learned_ns, NOW + 4 * NSEC_PER_SEC);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_group),
		cmocka_unit_test(test_a_victim),
		cmocka_unit_test(test_the_node),
		cmocka_unit_test(test_writes_to_disks),
		cmocka_unit_test(test_writes_beyond_the_request),
		cmocka_unit_test(test_denied_devices),
		cmocka_unit_test(test_not_known),
		cmocka_unit_test(test_swap_is_read_anew),
		cmocka_unit_test(test_swappiness_by_price),
		cmocka_unit_test(test_swappiness_is_the_kernels),
		cmocka_unit_test(test_swap_that_comes_gives_a_node_another_try),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
