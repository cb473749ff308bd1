/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes DAMON watches, from when on and until when. */
#include "agent/damon/watch.h"

#include "base/clock.h"
#include "tests/unit/damon_scene.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define COLD_NS	 (10 * NSEC_PER_SEC)
#define KNOWN_NS (12 * NSEC_PER_SEC) /* and one aggregation */
#define NOW	 (1000 * NSEC_PER_SEC)
#define NR	 "sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds"

static void assert_nr(const struct damon_scene *s, const char *text)
{
	_cleanup_free_ char *found = fixture_read(s->fx, NR);

	assert_string_equal(found, text);
}

static struct process process_new(void)
{
	pid_t pid = fork();
	struct process p = {.dir_fd = -1};

	assert_true(pid >= 0);
	if (pid == 0) {
		pause();
		_exit(0);
	}
	p.pid = (uint64_t)pid;
	p.pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	assert_true(p.pid_fd >= 0);
	return p;
}

static void process_end(struct process *p)
{
	(void)kill((pid_t)p->pid, SIGKILL);
	assert_int_equal(waitpid((pid_t)p->pid, NULL, 0), (pid_t)p->pid);
	p->pid_fd = fd_close(p->pid_fd);
}

static int ask(struct damon_watch *w, const struct process *p, uint64_t cold_age_ns,
	       uint64_t now_ns, struct cold_ranges *ret)
{
	const struct damon_question question = {
		.process = p, .resident_bytes = 160 << 20, .cold_age_ns = cold_age_ns};

	return damon_watch_read(w, &question, now_ns, ret);
}

static struct damon_watch *watch_new(const struct damon_scene *s)
{
	struct damon_watch *w;

	assert_int_equal(damon_watch_new(&s->kdamonds, &w), 0);
	damon_watch_restore(w);
	return w;
}

static void test_watches(void **state)
{
	_cleanup_(damon_scene_freep) struct damon_scene *s = damon_scene_new();
	_cleanup_(damon_watch_freep) struct damon_watch *w = watch_new(s);
	struct process p = process_new();
	struct cold_ranges found = {0};

	(void)state;
	assert_false(damon_watch_is_active(w));
	assert_int_equal(ask(w, &p, COLD_NS, NOW, &found), -EAGAIN);
	assert_true(damon_watch_is_active(w));
	assert_nr(s, "8\n");
	damon_scene_assert(s, 0, "contexts/0/schemes/0/access_pattern/sz/max", "10485760");
	damon_scene_add_region(s, 0, "0", "4096\n", "8192\n", "5\n");
	/* What it says before is of no age yet. */
	assert_int_equal(ask(w, &p, COLD_NS, NOW + KNOWN_NS - 1, &found), -EAGAIN);
	assert_int_equal(damon_kernel.n_tell, 0);
	assert_int_equal(ask(w, &p, COLD_NS, NOW + KNOWN_NS, &found), 0);
	assert_int_equal(found.n, 1);
	assert_int_equal(damon_watch_state(w).watched, 1);
	/* Another age is another pace. */
	assert_int_equal(ask(w, &p, 2 * COLD_NS, NOW + KNOWN_NS, &found), -EAGAIN);
	assert_int_equal(damon_kernel.n_off, 1);
	assert_int_equal(damon_kernel.n_on, 2);
	assert_int_equal(damon_watch_state(w).watched, 1);
	damon_watch_end(w);
	assert_nr(s, "0\n");
	assert_int_equal(damon_watch_state(w).watched, 0);
	process_end(&p);
}

static void test_as_many_as_can_be(void **state)
{
	_cleanup_(damon_scene_freep) struct damon_scene *s = damon_scene_new();
	_cleanup_(damon_watch_freep) struct damon_watch *w = watch_new(s);
	struct process p[KDAMONDS + 1];
	struct cold_ranges found;

	(void)state;
	for (size_t i = 0; i <= KDAMONDS; i++) {
		p[i] = process_new();
		assert_int_equal(ask(w, &p[i], COLD_NS, NOW, &found),
				 i < KDAMONDS ? -EAGAIN : -EUSERS);
	}
	/* One ends: its thread is for the next. */
	process_end(&p[2]);
	damon_scene_write(s, 2, "state", "off\n");
	damon_watch_tidy(w, NOW + NSEC_PER_SEC);
	assert_int_equal(damon_watch_state(w).watched, KDAMONDS - 1);
	assert_int_equal(ask(w, &p[KDAMONDS], COLD_NS, NOW + NSEC_PER_SEC, &found), -EAGAIN);
	assert_int_equal(damon_watch_state(w).watched, KDAMONDS);
	damon_watch_end(w);
	assert_int_equal(damon_kernel.n_off, KDAMONDS);
	for (size_t i = 0; i <= KDAMONDS; i++)
		if (i != 2)
			process_end(&p[i]);
}

