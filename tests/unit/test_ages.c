/* SPDX-License-Identifier: Apache-2.0 */
/* Ages of memory as the kernel writes them, and what a worker makes of them for its groups. */
#include "agent/sense/ages.h"

#include "agent/worker/ages.h"
#include "agent/worker/internal.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define LRU_GEN "kernel/debug/lru_gen"
/* 100 cold pages of 140, and 20 on a node that nobody looked at. */
#define SVC                                               \
	"memcg     7 /svc\n"                              \
	" node     0\n"                                   \
	"          5      99000         90         10 \n" \
	"          6      90000         30          0 \n" \
	"          7      20000         10          0 \n"
#define SVC_NODE_1      \
	" node     1\n" \
	"          0      99000          0         20 \n"

struct seen {
	size_t n;
	struct lru_idle idle[8];
	uint64_t node[8];
	char path[8][64];
};

static void see(const struct age_found *found, void *context)
{
	struct seen *seen = context;

	assert_true(seen->n < ARRAY_SIZE(seen->idle));
	seen->idle[seen->n] = found->idle;
	seen->node[seen->n] = found->node;
	(void)snprintf(seen->path[seen->n++], 64, "%s", found->path);
}

static int read_text(const char *text, struct seen *ret_seen, const char **ret_bad)
{
	const struct fixture_file file = {LRU_GEN, text};
	struct fixture *fx = fixture_new(&file, 1);
	int fd = ages_open(fx->fd), r;

	assert_true(fd >= 0);
	memset(ret_seen, 0, sizeof(*ret_seen));
	r = ages_read(fd, 60000, see, ret_seen, ret_bad);
	/* The descriptor stays open: each time all of it is read. */
	if (r == 0) {
		memset(ret_seen, 0, sizeof(*ret_seen));
		assert_int_equal(ages_read(fd, 60000, see, ret_seen, ret_bad), 0);
	}
	fd_close(fd);
	fixture_free(fx);
	return r;
}

static void test_blocks(void **state)
{
	struct seen seen;

	(void)state;
	assert_int_equal(read_text("memcg     1 /\n node     0\n" SVC SVC_NODE_1, &seen, NULL), 0);
	assert_int_equal(seen.n, 3);
	assert_string_equal(seen.path[0], "");
	assert_int_equal(seen.idle[0].total_pages, 0);
	assert_string_equal(seen.path[1], "svc");
	assert_int_equal(seen.node[1], 0);
	assert_true(seen.idle[1].known);
	assert_int_equal(seen.idle[1].cold_pages, 100);
	assert_int_equal(seen.idle[1].cold_file_pages, 10);
	assert_int_equal(seen.idle[1].total_pages, 140);
	assert_string_equal(seen.path[2], "svc");
	assert_int_equal(seen.node[2], 1);
	assert_false(seen.idle[2].known);
	assert_int_equal(read_text("", &seen, NULL), 0);
	assert_int_equal(seen.n, 0);
}

static void test_malformed(void **state)
{
	static const char *const texts[] = {
		" node     0\n",	  "1 2 3 4\n",
		"memcg 1 /\n1 2 3 4\n",	  "memcg 1 /\n node 0\n1 2 3\n",
		"memcg 1 /\n\n node 0\n", SVC "8 1 1 1\n9 1 1 1\n",
	};
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *bad = NULL;

		assert_int_equal(read_text(texts[i], &seen, &bad), -EBADMSG);
		assert_non_null(strstr(bad, "lru_gen: "));
	}
}

/* As real kernels have it: a group of its own and one whose name holds a blank, on two nodes. */
static void test_kernels(void **state)
{
	static const char *const kernels[] = {"6.1", "6.12", "6.18", "7"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		struct seen seen;
		char name[64];
		_cleanup_free_ char *text = NULL;
		uint64_t pages = 0;
		bool blank = false;

		(void)snprintf(name, sizeof(name), "kernel/%s/lru_gen", kernels[i]);
		text = fixture_data(name);
		assert_int_equal(read_text(text, &seen, NULL), 0);
		assert_int_equal(seen.n % 2, 0);
		for (size_t j = 0; j < seen.n; j++) {
			assert_int_equal(seen.node[j], j % 2);
			blank |= strcmp(seen.path[j], "a b") == 0;
			if (strcmp(seen.path[j], "svc") == 0)
				pages += seen.idle[j].total_pages;
		}
		assert_true(blank);
		/* 24 MiB. */
		assert_in_range(pages, 6144, 6144 + 512);
	}
}

struct scene {
	struct fixture *fx;
	struct config config;
	struct worker_world world;
	struct worker worker;
	struct numa_node node;
	struct group group, *all[1];
};

static void on_add(struct cgroup *cgroup, void *context)
{
	struct scene *s = context;

	if (strcmp(cgroup->path, "svc") == 0)
		cgroup->data = &s->group;
}

static void on_remove(struct cgroup *cgroup, void *context)
{
	(void)cgroup;
	(void)context;
}

/* A group of 140 pages. */
static struct scene *scene_new(const char *text)
{
	const struct fixture_file files[] = {{LRU_GEN, text}, {"cg/svc/cgroup.procs", ""}};
	struct scene *s = calloc(1, sizeof(*s));
	struct cgroup_tree_events events = {on_add, on_remove, s};
	_cleanup_close_ int fd = -1;

