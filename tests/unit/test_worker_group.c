/* SPDX-License-Identifier: Apache-2.0 */
/* What a look at a group learns, from one look to the next. */
#include "agent/worker/group.h"

#include "base/clock.h"
#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <fcntl.h>

#define MIB  (UINT64_C(1) << 20)
#define PAGE ((uint64_t)sysconf(_SC_PAGESIZE))

struct scene {
	struct fixture *fx;
	struct config config;
	struct shared_group shared;
	struct cgroup cgroup;
	struct group *group;
	uint64_t now_ns;
};

/* 126 MiB of a limit of 128, of which so much stands in swap, and so much ever came back from
 * there. */
static void write_group(const struct scene *s, uint64_t swap_bytes, uint64_t back_bytes)
{
	char text[640];

	(void)snprintf(text, sizeof(text), "%ju\n", (uintmax_t)swap_bytes);
	fixture_write(s->fx, "memory.swap.current", text);
	(void)snprintf(text, sizeof(text),
		       "anon 0\nfile 0\nkernel 0\nshmem 0\nfile_mapped 0\nfile_dirty 0\n"
		       "file_writeback 0\ninactive_anon %ju\nactive_anon 0\ninactive_file %ju\n"
		       "active_file 0\nunevictable 0\nslab_reclaimable 0\n"
		       "workingset_refault_anon %ju\nworkingset_refault_file 0\npgscan 0\n"
		       "pgsteal 0\npgscan_direct 0\npgsteal_direct 0\npgscan_kswapd 0\n"
		       "pgsteal_kswapd 0\npgfault 0\npgmajfault 0\n",
		       (uintmax_t)(100 * MIB), (uintmax_t)(26 * MIB),
		       (uintmax_t)(back_bytes / PAGE));
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
	write_group(s, 0, 0);
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

static bool comes_back(struct scene *s)
{
	const struct swap_sample swap = {.total_bytes = 1024 * MIB, .free_bytes = 512 * MIB};
	const struct group_context context = {
		.config = &s->config,
		.swap = &swap,
		.anon_can_be_spared = true,
		.now_ns = s->now_ns += NSEC_PER_SEC,
	};

	assert_int_equal(group_look(s->group, &context, NULL), 0);
	return s->group->sample.swap_comes_back;
}

/* What went to swap is seen from what stands there and what came back, on every kernel. */
static void test_swap_comes_back(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	/* What was there before the first look tells nothing. */
	write_group(s, 64 * MIB, 64 * MIB);
	assert_false(comes_back(s));
	write_group(s, 72 * MIB, 64 * MIB);
	assert_false(comes_back(s));
	/* As much went there again as came back. */
	write_group(s, 72 * MIB, 65 * MIB);
	assert_false(comes_back(s));
	write_group(s, 70 * MIB, 67 * MIB);
	assert_true(comes_back(s));
	/* 8 MiB, then 1, then none: a third came back of them. */
	assert_int_equal(s->group->swapins.many_permyriad, 3333);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_swap_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
