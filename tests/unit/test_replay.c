/* SPDX-License-Identifier: Apache-2.0 */
/* What an agent recorded on a fake root is decided again, and to the same; not with others'
 * settings. */
#include "agent/replay/replay.h"

#include "agent/record/recorder.h"
#include "base/clock.h"
#include "tests/unit/agent_scene.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define WAIT_NS (20 * NSEC_PER_SEC)

struct played {
	int result;
	char text[65536], problem[CONFIG_ERROR_MAX];
};

static struct played play(const char *path, const char *const *overrides, size_t n)
{
	struct replay_problem problem = {""};
	struct played played = {0};
	FILE *out = fmemopen(played.text, sizeof(played.text), "w");
	FILE *in = fopen(path, "re");

	assert_non_null(in);
	played.result = replay_run(in, path, overrides, n, out, &problem);
	(void)fclose(out);
	memcpy(played.problem, problem.text, sizeof(played.problem));
	return played;
}

/* The number in column (from 0) of the line that begins with word. */
static uint64_t number_in(const struct played *played, const char *word, int column)
{
	char line[32];
	const char *at;
	uint64_t number = 0;

	(void)snprintf(line, sizeof(line), "\n%s ", word);
	at = strstr(played->text, line);
	if (!at)
		fail_msg("no line %s in:\n%s", word, played->text);
	at += strlen(line);
	for (int i = 0; i <= column; i++) {
		char *end;

		number = strtoull(at, &end, 10);
		at = end;
	}
	return number;
}

/* Columns. */
enum { DECISIONS, SAME, OTHERS };

/* And there are some. */
static void assert_all_the_same(const struct played *played, const char *policy)
{
	assert_true(number_in(played, policy, DECISIONS) > 0);
	assert_int_equal(number_in(played, policy, SAME), number_in(played, policy, DECISIONS));
	assert_int_equal(number_in(played, policy, OTHERS), 0);
}

/* Trimming was decided on. A worker that is too busy to answer is asked again. */
static bool wait_until_trimmed(struct scene *s, const char *name)
{
	uint64_t end_ns = clock_now_ns() + WAIT_NS;

	while (clock_now_ns() < end_ns) {
		struct agent_status status;
		const struct group_status *group;

		assert_int_equal(agent_status(s->agent, &status), 0);
		group = scene_find_group(&status, name);
		if (group && group->trim.on && group->trim.reason != TRIM_OFF)
			return true;
		(void)poll(NULL, 0, 20);
	}
	return false;
}

/* A group that grows into its limit, trimmed too, while all is recorded. */
static void record_scene(struct scene *s, char path[128])
{
	(void)snprintf(path, 128, "%s/record", s->fx->path);
	fake_root_add_group(s->fx, "svc");
	s->config.trim.enabled = true;
	s->config.trim.interval_ns = NSEC_PER_SEC;
	(void)snprintf(s->config.record.file, sizeof(s->config.record.file), "%s", path);
	assert_int_equal(scene_start(s), 0);
	assert_true(scene_grow(s, "svc"));
	assert_true(wait_until_trimmed(s, "svc"));
	assert_int_equal(agent_stop(s->agent), 0);
	s->agent = NULL;
}

static void test_the_same_settings_decide_the_same(void **state)
{
	struct scene s = scene_new();
	char path[128];
	struct played *played = calloc(1, sizeof(*played));

	(void)state;
	record_scene(&s, path);
	*played = play(path, NULL, 0);
	if (played->result != 0)
		fail_msg("%d %s\n%s", played->result, played->problem, played->text);
	assert_all_the_same(played, "headroom");
	assert_all_the_same(played, "balance");
	assert_all_the_same(played, "trim");
	assert_non_null(strstr(played->text, "\nWhat came of requests"));
	free(played);
	scene_end(&s);
}

static void test_other_settings_decide_otherwise(void **state)
{
	static const char *const overrides[] = {"headroom.margin_max=50%", "headroom.reaction=30s"};
	static const char *const wrong[] = {"headroom.reactoin=30s"};
	struct scene s = scene_new();
	char path[128];
	struct played *played = calloc(1, sizeof(*played));

	(void)state;
	record_scene(&s, path);
	*played = play(path, overrides, ARRAY_SIZE(overrides));
	assert_int_equal(played->result, 0);
	assert_true(number_in(played, "headroom", OTHERS) > 0);
	assert_int_equal(number_in(played, "trim", OTHERS), 0);
	assert_non_null(strstr(played->text, " headroom /svc: "));
	*played = play(path, wrong, ARRAY_SIZE(wrong));
	assert_int_equal(played->result, -EINVAL);
	assert_non_null(strstr(played->problem, "did you mean headroom.reaction"));
	free(played);
	scene_end(&s);
}

