/* SPDX-License-Identifier: Apache-2.0 */
/* Of a named process only what DAMON has seen untouched is asked of the kernel. */
#include "agent/pageout/pass.h"

#include "base/clock.h"
#include "tests/unit/damon_scene.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define KIB	  (UINT64_C(1) << 10)
#define MIB	  (UINT64_C(1) << 20)
#define NOW	  (1000 * NSEC_PER_SEC)
#define KNOWN	  (NOW + 12 * NSEC_PER_SEC) /* cold_age is 10 s */

#define CALLS_MAX 16

static struct kernel {
	size_t n_calls;
	struct {
		uint64_t start, length;
	} calls[CALLS_MAX];
} kernel;

static int advise(const struct request *request)
{
	assert_int_equal(request->backend, BACKEND_PROCESS_MADVISE);
	assert_int_equal(request->advice, MADV_PAGEOUT);
	assert_true(kernel.n_calls < CALLS_MAX);
	kernel.calls[kernel.n_calls].start = request->start;
	kernel.calls[kernel.n_calls++].length = request->bytes;
	return 0;
}

static const struct act_ops ops = {.name = "fake", .make = advise};
static const struct act_ops dry = {.name = "dry", .dry = true, .make = advise};

struct scene {
	struct damon_scene *damon;
	struct damon_watch *watch;
	pid_t pid;
	_Atomic bool leaving;
	struct pageout_pass *pass;
	struct pageout_ask ask;
	struct pageout_settings settings;
	struct pageout_history history;
};

static void write_process(const struct scene *s, const char *name, const char *text)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "proc/%d/%s", s->pid, name);
	fixture_write(s->damon->fx, path, text);
}

/* A process that runs, with 16 MiB in one mapping and 4 KiB in another. */
static struct scene *scene_new(void)
{
	struct scene *s = calloc(1, sizeof(*s));
	char text[32];

