/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/scenario/scenario.h"

#include "tests/unit/fixture.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

static const char whole[] = "[scenario]\n"
			    "title = anonymous memory is counted\n"
			    "[requires new]\n"
			    "kernel = 6.12\n"
			    "swap = 64M\n"
			    "mount-option = memory_recursiveprot\n"
			    "otherwise = xfail\n"
			    "because = it can't be reset before\n"
			    "[global]\n"
			    "duration = 5s\n"
			    "[group A]\n"
			    "memory.max = 200M\n"
			    "[group A/B]\n"
			    "[load fill]\n"
			    "type = anon\n"
			    "group = A/B\n"
			    "workers = 2\n"
			    "size = 50M total\n"
			    "[step full]\n"
			    "when = memory.current(A/B) >= 50M\n"
			    "within = 5s\n"
			    "[step squeeze]\n"
			    "write = memory.reclaim(A/B)  20M swappiness=60\n"
			    "[step late]\n"
			    "at = 4s\n"
			    "[expect charged]\n"
			    "at = full\n"
			    "value = memory.current(A/B)\n"
			    "close = 50M within 3% of sum\n"
			    "because = page tables\n"
			    "[expect quiet]\n"
			    "since = full\n"
			    "value = memory.events:max(A)\n"
			    "is = 0\n"
			    "[expect share]\n"
			    "value = memory.stat:anon(A)\n"
			    "of = memory.current(A)\n"
			    "range = 80% .. 100%\n"
			    "[expect peaked]\n"
			    "value = memory.peak(A)\n"
			    "range = 50M ..\n"
			    "poll = 100ms\n"
			    "timeout = 2s\n";

static void test_whole(void **state)
{
	_cleanup_(scenario_freep) struct scenario *s = NULL;
	struct stress_error error;

	(void)state;
	assert_int_equal(scenario_new(&s), 0);
	if (scenario_read_text(s, "whole", whole, &error) < 0)
		fail_msg("%s", error.text);
	assert_string_equal(s->title, "anonymous memory is counted");
	assert_int_equal(s->job->n_groups, 2);
	assert_int_equal(s->job->n_loads, 2); /* a worker each */
	assert_int_equal(s->n_requirements, 1);
	assert_int_equal(s->requirements[0].kernel_major, 6);
	assert_int_equal(s->requirements[0].kernel_minor, 12);
	assert_int_equal(s->requirements[0].swap_bytes, 64 * MIB);
	assert_string_equal(s->requirements[0].mount_option, "memory_recursiveprot");
	assert_int_equal(s->requirements[0].otherwise, SCENARIO_XFAIL);

	assert_int_equal(s->n_steps, 3);
	assert_int_equal(s->steps[0].after.step, SCENARIO_START);
	assert_int_equal(s->steps[0].when.order, FORMULA_AT_LEAST);
	assert_true(s->steps[0].within_ns == UINT64_C(5000000000));
	assert_int_equal(s->steps[1].after.step, 0);
	assert_string_equal(s->steps[1].write.file, "memory.reclaim");
	assert_string_equal(s->steps[1].write.group, "A/B");
	assert_string_equal(s->steps[1].write_value, "20M swappiness=60");
	assert_int_equal(s->steps[2].after.step, SCENARIO_START);
	assert_true(s->steps[2].at_ns == UINT64_C(4000000000));

	assert_int_equal(s->n_expects, 4);
	assert_int_equal(s->expects[0].kind, EXPECT_CLOSE);
	assert_int_equal(s->expects[0].basis, EXPECT_OF_SUM);
	assert_int_equal(s->expects[0].share_permyriad, 300);
	assert_int_equal(s->expects[0].at.step, 0);
	assert_string_equal(s->expects[0].because, "page tables");
	assert_int_equal(s->expects[1].kind, EXPECT_IS);
	assert_int_equal(s->expects[1].since.step, 0);
	assert_int_equal(s->expects[1].at.step, SCENARIO_END);
	assert_int_equal(s->expects[2].kind, EXPECT_RANGE);
	assert_string_equal(s->expects[2].of.files[0].file, "memory.current");
	assert_int_equal(s->expects[3].high.n_steps, 0);
	assert_int_equal(s->expects[3].poll_ns, 100000000);
	assert_int_equal(s->expects[3].place.line, 39);
}

