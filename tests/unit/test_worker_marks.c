/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a worker leaves alone because somebody said so, and by which weight the others pay. */
#include "agent/worker/internal.h"

#include "base/clock.h"
#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <string.h>
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
	struct cgroup cgroups[N];
	struct group groups[N], *all[N];
};

static struct scene *scene_new(void)
{
	static const char *const paths[N] = {"", "top", "top/db.service", "top/db.service/worker",
					     "other"};
	static const int parents[N] = {-1, ROOT, TOP, DB, ROOT};
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
	for (size_t i = 0; i < N; i++) {
		s->cgroups[i] = (struct cgroup){
			.path = paths[i],
			.parent = parents[i] < 0 ? NULL : &s->cgroups[parents[i]],
			.dir_fd = kfile_open_dir(s->fx->fd, i == ROOT ? "." : paths[i]),
			.data = &s->groups[i],
		};
		s->groups[i] = (struct group){.cgroup = &s->cgroups[i], .index = i};
		s->all[i] = &s->groups[i];
	}
	return s;
}

static void scene_free(struct scene *s)
{
	for (size_t i = 0; i < N; i++)
		fd_close(s->cgroups[i].dir_fd);
	fixture_free(s->fx);
	free(s);
}

static void look(struct scene *s, uint64_t now_ns)
{
	for (size_t i = 0; i < N; i++) {
		s->groups[i].limits_due_ns = 0;
		s->groups[i].settings = config_of_group(&s->config, s->cgroups[i].path);
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
	if (fsetxattr(s->cgroups[group].dir_fd, name, value, strlen(value), 0) < 0) {
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
	assert_false(group_claims_protection(&s->groups[DB]));
	rule(s, "top/db.service/worker", FLOOR)->floor_bytes = 2000000;
	look(s, NOW + NSEC_PER_SEC);
	assert_int_equal(s->groups[WORKER].protected_bytes, 2000000);
	assert_int_equal(s->groups[DB].protected_bytes, 2000000);
	assert_int_equal(s->groups[TOP].protected_bytes, 2000000);
	assert_int_equal(s->groups[OTHER].protected_bytes, 0);
	assert_true(group_claims_protection(&s->groups[WORKER]));
	assert_false(group_claims_protection(&s->groups[DB]));
	rule(s, "top/db.service/worker", FLOOR)->floor_bytes = 5000000;
	look(s, NOW + 2 * NSEC_PER_SEC);
	assert_int_equal(s->groups[WORKER].protected_bytes, 5000000);
	assert_int_equal(s->groups[DB].protected_bytes, 3000000);
	scene_free(s);
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
		cmocka_unit_test(test_marked_a_moment_ago),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
