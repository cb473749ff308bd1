/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/control/answer.h"

#include "base/clock.h"
#include "tests/unit/busy_group.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/sysmacros.h>

/* An agent with two nodes, one of which does not answer, and groups with every kind of name. */
struct fake {
	struct group_status groups[4];
	struct node_status nodes[2];
	int status_result, wake_result, reload_result;
	const char *reload_error;
	struct control_wake woken;
	uint64_t paused_ns;
	unsigned int n_woken, n_released;
};

static int fake_status(void *context, struct agent_status *ret)
{
	struct fake *fake = context;

	if (fake->status_result < 0)
		return fake->status_result;
	*ret = (struct agent_status){
		.uptime_ns = 5 * NSEC_PER_SEC,
		.demotes = true,
		.memory_tiers = 2,
		.version = "0.1.0",
		.dry_run = true,
		.observes = true,
		.degraded = {"no swap: only file memory is taken", "a\xff"},
		.metrics_groups_max = 1,
		.cleaner = {.n_devices = 1},
		.hands_stuck = 2,
		.hands_stuck_ns = 40 * NSEC_PER_SEC,
		.hands_lost = 5,
		.damon = {.watched = 3, .cpu_ns = 7},
		.n_nodes = 2,
		.nodes = fake->nodes,
	};
	ret->cleaner.devices[0] = (struct device_account){
		.number = makedev(254, 16),
		.orders = 3,
		.asked_bytes = 40 * MIB,
		.cleaned_bytes = 39 * MIB,
		.slowest_ns = 750 * NSEC_PER_MSEC,
		.bytes_per_s = 12 * MIB,
		.given_up = 4,
		.abandoned = true,
	};
	return 0;
}

static void fake_release(void *context, struct agent_status *status)
{
	struct fake *fake = context;

	assert_ptr_equal(status->nodes, fake->nodes);
	fake->n_released++;
}

static int fake_wake(void *context, const struct control_wake *wake)
{
	struct fake *fake = context;

	fake->woken = *wake;
	fake->n_woken++;
	return fake->wake_result;
}

static int fake_reload(void *context, struct config_error *ret_error)
{
	struct fake *fake = context;

	if (fake->reload_result < 0 && fake->reload_error)
		(void)snprintf(ret_error->text, sizeof(ret_error->text), "%s", fake->reload_error);
	return fake->reload_result;
}

static void fake_pause(void *context, uint64_t for_ns)
{
	((struct fake *)context)->paused_ns = for_ns;
}

static void fake_resume(void *context)
{
	((struct fake *)context)->paused_ns = 0;
}

static const struct control_ops fake_ops = {
	.status = fake_status,
	.release = fake_release,
	.wake = fake_wake,
	.reload = fake_reload,
	.pause = fake_pause,
	.resume = fake_resume,
};

static void fake_init(struct fake *fake)
{
	static const char *const paths[] = {"a/b", "", "x\x1b[2J\xff\"\\", "...slice/cut"};

	memset(fake, 0, sizeof(*fake));
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		(void)snprintf(fake->groups[i].path, STATUS_PATH_MAX, "%s", paths[i]);
	fake->groups[0] = busy_group;
	fake->groups[0].id = 77;
	fake->groups[0].trim = (struct trim_status){
		.on = true,
		.reason = TRIM_STEP,
		.age_ns = 7,
		.wanted_bytes = 3 * MIB,
		.ratio_permyriad = 31,
		.cold_bytes = TRIM_AGE_UNKNOWN,
		.terms = {10000, 9000, 8000},
		.ledger = {.actions = 5},
		.wish = {.times = 6},
	};
	fake->groups[1].limit_bytes = UINT64_MAX;
	fake->groups[1].verdict.room_bytes = UINT64_MAX;
	fake->groups[2].verdict.reason = VERDICT_REFAULTS;
	fake->groups[3].current_bytes = UINT64_MAX - 1;
	fake->nodes[0] = (struct node_status){
		.node = 0,
		.managed_bytes = 1024 * MIB,
		.free_bytes = 512 * MIB,
		.low_bytes = 8 * MIB,
		.high_bytes = 12 * MIB,
		.backend = "node-reclaim",
		.verdict = {.reason = VERDICT_ROOM_ENOUGH,
			    .room_bytes = 504 * MIB,
			    .margin_bytes = 4 * MIB,
			    .rate_bytes_per_s = 10 * MIB,
			    .look_again_ns = NSEC_PER_SEC},
		.wakeups = 9,
		.cpu_ns = 1234,
		.io_uring = true,
		.answered = true,
		.groups_seen = 10,
		.n_groups = ARRAY_SIZE(fake->groups),
		.groups = fake->groups,
	};
	fake->nodes[1] = (struct node_status){.node = 2};
}