#define GROUP "[group A]\n"
#define VALUE "[expect e]\nvalue=memory.current(A)\n"
#define GOOD  GROUP VALUE "is=0\n"

static void test_refused(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{"", "an [expect NAME] is missing"},
		{"[expct e]\n", "f:1: [expct e]: no such section; there are [global]"},
		{"[expect]\n", "f:1: [expect ]: a name is"},
		{"[expect a b]\n", "a name is 1 to 63"},
		{"[scenario x]\n", "no such section"},
		{"[step start]\n", "a moment that every scenario has"},
		{GROUP "[step a]\nat=1s\n[step a]\n", "f:4: [step a] is there already (f:2)"},
		{GROUP VALUE "wanted=3\n", "f:4: [expect e] wanted: there is no such key"},
		{GROUP VALUE "rnage=3\n", "did you mean 'range'?"},
		{GROUP VALUE "value=1\n", "f:4: [expect e] value: is said twice"},
		{"[scenario]\ntitel=x\n", "f:2: [scenario] titel: there is no such key; did you"},
		{GROUP VALUE "is=memory.current(A\n", "f:4: [expect e] is: at \"(A\": the '('"},
		{GROUP VALUE "is=50\n", "a size has a unit: 50M"},
		{GROUP VALUE "is=3s\n", "f:4: [expect e] is: is of times, what is measured of"},
		{GROUP VALUE "is=1M\ntolerance=5\nbecause=x\n", "tolerance: is of plain numbers"},
		{GROUP VALUE "range=1 .. 2\n", "range: is of plain numbers"},
		{GROUP VALUE "range=2M .. 1M\n", "nothing is in it"},
		{GROUP VALUE "range= .. \n", "a bound is missing"},
		{GROUP VALUE "range=2M\n", "it is LOW .. HIGH"},
		{GROUP VALUE "close=5M\n", "it is FORMULA within SHARE of sum"},
		{GROUP VALUE "close=5M within 3 of sum\n", "is not a share"},
		{GROUP VALUE "close=5M within 101% of sum\n", "is not a share"},
		{GROUP VALUE "close=5M within 3% of it\n", "it is FORMULA within SHARE of sum"},
		{GROUP VALUE "close=5M within 3% of sum\n", "because is missing"},
		{GROUP VALUE "is=0\ntolerance=1M\n", "because is missing"},
		{GROUP VALUE "range=1M ..\ntolerance=1M\n", "tolerance goes with is"},
		{GROUP VALUE, "f:2: [expect e] says one of is, range, close"},
		{GROUP VALUE "is=0\nrange=0 .. 1M\n", "says one of is, range, close"},
		{GROUP "[expect e]\nis=0\n", "value is missing"},
		{GROUP "[expect e]\nvalue=page\nis=1M\n", "names no file"},
		{VALUE "is=0\n", "f:2: [expect e] value: memory.current(A): there is no [group A]"},
		{"[group svc]\n[expect e]\nvalue=memory.current(svx)\nis=0\n",
		 "there is no [group svx]; did you mean 'svc'?"},
		{GROUP VALUE "is=memory.high(B)\n", "there is no [group B]"},
		{GOOD "at=x\n", "f:5: [expect e] at: there is no [step x]"},
		{GOOD "poll=1s\n", "poll goes with timeout"},
		{GOOD "poll=2s\ntimeout=1s\n", "poll: is longer than timeout"},
		{GOOD "poll=0s\n", "poll: \"0s\" is not understood; it is a time"},
		{GOOD "of=memory.max(A)\nsince=start\n", "of and since"},
		{GOOD "of=memory.events:max(A)\n", "of: is of plain numbers"},
		{GOOD "since=end\n", "nothing changes"},
		{GOOD "[step a]\n", "does nothing"},
		{GOOD "[step a]\nat=soon\n", "at: \"soon\" is not understood"},
		{GOOD "[step a]\nat=1s\nafter=start\n", "at and after"},
		{GOOD "[step a]\nat=1s\nwithin=1s\n", "when goes with within"},
		{GOOD "[step a]\nwhen=memory.current(A) > 1M\n", "when goes with within"},
		{GOOD "[step a]\nwhen=memory.current(B) > 1M\nwithin=1s\n", "no [group B]"},
		{GOOD "[step a]\nwhen=memory.current(A) > 1\n", "a size has a unit"},
		{GOOD "[step a]\nwrite=memory.reclaim 1M\n", "it is FILE(GROUP) VALUE"},
		{GOOD "[step a]\nwrite=memory.reclaim(A)\n", "it is FILE(GROUP) VALUE"},
		{GOOD "[step a]\nwrite=../memory.max(A) 1\n", "it is FILE(GROUP) VALUE"},
		{GOOD "[step a]\nwrite=memory.reclaim(B) 1M\n", "write: there is no [group B]"},
		{GOOD "[step a]\nwrite=memory.max(A) 1\nafter=end\n", "nothing is done after"},
		{GOOD "[step a]\nwrite=memory.max(A) 1\nafter=a\n",
		 "f:5: [step a] never begins: it waits for [step a]"},
		{GOOD "[step a]\nwrite=memory.max(A) 1\nafter=b\n[step b]\nwrite=memory.max(A) 2\n",
		 "[step a] never begins: it waits for [step b]"},
		/* Conditions make rings, too. */
		{GOOD "[step a]\nwhen=step:took(b) > 1s\nwithin=1s\n[step b]\npause=1s\n",
		 "f:5: [step a] never begins: it waits for [step b]"},
		{GOOD "[step a]\nat=1s\nwhen=step:tries(b) > 1\nwithin=1s\n"
		      "[step b]\nat=2s\nwhen=1 < step:tries(a)\nwithin=1s\n",
		 "[step a] never begins: it waits for [step b]"},
		{"[group A]\nmemory.max = 50MM\n"
		 "[expect e]\nvalue=memory.current(A)\nis=0\n",
		 "f:2: [group A] memory.max: \"50MM\" is not understood"},
		{GOOD "[requires r]\n", "requires nothing"},
		{GOOD "[requires r]\notherwise=xfail\nzswap=yes\n", "because is missing"},
		{GOOD "[requires r]\notherwise=fail\n", "it is skip, xfail"},
		{GOOD "[requires r]\nzswap=no\n", "it is yes"},
		{GOOD "[requires r]\nkernel=6\n", "it is as 6.12"},
		{GOOD "[requires r]\nnodes=0\n", "a number from 1"},
		{GOOD "[requires r]\nfile=a/b\n", "it is one word"},
		{GOOD "[load l]\ntype=anon\n", "[load l]"},
		{GOOD "[step a]\nstart=l\n", "start: there is no [load l]"},
		{GOOD "[step a]\nkill=l\n", "f:6: [step a] kill: there is no [load l]"},
		{GOOD "[step a]\nkill=fil\n[load fill]\ntype=anon\nsize=1M\n",
		 "there is no [load fil]; did you mean 'fill'?"},
		{GOOD "[step a]\nwrite=memory.max(A) 30s\n",
		 "f:6: [step a] write: \"30s\" is not understood; memory.max is max or a size"},
		{GROUP "[load l]\ntype=anon\nsize=1M each\nworkers=2\n"
		       "[expect e]\nvalue=load:resident(l)\nis=1M\n",
		 "f:7: [expect e] value: load(l): has several workers: name one, l.1"},
		{GOOD "[step a]\nremove=B\n", "remove: there is no [group B]"},
		{GOOD "[step a]\nreclaim=A\n", "it is GROUP to SIZE"},
		{GOOD "[step a]\nreclaim=B to 1M\n", "reclaim: there is no [group B]"},
		{GOOD "[step a]\nwrite=memory.peak@(A) 1\n", "it is FILE(GROUP) VALUE"},
		{GROUP "[expect e]\nvalue=load:alive(x)\nis=1\n", "there is no [load x]"},
		{GROUP "[expect e]\nvalue=step:errno(x)\nis=1\n", "there is no [step x]"},
		{GROUP "[expect e]\nvalue=watch:events(x)\nis=1\n", "there is no [watch x]"},
		{GROUP "[expect e]\nvalue=node:pgsteal(x)\nis=1\n", "a node is a number"},
		{GROUP "[expect e]\nvalue=vmstat:x(A)\nis=1\n", "it is vmstat(machine)"},
		{GOOD "[watch w]\nby=poll\n", "says one of file, group"},
		{GOOD "[watch w]\nfile=memory.events(A)\n", "by is missing"},
		{GOOD "[watch w]\nby=poll\ngroup=A\n", "watched by inotify only"},
		{GOOD "[watch w]\nby=often\n", "it is poll, inotify"},
		{GOOD "[watch w]\nby=poll\nfile=memory.events(B)\n", "there is no [group B]"},
		{GOOD "[watch w]\nby=poll\nfile=memory.events\n", "it is FILE(GROUP)"},
		{GOOD "[agent x]\n", "no such section"},
		{GOOD "[mutant m]\nfails=e\n", "breaks nothing"},
		{GOOD "[mutant m]\nset=group.A.memory.max=1M\n", "fails is missing"},
		{GOOD "[agent]\nready=yes\n", "f:5: [agent] command: is missing"},
		{GOOD "[agent]\ncommand=a @A@ --set b=@B@,c\n",
		 "[agent] command: there is no [group B]"},
		{GOOD "[mutant m]\nset=group.A.memory.max=1M\nfails=x\n",
		 "f:7: [mutant m] fails: there is no [expect x]"},
		{GOOD "[mutant m]\nagent=none\nfails=e\n", "there is no [agent]"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(scenario_freep) struct scenario *s = NULL;
		struct stress_error error = {""};

		assert_int_equal(scenario_new(&s), 0);
		if (scenario_read_text(s, "f", rows[i].text, &error) != -EINVAL ||
		    !strstr(error.text, rows[i].words))
			fail_msg("%s: %s", rows[i].text, error.text);
	}
}