/* Records made by hand. */
struct made {
	enum record_kind kind;
	const void *object;
};

static void put(const char *path, const struct made *made, size_t n)
{
	const struct log quiet = {.fd = -1};
	struct recorder *recorder;
	struct record_lane *lane;
	struct config config;

	config_defaults(&config);
	config.trim.enabled = true;
	assert_int_equal(recorder_start(path, MIB, 1, quiet, &recorder), 0);
	lane = recorder_lane(recorder, 0);
	record_turn(lane, &config, false);
	for (size_t i = 0; i < n; i++)
		assert_true(record_put(lane, made[i].kind, made[i].object));
	assert_int_equal(recorder_stop(recorder, WAIT_NS), 0);
}

/* A plan that the policy would not make is found, and the replay fails. */
static void test_a_plan_of_nobody(void **state)
{
	struct scene s = scene_new();
	struct trim_record record = {
		.group = 5,
		.history = {.seen_ns = 1, .ratio_permyriad = 25, .judged_ns = 1},
		.sample = {.now_ns = 2, .current_bytes = 100 * MIB, .limit_bytes = UINT64_MAX},
		.trim = {.cold_bytes = TRIM_AGE_UNKNOWN,
			 .cold_file_bytes = TRIM_AGE_UNKNOWN,
			 .working_set_bytes = TRIM_AGE_UNKNOWN},
		.plan = {.reason = TRIM_STEP, .bytes = 77 * MIB},
	};
	struct played *played = calloc(1, sizeof(*played));
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/record", s.fx->path);
	put(path, &(struct made){RECORD_TRIM, &record}, 1);
	*played = play(path, NULL, 0);
	assert_int_equal(played->result, 1);
	assert_int_equal(number_in(played, "trim", SAME), 0);
	assert_int_equal(number_in(played, "trim", OTHERS), 1);
	if (!strstr(played->text, " trim group 5: step, 77.0 MiB -> waiting, 0 B (reason)"))
		fail_msg("%s", played->text);
	free(played);
	scene_end(&s);
}

static void test_hostile_names_are_escaped(void **state)
{
	struct scene s = scene_new();
	struct name_record name = {.group = 5, .name = "a\033[2J\nb"};
	struct played *played = calloc(1, sizeof(*played));
	struct trim_record record = {.group = 5, .plan = {.reason = TRIM_STEP}};
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/record", s.fx->path);
	put(path, (struct made[]){{RECORD_NAME, &name}, {RECORD_TRIM, &record}}, 2);
	*played = play(path, NULL, 0);
	assert_non_null(strstr(played->text, "/a\\x1b[2J\\x0ab: "));
	assert_null(strchr(played->text, '\033'));
	free(played);
	scene_end(&s);
}

/* One line of it, blanks in a row taken for one. */
static bool has_line(const char *text, const char *line)
{
	char squeezed[256];
	size_t n = 0;

	for (; *text; text++) {
		if (*text == '\n') {
			squeezed[n] = '\0';
			if (strcmp(squeezed, line) == 0)
				return true;
			n = 0;
		} else if (n + 1 < sizeof(squeezed) && !(*text == ' ' && text[1] == ' ')) {
			squeezed[n++] = *text;
		}
	}
	return false;
}

static void assert_line(const struct played *played, const char *line)
{
	if (!has_line(played->text, line))
		fail_msg("no line \"%s\" in:\n%s", line, played->text);
}

/* Of requests, and of what was only wished for. */
static void test_outcomes(void **state)
{
	struct scene s = scene_new();
	struct outcome_record full = {.target = 5,
				      .decision = RECORD_HEADROOM,
				      .asked_bytes = 8 * MIB,
				      .applied_bytes = 7 * MIB,
				      .net_bytes = 3 * MIB,
				      .swapped_bytes = 2 * MIB,
				      .cpu_ns = 4 * NSEC_PER_MSEC};
	struct outcome_record refused = full, wished = full;
	struct played *played = calloc(1, sizeof(*played));
	char path[128];

	(void)state;
	refused.error = -EAGAIN;
	refused.applied_bytes = refused.net_bytes = 0;
	wished.decision = RECORD_BALANCE;
	wished.dry = true;
	(void)snprintf(path, sizeof(path), "%s/record", s.fx->path);
	put(path,
	    (struct made[]){
		    {RECORD_OUTCOME, &full}, {RECORD_OUTCOME, &refused}, {RECORD_OUTCOME, &wished}},
	    3);
	*played = play(path, NULL, 0);
	assert_int_equal(played->result, 0);
	assert_line(played, "headroom 0 0 0 0 B 0 B 16.0 MiB 7.0 MiB");
	assert_line(played, "headroom 2 1 7.0 MiB 3.0 MiB 4.0 MiB 8 ms 0, 0 B");
	assert_line(played, "balance 0 0 0 0 B 0 B 0 B 0 B");
	assert_line(played, "balance 0 0 0 B 0 B 0 B 0 ns 1, 8.0 MiB");
	assert_line(played, "trim 0 0 0 0 B 0 B 0 B 0 B");
	assert_false(has_line(played->text, "trim 0 0 0 B 0 B 0 B 0 ns 0, 0 B"));
	free(played);
	scene_end(&s);
}

