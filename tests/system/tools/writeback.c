/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Has a group's dirty files written back as the agent does, without the rest of the agent:
 *
 *	writeback GROUP-DIRECTORY BYTES [dry] [plain] [remote] [give-way] [deadline=S] [rate=BYTES]
 *		[times=N]
 *
 * plain: without io_uring; remote: network and FUSE file systems too. Prints "KEY VALUE" lines of
 *what came of it (the sum of the times); status 0 unless the last one failed.
 */
#include "agent/sense/file_check.h"
#include "agent/writer/cleaner.h"
#include "base/clock.h"
#include "base/parse.h"
#include "tests/system/tools/beside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>

/* That a process takes long to end on a busy machine is no failure. */
#define STOP_NS (10 * NSEC_PER_SEC)

static struct clean_settings settings = {
	.enabled = true,
	.device_target_ns = 20 * NSEC_PER_MSEC,
	.deadline_ns = 30 * NSEC_PER_SEC,
};
static const struct clean_ops *ops = &clean_live;
static bool try_uring = true;
static uint64_t times = 1;

static bool take_option(const char *option)
{
	uint64_t seconds;

	if (strcmp(option, "dry") == 0)
		ops = &clean_dry_run;
	else if (strcmp(option, "plain") == 0)
		try_uring = false;
	else if (strcmp(option, "remote") == 0)
		settings.remote = true;
	else if (strcmp(option, "give-way") == 0)
		settings.give_way = true;
	else if (strncmp(option, "rate=", 5) == 0)
		return parse_size(option + 5, &settings.device_bytes_per_s) == 0;
	else if (strncmp(option, "times=", 6) == 0)
		return parse_u64(option + 6, &times) == 0;
	else if (strncmp(option, "deadline=", 9) == 0 && parse_u64(option + 9, &seconds) == 0)
		settings.deadline_ns = seconds * NSEC_PER_SEC;
	else
		return false;
	return true;
}

static void print(const struct clean_result *r, uint64_t wall_ns)
{
	printf("error %d\nfiles %ju\nfound %ju\nagain %ju\nchosen %ju\nasked %ju\ncleaned "
	       "%ju\norders %ju\n",
	       r->error, (uintmax_t)r->files, (uintmax_t)r->found_bytes, (uintmax_t)r->again_bytes,
	       (uintmax_t)r->chosen_bytes, (uintmax_t)r->asked_bytes, (uintmax_t)r->cleaned_bytes,
	       (uintmax_t)r->orders);
	printf("look_us %ju\nwrite_us %ju\nslowest_us %ju\nwall_us %ju\n",
	       (uintmax_t)(r->look_ns / NSEC_PER_USEC), (uintmax_t)(r->write_ns / NSEC_PER_USEC),
	       (uintmax_t)(r->slowest_ns / NSEC_PER_USEC), (uintmax_t)(wall_ns / NSEC_PER_USEC));
	for (int i = 1; i < FILE_REFUSALS; i++)
		printf("%s %ju\n", file_refusal_name((enum file_refusal)i),
		       (uintmax_t)r->refused[i]);
}

/* How fast the last writer was allowed to write at its end. */
static void print_bound(const struct cleaner *cleaner)
{
	struct cleaner_state state;

	cleaner_read_state(cleaner, &state);
	for (size_t i = 0; i < state.n_devices; i++)
		if (state.devices[i].bytes_per_s != UINT64_MAX)
			printf("bound %ju\n", (uintmax_t)state.devices[i].bytes_per_s);
}

static void add(struct clean_result *sum, const struct clean_result *r)
{
	sum->error = r->error;
	sum->files += r->files;
	sum->found_bytes += r->found_bytes;
	sum->again_bytes += r->again_bytes;
	sum->chosen_bytes += r->chosen_bytes;
	sum->asked_bytes += r->asked_bytes;
	sum->cleaned_bytes += r->cleaned_bytes;
	sum->orders += r->orders;
	sum->look_ns += r->look_ns;
	sum->write_ns += r->write_ns;
	sum->slowest_ns = MAX(sum->slowest_ns, r->slowest_ns);
	for (int i = 0; i < FILE_REFUSALS; i++)
		sum->refused[i] += r->refused[i];
}

static int run(const char *group, uint64_t bytes, struct cleaner *cleaner)
{
	_cleanup_close_ int group_fd = open(group, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct config_patterns none = {0};
	struct clean_result sum = {0}, result;
	uint64_t begin_ns = clock_now_ns();

	if (group_fd < 0)
		return -errno;
	for (uint64_t i = 0; i < times; i++) {
		int slot = cleaner_ask(cleaner, ops, &settings, &none, 1, group_fd, bytes, -1);

		if (slot < 0)
			return slot;
		while (!cleaner_collect(cleaner, slot, &result))
			(void)poll(NULL, 0, 2);
		add(&sum, &result);
	}
	print(&sum, clock_now_ns() - begin_ns);
	print_bound(cleaner);
	return sum.error;
}

int main(int argc, char **argv)
{
	char program[PATH_MAX];
	struct cleaner_options options = {.log = log_stderr(LOG_LEVEL_INFO), .program = program};
	struct cleaner *cleaner = NULL;
	uint64_t bytes;
	int r, stopped;

	if (argc < 3 || parse_size(argv[2], &bytes) < 0) {
		(void)fputs("usage: writeback GROUP-DIRECTORY BYTES [OPTION...]\n", stderr);
		return 2;
	}
	for (int i = 3; i < argc; i++)
		if (!take_option(argv[i])) {
			(void)fprintf(stderr, "writeback: %s?\n", argv[i]);
			return 2;
		}
	options.try_uring = try_uring;
	options.proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	options.sys_fd = open("/sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = find_beside("uswapd-writer", program, sizeof(program));
	if (r == 0)
		r = cleaner_start(&options, &cleaner);
	if (r == 0)
		r = run(argv[1], bytes, cleaner);
	(void)fflush(stdout);
	stopped = cleaner_stop(cleaner, STOP_NS);
	if (r < 0 || stopped < 0)
		(void)fprintf(stderr, "writeback: %s\n", strerrordesc_np(r < 0 ? -r : -stopped));
	return r < 0 || stopped < 0;
}