/* Steps that act, watches, an agent, mutants. */
static void test_acts(void **state)
{
	_cleanup_(scenario_freep) struct scenario *s = NULL;
	struct stress_error error;
	int r;

	(void)state;
	assert_int_equal(scenario_new(&s), 0);
	r = scenario_read_text(s, "f",
			       "[scenario]\ntimeout = 90s\n[group A]\n"
			       "[load l]\ntype = anon\nsize = 1M total\nworkers = 2\ngroup = A\n"
			       "[agent]\ncommand = uswapd --cgroup @A@\nready = is ready\n"
			       "[watch w]\nfile = memory.events(A)\nby = inotify\n"
			       "[step go]\nstart = l\n"
			       "[step reset]\npause = 2s\nwrite = memory.peak@own(A) reset now\n"
			       "[step take]\nreclaim = A to 30M\n"
			       "[step over]\nkill = l\nwithin = 5s\nremove = A\n"
			       "[expect e]\nvalue = step:errno(reset)\nis = EAGAIN\n"
			       "[mutant m]\nset = group.A.memory.max=7M\nagent = none\nfails = e\n",
			       &error);
	if (r < 0)
		fail_msg("%s", error.text);
	assert_true(s->timeout_ns == 90 * NSEC_PER_SEC);
	assert_string_equal(s->agent.command, "uswapd --cgroup @A@");
	assert_int_equal(s->watches[0].by, SCENARIO_BY_INOTIFY);
	assert_string_equal(s->watches[0].file.file, "memory.events");
	assert_string_equal(s->steps[1].write.handle, "own");
	assert_string_equal(s->steps[1].write_value, "reset now");
	assert_true(s->steps[1].pause_ns == 2 * NSEC_PER_SEC);
	assert_string_equal(s->steps[2].reclaim, "A");
	assert_true(s->steps[2].reclaim_to_bytes == 30 * MIB);
	assert_string_equal(s->steps[3].remove, "A");
	assert_true(scenario_means_load(s->steps[3].kill, "l.2"));
	assert_false(scenario_means_load("l", "ll"));
	assert_false(scenario_means_load("", "l.1"));
	assert_true(scenario_measures(s, FORMULA_OF_STEP, "reset", FORMULA_STEP_ERRNO,
				      FORMULA_STEP_ERRNO));
	assert_false(scenario_measures(s, FORMULA_OF_STEP, "take", FORMULA_STEP_ERRNO,
				       FORMULA_STEP_ERRNO));

	assert_int_equal(s->job->groups[0].n_knobs, 0);
	assert_int_equal(scenario_mutate(s, &s->mutants[0], &error), 0);
	assert_string_equal(s->job->groups[0].knobs[0].value, "7M");
	assert_string_equal(s->agent.command, "");
}

