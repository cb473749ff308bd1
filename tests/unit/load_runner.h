/* SPDX-License-Identifier: Apache-2.0 */
/* A load run in the test's own process, by a clock of the test's own. */
#pragma once

#include "base/clock.h"
#include "stress/loads/load.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#define MIB	 (UINT64_C(1) << 20)
#define START_NS (UINT64_C(1000) * NSEC_PER_SEC)

struct running {
	struct job *job;
	struct plan *plan;
	struct load load;
	uint64_t now_ns;
};

/* Plans and sets up the load, up to where it could be prepared. */
static inline struct running plan_load(const char *settings)
{
	static const struct machine machine = {
		.total = 4096 * MIB,
		.available = 4000 * MIB,
		.parent_limit = UINT64_MAX,
		.own_limit = UINT64_MAX,
	};
	struct running running = {.now_ns = START_NS};
	struct load *load = &running.load;
	struct stress_error error;

	assert_int_equal(job_new(&running.job), 0);
	if (job_add_load(running.job, settings, &error) < 0 ||
	    plan_make(running.job, &machine, &running.plan, &error) < 0)
		fail_msg("%s: %s", settings, error.text);
	load->ops = load_find_type(running.job->loads[0].settings.type);
	load->name = running.job->loads[0].name;
	load->settings = &running.job->loads[0].settings;
	load->plan = &running.plan->loads[0];
	load->seed = load->plan->seed;
	load->proc_fd = -1;
	load->block = load_shared_alloc(sizeof(*load->block));
	load->started_ns = START_NS;
	assert_non_null(load->block);
	content_init(&load->content, load->seed, load->settings->ratio_percent);
	return running;
}

static inline int prepare(struct load *load, const char **ret_why)
{
	int r = load->ops->prepare ? load->ops->prepare(load, ret_why) : 0;

	return r == 0 && load->ops->begin ? load->ops->begin(load, ret_why) : r;
}

static inline struct running begin(const char *settings)
{
	struct running running = plan_load(settings);
	const char *why = "";
	int r = prepare(&running.load, &why);

	if (r < 0)
		fail_msg("%s: %s: %s", settings, why, strerror(-r));
	return running;
}

static inline void end(struct running *running)
{
	load_finish(&running->load);
	load_shared_free(running->load.block, sizeof(struct worker_block));
	plan_free(running->plan);
	job_free(running->job);
}

/* Steps until nothing is due before until_ns after the start. */
static inline void run_until(struct running *running, uint64_t until_ns)
{
	uint64_t due_ns;

	for (int steps = 0; running->now_ns <= START_NS + until_ns; steps++) {
		assert_true(steps < 1000000);
		assert_int_equal(running->load.ops->step(&running->load, running->now_ns, &due_ns),
				 0);
		/* Work takes no time here, or a microsecond where it would never end. */
		running->now_ns = due_ns > running->now_ns ? due_ns
							   : running->now_ns + NSEC_PER_USEC;
	}
	/* What is due later is looked for again. */
	running->now_ns = START_NS + until_ns + 1;
}

static inline uint64_t verified(struct load *load)
{
	assert_int_equal(load_verify(load, true), 0);
	return block_get(&load->block->verified_pages);
}

/* The same while it goes on; how many pages it was this time. */
static inline uint64_t verified_meanwhile(struct load *load)
{
	uint64_t before = block_get(&load->block->verified_pages);

	assert_int_equal(load_verify(load, false), 0);
	return block_get(&load->block->verified_pages) - before;
}

/* Files need a disk. */
static inline void need_disk(void)
{
	struct statfs fs;

	if (statfs("/var/tmp", &fs) < 0 || fs.f_type == TMPFS_MAGIC)
		skip();
}

static inline struct running begin_on_disk(const char *settings)
{
	need_disk();
	return begin(settings);
}

/* The same in a directory of its own, in which others make nothing; *directory is a template. */
static inline struct running begin_alone_on_disk(const char *settings, char *directory)
{
	char text[512];

	need_disk();
	assert_non_null(mkdtemp(directory));
	(void)snprintf(text, sizeof(text), "%s,directory=%s", settings, directory);
	return begin(text);
}
#define DIRECTORY_TEMPLATE "/var/tmp/uswap-test-XXXXXX"

/* What prepare says to what it refuses. */
static inline int refusal(const char *settings, const char **ret_why)
{
	struct running running = plan_load(settings);
	int r = running.load.ops->prepare(&running.load, ret_why);

	end(&running);
	return r;
}

/* A line of smaps about the mapping whose header contains text, in KiB; -1: it is not there. */
static inline long smaps_kib(const char *text, const char *field)
{
	_cleanup_(fclosep) FILE *smaps = fopen("/proc/self/smaps", "re");
	bool inside = false;
	char line[1024];

	assert_non_null(smaps);
	while (fgets(line, sizeof(line), smaps)) {
		/* Mappings begin with addresses, their fields with capitals. */
		if (!(line[0] >= 'A' && line[0] <= 'Z'))
			inside = strstr(line, text) != NULL;
		if (inside && strncmp(line, field, strlen(field)) == 0 &&
		    line[strlen(field)] == ':')
			return strtol(line + strlen(field) + 1, NULL, 10);
	}
	return -1;
}

/* A job that is wrong in itself. */
static inline void assert_bad(const char *settings)
{
	_cleanup_(job_freep) struct job *job = NULL;
	struct stress_error error;

	assert_int_equal(job_new(&job), 0);
	assert_int_equal(job_add_load(job, settings, &error), 0);
	if (job_check(job, &error) != -EINVAL)
		fail_msg("%s is no error", settings);
}
