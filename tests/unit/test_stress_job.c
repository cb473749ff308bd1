/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/job/job.h"

#include "stress/pattern/schedule.h"
#include "tests/unit/fixture.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static struct job *read_good(const char *text)
{
	struct stress_error error;
	struct job *job;

	assert_int_equal(job_new(&job), 0);
	if (job_read_text(job, "good.job", text, &error) < 0 || job_check(job, &error) < 0)
		fail_msg("%s", error.text);
	return job;
}

static void test_defaults(void **state)
{
	_cleanup_(job_freep) struct job *job = read_good("[load a]\ntype=anon\nsize=1M\n");
	const struct load_settings *load = &job->loads[0].settings;

	(void)state;
	assert_true(job->global.duration_ns == UINT64_C(10000000000));
	assert_int_equal(job->global.floor.of, AMOUNT_OF_MEMORY);
	assert_int_equal(job->global.floor.value, 500);
	assert_int_equal(load->nodes.n, 0);
	assert_int_equal(load->ratio_percent, 200);
	assert_true(load->rate_bytes == SCHEDULE_UNLIMITED);
	assert_int_equal(load->reuse.kind, ACCESS_NONE);
	assert_int_equal(load->access.kind, ACCESS_SEQUENTIAL);
	assert_string_equal(load->directory, "/var/tmp");
	assert_string_equal(oom_score_adjs[load->oom_score_adj], "1000");
}

/* Places of what turns out to be wrong on this machine. */
static void test_said_globally(void **state)
{
	_cleanup_(job_freep) struct job *job = read_good("[global]\n"
							 "watch = one\n"
							 "watch = two\n"
							 "parent = batch//tests/\n"
							 "[load a]\ntype = anon\nsize = 1M\n"
							 "ratio = 2\n");
	struct stress_error error;

	(void)state;
	assert_int_equal(job_said_globally(job, "watch", "one")->line, 2);
	assert_int_equal(job_said_globally(job, "watch", "two")->line, 3);
	assert_int_equal(job_said_globally(job, "watch", NULL)->line, 3);
	assert_null(job_said_globally(job, "watch", "three"));
	assert_null(job_said_globally(job, "ratio", NULL));
	assert_string_equal(job->global.parent, "/batch/tests");
	assert_int_equal(job_set_global(job, "parent", "/", &error), 0);
	assert_string_equal(job->global.parent, "/");
	assert_string_equal(job_said_globally(job, "parent", NULL)->file, "command line");
}

static void test_whole_job(void **state)
{
	_cleanup_(job_freep) struct job *job = read_good("# a comment\n"
							 "[global]\n"
							 "duration = 1.5s ; another\n"
							 "seed = 99\n"
							 "watch-pid = 1\n"
							 "watch = uswapd\n"
							 "watch = a-second\n"
							 "ratio = 3.5\n"
							 "\n"
							 "[group svc]\n"
							 "memory.max = 128M\n"
							 "memory.swap.max = 0\n"
							 "memory.low=10M\n"
							 "[group svc/inner]\n"
							 "[load grow]\n"
							 "\ttype = anon\n"
							 "  group = svc/inner\n"
							 "size = 88% of limit\n"
							 "rate = 8M/s\n"
							 "reuse = hot:20%:95%\n"
							 "reuse-write = 10%\n"
							 "node = 1\n"
							 "[load files]\n"
							 "type: fileread\n"
							 "size = 2G\r\n"
							 "ratio = 1\n"
							 "duration = 5s");
	const struct load_settings *grow = &job->loads[0].settings;

	(void)state;
	assert_int_equal(job->global.duration_ns, 1500000000);
	assert_int_equal(job->global.seed, 99);
	assert_int_equal(job->global.watches.n, 3);
	assert_int_equal(job->global.watches.entries[0].pid, 1);
	assert_string_equal(job->global.watches.entries[1].name, "uswapd");
	assert_string_equal(job->global.watches.entries[2].name, "a-second");
	assert_int_equal(job->n_groups, 2);
	/* The order of a group's files is kept. */
	assert_int_equal(job->groups[0].n_knobs, 3);
	assert_string_equal(job->groups[0].knobs[0].file, "memory.max");
	assert_string_equal(job->groups[0].knobs[2].file, "memory.low");
	assert_string_equal(job->groups[0].knobs[2].value, "10M");
	assert_int_equal(job->groups[0].knobs[2].place.line, 13);
	assert_string_equal(grow->group, "svc/inner");
	assert_int_equal(grow->size.of, AMOUNT_OF_LIMIT);
	assert_int_equal(grow->size.value, 8800);
	assert_int_equal(grow->rate_bytes, 8 << 20);
	assert_int_equal(grow->reuse.kind, ACCESS_HOT);
	assert_int_equal(grow->reuse_write_permyriad, 1000);
	assert_int_equal(grow->nodes.n, 1);
	assert_int_equal(grow->nodes.ids[0], 1);
	/* A load's setting in [global] is the default of those that follow. */
	assert_int_equal(grow->ratio_percent, 350);
	assert_int_equal(job->loads[1].settings.ratio_percent, 100);
	/* duration in [global] is the run's, in a load the load's. */
	assert_true(job->loads[1].settings.duration_ns == UINT64_C(5000000000));
	assert_int_equal(grow->duration_ns, 0);
	assert_true(job->loads[1].settings.size.value == UINT64_C(2) << 30);
}