static struct scenario *read_anew(const char *path)
{
	struct scenario *scenario = NULL;
	struct stress_error error = {""};

	assert_int_equal(scenario_new(&scenario), 0);
	if (scenario_read_file(scenario, path, &error) < 0)
		fail_msg("%s", error.text);
	return scenario;
}

/* All of a folder can be read, and each says at its top what it is. Returns how many there are. */
static size_t read_folder(const char *name)
{
	char path[512], line[256];
	struct dirent *entry;
	size_t n = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/../../../stress/scenarios/%s", fixture_data_path(),
		       name);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		_cleanup_(scenario_freep) struct scenario *s = NULL;
		_cleanup_(fclosep) FILE *file = NULL;
		struct stress_error error = {""};

		if (!strstr(entry->d_name, ".scenario"))
			continue;
		n++;
		(void)snprintf(path, sizeof(path), "%s/../../../stress/scenarios/%s/%s",
			       fixture_data_path(), name, entry->d_name);
		s = read_anew(path);
		assert_true(s->title[0]);
		for (size_t i = 0; i < s->n_mutants; i++) {
			_cleanup_(scenario_freep) struct scenario *broken = read_anew(path);

			if (scenario_mutate(broken, &broken->mutants[i], &error) < 0)
				fail_msg("%s", error.text);
		}
		file = fopen(path, "re");
		assert_non_null(file);
		assert_non_null(fgets(line, sizeof(line), file));
		assert_true(strncmp(line, "# ", 2) == 0 && strlen(line) > 30);
	}
	(void)closedir(dir);
	return n;
}

