/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/writer/cleaner_internal.h"

#include "agent/thread.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>

#define STACK_BYTES ((size_t)256 << 10)
#define IDLE_NS	    (5 * NSEC_PER_SEC)
#define BUSY_NS	    (100 * NSEC_PER_MSEC)

static int give_dry(struct cleaner *c, uint64_t device, const struct writer_order *order, int fd)
{
	(void)c;
	(void)device;
	(void)order;
	(void)fd;
	return -ECANCELED;
}

const struct clean_ops clean_live = {.name = "live", .give = devices_give};
const struct clean_ops clean_dry_run = {.name = "dry-run", .give = give_dry};

/* --- the askers' side --- */

int cleaner_ask(struct cleaner *c, const struct clean_ops *ops,
		const struct clean_settings *settings, const struct config_patterns *denied,
		uint64_t group, int group_dir_fd, uint64_t bytes, int wake_fd)
{
	for (int i = 0; i < CLEANER_SLOTS; i++) {
		struct job *job = &c->jobs[i];

		if (!slot_take(&job->slot))
			continue;
		job->ops = ops;
		job->settings = *settings;
		job->denied = *denied;
		job->group = group;
		job->bytes = bytes;
		job->result = (struct clean_result){0};
		job->all_given = false;
		job->n_open = 0;
		job->write_begun_ns = 0;
		/* Its own: the group may go before its turn comes. */
		job->group_fd = fcntl(group_dir_fd, F_DUPFD_CLOEXEC, 0);
		slot_ask(&job->slot, wake_fd);
		(void)eventfd_write(c->wake_fd, 1);
		return i;
	}
	return -EBUSY;
}

bool cleaner_collect(struct cleaner *c, int slot, struct clean_result *ret)
{
	struct job *job = &c->jobs[slot];

	if (!slot_is_done(&job->slot))
		return false;
	*ret = job->result;
	slot_free(&job->slot);
	return true;
}

void cleaner_forget(struct cleaner *c, int slot)
{
	slot_forget(&c->jobs[slot].slot);
}

void cleaner_read_state(const struct cleaner *c, struct cleaner_state *ret)
{
	*ret = (struct cleaner_state){
		.writers = atomic_load(&c->writers),
		.abandoned = atomic_load(&c->abandoned),
		.asked_bytes = atomic_load(&c->asked_bytes),
		.cleaned_bytes = atomic_load(&c->cleaned_bytes),
		.no_uring = atomic_load(&c->no_uring),
		.no_cachestat = atomic_load(&c->no_cachestat),
	};
	account_read(c, ret);
}

/* --- the thread's side --- */

static void finish(struct job *job, uint64_t now_ns)
{
	job->group_fd = fd_close(job->group_fd);
	if (job->write_begun_ns != 0)
		job->result.write_ns = now_ns - job->write_begun_ns;
	slot_end(&job->slot);
}

void cleaner_answered(struct cleaner *c, struct given *given, const struct writer_answer *answer,
		      uint64_t now_ns)
{
	struct job *job = given->job;

	job->result.asked_bytes += answer->asked_bytes;
	job->result.cleaned_bytes += answer->cleaned_bytes;
	job->result.slowest_ns = MAX(job->result.slowest_ns, answer->slowest_ns);
	if (job->result.error == 0)
		job->result.error = (int)answer->error;
	atomic_fetch_add(&c->asked_bytes, answer->asked_bytes);
	atomic_fetch_add(&c->cleaned_bytes, answer->cleaned_bytes);
	account_answered(c, given->device, answer);
	/* Also what is dirty again already, all of it perhaps. */
	if (answer->error == 0 && answer->asked_bytes > 0)
		clean_history_cleaned(&c->history, given->device, given->inode, given->offset,
				      given->length, answer->asked_bytes, now_ns);
	given->job = NULL;
	if (--job->n_open == 0 && job->all_given)
		finish(job, now_ns);
}

static struct given *free_given(struct cleaner *c)
{
	for (size_t i = 0; i < GIVEN_MAX; i++)
		if (!c->given[i].job)
			return &c->given[i];
	return NULL;
}

/* False: no more can be given now; what is left is found again by the next pass. */
static bool give(struct cleaner *c, struct job *job, const struct dirty_file *file, uint64_t offset,
		 uint64_t length, uint64_t now_ns)
{
	struct given *given = free_given(c);
	const struct writer_order order = {
		.id = ++c->last_id,
		.group = job->group,
		.offset = offset,
		.length = length,
		.target_ns = job->settings.device_target_ns,
		.bytes_per_s = job->settings.device_bytes_per_s,
		.give_way = job->settings.give_way,
	};
	int r = given ? job->ops->give(c, file->device, &order, file->fd) : -EBUSY;

	if (r < 0) {
		if (r != -EBUSY && r != -EAGAIN && r != -ECANCELED && job->result.error == 0)
			job->result.error = r;
		return false;
	}
	*given = (struct given){
		.job = job,
		.id = order.id,
		.device = file->device,
		.inode = file->inode,
		.offset = offset,
		.length = length,
		.due_ns = now_ns + job->settings.deadline_ns,
	};
	job->n_open++;
	job->result.orders++;
	return true;
}

