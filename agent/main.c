/* SPDX-License-Identifier: Apache-2.0 */
/* uswapd: the process, its signals, and the loop that waits for them. */
#include "agent/agent.h"

#include "agent/command_line.h"
#include "agent/control/server.h"
#include "agent/doctor/doctor.h"
#include "agent/lock.h"
#include "agent/memory_lock.h"
#include "agent/replay/replay.h"
#include "agent/report/journal.h"
#include "agent/report/metrics_writer.h"
#include "agent/report/notify.h"
#include "base/clock.h"
#include "base/saturate.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#define EXIT_LEAVING (-1) /* as told, but not all threads have ended */
#define STOP_NS	     (2 * NSEC_PER_SEC)

/* Groups take descriptors. */
static void prepare_process(const struct log *log)
{
	struct rlimit files;
	int r;

	/* Before threads exist: one arena for all keeps the resident size small. */
	(void)mallopt(M_ARENA_MAX, 1);
	(void)setenv("HWLOC_PLUGINS_PATH", "", 0);
	r = memory_lock();
	if (r < 0)
		log_warning(log, "memory is not locked: %s: " MEMORY_LOCK_ADVICE,
			    strerrordesc_np(-r));
	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}

/* Blocked in every thread, and read from a descriptor here. */
static int open_signals(void)
{
	sigset_t signals;
	int fd;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	(void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

/* Another agent takes the place of the first when nodes are added. */
struct service {
	struct agent *agent;
};

static int serve_status(void *context, struct agent_status *ret)
{
	const struct service *service = context;

	return agent_status(service->agent, ret);
}

/* The status is the agent's own, good until the next one is asked for. */
static void serve_release(void *context, struct agent_status *status)
{
	(void)context;
	(void)status;
}

static int serve_wake(void *context, const struct control_wake *wake)
{
	const struct service *service = context;

	return agent_wake(service->agent, wake->all_nodes ? -1 : (int)wake->node, wake->bytes,
			  wake->order);
}

/* Whether it acts is the first thing to know about it: for the log and for systemctl status. */
static void tell_mode(const struct agent *agent, const char *since)
{
	const char *words = "acts";

	if (agent_is_dry_run(agent))
		words = "dry run, the kernel is asked for nothing";
	else if (agent_config(agent)->agent.mode == MODE_OBSERVE)
		words = "observes, the kernel is asked for nothing (uswapctl advise, enable)";
	else if (agent_is_paused(agent))
		words = "paused, the kernel is asked for nothing (uswapctl resume)";
	log_notice(agent_log(agent), "%s: %s", since, words);
	(void)notify_status("%s", words);
}

static int reload(struct agent *agent, struct config_error *ret_error)
{
	struct agent_settings before = agent_config(agent)->agent;
	struct record_settings recorded = agent_config(agent)->record;
	int r;

	(void)notify_reloading();
	r = agent_reload(agent, ret_error);
	if (r < 0)
		log_error(agent_log(agent), "%s; the old configuration stays", ret_error->text);
	else
		tell_mode(agent, "configuration read anew");
	/* These are fixed when the process begins; silence would look like consent. */
	if (r == 0 && (strcmp(before.socket_path, agent_config(agent)->agent.socket_path) != 0 ||
		       before.log_level != agent_config(agent)->agent.log_level ||
		       strcmp(recorded.file, agent_config(agent)->record.file) != 0 ||
		       recorded.max_bytes != agent_config(agent)->record.max_bytes))
		log_notice(agent_log(agent), "agent.socket, agent.log_level and record.* change "
					     "only when uswapd is started anew");
	(void)notify_ready();
	return r;
}

static int serve_reload(void *context, struct config_error *ret_error)
{
	const struct service *service = context;

	return reload(service->agent, ret_error);
}

static void serve_pause(void *context, uint64_t for_ns)
{
	const struct service *service = context;

	agent_pause(service->agent, for_ns);
	tell_mode(service->agent, "pause begins");
}

static void resume(struct agent *agent)
{
	if (!agent_is_paused(agent))
		return;
	agent_resume(agent);
	tell_mode(agent, "pause ends");
}

static void serve_resume(void *context)
{
	const struct service *service = context;

	resume(service->agent);
}

/* When the pause has to be looked at again; UINT64_MAX: nobody waits for its end. */
static uint64_t end_pause_in_time(struct agent *agent, uint64_t now_ns)
{
	uint64_t left_ns = agent_pause_left_ns(agent);

	if (left_ns == 0)
		resume(agent);
	return left_ns == 0 ? UINT64_MAX : plus(now_ns, left_ns);
}

static const struct control_ops serve = {
	.status = serve_status,
	.release = serve_release,
	.wake = serve_wake,
	.reload = serve_reload,
	.pause = serve_pause,
	.resume = serve_resume,
};

/* True when a signal says that it is time to go. */
static bool handle_signals(struct agent *agent, int signal_fd)
{
	struct signalfd_siginfo info;
	struct config_error error = {0};

	while (read(signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo != SIGHUP)
			return true;
		(void)reload(agent, &error);
	}
	return false;
}

static int time_to_wait_ms(uint64_t due_ns, uint64_t watchdog_ns)
{
	uint64_t now_ns = clock_now_ns(), wait_ns;

	if (due_ns == UINT64_MAX && watchdog_ns == 0)
		return -1;
	wait_ns = due_ns > now_ns ? due_ns - now_ns : 0;
	if (watchdog_ns > 0)
		wait_ns = MIN(wait_ns, watchdog_ns / 2);
	return (int)MIN(wait_ns / NSEC_PER_MSEC + 1, UINT64_C(3600000));
}

/* What uswapctl was promised goes on: the socket stays open. */
static int start_anew(struct service *service)
{
	int r;

	(void)notify_reloading();
	r = agent_start_anew(&service->agent);
	if (r == 0)
		tell_mode(service->agent, "started anew");
	(void)notify_ready();
	return r == -ENOMEM && service->agent ? 0 : r;
}

/* 0: told to end. -errno: it could not be started anew, as agent_start_anew. */
static int wait_for_end(struct service *service, struct control *control,
			struct metrics_writer *metrics, int signal_fd)
{
	uint64_t watchdog_ns = notify_watchdog_ns();

	for (;;) {
		struct agent *agent = service->agent;
		struct pollfd fds[1 + CONTROL_FDS_MAX] = {{.fd = signal_fd, .events = POLLIN}};
		uint64_t due_ns = metrics_writer_turn(metrics, agent, clock_now_ns());
		size_t n = 1 + control_poll_fds(control, clock_now_ns(), fds + 1);

		due_ns = MIN(due_ns, control_due_ns(control));
		due_ns = MIN(due_ns, end_pause_in_time(agent, clock_now_ns()));
		due_ns = MIN(due_ns, agent_watch_wear(agent, clock_now_ns()));
		due_ns = MIN(due_ns, agent_steer_watermarks(agent, clock_now_ns()));
		due_ns = MIN(due_ns, agent_watch_nodes(agent, clock_now_ns()));
		if (poll(fds, n, time_to_wait_ms(due_ns, watchdog_ns)) < 0 && errno != EINTR)
			return 0;
		if (handle_signals(agent, signal_fd))
			return 0;
		control_handle(control, clock_now_ns());
		/* A manager that hears nothing more restarts us: that is what a hung worker needs.
		 */
		if (watchdog_ns > 0 && agent_is_alive(agent))
			(void)notify_watchdog();
		if (agent_has_new_nodes(agent)) {
			int r = start_anew(service);

			if (r < 0)
				return r;
		}
	}
}

/* agent: NULL: it has ended. -ETIMEDOUT: a thread is still inside the kernel, and the process can
 * only exit. */
static int end(struct agent *agent, struct metrics_writer *metrics, const struct log *log)
{
	int r;

	(void)notify_stopping();
	log_notice(log, "ending");
	r = agent ? agent_stop(agent) : 0;
	if (r < 0)
		log_warning(log, "a request is still inside the kernel: leaving without it");
	if (metrics_writer_stop(metrics, STOP_NS / 2) < 0) {
		log_warning(log, "the metrics' file system hangs: leaving without it");
		r = -ETIMEDOUT;
	}
	return r;
}

/* Where a worker hangs inside the kernel, only the process's end is left, and the next one. */
static int leave_unserved(const struct service *service, struct metrics_writer *metrics, int error,
			  const struct log *log)
{
	log_error(log, "can't be started anew: %s", strerrordesc_np(-error));
	if (service->agent || error == -ETIMEDOUT || end(NULL, metrics, log) < 0)
		_exit(EXIT_SOFTWARE);
	return EXIT_SOFTWARE;
}

/* Holding the lock and with the socket open: from here on it is the agent of this machine. */
static int run_alone(const struct command_line *cl, const struct config *config, struct log log,
		     int signal_fd)
{
	_cleanup_(control_freep) struct control *control = NULL;
	struct service service = {0};
	const struct control_agent served = {
		.ops = &serve,
		.context = &service,
		.uid = geteuid(),
	};
	const char *socket_path = config->agent.socket_path;
	struct metrics_writer *metrics = NULL;
	int r = agent_start(&cl->agent, config, log, &service.agent);

	if (r == -ETIMEDOUT)
		_exit(EXIT_SOFTWARE);
	if (r < 0)
		return r == -EOPNOTSUPP ? EXIT_UNAVAILABLE : EXIT_SOFTWARE;
	r = control_open(socket_path, &served, &control);
	if (r < 0) {
		log_error(&log, "%s: can't listen for uswapctl: %s; see agent.socket", socket_path,
			  strerrordesc_np(-r));
		(void)end(service.agent, NULL, &log);
		return EXIT_SOFTWARE;
	}
	r = metrics_writer_new(metrics_file_write, &log, &metrics);
	if (r < 0) {
		log_error(&log, "can't set up the metrics: %s", strerrordesc_np(-r));
		(void)end(service.agent, NULL, &log);
		return EXIT_SOFTWARE;
	}
	tell_mode(service.agent, "uswapd " USWAP_VERSION " is ready");
	(void)notify_ready();
	r = wait_for_end(&service, control, metrics, signal_fd);
	if (r < 0)
		return leave_unserved(&service, metrics, r, &log);
	if (end(service.agent, metrics, &log) < 0) {
		control = control_free(control);
		return EXIT_LEAVING;
	}
	return 0;
}

static int run(const struct command_line *cl, const struct config *config)
{
	struct log log = log_stderr(config->agent.log_level);
	_cleanup_(lock_freep) struct lock *lock = NULL;
	_cleanup_close_ int signal_fd = -1;
	pid_t holder = 0;
	int r;

	prepare_process(&log);
	signal_fd = open_signals();
	if (signal_fd < 0) {
		log_error(&log, "can't set up signals: %s", strerrordesc_np(-signal_fd));
		return EXIT_SOFTWARE;
	}
	r = lock_take(config->agent.socket_path, &lock, &holder);
	if (r == -EBUSY) {
		log_error(&log,
			  "another uswapd runs already (process %d); two would take each "
			  "other's work for demand",
			  (int)holder);
		return EXIT_BUSY;
	}
	if (r < 0) {
		log_error(&log, "%s.lock: can't take the lock: %s; see agent.socket",
			  config->agent.socket_path, strerrordesc_np(-r));
		return EXIT_SOFTWARE;
	}
	return run_alone(cl, config, log, signal_fd);
}

/* A program of ours stands beside this one (a build), or where it is installed. */
static const char *find_program(const char *program, char path[PATH_MAX])
{
	static const char *const places[] = {"", "../libexec/uswapd/"};
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *name;

	if (n < 0)
		return program;
	path[n] = '\0';
	name = strrchr(path, '/') + 1;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		(void)snprintf(name, PATH_MAX - (size_t)(name - path), "%s%s", places[i], program);
		if (access(path, X_OK) == 0)
			break;
	}
	return path;
}

int main(int argc, char **argv)
{
	char hand[PATH_MAX], writer[PATH_MAX], tuning[CONFIG_PATH_MAX + sizeof(".tuning")];
	char damon[CONFIG_PATH_MAX + sizeof(".damon")];
	struct command_line cl;
	struct config_error error;
	struct config config;
	int status = command_line_parse(argc, argv, &cl);

	if (status >= 0)
		return status;
	if (cl.doctor)
		return doctor_run(cl.agent.root, stdout) < 0 ? EXIT_UNAVAILABLE : 0;
	if (cl.replay)
		return replay_file(cl.replay, cl.overrides, cl.agent.n_overrides) == 0
			       ? 0
			       : EXIT_SOFTWARE;
	cl.agent.stop_ns = STOP_NS;
	cl.agent.hand_program = find_program("uswapd-hand", hand);
	/* What a fake tree shows is nobody's file. */
	if (!cl.agent.root)
		cl.agent.writer_program = find_program("uswapd-writer", writer);
	if (log_stderr(LOG_LEVEL_INFO).priority_prefix)
		cl.agent.journal_socket = JOURNAL_SOCKET;
	if (config_load(cl.agent.config_file, cl.overrides, cl.agent.n_overrides, &config, &error) <
	    0) {
		(void)fprintf(stderr, "uswapd: %s\n", error.text);
		return EXIT_CONFIG;
	}
	if (cl.check_config) {
		(void)printf(
			"%s%s\n", cl.agent.config_file ? cl.agent.config_file : "no file was read",
			cl.agent.config_file ? ": good" : " (--config FILE): the defaults hold");
		return 0;
	}
	(void)snprintf(tuning, sizeof(tuning), "%s.tuning", config.agent.socket_path);
	cl.agent.tuning_file = tuning;
	(void)snprintf(damon, sizeof(damon), "%s.damon", config.agent.socket_path);
	cl.agent.damon_file = damon;
	status = run(&cl, &config);
	/* Returning would run destructors under a thread that is still inside the kernel. */
	if (status == EXIT_LEAVING)
		_exit(0);
	return status;
}