static const struct control_peer root = {.uid = 0};
static const struct control_peer reader = {.uid = 1000, .in_group = true};

/* Every answer is one line of ASCII that is JSON. */
static json_t *ask(struct fake *fake, const struct control_peer *peer, const char *request)
{
	const struct control_agent agent = {.ops = &fake_ops, .context = fake, .uid = 990};
	_cleanup_free_ char *text = NULL;
	size_t n = 0;
	json_t *answer;

	assert_int_equal(control_answer(&agent, peer, request, strlen(request), &text, &n), 0);
	assert_int_equal(strlen(text), n);
	for (size_t i = 0; i + 1 < n; i++)
		assert_in_range(text[i], ' ', '~');
	assert_int_equal(text[n - 1], '\n');
	answer = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(answer);
	return answer;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	assert_non_null(text);
	return text;
}

static uint64_t number_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	assert_true(json_is_integer(value));
	return (uint64_t)json_integer_value(value);
}

static void check_answer(struct fake *fake, const struct control_peer *peer, const char *request,
			 const char *schema, const char *key, const char *text)
{
	json_auto_t *answer = ask(fake, peer, request);

	assert_string_equal(text_of(answer, "schema"), schema);
	assert_string_equal(text_of(answer, key), text);
}

static void test_status(void **state)
{
	json_auto_t *answer = NULL;
	const json_t *node, *group, *verdict, *ledger, *trim, *hands, *write_back, *device;
	struct fake fake;

	(void)state;
	fake_init(&fake);
	answer = ask(&fake, &reader, "{\"request\":\"status\"}");
	assert_int_equal(fake.n_released, 1);
	assert_string_equal(text_of(answer, "schema"), "uswapd-status/1");
	assert_string_equal(text_of(answer, "version"), "0.1.0");
	assert_int_equal(number_of(answer, "uptime_ns"), 5 * NSEC_PER_SEC);
	assert_true(json_is_true(json_object_get(answer, "dry_run")));
	assert_true(json_is_true(json_object_get(answer, "demotes")));
	assert_int_equal(number_of(answer, "memory_tiers"), 2);
	assert_int_equal(json_array_size(json_object_get(answer, "degraded")), 2);
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(answer, "degraded"), 1)),
		"a\\xff");

	assert_int_equal(json_array_size(json_object_get(answer, "nodes")), 2);
	node = json_array_get(json_object_get(answer, "nodes"), 0);
	assert_int_equal(number_of(node, "node"), 0);
	assert_int_equal(number_of(node, "managed_bytes"), 1024 * MIB);
	assert_int_equal(number_of(node, "free_bytes"), 512 * MIB);
	assert_int_equal(number_of(node, "low_bytes"), 8 * MIB);
	assert_int_equal(number_of(node, "high_bytes"), 12 * MIB);
	assert_int_equal(number_of(node, "wakeups"), 9);
	assert_int_equal(number_of(node, "cpu_ns"), 1234);
	assert_int_equal(number_of(node, "groups_seen"), 10);
	assert_string_equal(text_of(node, "waits_with"), "io_uring");
	assert_string_equal(text_of(node, "backend"), "node-reclaim");
	assert_true(json_is_null(json_object_get(node, "last_action")));
	node = json_array_get(json_object_get(answer, "nodes"), 1);
	assert_int_equal(number_of(node, "node"), 2);
	assert_true(json_is_false(json_object_get(node, "answered")));
	assert_null(json_object_get(node, "free_bytes"));

	assert_int_equal(json_array_size(json_object_get(answer, "groups")), 4);
	group = json_array_get(json_object_get(answer, "groups"), 0);
	assert_string_equal(text_of(group, "path"), "/a/b");
	assert_int_equal(number_of(group, "node"), 0);
	assert_int_equal(number_of(group, "cgroup_id"), 77);
	assert_int_equal(number_of(group, "current_bytes"), 120 * MIB);
	assert_int_equal(number_of(group, "limit_bytes"), 128 * MIB);
	assert_string_equal(text_of(group, "limit"), "max");
	assert_int_equal(number_of(group, "protected_bytes"), 16 * MIB);
	assert_int_equal(number_of(group, "weight"), 100);
	assert_int_equal(number_of(json_object_get(group, "swap_yield"), "swapped_bytes"), 7 * MIB);
	assert_int_equal(number_of(json_object_get(group, "swap_yield"), "kept_bytes"), 3 * MIB);
	assert_int_equal(number_of(json_object_get(group, "anon_thrash"), "permyriad"), 2600);
	assert_int_equal(number_of(json_object_get(group, "anon_thrash"), "left_ns"), NSEC_PER_SEC);
	assert_int_equal(number_of(json_object_get(group, "file_thrash"), "permyriad"), 2700);
	assert_int_equal(number_of(json_object_get(group, "file_thrash"), "left_ns"),
			 2 * NSEC_PER_SEC);
	assert_int_equal(number_of(json_object_get(group, "prices"), "swap_ns_per_mib"),
			 2 * NSEC_PER_MSEC);
	assert_int_equal(number_of(json_object_get(group, "prices"), "swappiness"), 160);
	assert_int_equal(number_of(json_object_get(group, "left_alone"), "for_limit_ns"), 0);
	assert_int_equal(number_of(json_object_get(group, "left_alone"), "for_trim_ns"), 0);
	assert_int_equal(number_of(json_object_get(group, "left_alone"), "for_node_ns"), 0);
	assert_int_equal(number_of(group, "events_max"), 3);
	assert_int_equal(number_of(group, "events_high"), 4);
	assert_int_equal(number_of(group, "stalled_us"), 1500);
	verdict = json_object_get(group, "verdict");
	assert_string_equal(text_of(verdict, "reason"), "limit-near");
	assert_int_equal(number_of(verdict, "age_ns"), 40 * NSEC_PER_MSEC);
	assert_int_equal(number_of(verdict, "wanted_bytes"), 6 * MIB);
	assert_int_equal(number_of(verdict, "room_bytes"), 8 * MIB);
	assert_int_equal(number_of(verdict, "margin_bytes"), 10 * MIB);
	assert_int_equal(number_of(verdict, "rate_bytes_per_s"), 7 * MIB);
	assert_int_equal(number_of(verdict, "refault_permyriad"), 31);
	assert_int_equal(number_of(verdict, "look_again_ns"), 5 * NSEC_PER_MSEC);
	assert_int_equal(number_of(json_object_get(group, "last_action"), "wanted_bytes"), 5 * MIB);
	ledger = json_object_get(group, "ledger");
	assert_int_equal(number_of(ledger, "actions"), 12);
	assert_int_equal(number_of(ledger, "short_actions"), 2);
	assert_int_equal(number_of(ledger, "failed_actions"), 1);
	assert_int_equal(number_of(ledger, "asked_bytes"), 60 * MIB);
	assert_int_equal(number_of(ledger, "tried_bytes"), 59 * MIB);
	assert_int_equal(number_of(ledger, "applied_bytes"), 58 * MIB);
	assert_int_equal(number_of(ledger, "net_freed_bytes"), 30 * MIB);
	assert_int_equal(number_of(ledger, "demoted_bytes"), 9 * MIB);
	assert_int_equal(number_of(ledger, "refaulted_bytes"), MIB);
	assert_int_equal(number_of(ledger, "cpu_ns"), 400 * NSEC_PER_MSEC);
	assert_int_equal(number_of(ledger, "wall_ns"), 900 * NSEC_PER_MSEC);
	assert_int_equal(number_of(ledger, "cleanings"), 3);
	assert_int_equal(number_of(ledger, "written_bytes"), 40 * MIB);
	assert_int_equal(number_of(ledger, "cleaned_bytes"), 39 * MIB);
	assert_int_equal(number_of(ledger, "cleaned_taken_bytes"), 31 * MIB);
	assert_int_equal(number_of(ledger, "dirtied_again_bytes"), 2 * MIB);
	assert_int_equal(number_of(ledger, "pageouts"), 4);
	assert_int_equal(number_of(ledger, "pageout_tried_bytes"), 25 * MIB);
	assert_int_equal(number_of(ledger, "pageout_applied_bytes"), 24 * MIB);
	assert_int_equal(number_of(ledger, "pageout_swapped_bytes"), 23 * MIB);
	assert_int_equal(number_of(ledger, "cooled_bytes"), 2 * MIB);
	assert_int_equal(number_of(group, "cold_most_bytes"), 26 * MIB);
	assert_int_equal(number_of(group, "dirty_bytes"), 20 * MIB);
	assert_string_equal(text_of(group, "write_back"), "ahead");

	hands = json_object_get(answer, "hands");
	assert_int_equal(number_of(hands, "stuck"), 2);
	assert_int_equal(number_of(hands, "stuck_ns"), 40 * NSEC_PER_SEC);
	assert_int_equal(number_of(hands, "lost"), 5);
	assert_int_equal(number_of(json_object_get(answer, "damon"), "watched"), 3);
	assert_int_equal(number_of(json_object_get(answer, "damon"), "cpu_ns"), 7);
	write_back = json_object_get(answer, "write_back");
	assert_int_equal(number_of(write_back, "devices_given_up"), 0);
	assert_int_equal(json_array_size(json_object_get(write_back, "devices")), 1);
	device = json_array_get(json_object_get(write_back, "devices"), 0);
	assert_string_equal(text_of(device, "device"), "254:16");
	assert_int_equal(number_of(device, "orders"), 3);
	assert_int_equal(number_of(device, "written_bytes"), 40 * MIB);
	assert_int_equal(number_of(device, "cleaned_bytes"), 39 * MIB);
	assert_int_equal(number_of(device, "slowest_ns"), 750 * NSEC_PER_MSEC);
	assert_int_equal(number_of(device, "bound_bytes_per_s"), 12 * MIB);
	assert_int_equal(number_of(device, "given_up"), 4);
	assert_true(json_is_true(json_object_get(device, "abandoned")));

	trim = json_object_get(group, "trim");
	assert_string_equal(text_of(trim, "reason"), "step");
	assert_int_equal(number_of(trim, "age_ns"), 7);
	assert_int_equal(number_of(trim, "wanted_bytes"), 3 * MIB);
	assert_int_equal(number_of(trim, "ratio_permyriad"), 31);
	assert_true(json_is_null(json_object_get(trim, "cold_bytes")));
	assert_int_equal(number_of(trim, "pressure_permyriad"), 10000);
	assert_int_equal(number_of(trim, "refault_permyriad"), 9000);
	assert_int_equal(number_of(trim, "promotion_permyriad"), 8000);
	assert_int_equal(number_of(json_object_get(trim, "ledger"), "actions"), 5);
	assert_int_equal(number_of(json_object_get(trim, "wish"), "times"), 6);

	/* No bound is null; the root, hostile bytes and cut paths. */
	group = json_array_get(json_object_get(answer, "groups"), 1);
	assert_string_equal(text_of(group, "path"), "/");
	assert_true(json_is_null(json_object_get(group, "limit_bytes")));
	assert_true(json_is_null(json_object_get(group, "trim")));
	assert_true(json_is_null(json_object_get(json_object_get(group, "verdict"), "room_bytes")));
	group = json_array_get(json_object_get(answer, "groups"), 2);
	assert_string_equal(text_of(group, "path"), "/x\x1b[2J\\xff\"\\");
	group = json_array_get(json_object_get(answer, "groups"), 3);
	assert_string_equal(text_of(group, "path"), "...slice/cut");
	assert_int_equal(number_of(group, "current_bytes"), INT64_MAX);
}

