/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/worker_scene.h"

#include "base/clock.h"
#include "base/kfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define KERNEL "kernel/6.18/"

struct asked asked = {.lock = PTHREAD_MUTEX_INITIALIZER};

uint64_t number_in(const struct fixture *fx, const char *path)
{
	char text[64];
	return kfile_read_at(fx->fd, path, text, sizeof(text)) > 0 ? strtoull(text, NULL, 10) : 0;
}

/*
 * Always of one length and in one write, so that a reader never sees half of it. False when the
 * file is gone: the worker's threads, which must not assert, come here too.
 */
bool set_number(const struct fixture *fx, const char *path, uint64_t value)
{
	_cleanup_close_ int fd = kfile_open(fx->fd, path, O_WRONLY);
	char text[64];
	int n = snprintf(text, sizeof(text), "%012ju\n", (uintmax_t)value);

	return pwrite(fd, text, (size_t)n, 0) == n;
}

/* In one write, as above; the number grows at its end. */
static void count(const char *path, const char *key, uint64_t more)
{
	_cleanup_close_ int fd = path ? kfile_open(asked.fx->fd, path, O_RDWR) : -1;
	char text[16384], line[64], changed[16384];
	char *at, *rest;
	int n;

	(void)snprintf(line, sizeof(line), "\n%s ", key);
	if (fd < 0 || kfile_read(fd, text, sizeof(text)) < 0 || !(at = strstr(text, line)))
		return;
	at += strlen(line);
	more += strtoull(at, &rest, 10);
	*at = '\0';
	n = snprintf(changed, sizeof(changed), "%s%ju%s", text, (uintmax_t)more, rest);
	(void)!pwrite(fd, changed, (size_t)n, 0);
}

static void fake_demote(uint64_t pages)
{
	count(asked.demoted_stat, "pgdemote_proactive", pages);
	count(asked.demoted_stat, "pgsteal_proactive", pages);
	count(asked.demoted_stat, "pgsteal", pages);
	count(asked.demoted_vmstat, "pgdemote_proactive", pages);
}

static int fake_reclaim(const struct request *request)
{
	int r;

	(void)pthread_mutex_lock(&asked.lock);
	asked.requests++;
	asked.bytes += request->bytes;
	asked.last_swappiness = request->swappiness;
	asked.last_backend = request->backend;
	r = asked.answer;
	if (r == 0 && asked.current) {
		uint64_t current = number_in(asked.fx, asked.current);

		if (!set_number(asked.fx, asked.current,
				current > request->bytes ? current - request->bytes : 0))
			r = -ENODEV;
	}
	if (r == 0)
		fake_demote(request->bytes / (uint64_t)sysconf(_SC_PAGESIZE));
	(void)pthread_mutex_unlock(&asked.lock);
	return r;
}

static const struct act_ops act_fake = {.name = "fake", .make = fake_reclaim};

void copy_captured(const struct fixture *fx, const char *path, const char *captured)
{
	char name[128];
	_cleanup_free_ char *text = NULL;

	(void)snprintf(name, sizeof(name), KERNEL "%s", captured);
	text = fixture_data(name);
	fixture_write(fx, path, text);
}

void add_group(const struct fixture *fx, const char *path)
{
	static const struct fixture_file files[] = {
		{"memory.current", "000104857600\n"},
		{"memory.max", "134217728\n"},
		{"memory.high", "max\n"},
		{"memory.min", "0\n"},
		{"memory.low", "0\n"},
		{"memory.swap.max", "max\n"},
		{"memory.swap.current", "0\n"},
		{"memory.reclaim", ""},
		{"cgroup.controllers", "memory\n"},
	};
	char whole[300];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		(void)snprintf(whole, sizeof(whole), "cg/%s/%s", path, files[i].path);
		fixture_write(fx, whole, files[i].text);
	}
	(void)snprintf(whole, sizeof(whole), "cg/%s/memory.stat", path);
	copy_captured(fx, whole, "memory.stat");
	(void)snprintf(whole, sizeof(whole), "cg/%s/memory.numa_stat", path);
	copy_captured(fx, whole, "memory.numa_stat");
	(void)snprintf(whole, sizeof(whole), "cg/%s/memory.events.local", path);
	copy_captured(fx, whole, "memory.events.local");
	(void)snprintf(whole, sizeof(whole), "cg/%s/memory.pressure", path);
	copy_captured(fx, whole, "memory.pressure");
}