static void test_ends(void **state)
{
	_cleanup_(damon_scene_freep) struct damon_scene *s = damon_scene_new();
	_cleanup_(damon_watch_freep) struct damon_watch *w = watch_new(s);
	struct process p = process_new(), copy;
	struct cold_ranges found;

	(void)state;
	assert_int_equal(ask(w, &p, COLD_NS, NOW, &found), -EAGAIN);
	/* Another process has its number: it is not the one that was watched. */
	copy = p;
	copy.pid_fd = fcntl(p.pid_fd, F_DUPFD_CLOEXEC, 0);
	process_end(&p);
	damon_scene_write(s, 0, "state", "off\n");
	assert_int_equal(ask(w, &copy, COLD_NS, NOW + KNOWN_NS, &found), -ESRCH);
	assert_int_equal(damon_kernel.n_tell, 0);
	assert_int_equal(damon_watch_state(w).watched, 0);
	/* With the last one DAMON is given back. */
	damon_watch_tidy(w, NOW + KNOWN_NS);
	assert_false(damon_watch_is_active(w));
	assert_nr(s, "0\n");
	fd_close(copy.pid_fd);
}

static void test_not_asked_about(void **state)
{
	_cleanup_(damon_scene_freep) struct damon_scene *s = damon_scene_new();
	_cleanup_(damon_watch_freep) struct damon_watch *w = watch_new(s);
	struct process p = process_new();
	struct cold_ranges found;

	(void)state;
	assert_int_equal(ask(w, &p, COLD_NS, NOW, &found), -EAGAIN);
	damon_watch_tidy(w, NOW + 1800 * NSEC_PER_SEC - 1);
	assert_true(damon_watch_is_active(w));
	damon_watch_tidy(w, NOW + 1800 * NSEC_PER_SEC);
	assert_false(damon_watch_is_active(w));
	assert_nr(s, "0\n");
	process_end(&p);
}

/* DAMON is somebody's, or fails: all is given back, and it is not asked again at once. */
static void test_fails(void **state)
{
	static const struct {
		const char *nr;
		int answer_on, answer_tell, error;
	} rows[] = {
		{"1\n", 0, 0, -EBUSY}, {"0\n", -EBUSY, 0, -EBUSY}, {"0\n", 0, -EINVAL, -EINVAL}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(damon_scene_freep) struct damon_scene *s = damon_scene_new();
		_cleanup_(damon_watch_freep) struct damon_watch *w = watch_new(s);
		struct process p = process_new();
		struct cold_ranges found;
		int r;

		fixture_write(s->fx, NR, rows[i].nr);
		damon_kernel.answer_on = rows[i].answer_on;
		damon_kernel.answer_tell = rows[i].answer_tell;
		r = ask(w, &p, COLD_NS, NOW, &found);
		if (r == -EAGAIN)
			r = ask(w, &p, COLD_NS, NOW + KNOWN_NS, &found);
		assert_int_equal(r, rows[i].error);
		assert_false(damon_watch_is_active(w));
		assert_nr(s, rows[i].nr);
		assert_int_equal(damon_watch_state(w).error, rows[i].error);
		assert_int_equal(damon_watch_state(w).watched, 0);
		/* It goes away. */
		fixture_write(s->fx, NR, "0\n");
		damon_kernel.answer_on = damon_kernel.answer_tell = 0;
		assert_int_equal(ask(w, &p, COLD_NS, NOW + 2 * KNOWN_NS, &found), rows[i].error);
		assert_int_equal(ask(w, &p, COLD_NS, NOW + 100 * NSEC_PER_SEC, &found), -EAGAIN);
		assert_int_equal(damon_watch_state(w).error, 0);
		damon_watch_end(w);
		process_end(&p);
	}
}

static void test_cpu(void **state)
{
	_cleanup_(damon_scene_freep) struct damon_scene *s = damon_scene_new();
	_cleanup_(damon_watch_freep) struct damon_watch *w = watch_new(s);
	struct process p = process_new();
	struct cold_ranges found;

	(void)state;
	assert_int_equal(ask(w, &p, COLD_NS, NOW, &found), -EAGAIN);
	damon_scene_write(s, 0, "pid", "77\n");
	fixture_write(s->fx, "proc/77/comm", "kdamond.0\n");
	fixture_write(s->fx, "proc/77/stat", "77 (kdamond.0) S 2 0 0 0 -1 2129984 0 0\n");
	fixture_write(s->fx, "proc/77/schedstat", "1000 1 1\n");
	assert_int_equal(damon_watch_take_cpu_ns(w), 1000);
	assert_int_equal(damon_watch_take_cpu_ns(w), 0);
	fixture_write(s->fx, "proc/77/schedstat", "1500 1 1\n");
	assert_int_equal(damon_watch_take_cpu_ns(w), 500);
	/* What its thread used last is not forgotten with it. */
	fixture_write(s->fx, "proc/77/schedstat", "1700 1 1\n");
	damon_watch_end(w);
	assert_int_equal(damon_watch_take_cpu_ns(w), 200);
	assert_int_equal(damon_watch_state(w).cpu_ns, 1700);
	process_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_watches), cmocka_unit_test(test_as_many_as_can_be),
		cmocka_unit_test(test_ends),	cmocka_unit_test(test_not_asked_about),
		cmocka_unit_test(test_fails),	cmocka_unit_test(test_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