static void test_metrics(void **state)
{
	static const char request[] = "{\"request\":\"metrics\"}";
	_cleanup_free_ char *text = NULL;
	struct fake fake;
	const struct control_agent agent = {.ops = &fake_ops, .context = &fake, .uid = 990};
	size_t n;

	(void)state;
	fake_init(&fake);
	assert_int_equal(control_answer(&agent, &reader, request, strlen(request), &text, &n), 0);
	assert_int_equal(n, strlen(text));
	assert_non_null(strstr(text, "\nuswapd_group_current_bytes{group=\"/a/b\"} 125829120\n#"));
	assert_non_null(strstr(text, "\nuswapd_groups_left_out 3\n"));
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
	assert_int_equal(fake.n_released, 1);
}

static void test_wake_and_reload(void **state)
{
	struct fake fake;

	(void)state;
	fake_init(&fake);
	check_answer(&fake, &root, "{\"request\":\"wake\"}", "uswapd-done/1", "message",
		     "woke all nodes");
	assert_true(fake.woken.all_nodes);
	check_answer(&fake, &root, "{\"request\":\"wake\",\"node\":2,\"bytes\":1048576}",
		     "uswapd-done/1", "message", "woke node 2 to take 1.0 MiB");
	assert_false(fake.woken.all_nodes);
	assert_int_equal(fake.woken.node, 2);
	assert_int_equal(fake.woken.bytes, MIB);
	check_answer(&fake, &root, "{\"request\":\"wake\",\"order\":9,\"bytes\":1048576}",
		     "uswapd-done/1", "message",
		     "woke all nodes to have 1.0 MiB free in pieces of order 9");
	assert_int_equal(fake.woken.order, 9);
	check_answer(&fake, &root, "{\"request\":\"wake\",\"node\":2,\"order\":4}", "uswapd-done/1",
		     "message", "woke node 2 to have a piece of order 4 free");
	fake.wake_result = -ENODEV;
	check_answer(&fake, &root, "{\"request\":\"wake\",\"node\":9}", "uswapd-error/1", "message",
		     "there is no node 9 with memory");
	fake.wake_result = -EBUSY;
	check_answer(&fake, &root, "{\"request\":\"wake\"}", "uswapd-error/1", "message",
		     "waking failed: Device or resource busy");

	check_answer(&fake, &root, "{\"request\":\"reload\"}", "uswapd-done/1", "message",
		     "the configuration was read again and is in force");
	fake.reload_result = -EINVAL;
	fake.reload_error = "/etc/x.conf:3: agent.\xff: there is no such setting";
	check_answer(&fake, &root, "{\"request\":\"reload\"}", "uswapd-error/1", "message",
		     "/etc/x.conf:3: agent.\\xff: there is no such setting");
	fake.reload_error = NULL;
	check_answer(&fake, &root, "{\"request\":\"reload\"}", "uswapd-error/1", "message",
		     "reloading failed: Invalid argument");
}

