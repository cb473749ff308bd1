/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/job/plan.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

/* Two nodes of 1 GiB, most of it free; 512 MiB swap. */
static const struct machine machine = {
	.total = 2048 * MIB,
	.available = 1600 * MIB,
	.swap_free = 512 * MIB,
	.parent_limit = UINT64_MAX,
	.parent_headroom = UINT64_MAX,
	.own_limit = UINT64_MAX,
	.own_headroom = UINT64_MAX,
	.n_nodes = 2,
	.nodes = {{0, 1024 * MIB, 900 * MIB, true}, {1, 1024 * MIB, 700 * MIB, true}},
};

static int make(const char *text, const struct machine *on, struct plan **ret_plan,
		struct job **ret_job, struct stress_error *error)
{
	assert_int_equal(job_new(ret_job), 0);
	if (job_read_text(*ret_job, "p.job", text, error) < 0)
		fail_msg("%s", error->text);
	if (job_complete(*ret_job, error) < 0)
		return -EINVAL;
	return plan_make(*ret_job, on, ret_plan, error);
}

static void test_sizes(void **state)
{
	static const struct {
		const char *settings;
		uint64_t size_bytes;
	} rows[] = {
		{"size=64M", 64 * MIB},
		{"size=88% of limit\ngroup=g/inner", 88 * MIB},
		{"size=50% of limit\ngroup=h", 64 * MIB},
		{"size=10% of node\nnode=1", UINT64_C(107372544)}, /* whole pages of 107374182 */
		{"size=10% of free\nnode=1", 70 * MIB},
		{"size=10% of node\nnode=0-1", UINT64_C(214745088)}, /* of 214748364 */
		{"size=10% of free\nnode=0,1", 160 * MIB},
		{"size=10% of free", 160 * MIB},
		{"size=25% of memory", 512 * MIB},
		{"size=4097", 4096},
		{"size=50% of headroom\ngroup=g/inner", 50 * MIB},
		{"size=64M each", 64 * MIB},
		{"size=50% of limit total\ngroup=h", 64 * MIB},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(plan_freep) struct plan *plan = NULL;
		_cleanup_(job_freep) struct job *job = NULL;
		struct stress_error error;
		char text[512];

		(void)snprintf(text, sizeof(text),
			       "[group g]\nmemory.max=128M\n[group g/inner]\nmemory.high=100M\n"
			       "[group h]\nmemory.max=128M\n"
			       "[load a]\ntype=anon\n%s\n",
			       rows[i].settings);
		if (make(text, &machine, &plan, &job, &error) < 0)
			fail_msg("%s: %s", rows[i].settings, error.text);
		if (plan->loads[0].size_bytes != rows[i].size_bytes)
			fail_msg("%s: %ju", rows[i].settings, (uintmax_t)plan->loads[0].size_bytes);
	}
}

static void test_groups(void **state)
{
	_cleanup_(plan_freep) struct plan *plan = NULL;
	_cleanup_(job_freep) struct job *job = NULL;
	struct stress_error error;

	(void)state;
	assert_int_equal(make("[group a]\nmemory.high=50% of free\nmemory.max=25% of memory\n"
			      "cpu.weight=50\nmemory.swap.max=max\n"
			      "[group a/b]\nmemory.max=1G\nmemory.low=10% of limit\n"
			      "[load x]\ntype=anon\nsize=1M\ngroup=a/b\n"
			      "[load y]\ntype=anon\nsize=1M\n",
			      &machine, &plan, &job, &error),
			 0);
	assert_string_equal(plan->groups[0].values[0], "838860800");
	assert_string_equal(plan->groups[0].values[1], "536870912");
	assert_string_equal(plan->groups[0].values[2], "50");
	assert_string_equal(plan->groups[0].values[3], "max");
	assert_int_equal(plan->groups[0].limit_bytes, 512 * MIB);
	/* The tighter limit above counts. */
	assert_int_equal(plan->groups[1].limit_bytes, 512 * MIB);
	assert_int_equal(plan->groups[1].parent, 0);
	assert_string_equal(plan->groups[1].values[1], "53687091");
	assert_int_equal(plan->loads[0].group, 1);
	assert_int_equal(plan->loads[1].group, -1);
	assert_int_equal(plan->floor_bytes, 2048 * MIB / 20);
	/* Loads differ, and the run's seed changes both. */
	assert_true(plan->loads[0].seed != plan->loads[1].seed);
}

