/* SPDX-License-Identifier: Apache-2.0 */
/* The day's budget of swap writes: how it fills, is used up and kept. */
#include "agent/account/wear.h"

#include "agent/policy/balance.h"
#include "agent/policy/protect.h"
#include "agent/sense/machine.h"
#include "base/clock.h"
#include "tests/unit/agent_scene.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define DAY 86400
#define NOW UINT64_C(1700000000)

static void test_forgetting(void **state)
{
	static const struct {
		uint64_t budget, elapsed_s, forgotten;
	} rows[] = {
		{86400, 0, 0},	     {86400, 60, 60},
		{86400, DAY, 86400}, {86400, 365 * DAY, 86400},
		{0, DAY, 0},	     {UINT64_MAX, DAY, UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(
			wear_forgotten_bytes(rows[i].budget, rows[i].elapsed_s * NSEC_PER_SEC),
			rows[i].forgotten);
	assert_int_equal(wear_forgotten_bytes(1000, UINT64_MAX), 1000);
}

/* What a calendar that was set wrong can bring at a start is bounded. */
static void test_age(void **state)
{
	static const struct {
		uint64_t at_s, now_s, age_s;
	} rows[] = {
		{NOW, NOW, 0},	      {NOW, NOW + 60, 60}, {NOW, NOW + 365 * DAY, DAY},
		{NOW, NOW - DAY, 0},  {NOW, 0, 0},	   {0, NOW, DAY},
		{0, UINT64_MAX, DAY},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct wear wear = {5, rows[i].at_s};

		assert_int_equal(wear_age_ns(&wear, rows[i].now_s), rows[i].age_s * NSEC_PER_SEC);
	}
}

static void test_text(void **state)
{
	static const char *const bad_texts[] = {"", "written_bytes 1\n", "at_s 1\n",
						"written_bytes -1\nat_s 1\n",
						"written_bytes 1\nwritten_bytes 1\nat_s 1\n"};
	const struct wear most = {UINT64_MAX, UINT64_MAX};
	struct wear again;
	char text[WEAR_TEXT_BYTES];

	(void)state;
	assert_int_equal(wear_parse(wear_print(text, &most), &again, NULL), 0);
	assert_memory_equal(&again, &most, sizeof(most));
	for (size_t i = 0; i < ARRAY_SIZE(bad_texts); i++) {
		const char *bad = NULL;

		assert_int_equal(wear_parse(bad_texts[i], &again, &bad), -EBADMSG);
		assert_non_null(bad);
	}
}

static void test_which_swap_is_on_a_disk(void **state)
{
#define HEADING "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
	static const struct {
		const char *text;
		bool disk;
	} rows[] = {
		{"", false},
		{HEADING, false},
		{HEADING "/dev/zram0 partition 1048572 0 -2\n", false},
		{HEADING "/dev/zram0 partition 1 0 100\n/dev/zram1 partition 1 0 100\n", false},
		{HEADING "/dev/zram0 partition 1 0 100\n/dev/sda2 partition 1 0 -2\n", true},
		{HEADING "/swap.img file 1 0 -2\n", true},
		{HEADING "/dev/dm-1 partition 1 0 -2", true},
		{HEADING "/zram0 file 1 0 -2\n", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(swaps_parse_to_disk(rows[i].text), rows[i].disk);
}

static void test_nothing_is_swapped_when_it_is_used_up_or_denied(void **state)
{
	struct swap_sample swap = {.total_bytes = 1024 * MIB, .free_bytes = 1024 * MIB};
	const struct group_sample group = {
		.current_bytes = 400 * MIB,
		.swap_max_bytes = UINT64_MAX,
		.stat = {.inactive_anon = 300 * MIB, .inactive_file = 100 * MIB},
	};
	struct node_sample node = {.swap = swap};
	struct config config;
	struct spare spare;

	(void)state;
	config_defaults(&config);
	assert_true(balance_may_swap(&config, &node));
	assert_int_equal(protect_spare(&config.protect, &group, &swap, UINT64_MAX).anon_bytes,
			 300 * MIB);
	for (int i = 0; i < 2; i++) {
		swap.is_worn = node.swap.is_worn = i == 0;
		swap.is_denied = node.swap.is_denied = i == 1;
		assert_false(balance_may_swap(&config, &node));
		spare = protect_spare(&config.protect, &group, &swap, UINT64_MAX);
		assert_int_equal(spare.anon_bytes, 0);
		assert_int_equal(spare.file_bytes, 100 * MIB);
		assert_true(spare.swap_forbade);
	}
}

static void test_shared_by_workers(void **state)
{
	_cleanup_(shared_freep) struct shared *shared = NULL;

	(void)state;
	assert_int_equal(shared_new(1, &shared), 0);
	assert_int_equal(shared_swap_writes(shared), 0);
	shared_add_swap_writes(shared, 100);
	shared_forget_swap_writes(shared, 30, UINT64_MAX);
	assert_int_equal(shared_swap_writes(shared), 70);
	shared_forget_swap_writes(shared, 71, UINT64_MAX);
	assert_int_equal(shared_swap_writes(shared), 0);
	shared_add_swap_writes(shared, UINT64_MAX);
	shared_add_swap_writes(shared, 1);
	assert_int_equal(shared_swap_writes(shared), UINT64_MAX);
	shared_forget_swap_writes(shared, 10, 100);
	assert_int_equal(shared_swap_writes(shared), 90);
}

/* Of requests made at the same time each sees what the other writes. */
static void test_written_once_counted_once(void **state)
{
	static const struct {
		int64_t before, after;
		uint64_t most, sum;
	} rows[] = {
		{-50, 50, UINT64_MAX, 100},
		{0, 50, UINT64_MAX, 100},  /* ended when the first one had */
		{20, 80, UINT64_MAX, 130}, /* and this one later */
		{100, 200, 40, 170},
		{150, 200, UINT64_MAX, 170},
		{200, 190, UINT64_MAX, 170}, /* others write to zram */
		{195, 200, UINT64_MAX, 175},
	};
	_cleanup_(shared_freep) struct shared *shared = NULL;

	(void)state;
	assert_int_equal(shared_new(1, &shared), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		shared_count_swap_writes(shared, rows[i].before, rows[i].after, rows[i].most);
		assert_int_equal(shared_swap_writes(shared), rows[i].sum);
	}
}

#define GIB (UINT64_C(1) << 30)

struct kept {
	struct scene scene;
	char path[128], file[128];
};

static void set_budget(struct kept *k, const char *budget)
{
	char config[256];
	struct config_error error;

	(void)snprintf(config, sizeof(config),
		       "[protect]\nswap_writes = %s\nswap_writes_file = %s\n", budget, k->file);
	fixture_write(k->scene.fx, "uswapd.conf", config);
	if (k->scene.agent) {
		assert_int_equal(agent_reload(k->scene.agent, &error), 0);
		(void)agent_watch_wear(k->scene.agent, 0);
	} else {
		assert_int_equal(config_load(k->path, NULL, 0, &k->scene.config, &error), 0);
	}
}

/* An agent with that budget, where an agent before has left the file; written 0: it has not. */
static struct kept *new_kept(const char *budget, uint64_t written_bytes)
{
	const struct wear before = {written_bytes, (uint64_t)time(NULL)};
	struct kept *k = calloc(1, sizeof(*k));
	char text[WEAR_TEXT_BYTES];

	assert_non_null(k);
	k->scene = scene_new();
	(void)snprintf(k->path, sizeof(k->path), "%s/uswapd.conf", k->scene.fx->path);
	(void)snprintf(k->file, sizeof(k->file), "%s/wear", k->scene.fx->path);
	if (written_bytes > 0)
		fixture_write(k->scene.fx, "wear", wear_print(text, &before));
	set_budget(k, budget);
	k->scene.options.config_file = k->path;
	return k;
}

static struct kept *start_kept(const char *budget, uint64_t written_bytes)
{
	struct kept *k = new_kept(budget, written_bytes);

	assert_int_equal(scene_start(&k->scene), 0);
	return k;
}

static void end_kept(struct kept *k)
{
	scene_end(&k->scene);
	free(k);
}

/* As it is forgotten evenly over a day, in a quarter of an hour not even a hundredth. */
static void assert_left(struct kept *k, uint64_t bytes)
{
	assert_in_range(scene_status(&k->scene).swap_writes_left_bytes, bytes,
			bytes + 4 * GIB / 100);
}

static void test_kept(void **state)
{
	struct kept *k = start_kept("1G", 0);
	_cleanup_free_ char *text = NULL;
	struct wear kept;

	(void)state;
	assert_int_equal(scene_status(&k->scene).swap_writes_left_bytes, GIB);
	assert_int_equal(agent_stop(k->scene.agent), 0);
	text = fixture_read(k->scene.fx, "wear");
	assert_int_equal(wear_parse(text, &kept, NULL), 0);
	assert_int_equal(kept.written_bytes, 0);
	k->scene.agent = NULL;
	end_kept(k);
	k = start_kept("4G", 3 * GIB);
	assert_left(k, GIB);
	end_kept(k);
}

/* Whatever was written before, a new budget forbids nothing for longer than a day. */
static void test_a_budget_that_changes(void **state)
{
	struct kept *k = start_kept("1G", 59 * GIB);

	(void)state;
	assert_left(k, 0);
	set_budget(k, "4G");
	assert_left(k, 3 * GIB);
	set_budget(k, "2G");
	assert_left(k, GIB);
	set_budget(k, "0");
	assert_int_equal(agent_watch_wear(k->scene.agent, 0), UINT64_MAX);
	assert_int_equal(scene_status(&k->scene).swap_writes_left_bytes, UINT64_MAX);
	set_budget(k, "4G");
	assert_left(k, 3 * GIB);
	end_kept(k);
	k = start_kept("0", 59 * GIB);
	set_budget(k, "4G");
	assert_left(k, 0);
	end_kept(k);
}

/* A pipe that nobody reads holds up whoever opens it, as a hung file system does. */
static void test_hung_file_system(void **state)
{
	/* As main does, the agent is left alone. */
	static struct kept *left;
	_cleanup_close_ int fd = -1;
	char beside[160];

	(void)state;
	left = new_kept("0", 0);
	left->scene.options.stop_ns = NSEC_PER_SEC;
	assert_int_equal(scene_start(&left->scene), 0);
	(void)snprintf(beside, sizeof(beside), "%s.new", left->file);
	assert_int_equal(mkfifo(beside, 0600), 0);
	set_budget(left, "1G");
	assert_int_equal(agent_watch_wear(left->scene.agent, 2 * NSEC_PER_SEC), 3 * NSEC_PER_SEC);
	assert_false(scene_is_degraded(&left->scene, "hangs"));
	(void)agent_watch_wear(left->scene.agent, 60 * NSEC_PER_SEC);
	assert_true(scene_is_degraded(&left->scene, "wear: its file system hangs"));
	assert_left(left, GIB);
	assert_int_equal(agent_stop(left->scene.agent), -ETIMEDOUT);
	fd = open(beside, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	for (int i = 0; i < 1000 && access(beside, F_OK) == 0; i++)
		(void)poll(NULL, 0, 10);
	assert_int_equal(access(beside, F_OK), -1);
	fixture_free(left->scene.fx);
}

static void test_unwritable(void **state)
{
	struct kept *k = start_kept("0", 0);
	char beside[160];

	(void)state;
	(void)snprintf(beside, sizeof(beside), "%s.new", k->file);
	assert_int_equal(mkdir(beside, 0700), 0);
	set_budget(k, "1G");
	for (int i = 0; i < 1000 && !scene_logged(&k->scene, "wear: Is a directory"); i++) {
		(void)poll(NULL, 0, 10);
		(void)agent_watch_wear(k->scene.agent, NSEC_PER_SEC);
	}
	assert_true(scene_is_degraded(&k->scene, "wear: Is a directory"));
	end_kept(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forgetting),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_which_swap_is_on_a_disk),
		cmocka_unit_test(test_nothing_is_swapped_when_it_is_used_up_or_denied),
		cmocka_unit_test(test_shared_by_workers),
		cmocka_unit_test(test_written_once_counted_once),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_a_budget_that_changes),
		cmocka_unit_test(test_unwritable),
		cmocka_unit_test(test_hung_file_system),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
