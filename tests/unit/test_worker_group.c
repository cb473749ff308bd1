/* SPDX-License-Identifier: Apache-2.0 */
/* What a look at a group learns, from one look to the next. */
#include "agent/worker/group.h"

#include "base/clock.h"
#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <fcntl.h>

#define MIB	    (UINT64_C(1) << 20)
#define PAGES_A_MIB (MIB / (uint64_t)sysconf(_SC_PAGESIZE))

struct scene {
	struct fixture *fx;
	struct config config;
	struct shared_group shared;
	struct cgroup cgroup;
	struct group *group;
	uint64_t now_ns;
	uint64_t file_bytes;
	uint64_t demoted_mib; /* since the group was made; part of what was taken */
};

/* What the kernel counted since the group was made, in MiB; what stands in swap, and what of that
 * in memory too. */
struct counted {
	uint64_t in_swap, anon_back, file_back, taken, cached;
};

/* 126 MiB of a limit of 128. */
static void write_group(const struct scene *s, const struct counted *c)
{
	char text[640];

	(void)snprintf(text, sizeof(text), "%ju\n", (uintmax_t)(c->in_swap * MIB));
	fixture_write(s->fx, "memory.swap.current", text);
	(void)snprintf(
		text, sizeof(text),
		"anon 0\nfile %ju\nkernel 0\nshmem 0\nfile_mapped 0\nswapcached %ju\nfile_dirty 0\n"
		"file_writeback 0\ninactive_anon %ju\nactive_anon 0\ninactive_file %ju\n"
		"active_file 0\nunevictable 0\nslab_reclaimable 0\n"
		"workingset_refault_anon %ju\nworkingset_refault_file %ju\npgscan 0\n"
		"pgsteal %ju\npgscan_direct 0\npgsteal_direct 0\npgscan_kswapd 0\n"
		"pgsteal_kswapd 0\npgdemote_direct %ju\npgfault 0\npgmajfault 0\n",
		(uintmax_t)s->file_bytes, (uintmax_t)(c->cached * MIB), (uintmax_t)(100 * MIB),
		(uintmax_t)s->file_bytes, (uintmax_t)(c->anon_back * PAGES_A_MIB),
		(uintmax_t)(c->file_back * PAGES_A_MIB), (uintmax_t)(c->taken * PAGES_A_MIB),
		(uintmax_t)(s->demoted_mib * PAGES_A_MIB));
	fixture_write(s->fx, "memory.stat", text);
}

static struct scene *scene_new(void)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->fx = fixture_new(NULL, 0);
	fixture_write(s->fx, "memory.current", "132120576\n");
	fixture_write(s->fx, "memory.events.local", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n");
	fixture_write(s->fx, "memory.reclaim", "");
	s->file_bytes = 26 * MIB;
	write_group(s, &(struct counted){0});
	config_defaults(&s->config);
	s->cgroup = (struct cgroup){.path = "/svc", .dir_fd = s->fx->fd};
	s->group = group_new(&s->cgroup, &s->shared, &s->config);
	assert_non_null(s->group);
	s->group->has_limits = true;
	s->group->limits = (struct memory_limits){
		.high = UINT64_MAX, .max = 128 * MIB, .swap_max = UINT64_MAX};
	assert_int_equal(group_set_watched(s->group, true), 0);
	s->now_ns = 1000 * NSEC_PER_SEC;
	return s;
}

static void scene_free(struct scene *s)
{
	(void)group_set_watched(s->group, false);
	group_free(s->group);
	fixture_free(s->fx);
	free(s);
}

/* A look a second later. */
static const struct group_sample *look(struct scene *s, struct counted counted)
{
	const struct swap_sample swap = {.total_bytes = 1024 * MIB, .free_bytes = 512 * MIB};
	const struct group_context context = {
		.config = &s->config,
		.swap = &swap,
		.anon_can_be_spared = true,
		.now_ns = s->now_ns += NSEC_PER_SEC,
	};

	write_group(s, &counted);
	assert_int_equal(group_look(s->group, &context, NULL), 0);
	return &s->group->sample;
}

