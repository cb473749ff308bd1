/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a worker leaves alone because somebody said so, and by which weight the others pay. */
#include "agent/worker/asking.h"
#include "agent/worker/internal.h"
#include "agent/worker/protection.h"

#include "base/clock.h"
#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define NOW (1000 * NSEC_PER_SEC)

/* "", "top", "top/db.service", "top/db.service/worker", "other" */
enum { ROOT, TOP, DB, WORKER, OTHER, N };

struct scene {
	struct fixture *fx;
	struct config config;
	struct worker_world world;
	struct numa_node node;
	struct worker worker;
	struct cgroup *cgroups[N];
	struct shared_group shared[N];
	struct group groups[N], *all[N];
};

static void no_data(struct cgroup *cgroup, void *context)
{
	(void)context;
	cgroup->data = NULL;
}

static struct scene *scene_new(void)
{
	static const char *const paths[N] = {"", "top", "top/db.service", "top/db.service/worker",
					     "other"};
	static const struct cgroup_tree_events events = {.on_add = no_data, .on_remove = no_data};
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->fx = fixture_new(NULL, 0);
	fixture_write(s->fx, "top/db.service/worker/", NULL);
	fixture_write(s->fx, "other/", NULL);
	config_defaults(&s->config);
	s->world.log = (struct log){.fd = -1};
	s->worker = (struct worker){.world = &s->world,
				    .node = &s->node,
				    .config = &s->config,
				    .groups = s->all,
				    .n_groups = N};
	assert_int_equal(cgroup_tree_open(s->fx->fd, &events, &s->worker.tree), 0);
	for (size_t i = 0; i < N; i++) {
		s->cgroups[i] = cgroup_tree_find(s->worker.tree, paths[i]);
		assert_non_null(s->cgroups[i]);
		s->shared[i].id = s->cgroups[i]->id;
		s->groups[i] = (struct group){
			.cgroup = s->cgroups[i], .shared = &s->shared[i], .index = i};
		s->cgroups[i]->data = s->all[i] = &s->groups[i];
	}
	return s;
}

static void scene_free(struct scene *s)
{
	limit_watch_free(s->worker.limit_watch);
	cgroup_tree_free(s->worker.tree);
	fixture_free(s->fx);
	free(s);
}

static void look(struct scene *s, uint64_t now_ns)
{
	for (size_t i = 0; i < N; i++) {
		s->groups[i].limits_due_ns = 0;
		s->groups[i].settings = config_of_group(&s->config, s->cgroups[i]->path);
	}
	s->worker.protections_ns = 0;
	worker_refresh_limits(&s->worker, now_ns);
	worker_update_protections(&s->worker, now_ns, 5 * NSEC_PER_SEC);
}

/* Which groups are excluded, a bit each. */
static unsigned int excluded(struct scene *s)
{
	unsigned int bits = 0;

	look(s, NOW);
	for (size_t i = 0; i < N; i++)
		bits |= (unsigned int)s->groups[i].excluded << i;
	return bits;
}

static struct config_patterns pattern(const char *text)
{
	struct config_patterns p = {.n = 1};

	(void)snprintf(p.pattern[0], sizeof(p.pattern[0]), "%s", text);
	return p;
}

static void test_named_by_the_configuration(void **state)
{
	static const unsigned int db = 1U << DB | 1U << WORKER;
	struct scene *s = scene_new();
	char uid[16];

	(void)state;
	assert_int_equal(excluded(s), 0);
	s->config.protect.exclude = pattern("top/db*");
	assert_int_equal(excluded(s), db);
	s->config.protect.exclude.n = 0;
	assert_int_equal(excluded(s), 0);
	s->config.protect.exclude_unit = pattern("db.service");
	assert_int_equal(excluded(s), db);
	s->config.protect.exclude_unit = pattern("work*");
	assert_int_equal(excluded(s), 1U << WORKER);
	s->config.protect.exclude_unit = pattern("b.service");
	assert_int_equal(excluded(s), 0);
	(void)snprintf(uid, sizeof(uid), "%u", geteuid());
	s->config.protect.exclude_uid = pattern(uid);
	assert_int_equal(excluded(s), (1U << N) - 1);
	s->config.protect.exclude_uid = pattern("4294967295");
	assert_int_equal(excluded(s), 0);
	scene_free(s);
}