static void test_seeds(void **state)
{
	static const char text[] = "[load x]\ntype=anon\nsize=1M\n"
				   "[load y]\ntype=anon\nsize=1M\nseed=77\n";
	_cleanup_(plan_freep) struct plan *one = NULL, *again = NULL, *two = NULL;
	_cleanup_(job_freep) struct job *a = NULL, *b = NULL, *c = NULL;
	struct stress_error error;
	char seeded[256];

	(void)state;
	assert_int_equal(make(text, &machine, &one, &a, &error), 0);
	assert_int_equal(make(text, &machine, &again, &b, &error), 0);
	(void)snprintf(seeded, sizeof(seeded), "[global]\nseed=2\n%s", text);
	assert_int_equal(make(seeded, &machine, &two, &c, &error), 0);
	assert_true(one->loads[0].seed == again->loads[0].seed);
	assert_true(one->loads[0].seed != two->loads[0].seed);
	assert_int_equal(one->loads[1].seed, 77);
	assert_int_equal(two->loads[1].seed, 77);
}

static void test_refusals(void **state)
{
	static const struct {
		const char *text;
		const char *words[3];
	} rows[] = {
		/* 200 + 500 > 128 + 512 */
		{"[group g]\nmemory.max=128M\n[load a]\ntype=anon\nsize=200M\ngroup=g\n"
		 "[load b]\ntype=anon\nsize=500M\ngroup=g\n",
		 {"p.job:2: [group g] memory.max: does not fit: its loads want", "700.0 MiB",
		  "128.0 MiB"}},
		{"[group g]\nmemory.max=128M\nmemory.swap.max=0\n"
		 "[load a]\ntype=anon\nsize=129M\ngroup=g\n",
		 {"p.job:2: [group g] memory.max: does not fit", "129.0 MiB", "+ 0 B swap"}},
		{"[group g]\nmemory.max=128M\n[group g/i]\n[load "
		 "a]\ntype=anon\nsize=1G\ngroup=g/i\n",
		 {"p.job:2: [group g] memory.max: does not fit", "1.0 GiB", "128.0 MiB"}},
		/* 1213 > 700 + 512 */
		{"[load a]\ntype=anon\nsize=1213M\nnode=1\n",
		 {"p.job:4: [load a] node: does not fit: loads bound to node 1 want", "1.2 GiB",
		  "700.0 MiB"}},
		/* Alone each fits; 1000 + 1120 > 900 + 700 + 512 */
		{"[load a]\ntype=anon\nsize=1000M\nnode=0\n"
		 "[load b]\ntype=anon\nsize=1120M\nnode=0,1\n",
		 {"p.job:8: [load b] node: does not fit: loads bound to node 0,1 want", "2.1 GiB",
		  "1.6 GiB (free there)"}},
		{"[load a]\ntype=anon\nsize=1M\nnode=0-2\n", {"p.job:4: [load a] node:", "node 2"}},
		{"[load a]\ntype=anon\nsize=1100M\n[load b]\ntype=anon\nsize=1000M\n",
		 {"p.job:3: [load a] size: does not fit: all loads want", "2.1 GiB",
		  "less the floor"}},
		{"[load a]\ntype=anon\nsize=1M\nnode=2\n", {"p.job:4: [load a] node:", "node 2"}},
		{"[group g]\ncpuset.mems=0,2\n[load a]\ntype=anon\nsize=1M\ngroup=g\n",
		 {"p.job:2: [group g] cpuset.mems:", "no node 2"}},
		{"[group g]\ncpuset.mems=0\n[group g/i]\n"
		 "[load a]\ntype=anon\nsize=1M\nnode=1\ngroup=g/i\n",
		 {"p.job:7: [load a] node: the cpuset.mems of [group g/i] allows only node 0"}},
		{"[load a]\ntype=anon\nsize=10% of limit\n",
		 {"p.job:3: [load a] size:", "no limit", "memory.max"}},
		{"[load a]\ntype=anon\nsize=10% of node\n", {"p.job:3:", "no node", "`node`"}},
		{"[load a]\ntype=anon\nsize=10% of headroom\n",
		 {"p.job:3: [load a] size:", "no headroom", "memory.max"}},
		{"[load a]\ntype=anon\nsize=8M\nschedule=sine\nlow=9M\n",
		 {"p.job:5: [load a] low: more than size"}},
		{"[group g]\nmemory.low=0\nmemory.max=16K\n[load a]\ntype=anon\nsize=4K\ngroup=g\n",
		 {"p.job:3: [group g] memory.max: 16.0 KiB is less", "1 workers need 24.0 KiB"}},
		{"[group g]\nmemory.max=100M\n[load a]\ntype=locked\nsize=50M\ngroup=g\n"
		 "[load b]\ntype=locked\nsize=50M\ngroup=g\n",
		 {"p.job:2: [group g] memory.max: 100.0 MiB is less", "2 workers need 100.2 MiB"}},
		{"[load a]\ntype=anon\nsize=300M each\nworkers=8\n",
		 {"does not fit", "2.3 GiB", "less the floor"}},
		{"[group g]\nmemory.max=10M each\n[load a]\ntype=anon\nsize=1M\ngroup=g\n",
		 {"p.job:2: [group g] memory.max:", "not understood"}},
		{"[load a]\ntype=anon\nsize=0.01% of free\nnode=0\nburst=1G\nschedule=burst\n",
		 {"p.job:5:", "burst: more than size"}},
		{"[load a]\ntype=anon\nsize=0% of free\n", {"p.job:3:", "less than a page"}},
		{"[load a]\ntype=anon\nsize=1M\nset-point=free 16383P\n",
		 {"p.job:4:", "more than 64 TiB"}},
		{"[group g]\nmemory.max=lots\n[load a]\ntype=anon\nsize=1M\n",
		 {"p.job:2: [group g] memory.max:", "lots", "128M"}},
		{"[group g]\nmemory.max=10% of limit\n[load a]\ntype=anon\nsize=1M\n",
		 {"p.job:2:", "no limit"}},
		{"[global]\nfloor=10% of limit\n[load a]\ntype=anon\nsize=1M\n",
		 {"p.job:2: [global] floor: it is bytes"}},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(plan_freep) struct plan *plan = NULL;
		_cleanup_(job_freep) struct job *job = NULL;
		struct stress_error error = {""};

		if (make(rows[i].text, &machine, &plan, &job, &error) != -EINVAL)
			fail_msg("\"%s\" was taken", rows[i].text);
		assert_null(plan);
		for (size_t w = 0; w < ARRAY_SIZE(rows[i].words) && rows[i].words[w]; w++)
			if (!strstr(error.text, rows[i].words[w]))
				fail_msg("\"%s\" lacks \"%s\"", error.text, rows[i].words[w]);
	}
}

