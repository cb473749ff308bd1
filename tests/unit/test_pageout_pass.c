/* SPDX-License-Identifier: Apache-2.0 */
/* One way through a group: what is asked of the kernel, in which pieces, and what is made of it. */
#include "agent/pageout/pass.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define KIB	  (UINT64_C(1) << 10)
#define MIB	  (UINT64_C(1) << 20)
#define NOW	  (100 * NSEC_PER_SEC)

#define PROCESSES 2
#define CALLS	  64

/* What the kernel was asked. The table of operations has no context: one scene at a time. */
static struct kernel {
	struct fixture *fx;
	pid_t pids[PROCESSES];
	uint64_t resident_kib[PROCESSES];
	int answer; /* 0: does as asked */
	bool thaws; /* after the first call */
	size_t n_calls;
	struct call {
		uint64_t start, length;
		int advice;
	} calls[CALLS];
} kernel;

static void write_status(size_t i, char state)
{
	char path[32], text[256];

	(void)snprintf(path, sizeof(path), "%d/status", kernel.pids[i]);
	(void)snprintf(text, sizeof(text),
		       "Name:\tp%zu\nState:\t%c\nUid:\t1000\nVmRSS:\t%" PRIu64
		       " kB\nVmSwap:\t%" PRIu64 " kB\n",
		       i, state, kernel.resident_kib[i], 100000 - kernel.resident_kib[i]);
	fixture_write(kernel.fx, path, text);
}

static void write_mappings(size_t i, const char *smaps, const char *numa_maps)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "%d/smaps", kernel.pids[i]);
	fixture_write(kernel.fx, path, smaps);
	(void)snprintf(path, sizeof(path), "%d/numa_maps", kernel.pids[i]);
	fixture_write(kernel.fx, path, numa_maps);
}

static void write_frozen(bool frozen)
{
	fixture_write(kernel.fx, "group/cgroup.events",
		      frozen ? "populated 1\nfrozen 1\n" : "populated 1\nfrozen 0\n");
}

/* Every call frees 1 MiB of the first process, whatever it was asked for. */
static int advise(const struct request *request)
{
	assert_true(request->fd >= 0 && kernel.n_calls < CALLS);
	kernel.calls[kernel.n_calls++] =
		(struct call){request->start, request->bytes, request->advice};
	if (kernel.answer != 0)
		return kernel.answer;
	if (kernel.thaws)
		write_frozen(false);
	kernel.resident_kib[0] -= KIB;
	write_status(0, 'T');
	return 0;
}

static const struct act_ops ops = {.name = "fake", .make = advise};

struct scene {
	struct pageout_settings settings;
	struct pageout_history history;
	struct hands hands;
	struct hand *hand;
	_Atomic bool leaving;
	struct pageout_pass *pass;
	struct pageout_ask ask;
};

#define HEAP(start, end, figures) start "-" end " rw-p 0 00:00 0 [heap]\n" figures

/* Two real processes, for their numbers; what they are is told by files. */
static struct scene *scene_new(void)
{
	static const struct fixture_file files[] = {{"group/cgroup.type", "domain\n"}};
	struct scene *s = calloc(1, sizeof(*s));
	char procs[64];