static void test_pause_and_resume(void **state)
{
	struct fake fake;

	(void)state;
	fake_init(&fake);
	check_answer(&fake, &root, "{\"request\":\"pause\"}", "uswapd-done/1", "message",
		     "paused until uswapctl resume");
	assert_int_equal(fake.paused_ns, UINT64_MAX);
	check_answer(&fake, &root, "{\"request\":\"resume\"}", "uswapd-done/1", "message",
		     "resumed");
	assert_int_equal(fake.paused_ns, 0);
	check_answer(&fake, &root, "{\"request\":\"pause\",\"for_ns\":90000000000}",
		     "uswapd-done/1", "message", "paused for 1.5 min, or until uswapctl resume");
	assert_int_equal(fake.paused_ns, 90 * NSEC_PER_SEC);
	check_answer(&fake, &reader, "{\"request\":\"resume\"}", "uswapd-error/1", "error",
		     "denied");
	assert_int_equal(fake.paused_ns, 90 * NSEC_PER_SEC);
}

static void test_refusals(void **state)
{
	static const struct control_peer stranger = {.uid = 1001};
	struct fake fake;

	(void)state;
	fake_init(&fake);
	check_answer(&fake, &reader, "{\"request\":\"wake\"}", "uswapd-error/1", "message",
		     "uid 1000 may not ask for wake: it is for root and the agent's own user "
		     "(uid 990)");
	check_answer(&fake, &reader, "{\"request\":\"reload\"}", "uswapd-error/1", "error",
		     "denied");
	check_answer(&fake, &reader, "{\"request\":\"pause\"}", "uswapd-error/1", "error",
		     "denied");
	check_answer(&fake, &stranger, "{\"request\":\"status\"}", "uswapd-error/1", "error",
		     "denied");
	check_answer(&fake, &stranger, "{\"request\":\"metrics\"}", "uswapd-error/1", "error",
		     "denied");
	check_answer(&fake, &stranger, "{\"request\":\"why\"}", "uswapd-error/1", "error",
		     "denied");
	check_answer(&fake, &root, "\xff\x01", "uswapd-error/1", "error", "bad-request");
	assert_int_equal(fake.n_woken, 0);
	fake.status_result = -ETIMEDOUT;
	check_answer(&fake, &root, "{\"request\":\"status\"}", "uswapd-error/1", "message",
		     "the status can't be had: Connection timed out");
	assert_int_equal(fake.n_released, 0);
}