static void mark(struct scene *s, size_t group, const char *name, const char *value)
{
	if (fsetxattr(s->cgroups[group]->dir_fd, name, value, strlen(value), 0) < 0) {
		scene_free(s);
		skip();
	}
}

static void test_marked(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	mark(s, TOP, "user.uswapd.exclude", "yes");
	assert_int_equal(excluded(s), 1U << TOP | 1U << DB | 1U << WORKER);
	/* Those below it can't take it back; and what can't be understood is meant. */
	mark(s, DB, "user.uswapd.exclude", "no");
	assert_int_equal(excluded(s), 1U << TOP | 1U << DB | 1U << WORKER);
	mark(s, TOP, "user.uswapd.exclude", "no");
	mark(s, OTHER, "user.uswapd.weight", "heavy");
	assert_int_equal(excluded(s), 1U << OTHER);
	mark(s, OTHER, "user.uswapd.weight", "10");
	assert_int_equal(excluded(s), 0);
	scene_free(s);
}

/* The next above that says something, however deep. */
static void test_weights(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	mark(s, TOP, "user.uswapd.weight", "50");
	mark(s, WORKER, "user.uswapd.weight", "400");
	look(s, NOW);
	assert_int_equal(s->groups[ROOT].weight, GROUP_WEIGHT_DEFAULT);
	assert_int_equal(s->groups[TOP].weight, 50);
	assert_int_equal(s->groups[DB].weight, 50);
	assert_int_equal(s->groups[WORKER].weight, 400);
	assert_int_equal(s->groups[OTHER].weight, GROUP_WEIGHT_DEFAULT);
	scene_free(s);
}

static struct group_settings *rule(struct scene *s, const char *path, unsigned int said)
{
	struct group_rule *rule = &s->config.rules[s->config.n_rules++];

	(void)snprintf(rule->pattern, sizeof(rule->pattern), "%s", path);
	rule->said = said;
	return &rule->settings;
}

/* A bit each, in the order of group_keys. */
enum { EXCLUDE = 1, WEIGHT = 8, FLOOR = 16 };

/* By its name an operator has the last word, and those below follow. */
static void test_said_by_name(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	rule(s, "other", WEIGHT)->weight = 30;
	rule(s, "top/db*", WEIGHT)->weight = 20;
	look(s, NOW);
	assert_int_equal(s->groups[TOP].weight, GROUP_WEIGHT_DEFAULT);
	assert_int_equal(s->groups[DB].weight, 20);
	assert_int_equal(s->groups[WORKER].weight, 20);
	assert_int_equal(s->groups[OTHER].weight, 30);
	rule(s, "top/db.service/worker", EXCLUDE)->exclude = true;
	assert_int_equal(excluded(s), 1U << WORKER);
	mark(s, OTHER, "user.uswapd.weight", "400");
	look(s, NOW + NSEC_PER_SEC);
	assert_int_equal(s->groups[OTHER].weight, 30);
	scene_free(s);
}

static void write_memory(struct scene *s, const char *path, const char *current)
{
	static const char *const files[] = {"memory.min", "memory.low", "memory.high", "memory.max",
					    "memory.swap.max"};
	char name[96];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		(void)snprintf(name, sizeof(name), "%s/%s", path, files[i]);
		fixture_write(s->fx, name, i < 2 ? "0\n" : "max\n");
	}
	(void)snprintf(name, sizeof(name), "%s/memory.current", path);
	fixture_write(s->fx, name, current);
}

