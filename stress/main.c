/* SPDX-License-Identifier: Apache-2.0 */
/* uswap-stress: the command line. */
#include "base/log.h"
#include "stress/check/check.h"
#include "stress/compare/compare.h"
#include "stress/help.h"
#include "stress/job/job.h"
#include "stress/report/live.h"
#include "stress/report/output.h"
#include "stress/report/page.h"
#include "stress/report/report.h"
#include "stress/run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,   /* the run failed: wrong contents, a worker that was killed */
	EXIT_USAGE = 2,	   /* the command line or the job is wrong */
	EXIT_SKIPPED = 77, /* it can't run here */
};

static void show_progress(const struct run *run, void *context)
{
	live_show(context, run);
}

static int exit_status(int error)
{
	return error == -EOPNOTSUPP ? EXIT_SKIPPED : error == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
}

/* As if the signal had not been caught: shells and service managers look at that. */
static void die_of(int sig)
{
	sigset_t set;

	(void)fflush(stdout);
	(void)signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	(void)raise(sig);
}

/* What is wrong with it stands where the job says so. */
static int open_output(const struct job *job, const char *name, const char *path,
		       struct output *output, struct stress_error *error)
{
	struct stress_error why;

	if (output_open(name, path, output, &why) == 0)
		return 0;
	return job_fail(error, job_said_globally(job, name, NULL), "global", NULL, "%s", why.text);
}

static int write_json(const void *run, FILE *to)
{
	return report_json(run, to);
}

static int write_csv(const void *run, FILE *to)
{
	return report_csv(run, to);
}

static int write_report(const struct log *log, const struct run *run, struct output *json,
			struct output *csv)
{
	bool stdout_taken = strcmp(json->path, "-") == 0 || strcmp(csv->path, "-") == 0;
	struct stress_error error;

	report_table(run, stdout_taken ? stderr : stdout);
	if (fflush(stdout) == EOF) {
		log_error(log, "standard output: write: %s", strerror(errno));
		return EXIT_FAILED;
	}
	if ((json->path[0] && output_write(json, run, write_json, &error) < 0) ||
	    (csv->path[0] && output_write(csv, run, write_csv, &error) < 0)) {
		log_error(log, "%s", error.text);
		return EXIT_FAILED;
	}
	return run->n_failures ? EXIT_FAILED : EXIT_OK;
}

/* Of a run that did not take place. */
static int complain(const struct log *log, const struct run *run, int error,
		    const struct stress_error *why)
{
	log_error(log, "%s", why->text);
	for (size_t i = 0; i < run->n_failures; i++)
		log_error(log, "%s", run->failures[i]);
	return exit_status(error);
}

static int run_job(const struct log *log, const struct job *job)
{
	_cleanup_close_ int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int sys_fd = open("/sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(output_close) struct output json = {.fd = -1}, csv = {.fd = -1};
	_cleanup_(run_freep) struct run *run = NULL;
	struct stress_error error;
	_cleanup_(live_freep) struct live *live = NULL;
	int r, sig, status;

	if (proc_fd < 0 || sys_fd < 0) {
		log_error(log, "open /proc and /sys: %s", strerror(errno));
		return EXIT_SKIPPED;
	}
	if (job->global.json[0] && strcmp(job->global.json, job->global.csv) == 0) {
		(void)job_fail(&error, job_said_globally(job, "csv", NULL), "global", NULL,
			       "csv: json goes to %s already", job->global.csv);
		log_error(log, "%s", error.text);
		return EXIT_USAGE;
	}
	r = run_open(job, proc_fd, sys_fd, &run, &error);
	if (r < 0) {
		log_error(log, "%s", error.text);
		return exit_status(r);
	}
	if (open_output(job, "json", job->global.json, &json, &error) < 0 ||
	    open_output(job, "csv", job->global.csv, &csv, &error) < 0) {
		log_error(log, "%s", error.text);
		return EXIT_USAGE;
	}
	live = live_new(stderr);
	if (live) {
		run->progress = show_progress;
		run->progress_context = live;
	}
	live_begin(live, job->n_loads);
	r = run_execute(run, &error);
	run_clean(run);
	live_end(live);
	status = r < 0 ? complain(log, run, r, &error) : write_report(log, run, &json, &csv);
	sig = run->interrupted;
	run = run_free(run);
	output_close(&json);
	output_close(&csv);
	if (sig)
		die_of(sig);
	return status;
}

/* What runs scenarios: check_command, compare_command. */
typedef int scenario_fn(char **words, int n, const struct trial_ground *ground,
			const struct log *log, int *ret_signal);

static int run_scenarios(const struct log *log, scenario_fn *command, char **words, int n)
{
	_cleanup_close_ int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int sys_fd = open("/sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Without privilege the kernel's log can't be read. */
	_cleanup_close_ int kmsg_fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	const struct trial_ground ground = {
		.proc_fd = proc_fd, .sys_fd = sys_fd, .kmsg_fd = kmsg_fd};
	int status, sig;

	if (proc_fd < 0 || sys_fd < 0) {
		log_error(log, "open /proc and /sys: %s", strerror(errno));
		return EXIT_SKIPPED;
	}
	status = command(words, n, &ground, log, &sig);
	if (sig)
		die_of(sig);
	return status;
}

static int help(const struct log *log, const char *key)
{
	struct stress_error error;

	if (!key) {
		help_print();
	} else if (help_about(key, &error) < 0) {
		log_error(log, "%s", error.text);
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

static bool asks_for_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

int main(int argc, char **argv)
{
	const struct log log = log_stderr(LOG_LEVEL_INFO);
	_cleanup_(job_freep) struct job *job = NULL;
	struct stress_error error;
	int r;

	if (argc >= 2 && (strcmp(argv[1], "help") == 0 || asks_for_help(argv[1])))
		return help(&log, argv[2]);
	for (int i = 2; i < argc; i++)
		if (asks_for_help(argv[i]))
			return help(&log, NULL);
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		(void)printf("uswap-stress " USWAP_VERSION "\n");
		return EXIT_OK;
	}
	if (argc >= 2 && strcmp(argv[1], "report") == 0) {
		r = page_command(argv + 2, argc - 2, &error);
		if (r < 0)
			log_error(&log, "%s", error.text);
		return r == 0 ? EXIT_OK : exit_status(r);
	}
	if (argc >= 2 && strcmp(argv[1], "check") == 0)
		return run_scenarios(&log, check_command, argv + 2, argc - 2);
	if (argc >= 2 && strcmp(argv[1], "compare") == 0)
		return run_scenarios(&log, compare_command, argv + 2, argc - 2);
	if (argc < 2) {
		log_error(&log, "no command; there are run, report, check, compare and help "
				"(uswap-stress --help)");
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "run") != 0) {
		log_error(&log,
			  "%s: no such command; there are run, report, check, compare and help "
			  "(uswap-stress "
			  "--help)",
			  argv[1]);
		return EXIT_USAGE;
	}
	r = job_new(&job);
	if (r == 0)
		r = job_read_words(job, argv + 2, argc - 2, &error);
	if (r == 0)
		r = job_complete(job, &error);
	if (r < 0) {
		log_error(&log, "%s", r == -ENOMEM ? "out of memory" : error.text);
		return EXIT_USAGE;
	}
	return run_job(&log, job);
}