	assert_non_null(s);
	s->fx = fixture_new(files, ARRAY_SIZE(files));
	fd = kfile_open_dir(s->fx->fd, "cg");
	config_defaults(&s->config);
	s->world.log = (struct log){.fd = -1};
	s->all[0] = &s->group;
	s->worker = (struct worker){
		.world = &s->world,
		.node = &s->node,
		.config = &s->config,
		.page_size = 4096,
		.groups = s->all,
		.n_groups = 1,
		.trim.ages_fd = ages_open(s->fx->fd),
	};
	assert_int_equal(cgroup_tree_open(fd, &events, &s->worker.tree), 0);
	s->group.sample.current_bytes = UINT64_C(200) * 4096;
	s->group.sample.stat.inactive_anon = UINT64_C(140) * 4096;
	return s;
}

static void scene_free(struct scene *s)
{
	cgroup_tree_free(s->worker.tree);
	fd_close(s->worker.trim.ages_fd);
	fixture_free(s->fx);
	free(s);
}

static struct trim_sample sample_at(struct scene *s, uint64_t now_ns)
{
	struct trim_sample sample = {0};

	worker_read_ages(&s->worker, now_ns);
	worker_ages_of(&s->worker, &s->group, &sample);
	return sample;
}

static void test_a_group(void **state)
{
	struct scene *s = scene_new("memcg 9 /other\n" SVC);
	struct trim_sample sample = sample_at(s, NSEC_PER_SEC);

	(void)state;
	assert_int_equal(sample.cold_bytes, 100 * 4096);
	assert_int_equal(sample.cold_file_bytes, 10 * 4096);
	assert_int_equal(sample.working_set_bytes, 100 * 4096);
	/* The same name, but not as much memory: what is left of one that was removed. */
	s->group.sample.stat.inactive_anon = UINT64_C(4000) * 4096;
	sample = sample_at(s, 2 * NSEC_PER_SEC);
	assert_int_equal(sample.cold_bytes, TRIM_AGE_UNKNOWN);
	assert_int_equal(sample.cold_file_bytes, TRIM_AGE_UNKNOWN);
	assert_int_equal(sample.working_set_bytes, TRIM_AGE_UNKNOWN);
	scene_free(s);
}

/* Where most of it is on a node that tells nothing, nothing is known. */
static void test_nodes(void **state)
{
	struct scene *s = scene_new(SVC SVC_NODE_1);

	(void)state;
	s->group.sample.stat.inactive_anon = UINT64_C(160) * 4096;
	assert_int_equal(sample_at(s, NSEC_PER_SEC).cold_bytes, 100 * 4096);
	fixture_write(s->fx, LRU_GEN, SVC " node     1\n 0 99000 900 0\n");
	s->group.sample.stat.inactive_anon = UINT64_C(1040) * 4096;
	/* Read again after a while only. */
	assert_int_equal(s->worker.trim.ages_due_ns, 11 * NSEC_PER_SEC);
	assert_int_equal(sample_at(s, 11 * NSEC_PER_SEC).cold_bytes, TRIM_AGE_UNKNOWN);
	assert_int_equal(s->group.trim.ages.total_pages, 1040);
	scene_free(s);
}

static void test_nothing_to_read(void **state)
{
	struct scene *s = scene_new("");

	(void)state;
	assert_int_equal(sample_at(s, NSEC_PER_SEC).cold_bytes, TRIM_AGE_UNKNOWN);
	s->worker.trim.ages_fd = fd_close(s->worker.trim.ages_fd);
	assert_int_equal(sample_at(s, 99 * NSEC_PER_SEC).cold_bytes, TRIM_AGE_UNKNOWN);
	scene_free(s);
	s = scene_new(SVC "what is this\n");
	assert_int_equal(sample_at(s, NSEC_PER_SEC).cold_bytes, TRIM_AGE_UNKNOWN);
	scene_free(s);
}

/* As captured: svc alone has memory, on one of two nodes. */
static void test_places(void **state)
{
	static const struct {
		const char *kernel;
		uint64_t node, memcg;
	} rows[] = {{"6.18", 1, 2}, {"7", 0, 113}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct age_place place = {.memcg = 42};
		uint64_t blocks = 0;
		char name[64];
		_cleanup_free_ char *text = NULL;
		struct fixture *fx = fixture_new(NULL, 0);
		int fd;

		(void)snprintf(name, sizeof(name), "kernel/%s/lru_gen", rows[i].kernel);
		text = fixture_data(name);
		fixture_write(fx, LRU_GEN, text);
		fd = ages_open(fx->fd);
		assert_int_equal(ages_find(fd, "a", 0, 113, &blocks, &place, NULL), -ENOENT);
		assert_int_equal(ages_find(fd, "svc", 2, 113, &blocks, &place, NULL), -ENOENT);
		assert_int_equal(place.memcg, 42);
		assert_int_equal(ages_find(fd, "svc", rows[i].node, 0, &blocks, &place, NULL), 0);
		assert_int_equal(place.memcg, rows[i].memcg);
		/* Three groups on two nodes, three times. */
		assert_int_equal(blocks, 18);
		assert_int_equal(place.generations.n, 4);
		assert_int_equal(place.generations.generation[0].anon_pages, 17);
		assert_int_equal(place.generations.generation[3].number, 6);
		assert_int_equal(place.generations.generation[3].anon_pages, 6129);
		fd_close(fd);
		fixture_free(fx);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks),	cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_kernels), cmocka_unit_test(test_a_group),
		cmocka_unit_test(test_nodes),	cmocka_unit_test(test_nothing_to_read),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