/* The command line says the same as a file. */
static void test_command_line(void **state)
{
	_cleanup_(job_freep) struct job *file =
		read_good("[global]\nduration=3s\n[group svc]\nmemory.max=128M\nmemory.high=96M\n"
			  "[load grow]\ntype=anon\nsize=64M\ngroup=svc\nrate=8M/s\n"
			  "[load anon]\ntype=anon\nsize=1M\n[load anon2]\ntype=anon\nsize=2M\n");
	_cleanup_(job_freep) struct job *line = NULL;
	struct stress_error error;

	(void)state;
	assert_int_equal(job_new(&line), 0);
	assert_int_equal(job_set_global(line, "duration", "3s", &error), 0);
	assert_int_equal(job_add_group(line, "svc:memory.max=128M,memory.high=96M", &error), 0);
	assert_int_equal(job_add_load(line, "anon:size=9M,group=svc,name=grow,rate=8M/s", &error),
			 0);
	assert_int_equal(job_add_load(line, "anon:size=1M", &error), 0);
	assert_int_equal(job_add_load(line, "anon:size=2M", &error), 0);
	assert_int_equal(job_set(line, "load.grow.size=64M", &error), 0);
	assert_int_equal(job_set(line, "group.svc.memory.max=128M", &error), 0);
	assert_int_equal(job_check(line, &error), 0);
	assert_int_equal(line->n_loads, file->n_loads);
	assert_int_equal(line->n_groups, file->n_groups);
	assert_memory_equal(&line->global, &file->global, sizeof(line->global));
	for (size_t i = 0; i < line->n_loads; i++) {
		assert_string_equal(line->loads[i].name, file->loads[i].name);
		assert_memory_equal(&line->loads[i].settings, &file->loads[i].settings,
				    sizeof(line->loads[i].settings));
	}
	assert_int_equal(line->groups[0].n_knobs, 2);
	assert_string_equal(line->groups[0].knobs[0].value, "128M");
	assert_string_equal(line->groups[0].knobs[1].file, "memory.high");
}

struct bad_row {
	const char *text;
	const char *words; /* the message contains them, in this order, separated by '|' */
};

static void check_words(const char *text, const char *message, const char *words)
{
	_cleanup_free_ char *copy = strdup(words);
	const char *at = message;
	char *rest = copy, *word;

	assert_non_null(copy);
	while (at && (word = strsep(&rest, "|"))) {
		at = strstr(at, word);
		if (at)
			at += strlen(word);
		else
			fail_msg("\"%s\" says \"%s\", without \"%s\"", text, message, word);
	}
}

#define LOAD_A "[load a]\ntype=anon\nsize=1M\n"