/* Protected as if memory.low said so, and counted in the groups above; no more than there is. */
static void test_floor(void **state)
{
	struct protection_group protections[N + 1];
	struct scene *s = scene_new();

	(void)state;
	s->worker.protections = protections;
	s->worker.groups_sorted = true;
	write_memory(s, "top", "8000000\n");
	write_memory(s, "top/db.service", "7000000\n");
	write_memory(s, "top/db.service/worker", "3000000\n");
	look(s, NOW);
	assert_int_equal(s->groups[DB].protected_bytes, 0);
	assert_false(worker_may_be_protected(&s->worker, &s->groups[DB]));
	rule(s, "top/db.service/worker", FLOOR)->floor_bytes = 2000000;
	look(s, NOW + NSEC_PER_SEC);
	assert_int_equal(s->groups[WORKER].protected_bytes, 2000000);
	assert_int_equal(s->groups[DB].protected_bytes, 2000000);
	assert_int_equal(s->groups[TOP].protected_bytes, 2000000);
	assert_int_equal(s->groups[OTHER].protected_bytes, 0);
	assert_true(worker_may_be_protected(&s->worker, &s->groups[WORKER]));
	assert_false(worker_may_be_protected(&s->worker, &s->groups[DB]));
	rule(s, "top/db.service/worker", FLOOR)->floor_bytes = 5000000;
	look(s, NOW + 2 * NSEC_PER_SEC);
	assert_int_equal(s->groups[WORKER].protected_bytes, 5000000);
	assert_int_equal(s->groups[DB].protected_bytes, 3000000);
	scene_free(s);
}

/* One floor for a group and all below it: each of these gives what the group can spare. */
static void test_floor_of_many(void **state)
{
	struct protection_group protections[N + 1];
	struct scene *s = scene_new();

	(void)state;
	s->worker.protections = protections;
	write_memory(s, "top", "8000000\n");
	write_memory(s, "top/db.service", "7000000\n");
	write_memory(s, "top/db.service/worker", "3000000\n");
	rule(s, "top", FLOOR)->floor_bytes = 5000000;
	look(s, NOW);
	assert_int_equal(s->groups[TOP].protected_bytes, 5000000);
	assert_int_equal(s->groups[DB].protected_bytes, 4000000);
	assert_int_equal(s->groups[WORKER].protected_bytes, 0);
	assert_int_equal(s->groups[OTHER].protected_bytes, 0);
	/* A sibling gave something a moment ago. */
	fixture_write(s->fx, "top/memory.current", "7500000\n");
	assert_true(worker_refresh_protection(&s->worker, &s->groups[WORKER], NOW + 1));
	assert_int_equal(s->groups[WORKER].protected_bytes, 500000);
	rule(s, "top", FLOOR)->floor_bytes = 9000000;
	look(s, NOW + NSEC_PER_SEC);
	assert_int_equal(s->groups[DB].protected_bytes, 7000000);
	assert_int_equal(s->groups[WORKER].protected_bytes, 3000000);
	scene_free(s);
}

/* As the turn that limit_watch woke. */
static void hear(struct scene *s, uint64_t now_ns)
{
	worker_take_limit_changes(&s->worker, now_ns);
	worker_refresh_limits(&s->worker, now_ns);
}

/* What a change makes the worker do anew, being told of nothing else. */
static void rest(struct scene *s)
{
	s->worker.protections_ns = s->worker.here.shares_ns = NOW;
	s->worker.here.target.due_ns = s->groups[DB].target.due_ns = UINT64_MAX;
	s->groups[DB].node_backoff.wait_ns = NSEC_PER_SEC;
}

static bool rests(const struct scene *s)
{
	return s->worker.protections_ns == NOW && s->worker.here.shares_ns == NOW &&
	       s->worker.here.target.due_ns == UINT64_MAX &&
	       s->groups[DB].target.due_ns == UINT64_MAX &&
	       s->groups[DB].node_backoff.wait_ns == NSEC_PER_SEC;
}