/* Decisions of each kind, as they were made by default, and a setting that changes them. */
static void test_a_setting_changes_the_decision(void **state)
{
	static const struct clean_record clean = {
		.target = 5,
		.sample = {.dirty_bytes = 200 * MIB,
			   .clean_bytes = 20 * MIB,
			   .room_bytes = 4 * MIB,
			   .wanted_bytes = 8 * MIB,
			   .rate_bytes_per_s = 16 * MIB},
		.need = {CLEAN_AHEAD, 52 * MIB},
	};
	static const struct order_record order = {
		.node = 5,
		.want = {0, 16 * MIB},
		.sample = {.page_size = 4096, .free_bytes = 100 * MIB, .can_compact = true},
		.fitting_bytes[9] = 4 * MIB,
		.plan = {ORDER_NOTHING, 0},
	};
	static const struct pageout_record pageout = {
		.group = 5,
		.decision = {.past = {.pid = 7, .still_ns = 95 * NSEC_PER_SEC},
			     .sample = {.now_ns = 100 * NSEC_PER_SEC,
					.resident_bytes = 8 * MIB,
					.stopped = true},
			     .reason = PAGEOUT_NOT_YET},
	};
	static const struct evict_record evict = {
		.group = 5,
		.sample = {.page_size = 4096,
			   .wanted_bytes = 8 * MIB,
			   .generations = {3,
					   {{7, 9000, 0, 3000}, {8, 8000, 0, 0}, {9, 100, 0, 0}}},
			   .here.inactive_file = UINT64_C(3000) * 4096},
		.plan = {EVICT_OFF, 0, 0},
	};
	static const struct slab_record slab = {
		.node = 5,
		.sample = {VERDICT_HOPELESS, 8 * MIB, 100 * MIB, 3600 * NSEC_PER_SEC, false},
	};
	static const struct {
		const char *policy;
		struct made made;
		const char *override, *told, *line;
	} rows[] = {
		{"clean",
		 {RECORD_CLEAN, &clean},
		 "clean.enabled=no",
		 " clean group 5: ahead, 52.0 MiB -> off, 0 B (reason)",
		 "clean 1 0 1 52.0 MiB 0 B 0 B 0 B"},
		{"order",
		 {RECORD_ORDER, &order},
		 "balance.order=9",
		 " order node 5: nothing, 0 B -> compact, 12.0 MiB (reason)",
		 "order 1 0 1 0 B 12.0 MiB 0 B 0 B"},
		{"pageout",
		 {RECORD_PAGEOUT, &pageout},
		 "pageout.still_for=5s",
		 " pageout group 5: not-yet, 0 B -> stopped, 8.0 MiB (reason)",
		 "pageout 1 0 1 0 B 8.0 MiB 0 B 0 B"},
		{"evict",
		 {RECORD_EVICT, &evict},
		 "balance.lru_gen=yes",
		 " evict group 5: off, 0 B -> take, 8.0 MiB (reason)",
		 "evict 1 0 1 0 B 8.0 MiB 0 B 0 B"},
		{"slab",
		 {RECORD_SLAB, &slab},
		 "balance.drop_slab=1",
		 " slab node 5: leave, 0 B -> drop, 100.0 MiB (drops)",
		 "slab 1 0 1 0 B 100.0 MiB 0 B 0 B"},
	};
	struct played *played = calloc(1, sizeof(*played));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene s = scene_new();
		char path[128];

		(void)snprintf(path, sizeof(path), "%s/record", s.fx->path);
		put(path, &rows[i].made, 1);
		*played = play(path, NULL, 0);
		assert_int_equal(played->result, 0);
		assert_all_the_same(played, rows[i].policy);
		*played = play(path, &rows[i].override, 1);
		if (played->result != 0 || !strstr(played->text, rows[i].told))
			fail_msg("%d %s\n%s", played->result, played->problem, played->text);
		assert_line(played, rows[i].line);
		scene_end(&s);
	}
	free(played);
}