static void test_library(void **state)
{
	(void)state;
	assert_true(read_folder("charge") > 0);
	assert_true(read_folder("limit") > 0);
	assert_true(read_folder("reclaim") > 0);
	assert_true(read_folder("guard") > 0);
	assert_true(read_folder("agent") > 0);
	assert_true(read_folder("zswap") > 0);
}

static void test_mutant_refused(void **state)
{
	_cleanup_(scenario_freep) struct scenario *s = NULL;
	struct stress_error error = {""};

	(void)state;
	assert_int_equal(scenario_new(&s), 0);
	assert_int_equal(scenario_read_text(
				 s, "f", GOOD "[mutant m]\nset=load.k.size=3M\nfails=e\n", &error),
			 0);
	assert_int_equal(scenario_mutate(s, &s->mutants[0], &error), -EINVAL);
	assert_non_null(strstr(error.text, "f:6: [mutant m] set: "));
	assert_non_null(strstr(error.text, "[load k] there is no such load"));
}

/* What stands in a scenario's sections is no part of a job's file. */
static void test_jobs_have_no_steps(void **state)
{
	_cleanup_(job_freep) struct job *job = NULL;
	struct stress_error error;

	(void)state;
	assert_int_equal(job_new(&job), 0);
	assert_int_equal(job_read_text(job, "j", "[step a]\nat=1s\n", &error), -EINVAL);
	assert_string_equal(error.text, "j:1: [step a]: no such section; there are [global], "
					"[group NAME], [load NAME]");
}

static void test_files(void **state)
{
	static const struct fixture_file files[] = {
		{"a.scenario", "include = groups.job\n" VALUE "is = 0\n"},
		{"groups.job", GROUP "[step one]\nat = 1s\n"},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_(scenario_freep) struct scenario *s = NULL, *none = NULL;
	struct stress_error error;
	char path[128];

	(void)state;
	assert_int_equal(scenario_new(&s), 0);
	(void)snprintf(path, sizeof(path), "%s/a.scenario", fx->path);
	if (scenario_read_file(s, path, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(s->n_steps, 1);
	assert_non_null(strstr(s->steps[0].place.file, "groups.job"));
	assert_int_equal(scenario_new(&none), 0);
	(void)snprintf(path, sizeof(path), "%s/none", fx->path);
	assert_int_equal(scenario_read_file(none, path, &error), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),	       cmocka_unit_test(test_refused),
		cmocka_unit_test(test_mutant_refused), cmocka_unit_test(test_jobs_have_no_steps),
		cmocka_unit_test(test_files),	       cmocka_unit_test(test_acts),
		cmocka_unit_test(test_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
