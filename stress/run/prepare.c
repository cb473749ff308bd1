/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/run/prepare.h"

#include "base/parse.h"
#include "stress/loads/fileset.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

/* Why touches of the load were slow is asked of the process that made them. */
static void watch_slow_touches(struct worker_block *block, uint64_t above_ns, bool of_file)
{
	block->first_slow = (struct slow_touches){
		.above_ns = above_ns,
		.of_file = of_file,
		.last = &block->last_faults,
	};
	block->reuse_slow = block->first_slow;
	block->first.slow = &block->first_slow;
	block->reuse.slow = &block->reuse_slow;
}

/* How much there is in the load's directory, in words. */
static const char *free_space(const struct job_load *said, char *text, size_t n)
{
	char there[FORMAT_SIZE_BYTES], reserve[FORMAT_SIZE_BYTES];
	struct statvfs space;

	*text = '\0';
	if (statvfs(said->settings.directory, &space) == 0)
		(void)snprintf(text, n, ": %s are free, of which %s stay so",
			       format_size(there, sizeof(there),
					   (uint64_t)space.f_bavail * space.f_frsize),
			       format_size(reserve, sizeof(reserve), FILESET_RESERVE_BYTES));
	return text;
}

/*
 * why begins with the setting that can't be had here, or says what else failed. Whether it is the
 * job that is wrong: -EINVAL, -EOPNOTSUPP and -ENOSPC speak for themselves.
 */
static int refuse(const struct job_load *said, int error, const char *why,
		  struct stress_error *ret_error)
{
	bool told = error == -EINVAL || error == -EOPNOTSUPP || error == -ENOSPC;
	const struct job_place *place = job_said_first(said, why);
	char where[PATH_MAX + 128] = "", space[96] = "";

	if (!told && place == &said->place)
		return stress_fail(ret_error, error, "[load %s] %s: %s", said->name, why,
				   strerror(-error));
	if (error == -ENOSPC)
		(void)free_space(said, space, sizeof(space));
	if (strncmp(why, "directory:", strlen("directory:")) == 0)
		(void)snprintf(where, sizeof(where), " (%s%s)", said->settings.directory, space);
	return job_fail(ret_error, place, "load", said->name, "%s%s%s%s", why, where,
			told ? "" : ": ", told ? "" : strerror(-error));
}

int load_prepare(const struct job_load *said, const struct plan *plan, size_t i, int proc_fd,
		 int sys_fd, struct load *load, struct stress_error *ret_error)
{
	const char *why = "";
	int r;

	*load = (struct load){
		.ops = load_find_type(said->settings.type),
		.name = said->name,
		.settings = &said->settings,
		.plan = &plan->loads[i],
		.seed = plan->loads[i].seed,
		.proc_fd = proc_fd,
		.sys_fd = sys_fd,
		.group_fd = -1,
		.floor_bytes = plan->floor_bytes,
		.block = load_shared_alloc(sizeof(struct worker_block)),
	};
	if (!load->block)
		return stress_fail(ret_error, -ENOMEM, "out of memory");
	watch_slow_touches(load->block, said->settings.slow_ns, !load->ops->anonymous);
	content_init(&load->content, load->seed, said->settings.ratio_percent);
	r = load->ops->prepare ? load->ops->prepare(load, &why) : 0;
	return r < 0 ? refuse(said, r, why, ret_error) : 0;
}

void load_release(struct load *load)
{
	load_finish(load);
	load_shared_free(load->block, sizeof(*load->block));
	*load = (struct load){.ops = NULL};
}