/* What only looks too large: files can be dropped, bursts come one at a time, and told so. */
static void test_fits(void **state)
{
	static const char *const texts[] = {
		"[group g]\nmemory.max=128M\nmemory.swap.max=0\n"
		"[load a]\ntype=fileread\nsize=4G\ngroup=g\n",
		"[group g]\nmemory.max=128M\nmemory.swap.max=0\n"
		"[load a]\ntype=anon\nsize=1G\nburst=100M\nschedule=burst\ngroup=g\n",
		"[global]\ncheck-fit=no\n[group g]\nmemory.max=1M\n"
		"[load a]\ntype=anon\nsize=1T\ngroup=g\n",
		"[load a]\ntype=anon\nsize=1213M\nnode=1\npolicy=preferred\n",
		"[load a]\ntype=anon\nsize=1213M\nnode=0,1\n",
		"[load a]\ntype=anon\nsize=1000M\nnode=0\n"
		"[load b]\ntype=anon\nsize=1000M\nnode=1\n",
		"[group g]\ncpuset.mems=0\n"
		"[load a]\ntype=anon\nsize=1M\nnode=0\ngroup=g\n"
		"[load b]\ntype=anon\nsize=1M\nnode=1\ngroup=g\npolicy=none\n",
		"[group g]\ncpuset.mems=0-many\n[load a]\ntype=anon\nsize=1M\nnode=1\ngroup=g\n",
		"[group g]\nmemory.high=64M\n[load a]\ntype=anon\nsize=1000M\ngroup=g\n",
		"[group g]\nmemory.max=128M\n[load a]\ntype=anon\nsize=640M\ngroup=g\n",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(plan_freep) struct plan *plan = NULL;
		_cleanup_(job_freep) struct job *job = NULL;
		struct stress_error error = {""};

		if (make(texts[i], &machine, &plan, &job, &error) < 0)
			fail_msg("\"%s\": %s", texts[i], error.text);
	}
}

