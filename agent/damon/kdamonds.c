/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/damon/kdamonds.h"

#include "agent/damon/regions.h"
#include "agent/damon/use.h"
#include "agent/sense/kthread.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/kfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_BYTES 160
/* A thread looks at what it is told between two samples, a quarter of a second apart at most. */
#define COMMAND_NS (10 * NSEC_PER_SEC)
/* At least so many pieces its process's memory is cut into: fewer hide a hot part in a cold one. */
#define REGIONS_MIN 100
/* The process's mappings are looked at anew. */
#define UPDATE_US (2 * USEC_PER_SEC)

#define INTERVALS "contexts/0/monitoring_attrs/intervals/"
#define REGIONS	  "contexts/0/monitoring_attrs/nr_regions/"
#define TARGETS	  "contexts/0/targets/"
#define SCHEMES	  "contexts/0/schemes/"
#define PATTERN	  SCHEMES "0/access_pattern/"

static void path_of(char path[PATH_BYTES], unsigned int i, const char *name)
{
	(void)snprintf(path, PATH_BYTES, DAMON_KDAMONDS "/%u/%s", i, name);
}

static int write_text(const struct kdamonds *k, unsigned int i, const char *name, const char *text)
{
	char path[PATH_BYTES];

	path_of(path, i, name);
	return kfile_write_at(k->sys_fd, path, text);
}

static int write_number(const struct kdamonds *k, unsigned int i, const char *name, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	return write_text(k, i, name, text);
}

static int read_text(const struct kdamonds *k, unsigned int i, const char *name, char *text,
		     size_t size)
{
	char path[PATH_BYTES];
	ssize_t n;

	path_of(path, i, name);
	n = kfile_read_line_at(k->sys_fd, path, text, size);
	return n < 0 ? (int)n : 0;
}

/* Waited for by who leaves too: cut short, it would keep others from ending the thread. */
static int command(struct kdamonds *k, unsigned int i, enum kdamond_command advice)
{
	const _Atomic bool leaving = false;
	_cleanup_close_ int fd = -1;
	struct hand_result result;
	char path[PATH_BYTES];
	int r;

	path_of(path, i, "state");
	fd = kfile_open(k->sys_fd, path, O_WRONLY);
	if (fd < 0)
		return fd;
	r = hand_make(
		k->hand, k->ops,
		&(struct request){.backend = BACKEND_KDAMOND, .fd = fd, .advice = (int)advice},
		COMMAND_NS, &leaving, &result);
	return r < 0 ? r : result.error;
}

/* --- all of them --- */

static int write_nr(const struct kdamonds *k, unsigned int n)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", n);
	return kfile_write_at(k->sys_fd, DAMON_KDAMONDS "/nr_kdamonds", text);
}

static int read_nr(const struct kdamonds *k, uint64_t *ret)
{
	return kfile_read_number_at(k->sys_fd, DAMON_KDAMONDS "/nr_kdamonds", ret);
}

static int forget(struct kdamonds *k)
{
	k->held = false;
	return unlink(k->note) < 0 && errno != ENOENT ? -errno : 0;
}

/* Written down first: an agent killed in between has left them nowhere else. */
int kdamonds_take(struct kdamonds *k)
{
	uint64_t n;
	int r = read_nr(k, &n);

	if (r == 0 && n > 0)
		r = -EBUSY;
	if (r == 0)
		r = file_replace(k->note, KDAMONDS_NOTE, strlen(KDAMONDS_NOTE));
	if (r < 0)
		return r;
	k->held = true;
	r = write_nr(k, KDAMONDS);
	if (r < 0)
		(void)forget(k);
	return r;
}

int kdamonds_give_back(struct kdamonds *k)
{
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < KDAMONDS; i++)
		r = kdamonds_stop(k, i);
	if (r == 0)
		r = write_nr(k, 0);
	return r < 0 && r != -ENOENT ? r : forget(k);
}

/* What is on watches as we have it watch; what is off may be anybody's, or not set up yet. */
static bool are_ours(const struct kdamonds *k)
{
	char action[32];
	uint64_t n;

	if (read_nr(k, &n) < 0 || n != KDAMONDS)
		return false;
	for (unsigned int i = 0; i < KDAMONDS; i++)
		if (kdamonds_is_on(k, i) &&
		    (read_text(k, i, SCHEMES "0/action", action, sizeof(action)) < 0 ||
		     strcmp(action, "stat") != 0))
			return false;
	return true;
}