/* What went to swap is seen from what stands there and what came back, on every kernel. */
static void test_anon_thrashes(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	/* What was there before the first look tells nothing. */
	assert_false(look(s, (struct counted){64, 64, 0, 128, 0})->anon_thrashes);
	assert_false(look(s, (struct counted){72, 64, 0, 136, 0})->anon_thrashes);
	/* As much went there again as came back. */
	assert_false(look(s, (struct counted){72, 65, 0, 137, 0})->anon_thrashes);
	assert_true(look(s, (struct counted){70, 67, 0, 137, 0})->anon_thrashes);
	/* 8 MiB, then 1, then none: a third came back of them. */
	assert_int_equal(s->group->anon_thrash.many_permyriad, 3333);
	assert_false(s->group->sample.file_thrashes);
	scene_free(s);
}

/* What came back and keeps its place in swap did not go there again. */
static void test_places_in_swap_are_kept(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	assert_false(look(s, (struct counted){64, 64, 0, 128, 0})->anon_thrashes);
	assert_false(look(s, (struct counted){72, 64, 0, 136, 0})->anon_thrashes);
	assert_true(look(s, (struct counted){72, 66, 0, 136, 2})->anon_thrashes);
	assert_int_equal(s->group->anon_thrash.many_permyriad, 2500);
	scene_free(s);
}

/* It is in pgsteal too, and the group still has it: it has not grown by it. */
static void test_what_is_demoted_was_not_taken(void **state)
{
	struct scene *s = scene_new();
	const struct group_sample *sample;

	(void)state;
	s->demoted_mib = 40;
	(void)look(s, (struct counted){.taken = 100});
	s->demoted_mib = 72;
	sample = look(s, (struct counted){.taken = 132});
	assert_int_equal(sample->taken_bytes, 0);
	assert_int_equal(s->group->target.demand.rate_bytes_per_s, 0);
	s->demoted_mib = 84;
	sample = look(s, (struct counted){.taken = 148});
	assert_int_equal(sample->taken_bytes, 4 * MIB);
	scene_free(s);
}

/* What was taken and did not go to swap was of files. */
static void test_files_thrash(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	assert_false(look(s, (struct counted){64, 0, 64, 128, 0})->file_thrashes);
	assert_false(look(s, (struct counted){64, 0, 64, 132, 0})->file_thrashes);
	/* Twelve more went to swap: of files it was but four. */
	assert_false(look(s, (struct counted){76, 0, 64, 144, 0})->file_thrashes);
	assert_true(look(s, (struct counted){76, 0, 65, 144, 0})->file_thrashes);
	assert_int_equal(s->group->file_thrash.many_permyriad, 2500);
	assert_false(s->group->sample.anon_thrashes);
	scene_free(s);
}

/* A log: page cache that is taken as fast as it comes. What goes to swap is none. */
static void test_grows_by_files(void **state)
{
	struct scene *s = scene_new();
	const struct demand *demand = &s->group->target.demand;

	(void)state;
	(void)look(s, (struct counted){.taken = 128});
	assert_false(demand_is_for_files(demand));
	(void)look(s, (struct counted){.taken = 136});
	assert_true(demand_is_for_files(demand));
	(void)look(s, (struct counted){.taken = 152, .in_swap = 16});
	assert_false(demand_is_for_files(demand));
	/* Nor is what is read back. */
	(void)look(s, (struct counted){.taken = 168, .in_swap = 16, .file_back = 16});
	assert_false(demand_is_for_files(demand));
	(void)look(s, (struct counted){.taken = 184, .in_swap = 16, .file_back = 16});
	assert_true(demand_is_for_files(demand));
	scene_free(s);
}

/* Where there are no files, none are taken: what went to swap was freed there. */
static void test_grows_without_files(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	s->file_bytes = 0;
	for (uint64_t taken = 128; taken < 192; taken += 8) {
		(void)look(s, (struct counted){.taken = taken});
		assert_false(demand_is_for_files(&s->group->target.demand));
	}
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_anon_thrashes),
		cmocka_unit_test(test_places_in_swap_are_kept),
		cmocka_unit_test(test_what_is_demoted_was_not_taken),
		cmocka_unit_test(test_files_thrash),
		cmocka_unit_test(test_grows_by_files),
		cmocka_unit_test(test_grows_without_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
