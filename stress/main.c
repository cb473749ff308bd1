/* SPDX-License-Identifier: Apache-2.0 */
/* uswap-stress: the command line. */
#include "base/log.h"
#include "base/spell.h"
#include "stress/check/check.h"
#include "stress/compare/compare.h"
#include "stress/job/job.h"
#include "stress/loads/load.h"
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

static const char usage[] =
	"uswap-stress " USWAP_VERSION ": memory pressure as it was asked for, measured\n"
	"\n"
	"  uswap-stress run [JOB...] [OPTION...]\n"
	"  uswap-stress report RUN.json [OTHER.json] [-o FILE]   a page with charts (RUN.html), "
	"of\n"
	"                                 what run --json wrote; with two runs, their differences\n"
	"  uswap-stress check FILE|FOLDER... [--repeat N] [--seed N] [--mutants] [--junit FILE]\n"
	"                     [--json FILE] [--html FILE] [--KEY VALUE]\n"
	"                                 run scenarios: what must come of groups and loads; the\n"
	"                                 results as TAP on standard output\n"
	"  uswap-stress compare FILE --agent A --agent B... [--repeat N] [--seed N] [--json FILE]\n"
	"                     [--html FILE] [--KEY VALUE]\n"
	"                                 run one scenario under several agents, in turn\n"
	"  uswap-stress help [KEY | loads | settings | agents]\n"
	"\n"
	"A job comes from files, from options, or from both; what is said last counts:\n"
	"  --load TYPE[:KEY=VALUE,...]    a load (name=NAME names it)\n"
	"  --group NAME[:FILE=VALUE,...]  a cgroup; its files are written in this order\n"
	"  --set global.KEY=VALUE | load.NAME.KEY=VALUE | group.NAME.FILE=VALUE\n"
	"  --KEY VALUE                    what [global] may say: a default for the loads that\n"
	"                                 follow, or one of these:\n"
	"\n";

static const char usage_end[] =
	"\n"
	"Example: 64 MiB that grow at 8 MiB/s in a group limited to 48 MiB, in JSON:\n"
	"  uswap-stress run --group svc:memory.max=48M --load anon:size=64M,rate=8M/s,group=svc "
	"--json -\n"
	"\n"
	"Exit status: 0 ok, 1 failed (wrong contents, a killed worker), 2 wrong usage or job, 77 "
	"can't run here.\n";

static void print_settings(const struct setting_table *table, bool only_common,
			   const char *const *names)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct setting *setting = &table->settings[i];
		bool listed = !names && (!only_common || setting->common);

		for (size_t n = 0; names && names[n]; n++)
			listed = listed || strcmp(names[n], setting->name) == 0;
		if (listed)
			stress_setting_print(setting, stdout);
	}
}

static int print_help(void)
{
	(void)fputs(usage, stdout);
	print_settings(&global_table, false, NULL);
	(void)fputs(usage_end, stdout);
	return EXIT_OK;
}

static void print_loads(void)
{
	(void)printf("Settings of every load:\n");
	print_settings(&load_table, true, NULL);
	for (size_t i = 0; load_types[i]; i++) {
		const char *const *names = load_types[i]->settings;

		(void)printf("\n%s: %s\n ", load_types[i]->name, load_types[i]->help);
		for (size_t n = 0; names[n]; n++)
			(void)printf("%s %s", n ? "," : "", names[n]);
		(void)printf("\n");
	}
	(void)printf("\n`uswap-stress help TYPE` tells what the settings of a load are.\n");
}