	assert_non_null(s);
	kernel = (struct kernel){.fx = fixture_new(files, ARRAY_SIZE(files))};
	for (size_t i = 0; i < PROCESSES; i++) {
		kernel.pids[i] = fork();
		assert_true(kernel.pids[i] >= 0);
		if (kernel.pids[i] == 0) {
			pause();
			_exit(0);
		}
		kernel.resident_kib[i] = 50000;
		write_status(i, 'S');
		write_mappings(i, "", "");
	}
	(void)snprintf(procs, sizeof(procs), "%d\n0\n%d\n%d\n", kernel.pids[0], getpid(),
		       kernel.pids[1]);
	fixture_write(kernel.fx, "group/cgroup.procs", procs);
	write_frozen(false);
	assert_int_equal(hand_new(&s->hands, "test", &s->hand), 0);
	assert_int_equal(pageout_pass_new(kernel.fx->fd, s->hand, NULL, &s->leaving, &s->pass), 0);
	s->settings.rss_min_bytes = MIB;
	s->ask = (struct pageout_ask){
		.group = 5,
		.group_fd = openat(kernel.fx->fd, "group", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.node = -1,
		.bytes = 1000 * MIB,
		.may_swap = true,
	};
	assert_true(s->ask.group_fd >= 0);
	return s;
}

static void scene_free(struct scene *s)
{
	pageout_pass_free(s->pass);
	hand_free(s->hand);
	fd_close(s->ask.group_fd);
	for (size_t i = 0; i < PROCESSES; i++) {
		(void)kill(kernel.pids[i], SIGKILL);
		assert_int_equal(waitpid(kernel.pids[i], NULL, 0), kernel.pids[i]);
	}
	fixture_free(kernel.fx);
	free(s);
}

static const struct pageout_result *run(struct scene *s, const struct act_ops *with)
{
	assert_int_equal(pageout_pass_begin(s->pass, &s->ask, &s->settings, with), 0);
	while (pageout_pass_step(s->pass, &s->history, 4 * MIB, NOW) > 0)
		;
	return pageout_pass_result(s->pass);
}

static void test_stopped(void **state)
{
	struct scene *s = scene_new();
	const struct pageout_result *r;

	(void)state;
	write_status(0, 'T');
	write_mappings(0,
		       HEAP("10000000", "10800000",
			    "Rss: 8192 kB\nAnonymous: 8192 kB\n") "20000000-20001000 r-xp 0 08:01 "
								  "7 /bin/x\nRss: 4 kB\n"
								  "30000000-30001000 rw-s 0 08:01 "
								  "8 /data\nRss: 4 kB\n"
								  "40000000-40001000 rw-p 0 00:00 "
								  "0\nRss: 4 kB\nVmFlags: lo\n"
								  "50000000-50001000 rw-p 0 00:00 "
								  "0\nRss: 4 kB\n"
								  "60000000-60001000 rw-p 0 00:00 "
								  "0\nRss: 0 kB\n",
		       "");
	write_mappings(1, HEAP("10000000", "10800000", "Rss: 8192 kB\n"), "");
	r = run(s, &ops);
	assert_true(r->ended);
	assert_int_equal(r->error, 0);
	assert_int_equal(r->processes[PAGEOUT_STOPPED], 1);
	assert_int_equal(r->processes[PAGEOUT_RUNS], 1);
	assert_int_equal(r->mappings[PAGEOUT_MAPPING_TAKEN], 2);
	assert_int_equal(r->mappings[PAGEOUT_MAPPING_EXECUTABLE], 1);
	assert_int_equal(r->mappings[PAGEOUT_MAPPING_SHARED], 1);
	assert_int_equal(r->mappings[PAGEOUT_MAPPING_LOCKED], 1);
	assert_int_equal(r->mappings[PAGEOUT_MAPPING_EMPTY], 1);
	/* The heap in two pieces, and the other one. */
	assert_int_equal(kernel.n_calls, 3);
	assert_int_equal(kernel.calls[0].start, 0x10000000);
	assert_int_equal(kernel.calls[0].length, 4 * MIB);
	assert_int_equal(kernel.calls[1].start, 0x10400000);
	assert_int_equal(kernel.calls[1].length, 4 * MIB);
	assert_int_equal(kernel.calls[2].start, 0x50000000);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(kernel.calls[i].advice, MADV_PAGEOUT);
	/* What was asked for is one thing, what it brought another. */
	assert_int_equal(r->calls, 3);
	assert_int_equal(r->tried_bytes, 8 * MIB + 4 * KIB);
	assert_int_equal(r->applied_bytes, 3 * MIB);
	assert_int_equal(r->swapped_bytes, 3 * MIB);
	assert_int_equal(r->cooled_bytes, 0);
	/* It was looked through: not again at once. */
	r = run(s, &ops);
	assert_int_equal(r->processes[PAGEOUT_RESTS], 1);
	assert_int_equal(kernel.n_calls, 3);
	scene_free(s);
}

/* It stops when enough was tried, and goes on there when the same is asked again. */
static void test_goes_on(void **state)
{
	struct scene *s = scene_new();
	const struct pageout_result *r;

	(void)state;
	write_status(0, 'T');
	write_mappings(0, HEAP("10000000", "12000000", "Rss: 32768 kB\n"), "");
	s->ask.bytes = 8 * MIB;
	for (uint64_t i = 0; i < 4; i++) {
		r = run(s, &ops);
		assert_int_equal(kernel.n_calls, 2 * (i + 1));
		assert_int_equal(kernel.calls[2 * i].start, 0x10000000 + i * 8 * MIB);
		assert_int_equal(r->tried_bytes, 8 * MIB);
		assert_int_equal(r->applied_bytes, 2 * MIB);
		assert_false(r->ended);
		assert_true(pageout_pass_is_open(s->pass));
	}
	r = run(s, &ops);
	assert_true(r->ended);
	assert_false(pageout_pass_is_open(s->pass));
	assert_int_equal(r->tried_bytes, 0);
	assert_int_equal(kernel.n_calls, 8);
	scene_free(s);
}

/* Another group or node is another way. */
static void test_begins_anew(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	write_status(0, 'T');
	write_mappings(0, HEAP("10000000", "12000000", "Rss: 32768 kB\n"), "");
	s->ask.bytes = 4 * MIB;
	(void)run(s, &ops);
	s->ask.group = 6;
	(void)run(s, &ops);
	assert_int_equal(kernel.n_calls, 2);
	assert_int_equal(kernel.calls[1].start, kernel.calls[0].start);
	scene_free(s);
}

/* A group that is named no more: its processes that run are left alone from there on. */
static void test_named_no_more(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	s->settings.group.n = 1;
	write_mappings(0, HEAP("10000000", "12000000", "Rss: 32768 kB\n"), "");
	s->ask.bytes = 4 * MIB;
	s->ask.group_named = true;
	assert_int_equal(run(s, &ops)->processes[PAGEOUT_NAMED], 1);
	assert_int_equal(kernel.n_calls, 1);
	write_status(0, 'S');
	s->ask.group_named = false;
	assert_int_equal(run(s, &ops)->processes[PAGEOUT_RUNS], 2);
	assert_int_equal(kernel.n_calls, 1);
	/* Nor is one whose name is not meant any more. */
	s->settings = (struct pageout_settings){.rss_min_bytes = MIB, .name.n = 1};
	(void)strcpy(s->settings.name.pattern[0], "p0");
	assert_int_equal(run(s, &ops)->processes[PAGEOUT_NAMED], 1);
	assert_int_equal(kernel.n_calls, 2);
	write_status(0, 'S');
	(void)strcpy(s->settings.name.pattern[0], "p1");
	(void)run(s, &ops);
	assert_int_equal(kernel.n_calls, 2);
	scene_free(s);
}

static void test_node(void **state)
{
	struct scene *s = scene_new();
	const struct pageout_result *r;

	(void)state;
	write_status(0, 'T');
	/* The second is not in numa_maps, the fourth has nothing here. */
	write_mappings(0,
		       HEAP("10000000", "10001000", "Rss: 4 kB\n")
			       HEAP("20000000", "20001000", "Rss: 4 kB\n")
				       HEAP("30000000", "30001000", "Rss: 4 kB\n")
					       HEAP("40000000", "40001000", "Rss: 4 kB\n"),
		       "10000000 default heap anon=1 N1=1 kernelpagesize_kB=4\n"
		       "28000000 default N1=1 kernelpagesize_kB=4\n"
		       "30000000 default heap anon=3 N0=1 N1=2 kernelpagesize_kB=4\n"
		       "40000000 default heap anon=1 N0=1 kernelpagesize_kB=4\n");
	s->ask.node = 1;
	r = run(s, &ops);
	assert_int_equal(r->mappings[PAGEOUT_MAPPING_TAKEN], 2);
	assert_int_equal(r->mappings[PAGEOUT_MAPPING_ELSEWHERE], 2);
	assert_int_equal(kernel.calls[0].start, 0x10000000);
	assert_int_equal(kernel.calls[1].start, 0x30000000);
	scene_free(s);
}

/* Thawed after the first call: that was the last one. */
static void test_thawed(void **state)
{
	struct scene *s = scene_new();
	const struct pageout_result *r;

	(void)state;
	write_frozen(true);
	write_mappings(0, HEAP("10000000", "12000000", "Rss: 32768 kB\n"), "");
	write_mappings(1, HEAP("10000000", "12000000", "Rss: 32768 kB\n"), "");
	kernel.thaws = true;
	r = run(s, &ops);
	assert_int_equal(r->processes[PAGEOUT_FROZEN], 1);
	assert_int_equal(r->processes[PAGEOUT_RUNS], 1);
	assert_int_equal(kernel.n_calls, 1);
	assert_int_equal(r->applied_bytes, MIB);
	scene_free(s);
}

static void test_second_chance(void **state)
{
	struct scene *s = scene_new();
	const struct pageout_result *r;

	(void)state;
	s->settings.second_chance = true;
	write_mappings(0, HEAP("10000000", "10400000", "Rss: 4096 kB\n"), "");
	r = run(s, &ops);
	assert_int_equal(r->processes[PAGEOUT_SECOND_CHANCE], 2);
	assert_int_equal(kernel.calls[0].advice, MADV_COLD);
	assert_int_equal(r->cooled_bytes, 4 * MIB);
	assert_int_equal(r->tried_bytes, 0);
	scene_free(s);
}

static void test_errors(void **state)
{
	static const struct {
		int answer;
		int error;
		size_t calls;
	} rows[] = {
		/* Of the process: nothing more is asked of it. */
		{-EPERM, -EPERM, 1},
		{-EACCES, -EACCES, 1},
		{-ENOSYS, -ENOSYS, 1},
		{-ESRCH, 0, 1},
		/* Of the mapping: the next one is tried. */
		{-ENOMEM, 0, 2},
		{-EINVAL, 0, 2},
		{-EAGAIN, -EAGAIN, 2},
		/* Of the hand: nothing more is asked of any. */
		{-ETIMEDOUT, -ETIMEDOUT, 1},
		{-EPIPE, -EPIPE, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene *s = scene_new();
		const struct pageout_result *r;

		write_status(0, 'T');
		write_mappings(0,
			       HEAP("10000000", "11000000", "Rss: 16384 kB\n")
				       HEAP("20000000", "20001000", "Rss: 4 kB\n"),
			       "");
		kernel.answer = rows[i].answer;
		r = run(s, &ops);
		assert_int_equal(r->error, rows[i].error);
		assert_int_equal(kernel.n_calls, rows[i].calls);
		assert_int_equal(r->tried_bytes, 0);
		assert_int_equal(r->calls, 0);
		assert_true(r->ended);
		scene_free(s);
	}
}

/* A dry run says what it would try, and asks for nothing. */
static void test_dry(void **state)
{
	struct scene *s = scene_new();
	const struct pageout_result *r;

	(void)state;
	write_status(0, 'T');
	write_mappings(0, HEAP("10000000", "11000000", "Rss: 16384 kB\n"), "");
	r = run(s, &act_dry_run);
	assert_int_equal(r->chosen_bytes, 16 * MIB);
	assert_int_equal(r->tried_bytes, 0);
	assert_int_equal(r->calls, 0);
	assert_int_equal(kernel.n_calls, 0);
	scene_free(s);
}

/* Processes and the group go while they are looked at; what can't be read is not touched. */
static void test_vanishing(void **state)
{
	struct scene *s = scene_new();
	const struct pageout_result *r;
	char path[32];

	(void)state;
	write_frozen(true);
	(void)snprintf(path, sizeof(path), "%d", kernel.pids[0]);
	fixture_remove(kernel.fx, path);
	(void)snprintf(path, sizeof(path), "%d/smaps", kernel.pids[1]);
	fixture_remove(kernel.fx, path);
	r = run(s, &ops);
	assert_true(r->ended);
	assert_int_equal(r->error, 0);
	assert_int_equal(r->processes[PAGEOUT_FROZEN], 1);
	assert_int_equal(kernel.n_calls, 0);
	fixture_write(kernel.fx, "group/cgroup.procs", "x\n");
	assert_int_equal(run(s, &ops)->error, -EBADMSG);
	fixture_remove(kernel.fx, "group");
	assert_int_equal(pageout_pass_begin(s->pass, &s->ask, &s->settings, &ops), -ENOENT);
	assert_int_equal(pageout_pass_step(s->pass, &s->history, MIB, NOW), 0);
	scene_free(s);
}

/* A process with as many mappings as the kernel allows is looked through in many short steps. */
static void test_many_mappings(void **state)
{
	struct scene *s = scene_new();
	const struct pageout_result *r;
	char path[128];
	size_t steps = 0;
	FILE *f;

	(void)state;
	write_status(0, 'T');
	(void)snprintf(path, sizeof(path), "%s/%d/smaps", kernel.fx->path, kernel.pids[0]);
	f = fopen(path, "w");
	assert_non_null(f);
	for (uint64_t i = 1; i <= 50000; i++)
		fprintf(f, "%" PRIx64 "-%" PRIx64 " r--s 0 08:01 7 /f\nRss: 4 kB\n", i << 13,
			(i << 13) + 4096);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(pageout_pass_begin(s->pass, &s->ask, &s->settings, &ops), 0);
	while (pageout_pass_step(s->pass, &s->history, MIB, NOW) > 0) {
		uint64_t before = pageout_pass_result(s->pass)->mappings[PAGEOUT_MAPPING_SHARED];

		assert_true(before <= 500 * (++steps));
	}
	r = pageout_pass_result(s->pass);
	assert_int_equal(r->mappings[PAGEOUT_MAPPING_SHARED], 50000);
	assert_true(steps > 100);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stopped),	      cmocka_unit_test(test_goes_on),
		cmocka_unit_test(test_begins_anew),   cmocka_unit_test(test_named_no_more),
		cmocka_unit_test(test_node),	      cmocka_unit_test(test_thawed),
		cmocka_unit_test(test_second_chance), cmocka_unit_test(test_errors),
		cmocka_unit_test(test_dry),	      cmocka_unit_test(test_vanishing),
		cmocka_unit_test(test_many_mappings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
