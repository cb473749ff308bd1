/* SPDX-License-Identifier: Apache-2.0 */
/* What is seen while a job runs, of real runs without groups. */
#include "stress/report/live.h"

#include "tests/unit/fixture.h"

#include <fcntl.h>
#include <string.h>

struct seen {
	struct live *live;
	size_t width, height;
	unsigned int n_paints;
	char text[65536]; /* the last paint of the measured phase */
};

static void check_lines(const struct seen *seen, size_t n)
{
	const char *line = seen->text, *end;
	size_t lines = 0;

	assert_true(n <= seen->height);
	for (; *line; line = end + 1, lines++) {
		end = strchr(line, '\n');
		assert_non_null(end);
		assert_true((size_t)(end - line) < seen->width);
		for (const char *c = line; c < end; c++)
			assert_in_range(*c, ' ', '~');
	}
	assert_int_equal(lines, n);
}

static void paint(const struct run *run, void *context)
{
	struct seen *seen = context;

	if (run->measured)
		return;
	check_lines(seen, live_paint(seen->live, run, seen->width, seen->height, seen->text,
				     sizeof(seen->text)));
	seen->n_paints++;
}

static void show(const struct run *run, void *context)
{
	live_show(context, run);
}

static void run_job(const char *text, void (*progress)(const struct run *, void *), void *context)
{
	_cleanup_close_ int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY),
			    sys_fd = open("/sys", O_RDONLY | O_DIRECTORY);
	_cleanup_(job_freep) struct job *job = NULL;
	_cleanup_(run_freep) struct run *run = NULL;
	struct stress_error error;

	assert_int_equal(job_new(&job), 0);
	if (job_read_text(job, "live.job", text, &error) < 0 ||
	    run_open(job, proc_fd, sys_fd, &run, &error) < 0)
		fail_msg("%s", error.text);
	run->progress = progress;
	run->progress_context = context;
	if (run_execute(run, &error) < 0)
		fail_msg("%s", error.text);
	run_clean(run);
}

static void paint_run(struct seen *seen, size_t width, size_t height, const char *text)
{
	*seen = (struct seen){.live = live_new(stderr), .width = width, .height = height};
	assert_non_null(seen->live);
	run_job(text, paint, seen);
	live_free(seen->live);
	assert_true(seen->n_paints >= 3);
}

#define THREE                                                                                    \
	"[global]\nduration=300ms\ninterval=50ms\n[load heap]\ntype=anon\nsize=1M\nreuse=zipf\n" \
	"[load grow]\ntype=anon\nsize=8M\nrate=16M/s\n[load last]\ntype=thread\n"

static void test_screen(void **state)
{
	static struct seen seen;

	(void)state;
	paint_run(&seen, 80, 24, THREE);
	assert_non_null(strstr(seen.text, "heap "));
	assert_non_null(strstr(seen.text, "1.0 MiB"));
	/* How fast depends on who else is on the machine. */
	assert_non_null(strstr(strstr(seen.text, "grow "), "B/s"));
	/* Nothing touched: nothing to say about latency. */
	assert_non_null(strstr(strstr(seen.text, "last "), "0 B/s       -       -       -"));
	assert_non_null(strstr(seen.text, "machine: "));
	assert_non_null(strstr(seen.text, "node "));
}

static void test_small_screens(void **state)
{
	static struct seen seen;

	(void)state;
	paint_run(&seen, 40, 5, THREE);
	assert_non_null(strstr(seen.text, "... and "));
	paint_run(&seen, 10, 2, THREE);
	paint_run(&seen, 1, 1, THREE);
}

/* No terminal: nothing at all in a short run. */
static void test_no_terminal(void **state)
{
	_cleanup_(fclosep) FILE *to = tmpfile();
	struct live *live;

	(void)state;
	assert_non_null(to);
	live = live_new(to);
	assert_non_null(live);
	run_job(THREE, show, live);
	live_end(live);
	live_free(live);
	assert_int_equal(ftell(to), 0);
	live_show(NULL, NULL);
	live_end(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_screen),
		cmocka_unit_test(test_small_screens),
		cmocka_unit_test(test_no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