struct scene *new_scene(bool uring)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->fx = fixture_new(NULL, 0);
	copy_captured(s->fx, "proc/vmstat", "vmstat");
	copy_captured(s->fx, "proc/meminfo", "meminfo");
	copy_captured(s->fx, "proc/zoneinfo", "zoneinfo");
	copy_captured(s->fx, "proc/pressure/memory", "pressure-memory");
	copy_captured(s->fx, "sys/devices/system/node/node0/vmstat", "node0-vmstat");
	fixture_write(s->fx, "cg/cgroup.controllers", "memory\n");
	assert_int_equal(topology_load(TOPOLOGY_SYNTHETIC, "numa:1 core:1 pu:1", &s->topology), 0);
	assert_int_equal(shared_new(1, &s->world.shared), 0);
	s->world.log = (struct log){.fd = -1};
	s->world.proc_fd = kfile_open_dir(s->fx->fd, "proc");
	s->world.sys_fd = kfile_open_dir(s->fx->fd, "sys");
	s->world.cgroup_fd = kfile_open_dir(s->fx->fd, "cg");
	s->world.topology = s->topology;
	s->world.act = &act_fake;
	s->world.hands = &s->hands;
	s->world.reclaim_features.swappiness = true;
	s->world.has_memory_reclaim = true;
	s->world.try_uring = uring;
	config_defaults(&s->config);
	s->config.balance.margin.enabled = false;
	asked = (struct asked){.lock = PTHREAD_MUTEX_INITIALIZER, .fx = s->fx};
	return s;
}

void start_scene(struct scene *s)
{
	assert_int_equal(worker_start(&s->world, 0, &s->config, &s->worker), 0);
}

void end_scene(struct scene *s)
{
	if (s->worker) {
		worker_ask_to_stop(s->worker);
		assert_int_equal(worker_join(s->worker, 10 * NSEC_PER_SEC), 0);
		worker_free(s->worker);
	}
	shared_free(s->world.shared);
	topology_free(s->topology);
	fd_close(s->world.proc_fd);
	fd_close(s->world.sys_fd);
	fd_close(s->world.cgroup_fd);
	fixture_free(s->fx);
	free(s);
}

uint64_t requests_made(void)
{
	uint64_t n;

	(void)pthread_mutex_lock(&asked.lock);
	n = asked.requests;
	(void)pthread_mutex_unlock(&asked.lock);
	return n;
}

int last_swappiness(void)
{
	int swappiness;

	(void)pthread_mutex_lock(&asked.lock);
	swappiness = asked.last_swappiness;
	(void)pthread_mutex_unlock(&asked.lock);
	return swappiness;
}

enum backend last_backend(void)
{
	enum backend backend;

	(void)pthread_mutex_lock(&asked.lock);
	backend = asked.last_backend;
	(void)pthread_mutex_unlock(&asked.lock);
	return backend;
}

bool grow_until_asked(struct scene *s, const char *path, uint64_t rate, uint64_t for_ns)
{
	uint64_t end_ns = clock_now_ns() + for_ns, before = requests_made();

	while (clock_now_ns() < end_ns) {
		(void)pthread_mutex_lock(&asked.lock);
		set_number(s->fx, path, number_in(s->fx, path) + rate / 100);
		(void)pthread_mutex_unlock(&asked.lock);
		(void)poll(NULL, 0, 10);
		if (requests_made() > before)
			return true;
	}
	return false;
}

struct node_status status_of(struct scene *s)
{
	struct node_status status = {0};

	worker_ask_status(s->worker);
	assert_int_equal(worker_status(s->worker, clock_now_ns() + 10 * NSEC_PER_SEC, &status), 0);
	assert_true(status.answered);
	return status;
}
