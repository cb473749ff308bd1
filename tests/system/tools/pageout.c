/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Has the cold processes of a group paged out as the agent does, without the rest of the agent:
 *
 *	pageout GROUP-DIRECTORY BYTES [dry] [again] [until=SIZE] [damon=FILE] [no-swap] [node=N]
 *		[SETTING=VALUE...]
 *
 * A setting is one of [pageout], as in name=db*. again: asks until the group was looked through to
 * its end; until: once a second, until so much was taken, or two minutes are over. damon: may have
 * DAMON watch, and writes down in FILE what is its own. Prints "KEY VALUE" lines, sums of all asks;
 *status 0 unless one failed.
 */
#include "agent/config/settings.h"
#include "agent/pageout/pager.h"
#include "base/clock.h"
#include "base/parse.h"
#include "tests/system/tools/beside.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#define PATIENCE_NS (120 * NSEC_PER_SEC)

static struct config config;
static struct pageout_ask ask = {.node = -1, .may_swap = true};
static const struct act_ops *ops = &act_live;
static struct pager_world world;
static uint64_t until_bytes;
static bool again;

static bool take_setting(const char *option)
{
	struct setting_problem problem;
	const struct setting *setting;
	char key[32];
	const char *equals = strchr(option, '=');

	if (!equals)
		return false;
	(void)snprintf(key, sizeof(key), "%.*s", (int)(equals - option), option);
	setting = setting_find("pageout", key);
	return setting && setting_set(setting, equals + 1, false, &config, &problem) == 0;
}

static bool take_option(const char *option)
{
	uint64_t node;

	if (strcmp(option, "dry") == 0)
		ops = &act_dry_run;
	else if (strcmp(option, "again") == 0)
		again = true;
	else if (strcmp(option, "no-swap") == 0)
		ask.may_swap = false;
	else if (strncmp(option, "node=", 5) == 0 && parse_u64(option + 5, &node) == 0)
		ask.node = (int)node;
	else if (strncmp(option, "until=", 6) == 0)
		return parse_size(option + 6, &until_bytes) == 0;
	else if (strncmp(option, "damon=", 6) == 0)
		world.damon_note = option + 6;
	else
		return take_setting(option);
	return true;
}

static int ask_once(struct pager *pager, int wake_fd, struct pageout_result *ret)
{
	struct pollfd wake = {.fd = wake_fd, .events = POLLIN};
	int slot = pager_ask(pager, ops, &config, &ask, wake_fd);
	uint64_t value;

	while (slot >= 0 && !pager_collect(pager, slot, ret)) {
		(void)poll(&wake, 1, 1000);
		(void)eventfd_read(wake_fd, &value);
	}
	return slot < 0 ? slot : ret->error;
}

static void add(struct pageout_result *sum, const struct pageout_result *r)
{
	for (size_t i = 0; i < PAGEOUT_REASONS; i++)
		sum->processes[i] += r->processes[i];
	for (size_t i = 0; i < PAGEOUT_MAPPINGS; i++)
		sum->mappings[i] += r->mappings[i];
	sum->calls += r->calls;
	sum->cpu_ns += r->cpu_ns;
	sum->chosen_bytes += r->chosen_bytes;
	sum->tried_bytes += r->tried_bytes;
	sum->cooled_bytes += r->cooled_bytes;
	sum->applied_bytes += r->applied_bytes;
	sum->swapped_bytes += r->swapped_bytes;
}

static void print(const struct pageout_result *r, int error, uint64_t asks)
{
	printf("error %d\nasks %ju\ncalls %ju\nchosen %ju\ntried %ju\n", error, (uintmax_t)asks,
	       (uintmax_t)r->calls, (uintmax_t)r->chosen_bytes, (uintmax_t)r->tried_bytes);
	printf("cpu_us %ju\n", (uintmax_t)(r->cpu_ns / NSEC_PER_USEC));
	printf("cooled %ju\napplied %ju\nswapped %ju\n", (uintmax_t)r->cooled_bytes,
	       (uintmax_t)r->applied_bytes, (uintmax_t)r->swapped_bytes);
	for (enum pageout_reason i = 0; i < PAGEOUT_REASONS; i++)
		printf("process-%s %ju\n", pageout_reason_name(i), (uintmax_t)r->processes[i]);
	for (enum pageout_mapping i = 0; i < PAGEOUT_MAPPINGS; i++)
		printf("mapping-%s %ju\n", pageout_mapping_name(i), (uintmax_t)r->mappings[i]);
}

/* Waits for it, too. */
static bool wants_more(const struct pageout_result *sum, uint64_t end_ns)
{
	if (sum->applied_bytes >= until_bytes || clock_now_ns() >= end_ns)
		return false;
	(void)poll(NULL, 0, 1000);
	return true;
}

int main(int argc, char **argv)
{
	struct pageout_result sum = {0}, result = {0};
	_cleanup_close_ int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int sys_fd = open("/sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	_cleanup_close_ int group_fd = -1;
	struct hands hands = {0};
	char program[4096];
	struct pager *pager = NULL;
	uint64_t asks = 0, end_ns = clock_now_ns() + PATIENCE_NS;
	int r = find_beside("uswapd-hand", program, sizeof(program));

	config_defaults(&config);
	config.pageout.still_for_ns = 0;
	if (argc < 3 || parse_size(argv[2], &ask.bytes) < 0)
		return 2;
	for (int i = 3; i < argc; i++)
		if (!take_option(argv[i]))
			return 2;
	group_fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ask.group_fd = group_fd;
	hands.program = program;
	world.proc_fd = proc_fd;
	world.sys_fd = sys_fd;
	world.hands = &hands;
	if (r == 0)
		r = group_fd < 0 ? -errno : pager_start(&world, &pager);
	if (r < 0) {
		(void)fprintf(stderr, "pageout: %s: %s\n", argv[1], strerrordesc_np(-r));
		return 1;
	}
	do {
		r = ask_once(pager, wake_fd, &result);
		add(&sum, &result);
		asks++;
	} while (r == 0 && ((again && !result.ended) || wants_more(&sum, end_ns)));
	print(&sum, r, asks);
	return pager_stop(pager, 10 * NSEC_PER_SEC) < 0 || r < 0;
}