	assert_non_null(s);
	kernel = (struct kernel){0};
	s->damon = damon_scene_new();
	assert_int_equal(damon_watch_new(&s->damon->kdamonds, &s->watch), 0);
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (s->pid == 0) {
		pause();
		_exit(0);
	}
	write_process(s, "status", "Name:\tdb\nState:\tS\nUid:\t33\nVmRSS:\t16388 kB\n");
	write_process(s, "smaps",
		      "10000000-11000000 rw-p 0 00:00 0 [heap]\nRss: 16384 kB\n"
		      "20000000-20001000 rw-p 0 00:00 0\nRss: 4 kB\n");
	(void)snprintf(text, sizeof(text), "%d\n", s->pid);
	fixture_write(s->damon->fx, "group/cgroup.procs", text);
	fixture_write(s->damon->fx, "group/cgroup.events", "populated 1\nfrozen 0\n");
	assert_int_equal(pageout_pass_new(s->damon->proc_fd, s->damon->hand, s->watch, &s->leaving,
					  &s->pass),
			 0);
	s->settings = (struct pageout_settings){
		.rss_min_bytes = MIB, .cold_age_ns = 10 * NSEC_PER_SEC, .name.n = 1};
	(void)strcpy(s->settings.name.pattern[0], "db");
	s->ask = (struct pageout_ask){
		.group = 5,
		.group_fd = openat(s->damon->fx->fd, "group", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
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
	damon_watch_end(s->watch);
	damon_watch_free(s->watch);
	fd_close(s->ask.group_fd);
	(void)kill(s->pid, SIGKILL);
	assert_int_equal(waitpid(s->pid, NULL, 0), s->pid);
	damon_scene_free(s->damon);
	free(s);
}

static const struct pageout_result *run(struct scene *s, const struct act_ops *with,
					uint64_t now_ns)
{
	assert_int_equal(pageout_pass_begin(s->pass, &s->ask, &s->settings, with), 0);
	while (pageout_pass_step(s->pass, &s->history, 4 * MIB, now_ns) > 0)
		;
	return pageout_pass_result(s->pass);
}

static void test_only_what_is_cold(void **state)
{
	static const struct {
		uint64_t start, length;
	} calls[] = {
		{0x10000000, 0x1000}, /* of a region that begins before the mapping */
		{0x10100000, 4 * MIB},
		{0x10500000, MIB},
		{0x10ff0000, 0x10000},
	};
	struct scene *s = scene_new();
	const struct pageout_result *r;

	(void)state;
	r = run(s, &ops, NOW);
	assert_int_equal(r->processes[PAGEOUT_NOT_YET], 1);
	assert_int_equal(kernel.n_calls, 0);
	assert_true(r->ended);

	damon_scene_add_region(s->damon, 0, "1", "268369920", "268439552", "5"); /* 0xfff0000 */
	damon_scene_add_region(s->damon, 0, "2", "269484032", "274726912", "7"); /* 0x10100000 */
	damon_scene_add_region(s->damon, 0, "3", "285147136", "536870912", "5"); /* 0x10ff0000 */
	r = run(s, &ops, KNOWN);
	assert_int_equal(r->processes[PAGEOUT_COLD], 1);
	assert_int_equal(r->error, 0);
	assert_int_equal(kernel.n_calls, ARRAY_SIZE(calls));
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (kernel.calls[i].start != calls[i].start ||
		    kernel.calls[i].length != calls[i].length)
			fail_msg("call %zu: %jx, %jx", i, (uintmax_t)kernel.calls[i].start,
				 (uintmax_t)kernel.calls[i].length);
	/* Of the mapping it is in, by its share. */
	assert_int_equal(r->tried_bytes, 5 * MIB + 68 * KIB);
	/* The mapping behind it was reached, and nothing of it is cold. */
	assert_int_equal(r->mappings[PAGEOUT_MAPPING_TAKEN], 2);
	scene_free(s);
}

/* What was cold a while ago is asked anew before the next call. */
static void test_used_meanwhile(void **state)
{
	struct scene *s = scene_new();
	const struct pageout_result *r;

	(void)state;
	(void)run(s, &ops, NOW);
	damon_scene_add_region(s->damon, 0, "1", "268435456", "285212672", "5"); /* all of it */
	s->ask.bytes = 4 * MIB;
	(void)run(s, &ops, KNOWN);
	assert_int_equal(kernel.n_calls, 1);
	assert_int_equal(damon_kernel.n_tell, 1);
	(void)run(s, &ops, KNOWN + NSEC_PER_SEC - 1);
	assert_int_equal(kernel.n_calls, 2);
	assert_int_equal(damon_kernel.n_tell, 1);
	/* From 12 MiB on it still is. */
	damon_scene_add_region(s->damon, 0, "1", "281018368", "285212672", "5");
	s->ask.bytes = 8 * MIB;
	r = run(s, &ops, KNOWN + NSEC_PER_SEC);
	assert_int_equal(damon_kernel.n_tell, 2);
	assert_int_equal(kernel.n_calls, 3);
	assert_int_equal(kernel.calls[2].start, 0x10c00000);
	assert_true(r->ended);
	scene_free(s);
}

static void test_nobody_tells(void **state)
{
	struct scene *s = scene_new();
	const struct pageout_result *r;

	(void)state;
	/* A dry run has nobody watched. */
	r = run(s, &dry, NOW);
	assert_int_equal(r->processes[PAGEOUT_UNWATCHED], 1);
	assert_int_equal(damon_kernel.n_on, 0);
	damon_kernel.answer_on = -EBUSY;
	r = run(s, &ops, NOW);
	assert_int_equal(r->processes[PAGEOUT_UNWATCHED], 1);
	assert_int_equal(r->error, 0);
	/* It stops: then it needs nobody to tell. */
	write_process(s, "status", "Name:\tdb\nState:\tT\nUid:\t33\nVmRSS:\t16388 kB\n");
	r = run(s, &ops, KNOWN);
	assert_int_equal(r->processes[PAGEOUT_STOPPED], 1);
	assert_int_equal(r->tried_bytes, 16 * MIB + 4 * KIB);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_what_is_cold),
		cmocka_unit_test(test_used_meanwhile),
		cmocka_unit_test(test_nobody_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