/* Its owner may write a group's limits, and its directory's mode, as often as he likes. */
static void test_what_is_told_and_has_not_changed(void **state)
{
	struct protection_group protections[N + 1];
	struct scene *s = scene_new();
	uint64_t now_ns = NOW;

	(void)state;
	s->worker.protections = protections;
	assert_int_equal(limit_watch_open(&s->worker.limit_watch), 0);
	write_memory(s, "top/db.service", "7000000\n");
	look(s, now_ns);
	rest(s);
	for (int i = 0; i < 3; i++) {
		now_ns += NSEC_PER_SEC;
		assert_int_equal(fchmod(s->cgroups[DB]->dir_fd, i % 2 ? 0750 : 0755), 0);
		assert_int_equal(kfile_write_at(s->cgroups[DB]->dir_fd, "memory.high", "max\n"), 0);
		hear(s, now_ns);
		assert_true(rests(s));
	}
	now_ns += NSEC_PER_SEC;
	assert_int_equal(kfile_write_at(s->cgroups[DB]->dir_fd, "memory.low", "5\n"), 0);
	hear(s, now_ns);
	assert_int_equal(s->groups[DB].limits.low, 5);
	assert_int_equal(s->worker.protections_ns, 0);
	assert_int_equal(s->worker.here.shares_ns, 0);
	assert_int_equal(s->worker.here.target.due_ns, 0);
	assert_int_equal(s->groups[DB].target.due_ns, 0);
	assert_int_equal(s->groups[DB].node_backoff.wait_ns, 0);
	scene_free(s);
}

/* Changed at every turn: read at once, then ten times a second, and the worker wakes for it. */
static void test_what_changes_again_and_again(void **state)
{
	struct protection_group protections[N + 1];
	struct scene *s = scene_new();
	const struct group *db = &s->groups[DB];
	uint64_t begin_ns = NOW + NSEC_PER_SEC, seen = 0;
	unsigned int readings = 0;
	char text[16];

	(void)state;
	s->worker.protections = protections;
	assert_int_equal(limit_watch_open(&s->worker.limit_watch), 0);
	write_memory(s, "top/db.service", "7000000\n");
	look(s, NOW);
	for (unsigned int i = 1; i <= 200; i++) {
		(void)snprintf(text, sizeof(text), "%u\n", 1000 + i);
		assert_int_equal(kfile_write_at(s->cgroups[DB]->dir_fd, "memory.low", text), 0);
		hear(s, begin_ns + i * 5 * NSEC_PER_MSEC);
		if (i == 1)
			assert_int_equal(db->limits.low, 1001);
		readings += db->limits.low != seen;
		seen = db->limits.low;
	}
	assert_in_range(readings, 9, 11);
	worker_refresh_limits(&s->worker, db->limits_due_ns);
	assert_int_equal(db->limits.low, 1200);
	scene_free(s);
}

/* Which groups reclaim of the whole node has to spare, a bit each. */
static unsigned int spared(const struct scene *s)
{
	unsigned int bits = 0;

	for (size_t i = 0; i < N; i++)
		bits |= (unsigned int)worker_may_be_protected(&s->worker, &s->groups[i]) << i;
	return bits;
}

#define IN_USE UINT64_C(4000000)

/* It reaches down from the root. A claim without it counts for the group right above, and no
 * farther: users have subtrees in which they may claim what they like.
 */
