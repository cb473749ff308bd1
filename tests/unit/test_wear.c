/* SPDX-License-Identifier: Apache-2.0 */
/* The day's budget of swap writes: how it fills, is used up and kept. */
#include "agent/account/wear.h"

#include "agent/policy/balance.h"
#include "agent/policy/protect.h"
#include "agent/sense/machine.h"
#include "tests/unit/agent_scene.h"

#include <errno.h>
#include <string.h>

#define DAY 86400
#define NOW UINT64_C(1700000000)

static void test_forgetting(void **state)
{
	static const struct {
		const char *name;
		uint64_t at_s, budget, now_s, forgotten;
	} rows[] = {
		{"never", 0, 1000, NOW, 1000},
		{"at once", NOW, 86400, NOW, 0},
		{"a minute", NOW, 86400, NOW + 60, 60},
		{"a day", NOW, 86400, NOW + DAY, 86400},
		{"a year", NOW, 86400, NOW + 365 * DAY, 86400},
		{"back in time", NOW, 86400, NOW - DAY, 0},
		{"no budget", NOW, 0, NOW + DAY, 0},
		{"huge", NOW, UINT64_MAX, NOW + DAY, UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct wear before = {5, rows[i].at_s};
		uint64_t n = wear_forgotten_bytes(&before, rows[i].budget, rows[i].now_s);

		if (n != rows[i].forgotten)
			fail_msg("%s: %ju", rows[i].name, (uintmax_t)n);
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
	shared_forget_swap_writes(shared, 30);
	assert_int_equal(shared_swap_writes(shared), 70);
	shared_forget_swap_writes(shared, 71);
	assert_int_equal(shared_swap_writes(shared), 0);
	shared_add_swap_writes(shared, UINT64_MAX);
	shared_add_swap_writes(shared, 1);
	assert_int_equal(shared_swap_writes(shared), UINT64_MAX);
}

#define GIB (UINT64_C(1) << 30)

/* What was written is known over a restart, a debt too; without a budget it is no matter. */
static void test_kept(void **state)
{
	struct scene s = scene_new();
	_cleanup_free_ char *text = NULL;
	struct config_error error;
	char path[128], file[128], config[256];
	struct wear kept;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/uswapd.conf", s.fx->path);
	(void)snprintf(file, sizeof(file), "%s/wear", s.fx->path);
	(void)snprintf(config, sizeof(config),
		       "[protect]\nswap_writes = 1G\nswap_writes_file = %s\n", file);
	fixture_write(s.fx, "uswapd.conf", config);
	s.options.config_file = path;
	assert_int_equal(config_load(path, NULL, 0, &s.config, &error), 0);
	assert_int_equal(scene_start(&s), 0);
	assert_int_equal(scene_status(&s).swap_writes_left_bytes, GIB);
	assert_int_equal(agent_stop(s.agent), 0);
	text = fixture_read(s.fx, "wear");
	assert_int_equal(wear_parse(text, &kept, NULL), 0);
	assert_int_equal(kept.written_bytes, 0);

	/* Two days' worth, a moment before the next one begins. */
	kept.written_bytes = 2 * GIB;
	fixture_write(s.fx, "wear", wear_print(config, &kept));
	assert_int_equal(scene_start(&s), 0);
	assert_int_equal(scene_status(&s).swap_writes_left_bytes, 0);
	fixture_write(s.fx, "uswapd.conf", "[protect]\nswap_writes = 4G\n");
	assert_int_equal(agent_reload(s.agent, &error), 0);
	assert_in_range(scene_status(&s).swap_writes_left_bytes, 2 * GIB, 3 * GIB);
	fixture_write(s.fx, "uswapd.conf", "");
	assert_int_equal(agent_reload(s.agent, &error), 0);
	assert_int_equal(agent_watch_wear(s.agent, 0), UINT64_MAX);
	assert_int_equal(scene_status(&s).swap_writes_left_bytes, UINT64_MAX);
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forgetting),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_which_swap_is_on_a_disk),
		cmocka_unit_test(test_nothing_is_swapped_when_it_is_used_up_or_denied),
		cmocka_unit_test(test_shared_by_workers),
		cmocka_unit_test(test_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