static void give_all(struct cleaner *c, struct job *job, uint64_t now_ns)
{
	size_t n;
	const struct clean_candidate *chosen = pass_chosen(c->pass, &n);

	job->write_begun_ns = now_ns;
	for (size_t i = 0; i < n; i++) {
		const struct dirty_file *file = pass_file(c->pass, chosen[i].file);
		uint64_t at = chosen[i].offset, end = at + chosen[i].length;

		job->result.chosen_bytes += chosen[i].dirty_bytes;
		/* Pieces, so that no file is held for long. */
		for (; at < end; at += ORDER_MAX_BYTES)
			if (!give(c, job, file, at, MIN(ORDER_MAX_BYTES, end - at), now_ns))
				break;
	}
}

/* Cachestat and sync_file_range on such a file see the overlay's own, empty page cache. */
static void say_overlay(struct cleaner *c, const struct dirty_totals *totals)
{
	if (totals->refused[FILE_OVERLAY] == 0 || c->overlay_said)
		return;
	c->overlay_said = true;
	log_notice(&c->options.log,
		   "files on overlayfs are not written back; files in volumes are");
}

static void look_done(struct cleaner *c, uint64_t now_ns)
{
	struct job *job = c->looking;
	const struct dirty_totals *totals = pass_totals(c->pass);

	job->result.look_ns = now_ns - job->look_begun_ns;
	job->result.found_bytes = totals->dirty_bytes;
	job->result.again_bytes = pass_again_bytes(c->pass);
	job->result.files = totals->files;
	for (size_t i = 0; i < FILE_REFUSALS; i++)
		job->result.refused[i] = totals->refused[i];
	say_overlay(c, totals);
	give_all(c, job, now_ns);
	/* The writers have their own: nothing of ours keeps a file. */
	pass_end(c->pass);
	c->looking = NULL;
	job->all_given = true;
	if (job->n_open == 0)
		finish(job, now_ns);
}

/* Takes the next ask, or goes on with the look under way. True: there is more to look at. */
static bool look(struct cleaner *c, uint64_t now_ns)
{
	for (size_t i = 0; i < CLEANER_SLOTS && !c->looking; i++) {
		struct job *job = &c->jobs[i];

		if (!slot_begin(&job->slot))
			continue;
		job->look_begun_ns = now_ns;
		c->looking = job;
		pass_begin(c->pass, job->group_fd, job->bytes,
			   &(struct pass_bounds){
				   .remote_wanted = job->settings.remote,
				   .sys_fd = c->options.sys_fd,
				   .denied = &job->denied,
			   });
	}
	if (!c->looking)
		return false;
	if (pass_step(c->pass, &c->history, now_ns) == 0)
		look_done(c, clock_now_ns());
	c->pause_ns = dirty_step_pause_ns(clock_now_ns() - now_ns);
	return true;
}

static void wait(struct cleaner *c, bool looking)
{
	struct pollfd fds[CLEANER_DEVICES + 1] = {{.fd = c->wake_fd, .events = POLLIN}};
	uint64_t wait_ns = looking ? c->pause_ns : IDLE_NS;
	uint64_t value;

	for (size_t i = 0; i < CLEANER_DEVICES; i++) {
		const struct device *d = &c->devices[i];

		fds[i + 1].fd = d->writer && !d->abandoned ? writer_fd(d->writer) : -1;
		fds[i + 1].events = POLLIN;
		/* Deadlines, and whether an abandoned one has ended. */
		if (d->writer && (d->n_open > 0 || d->abandoned))
			wait_ns = MIN(wait_ns, BUSY_NS);
	}
	(void)poll(fds, ARRAY_SIZE(fds), (int)(wait_ns / NSEC_PER_MSEC));
	(void)eventfd_read(c->wake_fd, &value);
}

static void *cleaner_main(void *arg)
{
	struct cleaner *c = arg;

	while (!atomic_load(&c->stop)) {
		devices_turn(c, clock_now_ns());
		wait(c, look(c, clock_now_ns()));
	}
	pass_end(c->pass);
	/* By the thread that started them, since they die with it. */
	c->stop_result = devices_stop(c, c->stop_ns);
	return NULL;
}

static void free_all(struct cleaner *c)
{
	pass_free(c->pass);
	fd_close(c->wake_fd);
	for (size_t i = 0; i < CLEANER_SLOTS; i++)
		fd_close(c->jobs[i].group_fd);
	free(c);
}

int cleaner_start(const struct cleaner_options *options, struct cleaner **ret_cleaner)
{
	struct cleaner *c = calloc(1, sizeof(*c));
	struct page_counts pages;
	bool has_cachestat = cachestat_read(options->proc_fd, 0, 1, &pages) != -ENOSYS;
	int r;

	if (!c)
		return -ENOMEM;
	c->options = *options;
	for (size_t i = 0; i < CLEANER_SLOTS; i++)
		c->jobs[i].group_fd = -1;
	c->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = c->wake_fd < 0 ? -errno : 0;
	if (r == 0)
		r = pass_new(options->proc_fd, has_cachestat ? cachestat_read : NULL, &c->pass);
	if (r == 0)
		r = thread_start("uswapd/clean", STACK_BYTES, cleaner_main, c, &c->thread);
	if (r < 0) {
		free_all(c);
		return r;
	}
	*ret_cleaner = c;
	return 0;
}

int cleaner_stop(struct cleaner *c, uint64_t timeout_ns)
{
	int r;

	if (!c)
		return 0;
	c->stop_ns = timeout_ns / 2;
	atomic_store(&c->stop, true);
	(void)eventfd_write(c->wake_fd, 1);
	r = thread_join(c->thread, timeout_ns);
	if (r < 0)
		return r;
	r = c->stop_result;
	free_all(c);
	return r;
}