static int help(const struct log *log, const char *key)
{
	const struct setting *global, *load;
	const struct load_ops *ops;
	const char *nearest;

	if (!key)
		return print_help();
	if (strcmp(key, "loads") == 0) {
		print_loads();
		return EXIT_OK;
	}
	if (strcmp(key, "settings") == 0) {
		(void)printf("[global]\n");
		print_settings(&global_table, false, NULL);
		(void)printf("\n[load NAME]\n");
		print_settings(&load_table, false, NULL);
		return EXIT_OK;
	}
	if (strcmp(key, "agents") == 0) {
		rival_list(stdout);
		return EXIT_OK;
	}
	ops = load_find_type(key);
	if (ops) {
		(void)printf("%s: %s\n", ops->name, ops->help);
		print_settings(&load_table, false, ops->settings);
		return EXIT_OK;
	}
	global = stress_setting_find(&global_table, key);
	load = stress_setting_find(&load_table, key);
	if (global) {
		(void)printf("[global]\n");
		stress_setting_print(global, stdout);
	}
	if (load) {
		(void)printf("[load NAME]\n");
		stress_setting_print(load, stdout);
	}
	if (global || load)
		return EXIT_OK;
	nearest = load_nearest_type(key);
	nearest = nearest ? nearest : stress_setting_nearest(&load_table, key);
	nearest = nearest ? nearest : stress_setting_nearest(&global_table, key);
	log_error(log, "help: there is no setting or load called %s%s%s%s", key,
		  nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
	return EXIT_USAGE;
}

/*
 * Takes one option and its value into the job. Returns how many words it was, or -errno;
 * *ret_default when it is a default for the loads that follow.
 */
static int take_option(struct job *job, char **words, int n, const char **ret_default,
		       struct stress_error *error)
{
	static const struct {
		const char *name;
		int (*take)(struct job *, const char *, struct stress_error *);
	} options[] = {
		{"load", job_add_load},
		{"group", job_add_group},
		{"set", job_set},
	};
	const char *name = words[0] + 2, *value;
	_cleanup_free_ char *copy = strdup(name);
	char *equals;
	int used, r;

	if (!copy)
		return -ENOMEM;
	/* "--duration=20s" as well as "--duration 20s". */
	equals = strchr(copy, '=');
	if (equals)
		*equals = '\0';
	used = equals ? 1 : 2;
	value = equals ? equals + 1 : n > 1 ? words[1] : NULL;
	if (!value)
		return stress_fail(error, -EINVAL, "%s wants a value", words[0]);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (strcmp(copy, options[i].name) == 0) {
			r = options[i].take(job, value, error);
			return r < 0 ? r : used;
		}
	}
	if (!stress_setting_find(&global_table, copy) && !stress_setting_find(&load_table, copy)) {
		const char *const own[] = {options[0].name, options[1].name, options[2].name};
		size_t i = spell_nearest(copy, own, ARRAY_SIZE(own));
		const char *nearest =
			i < ARRAY_SIZE(own) ? own[i] : stress_setting_nearest(&global_table, copy);

		return stress_fail(error, -EINVAL, "--%s: there is no such option%s%s%s", copy,
				   nearest ? "; did you mean --" : "", nearest ? nearest : "",
				   nearest ? "?" : "");
	}
	r = job_set_global(job, copy, value, error);
	if (r < 0)
		return r;
	if (!stress_setting_find(&global_table, copy))
		*ret_default = words[0];
	return used;
}

static int read_file(struct job *job, const char *path, struct stress_error *error)
{
	int r = job_read_file(job, path, error);

	if (r != -ENOENT || !strchr(path, '='))
		return r;
	return stress_fail(error, -EINVAL,
			   "%s: is no file; a load's settings stand with it: --load TYPE:%s", path,
			   path);
}

static int read_job(struct job *job, char **words, int n, struct stress_error *error)
{
	const char *for_nobody = NULL; /* a default that no load has followed */

	while (n > 0) {
		size_t n_loads = job->n_loads;
		int r;

		if (strncmp(*words, "--", 2) == 0) {
			r = take_option(job, words, n, &for_nobody, error);
		} else if (**words == '-') {
			r = stress_fail(error, -EINVAL, "%s: options begin with --", *words);
		} else {
			r = read_file(job, *words, error);
			r = r < 0 ? r : 1;
		}
		if (r < 0)
			return r;
		if (job->n_loads > n_loads)
			for_nobody = NULL;
		words += r;
		n -= r;
	}
	if (!for_nobody)
		return 0;
	return stress_fail(
		error, -EINVAL,
		"%s: is a default for the loads that follow, and none does: say it first, or "
		"--set load.NAME.KEY=VALUE",
		for_nobody);
}

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
			return print_help();
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
		r = read_job(job, argv + 2, argc - 2, &error);
	if (r == 0)
		r = job_complete(job, &error);
	if (r < 0) {
		log_error(&log, "%s", r == -ENOMEM ? "out of memory" : error.text);
		return EXIT_USAGE;
	}
	return run_job(&log, job);
}