static void test_disallowed_node(void **state)
{
	_cleanup_(plan_freep) struct plan *plan = NULL;
	_cleanup_(job_freep) struct job *job = NULL;
	struct machine confined = machine;
	struct stress_error error;

	(void)state;
	confined.nodes[1].allowed = false;
	assert_int_equal(
		make("[load a]\ntype=anon\nsize=1M\nnode=1\n", &confined, &plan, &job, &error),
		-EINVAL);
	assert_non_null(strstr(error.text, "cpuset"));
}

/* Several workers have each its size, or share it; each has contents of its own. */
static void test_workers(void **state)
{
	_cleanup_(plan_freep) struct plan *plan = NULL;
	_cleanup_(job_freep) struct job *job = NULL;
	struct stress_error error;

	(void)state;
	if (make("[group g]\nmemory.max=128M\n"
		 "[load a]\ntype=anon\nsize=50% of limit total\nlow=1M each\nschedule=sine\n"
		 "workers=4\ngroup=g\nseed=9\n[load b]\ntype=anon\nsize=3M\n"
		 "[load c]\ntype=anon\nsize=2M each\nworkers=2\n",
		 &machine, &plan, &job, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(plan->n_loads, 7);
	for (size_t i = 0; i < 4; i++) {
		char name[8] = "a.1";

		name[2] = (char)('1' + i);
		assert_string_equal(job->loads[i].name, name);
		assert_int_equal(plan->loads[i].size_bytes, 16 * MIB);
		assert_int_equal(plan->loads[i].low_bytes, MIB);
		for (size_t j = 0; j < i; j++)
			assert_true(plan->loads[i].seed != plan->loads[j].seed);
	}
	assert_string_equal(job->loads[4].name, "b");
	assert_string_equal(job->loads[6].name, "c.2");
	assert_int_equal(plan->loads[6].size_bytes, 2 * MIB);
}

/* What a group above has used already is not there for a new one. */
static void test_headroom(void **state)
{
	_cleanup_(plan_freep) struct plan *plan = NULL;
	_cleanup_(job_freep) struct job *job = NULL;
	struct machine used = machine;
	struct stress_error error;

	(void)state;
	used.parent_limit = 256 * MIB;
	used.parent_headroom = 100 * MIB;
	used.own_limit = 512 * MIB;
	used.own_headroom = 20 * MIB;
	assert_int_equal(make("[group g]\nmemory.max=50% of limit\n[group h]\nmemory.max=80M\n"
			      "[load a]\ntype=anon\nsize=50% of headroom\ngroup=g\n"
			      "[load b]\ntype=anon\nsize=50% of headroom\ngroup=h\n"
			      "[load c]\ntype=anon\nsize=50% of headroom\n"
			      "[load d]\ntype=anon\nsize=1% of limit\n",
			      &used, &plan, &job, &error),
			 0);
	assert_int_equal(plan->loads[0].size_bytes, 50 * MIB);
	assert_int_equal(plan->loads[1].size_bytes, 40 * MIB);
	/* Without a group of the job, that of the program counts. */
	assert_int_equal(plan->loads[2].size_bytes, 10 * MIB);
	assert_int_equal(plan->loads[3].size_bytes / 4096, 512 * MIB / 100 / 4096);
}

static void test_set_point(void **state)
{
	_cleanup_(plan_freep) struct plan *plan = NULL;
	_cleanup_(job_freep) struct job *job = NULL;
	struct stress_error error;

	(void)state;
	assert_int_equal(make("[group g]\nmemory.max=100M\n"
			      "[load a]\ntype=anon\nsize=300M\ngroup=g\n"
			      "set-point = memory.current 80% of limit\n"
			      "[load b]\ntype=anon\nsize=1M\nset-point = pressure 2.5%\n",
			      &machine, &plan, &job, &error),
			 0);
	assert_int_equal(plan->loads[0].set_point, 80 * MIB);
	assert_int_equal(plan->loads[1].set_point, 250);
}

/* A limit above the job's groups counts too. */
static void test_parent_limit(void **state)
{
	_cleanup_(plan_freep) struct plan *plan = NULL;
	_cleanup_(job_freep) struct job *job = NULL;
	struct machine limited = machine;
	struct stress_error error;

	(void)state;
	limited.parent_limit = 64 * MIB;
	limited.swap_free = 0;
	assert_int_equal(make("[group g]\nmemory.max=50% of limit\n"
			      "[load a]\ntype=anon\nsize=100% of limit\ngroup=g\n",
			      &limited, &plan, &job, &error),
			 0);
	assert_int_equal(plan->loads[0].size_bytes, 32 * MIB);
}

/* Loads without a group are in the program's own, whose limit is theirs. */
static void test_own_limit(void **state)
{
	_cleanup_(plan_freep) struct plan *plan = NULL, *none = NULL;
	_cleanup_(job_freep) struct job *job = NULL, *large = NULL;
	struct machine limited = machine;
	struct stress_error error;

	(void)state;
	limited.own_limit = 64 * MIB;
	limited.swap_free = 0;
	assert_int_equal(make("[group g]\n[load a]\ntype=anon\nsize=50% of limit\n"
			      "[load b]\ntype=anon\nsize=1G\ngroup=g\n",
			      &limited, &plan, &job, &error),
			 0);
	assert_int_equal(plan->loads[0].size_bytes, 32 * MIB);
	assert_int_equal(make("[load a]\ntype=anon\nsize=32M\n[load b]\ntype=anon\nsize=33M\n",
			      &limited, &none, &large, &error),
			 -EINVAL);
	assert_non_null(strstr(
		error.text,
		"p.job:6: [load b] size: does not fit: loads without a group want 65.0 MiB"));
	assert_non_null(strstr(error.text, "64.0 MiB (the limit of the group this program is in)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),	     cmocka_unit_test(test_groups),
		cmocka_unit_test(test_seeds),	     cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_fits),	     cmocka_unit_test(test_disallowed_node),
		cmocka_unit_test(test_parent_limit), cmocka_unit_test(test_workers),
		cmocka_unit_test(test_headroom),     cmocka_unit_test(test_set_point),
		cmocka_unit_test(test_own_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