static void test_claims(void **state)
{
	static const struct {
		const char *top, *db, *worker; /* memory.low of each */
		bool recursive;
		unsigned int spared;
		uint64_t top_bytes, db_bytes, worker_bytes; /* protected */
	} rows[] = {
		{"0", "0", "max", false, 0, 0, IN_USE, 0},
		{"0", "0", "max", true, 0, 0, IN_USE, 0},
		{"0", "max", "0", false, 0, IN_USE, 0, 0},
		{"max", "0", "max", false, 1 << TOP, IN_USE, IN_USE, 0},
		{"max", "max", "0", false, 1 << TOP | 1 << DB, IN_USE, IN_USE, 0},
		{"max", "0", "0", true, 1 << TOP | 1 << DB | 1 << WORKER, IN_USE, IN_USE, IN_USE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct protection_group protections[N + 1];
		struct scene *s = scene_new();

		print_message("row %zu\n", i);
		s->worker.protections = protections;
		s->worker.groups_sorted = true;
		s->world.recursive_protection = rows[i].recursive;
		write_memory(s, "top", "4000000\n");
		write_memory(s, "top/db.service", "4000000\n");
		write_memory(s, "top/db.service/worker", "4000000\n");
		fixture_write(s->fx, "top/memory.low", rows[i].top);
		fixture_write(s->fx, "top/db.service/memory.low", rows[i].db);
		fixture_write(s->fx, "top/db.service/worker/memory.low", rows[i].worker);
		look(s, NOW);
		assert_int_equal(spared(s), rows[i].spared);
		assert_int_equal(MIN(s->groups[TOP].protected_bytes, IN_USE), rows[i].top_bytes);
		assert_int_equal(MIN(s->groups[DB].protected_bytes, IN_USE), rows[i].db_bytes);
		assert_int_equal(MIN(s->groups[WORKER].protected_bytes, IN_USE),
				 rows[i].worker_bytes);
		scene_free(s);
	}
}

/* 38 MiB are unprotected: what others ask of it, of those above it and of those below comes off. */
static void test_what_others_are_asking(void **state)
{
	static const struct {
		int of; /* whom the other asks */
		size_t worker;
		enum asker asker;
		uint64_t mib;
	} rows[] = {
		{DB, 1, ASKER_HAND, 8},	    {TOP, 1, ASKER_HAND, 8}, {WORKER, 1, ASKER_HAND, 8},
		{OTHER, 1, ASKER_HAND, 38}, {DB, 0, ASKER_PAGER, 8}, {DB, 0, ASKER_HAND, 38},
	};
	struct protection_group protections[N + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(shared_freep) struct shared *shared = NULL;
		struct topology topology = {.n_nodes = 2};
		struct scene *s = scene_new();
		uint64_t asked;

		print_message("row %zu\n", i);
		assert_int_equal(shared_new(2, &shared), 0);
		s->world.shared = shared;
		s->world.topology = &topology;
		s->worker.page_size = 4096;
		s->worker.protections = protections;
		write_memory(s, "top/db.service", "104857600\n");
		rule(s, "top/db.service", FLOOR)->floor_bytes = UINT64_C(60) << 20;
		look(s, NOW);
		shared_announce(shared, rows[i].worker, rows[i].asker,
				s->groups[rows[i].of].shared->id, UINT64_C(30) << 20);
		assert_int_equal(
			worker_announce(&s->worker, &s->groups[DB], ASKER_HAND, UINT64_C(64) << 20),
			rows[i].mib << 20);
		assert_int_equal(shared_asked(shared, 0, ASKER_HAND, &asked), rows[i].mib << 20);
		assert_int_equal(asked, s->groups[DB].shared->id);
		worker_is_done_asking(&s->worker, ASKER_HAND);
		assert_int_equal(shared_asked(shared, 0, ASKER_HAND, &asked), 0);
		scene_free(s);
	}
}

/* The last look before taking finds what was said since, of the groups above too. */
static void test_marked_a_moment_ago(void **state)
{
	static const char *const files[] = {"memory.min", "memory.low",	     "memory.high",
					    "memory.max", "memory.swap.max", "memory.current"};
	struct scene *s = scene_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char path[96];

		(void)snprintf(path, sizeof(path), "top/db.service/worker/%s", files[i]);
		fixture_write(s->fx, path, "0\n");
	}
	look(s, NOW);
	assert_true(worker_refresh_protection(&s->worker, &s->groups[WORKER], NOW));
	assert_false(s->groups[WORKER].excluded);
	mark(s, TOP, "user.uswapd.exclude", "yes");
	assert_true(worker_refresh_protection(&s->worker, &s->groups[WORKER], NOW));
	assert_true(s->groups[WORKER].excluded);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_named_by_the_configuration),
		cmocka_unit_test(test_marked),
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_said_by_name),
		cmocka_unit_test(test_floor),
		cmocka_unit_test(test_floor_of_many),
		cmocka_unit_test(test_what_is_told_and_has_not_changed),
		cmocka_unit_test(test_what_changes_again_and_again),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_what_others_are_asking),
		cmocka_unit_test(test_marked_a_moment_ago),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