static void test_bad_files(void **state)
{
	static const struct bad_row rows[] = {
		{"", "nothing to do"},
		{"[load a]\ntype=anon\nsiz=1M\n", "bad.job:3: [load a] siz:|did you mean 'size'"},
		{"[load a]\ntype=anon\nsize=12Q\n", "bad.job:3: [load a] size: \"12Q\"|64M"},
		{"[load a]\ntype=anon\nsize=80%\n", "bad.job:3:|size|of limit"},
		{"[load a]\ntype=anon\nsize=80% of everything\n", "bad.job:3:|of limit"},
		{"[load a]\ntype=anon\nsize=100\n", "bad.job:3:|out of range|at least 4.0 KiB"},
		{"[load a]\ntype=anon\n", "bad.job:1: [load a] size: must be given"},
		{"[load a]\nsize=1M\n", "bad.job:1: [load a] type: must be given"},
		{"[load a]\ntype=anonn\nsize=1M\n", "bad.job:2: [load a] type: \"anonn\""},
		{"[load a]\ntype=anon\nsize=65T\n", "bad.job:3:|out of range|at most 64.0 TiB"},
		{"[group svc]\nmemory.maxx=1M\n" LOAD_A,
		 "bad.job:2: [group svc] memory.maxx:|did you mean 'memory.max'"},
		{"[load a]\ntype=slab\nset-point=resident 1M\nsize=1M\n",
		 "bad.job:3: [load a] set-point: resident is memory"},
		{"[load a]\ntype=churn\nrate=1M/s\nsize=1M\n",
		 "bad.job:3: [load a] rate:|forks=100/s"},
		{LOAD_A "rate=8M\n", "bad.job:4:|8M/s"},
		{LOAD_A "rate=8/s/s\n", "bad.job:4:"},
		{LOAD_A "start=5\n", "bad.job:4:|with its unit"},
		{LOAD_A "start=10s\n", "bad.job:4: [load a] start: the run is over by then"},
		{LOAD_A "policy=local\n", "bad.job:4:|bind, preferred, none, interleave"},
		{LOAD_A "policy=interleave\n", "bad.job:4: [load a] policy:|say which `node`"},
		{LOAD_A "set-point=free 1G\nnode=0-1\n",
		 "bad.job:4: [load a] set-point: free memory is that of one node"},
		{LOAD_A "ratio=0.5\n", "bad.job:4:|out of range"},
		{LOAD_A "ratio=101\n", "bad.job:4:|out of range"},
		{LOAD_A "node=one\n", "bad.job:4:|nodes' numbers"},
		{LOAD_A "reuse=hot\n", "bad.job:4:|hot:SHARE%"},
		{LOAD_A "group=svc\n", "bad.job:4: [load a] group: there is no [group svc]"},
		{LOAD_A "files=3\n",
		 "bad.job:4: [load a] files:|type anon has no such setting; fileread, "},
		{LOAD_A "contents=word\nreuse-write=1%\n", "[load a] contents"},
		{"[group svc]\n" LOAD_A "group=svd\n",
		 "bad.job:5: [load a] group:|[group svd]|did you mean 'svc'"},
		{"[group svc]\n[group svc/in]\n" LOAD_A "group=svc\n",
		 "bad.job:6: [load a] group: svc has groups inside|put the load into svc/in"},
		{"[load a]\ntype=anonn\nsize=1M\n", "did you mean 'anon'"},
		{"[load a]\ntype=anonn\nsize=much\n", "bad.job:2: [load a] type: \"anonn\""},
		{LOAD_A "schedule=sinus\n", "bad.job:4:|steady, burst, hold, leak|sawtooth"},
		{LOAD_A "schedule=sine\nrate=1M/s\n", "bad.job:5: [load a] rate:|leave it out"},
		{LOAD_A "schedule=leak\n", "[load a] rate: must be given"},
		{"[load a]\ntype=leak\nsize=1M\nrate=1K/s\nschedule=sine\n",
		 "bad.job:5: [load a] schedule: a leak gives nothing back"},
		{"[load a]\ntype=leak\nsize=1M\nschedule=leak\n", "[load a] rate: a leak is slow"},
		{"[load a]\ntype=fragment\nsize=1M\nschedule=sawtooth\n",
		 "bad.job:4: [load a] schedule: memory is in pieces"},
		{LOAD_A "schedule=replay\n", "[load a] trace: schedule = replay|go together"},
		{LOAD_A "trace=/tmp/x\n", "bad.job:4: [load a] trace:|go together"},
		{LOAD_A "low=4K\n", "bad.job:4: [load a] low: only with schedule"},
		{LOAD_A "period=4s\n", "bad.job:4: [load a] period: only with schedule = burst,"},
		{LOAD_A "schedule=ramp\nsteps=4\n",
		 "bad.job:5: [load a] steps: only with schedule = step"},
		{LOAD_A "schedule=sine\nhold=1s\n",
		 "bad.job:5: [load a] hold: only with schedule = burst"},
		{LOAD_A "reuse-rate=1M/s\n", "bad.job:4: [load a] reuse-rate:|with `reuse`"},
		{LOAD_A "schedule=burst\nset-point=resident 1M\n",
		 "bad.job:5: [load a] set-point:|takes the place of a schedule"},
		{LOAD_A "set-point=memory.current 1M\n", "bad.job:4: [load a] set-point:|`group`"},
		{LOAD_A "set-point=memory.curent 1M\n", "bad.job:4:|memory.current SIZE"},
		{LOAD_A "set-point=pressure 5M\n", "bad.job:4:|pressure PERCENT"},
		{LOAD_A "set-point=pressure 0%\n", "bad.job:4:|out of range"},
		{LOAD_A "set-point=pressure 101%\n", "bad.job:4:|out of range"},
		{LOAD_A "set-point=resident\n", "bad.job:4:|not understood"},
		{LOAD_A "drift=1s\n", "bad.job:4: [load a] drift: only with reuse = hot or zipf"},
		{LOAD_A "reuse=zipf\nspread=1s\n",
		 "bad.job:5: [load a] spread: only with reuse = hot,"},
		{LOAD_A "workers=2\n", "bad.job:3: [load a] size: there are 2 workers|each|total"},
		{LOAD_A "workers=257\n",
		 "bad.job:4:|out of range; it is a number, at least 1, at most 256"},
		{LOAD_A "workers=0\n", "bad.job:4:|out of range"},
		{"[load a]\ntype=anon\nsize=1M each\nlow=4K\nschedule=ramp\nworkers=2\n",
		 "bad.job:4: [load a] low: there are 2 workers"},
		{"[load a]\ntype=anon\nsize=1M each\nset-point=free 1G\nworkers=2\n",
		 "bad.job:4: [load a] set-point: one worker alone"},
		{"[load a]\ntype=anon\nsize=1M each\nworkers=200\n"
		 "[load b]\ntype=anon\nsize=1M each\nworkers=57\n",
		 "bad.job:8: [load b] workers: more than 256"},
		{"[load a]\ntype=anon\nsize=1M  each\n", "bad.job:3:"},
		{"[load a]\ntype=anon\nsize=each\n", "bad.job:3:"},
		{"[load a]\ntype=anon\nsize=5%of limit\n", "bad.job:3:"},
		{"include = other.job\n", "bad.job:1: include: only a file can"},
		{"[load a]\ntype=fileread\nsize=1M\nblock=5000\n", "[load a] block"},
		{"[load a]\ntype=fileread\nsize=1M\nmode=stream\naccess=uniform\n", "stream"},
		{"[load a]\ntype=fileread\nsize=1M\naccess=none\n", "access"},
		{LOAD_A LOAD_A, "bad.job:4: [load a] is there already (bad.job:1);"},
		{LOAD_A "size=2M\n",
		 "bad.job:4: [load a] size: was said in line 3 before, as \"1M\""},
		{"[global]\nseed=1\nrate=1M/s\nseed=1\n" LOAD_A,
		 "bad.job:4: [global] seed: was said in line 2"},
		{"[global]\nrate=1M/s\nseed=1\nrate=2M/s\n" LOAD_A,
		 "bad.job:4: [global] rate: was said in line 2"},
		{LOAD_A "[group g]\nmemory.max=1G\nmemory.high=1G\nmemory.max=max\n",
		 "bad.job:7: [group g] memory.max: was said in line 5"},
		{"[load a b]\n", "bad.job:1: [load a b]: a load's name"},
		{"[load ]\n", "bad.job:1:|a load's name"},
		{"[load a] ratio=3\ntype=anon\nsize=1M\n",
		 "bad.job:1: [load a]: a section stands in a line of its own"},
		{"[laod a]\n", "bad.job:1: [laod a]: no such section|[load NAME]"},
		{"[load a\n", "bad.job:1:|ends with ']'"},
		{"size=1M\n[load a]\n", "bad.job:1: size: stands before any section"},
		{"[load a]\ntype=anon\nsize\n", "bad.job:3: neither [SECTION] nor KEY = VALUE"},
		{"[global]\nduraton=3s\n", "bad.job:2: [global] duraton:|did you mean 'duration'"},
		{"[global]\nduration=0s\n", "bad.job:2:|out of range|at least 1 ms"},
		{"[global]\nduration=3\n", "bad.job:2:|20s"},
		{"[global]\nwatch-pid=0\n", "bad.job:2:"},
		{"[global]\nparent=/a/../b\n", "bad.job:2: [global] parent:|without '.' and '..'"},
		{"[global]\nwatch=a-name-that-is-too-long\n", "bad.job:2:|15 bytes"},
		{"[group a/b]\n", "bad.job:1: [group a/b]: there is no [group a] before it"},
		{"[group ../a]\n", "bad.job:1:|a group's name"},
		{"[group /a]\n", "bad.job:1:|a group's name"},
		{"[group a/]\n", "bad.job:1:|a group's name"},
		{"[group a.b]\n", "bad.job:1:|a group's name"},
		{"[group a]\n[group a]\n", "bad.job:2: [group a] is there already"},
		{"[group a]\nmemory = 3\n", "bad.job:2: [group a] memory: not a file of a cgroup"},
		{"[group a]\n../memory.max = 3\n", "bad.job:2:|not a file of a cgroup"},
		{"[group a]\nmemory..max = 3\n", "bad.job:2:|not a file of a cgroup"},
		{"[global]\n[load a]\ntype=anon\nx" /* a line that inih would cut */
		 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx=1\n",
		 "bad.job:4: the line has more than"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(job_freep) struct job *job = NULL;
		struct stress_error error = {""};
		int r;

		assert_int_equal(job_new(&job), 0);
		r = job_read_text(job, "bad.job", rows[i].text, &error);
		if (r == 0)
			r = job_complete(job, &error);
		if (r == 0)
			r = job_check(job, &error);
		if (r != -EINVAL)
			fail_msg("\"%s\": %d", rows[i].text, r);
		check_words(rows[i].text, error.text, rows[i].words);
	}
}

static void test_bad_command_line(void **state)
{
	static const struct {
		int (*take)(struct job *, const char *, struct stress_error *);
		const char *text, *words;
	} rows[] = {
		{job_add_load, "anon:size", "--load:|TYPE:KEY=VALUE"},
		{job_add_load, "anon:name=a/b", "--load:|a load's name"},
		{job_add_load, "anon:name=old", "is there already"},
		{job_add_load, "anon:name=a,size=1M,name=a", "--load:|more than one name"},
		{job_add_load, "anon:size=1M,rate=1M/s,size=2M",
		 "--load: [load anon] size: was said before, as \"1M\""},
		{job_add_load, "anon:size=1M,type=shmem",
		 "--load: [load anon] type: was said before"},
		{job_add_group, "g:memory.max=1G,memory.max=2G",
		 "--group: [group g] memory.max: was said before"},
		{job_add_load, "anon:sise=1M", "--load: [load anon] sise:|'size'"},
		{job_add_load, "", "a load's name"},
		{job_add_group, "svc:memory.max", "--group:|NAME:FILE=VALUE"},
		{job_add_group, "", "a group's name"},
		{job_set, "", "--set:|load.NAME.KEY=VALUE"},
		{job_set, "load.old.size", "--set:|load.NAME.KEY=VALUE"},
		{job_set, "load.size=3", "--set:"},
		{job_set, "load.old.=3", "--set:"},
		{job_set, "load.older.size=3M", "--set: [load older] there is no such load"},
		{job_set, "group.g.memory.max=3M", "--set: [group g] there is no such group"},
		{job_set, "global.seed=x", "--set: [global] seed"},
		{job_set, "glob.seed=1", "--set:"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(job_freep) struct job *job = NULL;
		struct stress_error error = {""};

		assert_int_equal(job_new(&job), 0);
		assert_int_equal(job_add_load(job, "anon:name=old,size=1M", &error), 0);
		assert_int_equal(rows[i].take(job, rows[i].text, &error), -EINVAL);
		check_words(rows[i].text, error.text, rows[i].words);
	}
}

static void test_files(void **state)
{
	static const struct fixture_file files[] = {{"a.job", LOAD_A}, {"empty.job", ""}};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_(job_freep) struct job *job = NULL;
	struct stress_error error;
	char path[256];

	(void)state;
	assert_int_equal(job_new(&job), 0);
	(void)snprintf(path, sizeof(path), "%s/a.job", fx->path);
	assert_int_equal(job_read_file(job, path, &error), 0);
	assert_int_equal(job_check(job, &error), 0);
	/* What was said is kept for the report. */
	assert_int_equal(job->n_sayings, 2);
	assert_string_equal(job->sayings[1].section, "load a");
	assert_string_equal(job->sayings[1].value, "1M");
	(void)snprintf(path, sizeof(path), "%s/missing.job", fx->path);
	assert_int_equal(job_read_file(job, path, &error), -ENOENT);
	check_words(path, error.text, "missing.job|No such file");
	assert_int_equal(job_read_file(job, fx->path, &error), -EISDIR);
}

/* Files beside the one that includes them, wherever that is read from. */
static void test_include(void **state)
{
	static const struct fixture_file files[] = {
		{"main.job",
		 "\xef\xbb\xbf[global]\nratio=3\ninclude = parts/a.job\n[load b]\ntype=anon\n"
		 "size=2M\n"},
		{"parts/a.job", "include more.job  \n" LOAD_A},
		{"parts/more.job", "[global]\nduration=3s\n"},
		{"bad.job", LOAD_A "\n  include = parts/wrong.job\n"},
		{"parts/wrong.job", "\n[load x]\nsise = 3\n"},
		{"missing.job", "include=nowhere.job\n"},
		{"directory.job", "include=parts\n"},
		{"loop.job", "include = loop.job\n"},
		{"after.job", LOAD_A "include=parts/more.job\nrate=1M/s\n"},
		{"which.job", "include = \n"},
	};
	static const struct {
		const char *file, *words;
	} bad[] = {
		{"bad.job", "parts/wrong.job:3: [load x] sise|'size'|(included by|bad.job:5)"},
		{"missing.job", "missing.job:1: include: |nowhere.job: No such file"},
		{"directory.job", "directory.job:1: include: |parts: Is a directory"},
		{"loop.job", "loop.job:1: include:|more than 8 files deep"},
		{"after.job", "after.job:5: rate: stands before any section"},
		{"which.job", "which.job:1: include: which file"},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_(job_freep) struct job *job = NULL;
	struct stress_error error = {""};
	char path[256];

	(void)state;
	assert_int_equal(job_new(&job), 0);
	(void)snprintf(path, sizeof(path), "%s/main.job", fx->path);
	if (job_read_file(job, path, &error) < 0 || job_check(job, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(job->n_loads, 2);
	assert_string_equal(job->loads[0].name, "a");
	assert_int_equal(job->loads[0].settings.ratio_percent, 300);
	assert_int_equal(job->global.duration_ns, UINT64_C(3000000000));
	assert_non_null(strstr(job->loads[0].place.file, "parts/a.job"));
	assert_int_equal(job->loads[0].place.line, 2);
	assert_int_equal(job->loads[1].place.line, 4);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_cleanup_(job_freep) struct job *wrong = NULL;

		assert_int_equal(job_new(&wrong), 0);
		(void)snprintf(path, sizeof(path), "%s/%s", fx->path, bad[i].file);
		assert_int_equal(job_read_file(wrong, path, &error), -EINVAL);
		check_words(bad[i].file, error.text, bad[i].words);
	}
}

/* Values with commas, and every setting there is, can be said on the command line. */
static void test_commas(void **state)
{
	_cleanup_(job_freep) struct job *job = NULL;
	struct stress_error error = {""};

	(void)state;
	assert_int_equal(job_new(&job), 0);
	if (job_add_group(job, "g:cpuset.cpus=0,2,4-5,memory.max=1G,io.max=8:0 rbps=1", &error) <
		    0 ||
	    job_add_load(job, "fileread:directory=/tmp/a,b,size=50% of free,name=x,block=8K",
			 &error) < 0)
		fail_msg("%s", error.text);
	assert_string_equal(job->groups[0].knobs[0].value, "0,2,4-5");
	assert_string_equal(job->groups[0].knobs[1].value, "1G");
	assert_string_equal(job->groups[0].knobs[2].value, "8:0 rbps=1");
	assert_string_equal(job->loads[0].settings.directory, "/tmp/a,b");
	assert_string_equal(job->loads[0].name, "x");
	assert_int_equal(job->loads[0].settings.block_bytes, 8192);
	assert_int_equal(job_set(job, "load.x.directory=/tmp/a,b=c,d", &error), 0);
	assert_string_equal(job->loads[0].settings.directory, "/tmp/a,b=c,d");
}

/* The jobs that are shipped make sense, and say in their first line what they stand for. */
static void test_shipped(void **state)
{
	char path[512], line[256];
	struct dirent *entry;
	size_t n = 0;
	DIR *dir;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/../../../stress/jobs", fixture_data_path());
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		_cleanup_(job_freep) struct job *job = NULL;
		struct stress_error error = {""};
		FILE *file;

		if (!strstr(entry->d_name, ".job"))
			continue;
		n++;
		(void)snprintf(path, sizeof(path), "%s/../../../stress/jobs/%s",
			       fixture_data_path(), entry->d_name);
		assert_int_equal(job_new(&job), 0);
		if (job_read_file(job, path, &error) < 0 || job_complete(job, &error) < 0 ||
		    job_check(job, &error) < 0)
			fail_msg("%s", error.text);
		file = fopen(path, "re");
		assert_non_null(file);
		assert_non_null(fgets(line, sizeof(line), file));
		(void)fclose(file);
		assert_true(strncmp(line, "# ", 2) == 0 && strlen(line) > 30);
	}
	(void)closedir(dir);
	assert_true(n >= 14);
}

/* Every default in the tables is itself a good value, and every setting explains itself. */
static void test_tables(void **state)
{
	const struct setting_table *const tables[] = {&global_table, &load_table};

	(void)state;
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		for (size_t i = 0; i < tables[t]->n; i++) {
			const struct setting *setting = &tables[t]->settings[i];
			_cleanup_free_ void *base = calloc(1, MAX(sizeof(struct global_settings),
								  sizeof(struct load_settings)));

			assert_non_null(base);
			assert_true(setting->help && strlen(setting->help) > 10);
			assert_ptr_equal(stress_setting_find(tables[t], setting->name), setting);
			if (setting->default_text &&
			    stress_setting_read(setting, setting->default_text, base) != 0)
				fail_msg("default of %s: %s", setting->name, setting->default_text);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),	 cmocka_unit_test(test_said_globally),
		cmocka_unit_test(test_whole_job),	 cmocka_unit_test(test_command_line),
		cmocka_unit_test(test_bad_files),	 cmocka_unit_test(test_files),
		cmocka_unit_test(test_bad_command_line), cmocka_unit_test(test_tables),
		cmocka_unit_test(test_include),		 cmocka_unit_test(test_commas),
		cmocka_unit_test(test_shipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