/* What is found, and what is not; the words are why's. */
static void test_why(void **state)
{
	static const struct {
		const char *request, *begin;
	} rows[] = {
		{"{\"request\":\"why\"}", "node 0: "},
		{"{\"request\":\"why\",\"node\":0}", "Node 0\n"},
		{"{\"request\":\"why\",\"group\":\"/a/b\"}", "Group /a/b (looked after on node 0)"},
		{"{\"request\":\"why\",\"group\":\"a/b\"}", "Group /a/b (looked after on node 0)"},
		{"{\"request\":\"why\",\"group\":\"/\"}", "Group / (looked after on node 0)"},
		{"{\"request\":\"why\",\"group\":\"x\\u001b[2J\\\\xff\\\"\\\\\"}",
		 "Group /x\\x1b[2J\\xff\"\\ (looked"},
		{"{\"request\":\"why\",\"group\":\"/x\\\\x1b[2J\\\\xff\\\"\\\\\"}",
		 "Group /x\\x1b[2J\\xff\"\\ (looked"},
	};
	struct fake fake;

	(void)state;
	fake_init(&fake);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		json_auto_t *answer = ask(&fake, &reader, rows[i].request);
		const char *text = text_of(answer, "text");

		assert_string_equal(text_of(answer, "schema"), "uswapd-why/1");
		if (strncmp(text, rows[i].begin, strlen(rows[i].begin)) != 0)
			fail_msg("%s: %s", rows[i].request, text);
		assert_non_null(strstr(text, "\nuswapd only observes: "));
	}
	check_answer(&fake, &reader, "{\"request\":\"why\",\"group\":\"/a\\u001b\"}",
		     "uswapd-error/1", "message",
		     "no group /a\\x1b is looked after: it is not there, or it has no limit "
		     "(memory.high, memory.max)");
	check_answer(&fake, &reader, "{\"request\":\"why\",\"node\":1}", "uswapd-error/1",
		     "message", "there is no node 1 with memory");
	assert_int_equal(fake.n_released, ARRAY_SIZE(rows) + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_wake_and_reload), cmocka_unit_test(test_pause_and_resume),
		cmocka_unit_test(test_refusals),	cmocka_unit_test(test_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