/* Looks at a group whose dirty files get in the way: said before, and not. */
static void test_scores_dirty_files(void **state)
{
	struct scene s = scene_new();
	struct clean_record ahead = {
		.target = 5,
		.now_ns = 100 * NSEC_PER_SEC,
		.sample = {.dirty_bytes = 200 * MIB, .rate_bytes_per_s = 16 * MIB},
		.need = {CLEAN_AHEAD, 64 * MIB},
	};
	struct clean_record in_the_way = ahead, well = ahead, later, of_another;
	struct played *played = calloc(1, sizeof(*played));
	char path[128];

	(void)state;
	in_the_way.sample.came_short = true;
	in_the_way.sample.wanted_bytes = 8 * MIB;
	in_the_way.need = (struct clean_need){CLEAN_SHORT, 72 * MIB};
	in_the_way.now_ns += NSEC_PER_SEC;
	well.sample.rate_bytes_per_s = 0;
	well.need = (struct clean_need){CLEAN_NOT_WANTED, 0};
	well.now_ns += 20 * NSEC_PER_SEC;
	of_another = well;
	of_another.target = 6;
	later = in_the_way;
	later.target = 6;
	later.now_ns = well.now_ns + NSEC_PER_SEC;
	(void)snprintf(path, sizeof(path), "%s/record", s.fx->path);
	put(path,
	    (struct made[]){{RECORD_CLEAN, &ahead},
			    {RECORD_CLEAN, &in_the_way},
			    {RECORD_CLEAN, &well},
			    {RECORD_CLEAN, &of_another},
			    {RECORD_CLEAN, &later}},
	    5);
	*played = play(path, NULL, 0);
	assert_int_equal(played->result, 0);
	assert_line(played, " dirty files: said 1 times that they will be in the way; they were "
			    "within 10 s after 1 of 1; unannounced 1 times");
	free(played);
	scene_end(&s);
}

/* Pieces that are missing, then there, missing, missing, and missing when a compaction has ended.
 */
static void test_scores_larger_pieces(void **state)
{
	struct scene s = scene_new();
	struct order_record missing = {
		.once = true,
		.want = {9, 16 * MIB},
		.sample = {.page_size = 4096, .free_bytes = 100 * MIB, .can_compact = true},
		.plan = {ORDER_COMPACT, 0},
	};
	struct outcome_record compacted = {.of_node = true, .decision = RECORD_ORDER};
	struct order_record there = missing;
	struct played *played = calloc(1, sizeof(*played));
	char path[128];

	(void)state;
	there.sample.fitting_bytes = 16 * MIB;
	there.plan.reason = ORDER_ENOUGH;
	(void)snprintf(path, sizeof(path), "%s/record", s.fx->path);
	put(path,
	    (struct made[]){{RECORD_ORDER, &missing},
			    {RECORD_ORDER, &there},
			    {RECORD_ORDER, &missing},
			    {RECORD_ORDER, &missing},
			    {RECORD_OUTCOME, &compacted},
			    {RECORD_ORDER, &missing}},
	    6);
	*played = play(path, NULL, 0);
	assert_int_equal(played->result, 0);
	assert_line(played,
		    " larger pieces: not compacted for, they were there at the next look 1 of 2 "
		    "times");
	free(played);
	scene_end(&s);
}

/* What is read twice is told twice in the same words. */
static void test_deterministic(void **state)
{
	static const char *const overrides[] = {"headroom.margin_max=50%"};
	struct scene s = scene_new();
	struct played *first = calloc(1, sizeof(*first)), *second = calloc(1, sizeof(*second));
	char path[128];

	(void)state;
	record_scene(&s, path);
	for (size_t n = 0; n <= 1; n++) {
		*first = play(path, overrides, n);
		*second = play(path, overrides, n);
		assert_true(strlen(first->text) > 0);
		assert_string_equal(first->text, second->text);
	}
	free(first);
	free(second);
	scene_end(&s);
}

static void test_an_old_form_is_refused(void **state)
{
	struct scene s = scene_new();
	struct played *played = calloc(1, sizeof(*played));
	char path[128];

	(void)state;
	fixture_write(s.fx, "record", "uswapd-recording/1 0123456789abcdef 0.1\n");
	(void)snprintf(path, sizeof(path), "%s/record", s.fx->path);
	*played = play(path, NULL, 0);
	assert_int_equal(played->result, -EPROTONOSUPPORT);
	assert_non_null(strstr(played->problem, "recorded by another version of uswapd"));
	assert_string_equal(played->text, "");
	free(played);
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_same_settings_decide_the_same),
		cmocka_unit_test(test_other_settings_decide_otherwise),
		cmocka_unit_test(test_a_plan_of_nobody),
		cmocka_unit_test(test_hostile_names_are_escaped),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_a_setting_changes_the_decision),
		cmocka_unit_test(test_scores_dirty_files),
		cmocka_unit_test(test_scores_larger_pieces),
		cmocka_unit_test(test_deterministic),
		cmocka_unit_test(test_an_old_form_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