int kdamonds_restore(struct kdamonds *k)
{
	char text[2 * sizeof(KDAMONDS_NOTE)];
	ssize_t length = kfile_read_at(AT_FDCWD, k->note, text, sizeof(text));
	uint64_t n;
	int r;

	if (length == -ENOENT)
		return 0;
	if (length < 0 && length != -EOVERFLOW)
		return (int)length;
	if (length < 0 || strcmp(text, KDAMONDS_NOTE) != 0)
		return -EBADMSG;
	r = read_nr(k, &n);
	if (r < 0)
		return r;
	if (are_ours(k))
		return kdamonds_give_back(k);
	r = forget(k);
	return r == 0 && n > 0 ? -ESTALE : r;
}

/* --- one of them --- */

bool kdamonds_is_on(const struct kdamonds *k, unsigned int i)
{
	char state[8];

	return read_text(k, i, "state", state, sizeof(state)) == 0 && strcmp(state, "on") == 0;
}

/* In this order: what is counted has its files from then on. */
static int set_up(const struct kdamonds *k, unsigned int i, uint64_t pid,
		  const struct cold_pace *pace, uint64_t region_max_bytes)
{
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{"contexts/nr_contexts", 1},
		{INTERVALS "sample_us", pace->sample_us},
		{INTERVALS "aggr_us", pace->aggregation_us},
		{INTERVALS "update_us", UPDATE_US},
		{REGIONS "min", REGIONS_MIN},
		{REGIONS "max", COLD_RANGES_MAX},
		{TARGETS "nr_targets", 1},
		{TARGETS "0/pid_target", pid},
		{SCHEMES "nr_schemes", 1},
		{SCHEMES "0/apply_interval_us", pace->sample_us},
		{PATTERN "sz/min", 0},
		{PATTERN "sz/max", region_max_bytes},
		{PATTERN "nr_accesses/min", 0},
		{PATTERN "nr_accesses/max", 0},
		{PATTERN "age/min", pace->age},
		{PATTERN "age/max", UINT32_MAX},
	};
	int r = 0;

	for (size_t at = 0; r == 0 && at < ARRAY_SIZE(numbers); at++)
		r = write_number(k, i, numbers[at].name, numbers[at].value);
	if (r == 0)
		r = write_text(k, i, "contexts/0/operations", "vaddr");
	return r < 0 ? r : write_text(k, i, SCHEMES "0/action", "stat");
}

int kdamonds_start(struct kdamonds *k, unsigned int i, uint64_t pid, const struct cold_pace *pace,
		   uint64_t region_max_bytes)
{
	int r = set_up(k, i, pid, pace, region_max_bytes);

	return r < 0 ? r : command(k, i, KDAMOND_ON);
}

int kdamonds_stop(struct kdamonds *k, unsigned int i)
{
	int r = kdamonds_is_on(k, i) ? command(k, i, KDAMOND_OFF) : 0;

	/* Its process may have ended meanwhile, and with it the thread. */
	return r < 0 && !kdamonds_is_on(k, i) ? 0 : r;
}

int kdamonds_read_cold(struct kdamonds *k, unsigned int i, const struct cold_pace *pace,
		       struct cold_ranges *ret)
{
	_cleanup_close_ int fd = -1;
	char path[PATH_BYTES];
	int r = command(k, i, KDAMOND_TELL);

	if (r < 0)
		return r;
	path_of(path, i, SCHEMES "0/tried_regions");
	fd = kfile_open_dir(k->sys_fd, path);
	return fd < 0 ? fd : regions_read(fd, pace->age, ret);
}

uint64_t kdamonds_cpu_ns(const struct kdamonds *k, unsigned int i)
{
	_cleanup_close_ int fd = -1;
	char pid[24];
	uint64_t run_ns;

	if (read_text(k, i, "pid", pid, sizeof(pid)) < 0)
		return 0;
	fd = kthread_open(k->proc_fd, pid, "kdamond.*");
	return fd >= 0 && kthread_read(fd, &run_ns) == 0 ? run_ns : 0;
}
