/* SPDX-License-Identifier: Apache-2.0 */
/* The cleaner's write-back processes: one a device, started when it is first needed. */
#include "agent/writer/cleaner_internal.h"

#include "agent/writer/device_stat.h"
#include "base/clock.h"

#include <errno.h>
#include <sys/sysmacros.h>

/* Waited for without need: one that is not stuck ends within that. */
#define ABANDON_NS (20 * NSEC_PER_MSEC)
/* Between two turns with orders under way there is a tenth of that. */
#define STOOD_STILL_NS (1 * NSEC_PER_SEC)
/* A process with nothing to do for that long goes. */
#define IDLE_NS (60 * NSEC_PER_SEC)

static struct device *find(struct cleaner *c, uint64_t number)
{
	for (size_t i = 0; i < CLEANER_DEVICES; i++)
		if (c->devices[i].writer && writer_device(c->devices[i].writer) == number)
			return &c->devices[i];
	return NULL;
}

static bool end_idle(struct cleaner *c, struct device *d)
{
	if (writer_stop(d->writer, NSEC_PER_SEC) < 0)
		return false;
	account_bound(c, writer_device(d->writer), 0);
	d->writer = writer_free(d->writer);
	*d = (struct device){0};
	atomic_fetch_sub(&c->writers, 1);
	return true;
}

/* A free place, or that of a writer with nothing to do. */
static struct device *make_place(struct cleaner *c)
{
	struct device *idle = NULL;

	for (size_t i = 0; i < CLEANER_DEVICES; i++) {
		struct device *d = &c->devices[i];

		if (!d->writer)
			return d;
		if (d->n_open == 0 && !d->abandoned)
			idle = d;
	}
	return idle && end_idle(c, idle) ? idle : NULL;
}

static int start(struct cleaner *c, uint64_t number, struct device **ret_device)
{
	struct device *d = make_place(c);
	_cleanup_close_ int stat_fd = device_stat_open(c->options.sys_fd, number);
	_cleanup_close_ int disk_fd = device_stat_open_disk(c->options.sys_fd, number);
	int r;

	if (!d)
		return -EBUSY;
	*d = (struct device){.busy_ns = clock_now_ns()};
	r = writer_start(c->options.program, number, stat_fd, disk_fd, c->options.try_uring,
			 &d->writer);
	if (r < 0)
		return r;
	atomic_fetch_add(&c->writers, 1);
	*ret_device = d;
	return 0;
}

int devices_give(struct cleaner *c, uint64_t number, const struct writer_order *order, int fd)
{
	struct device *d = find(c, number);
	int r = d ? 0 : start(c, number, &d);

	if (r < 0)
		return r;
	if (d->abandoned)
		return -ETIMEDOUT;
	if (d->n_open == WRITER_ORDERS_MAX)
		return -EBUSY;
	r = writer_give(d->writer, order, fd);
	if (r == 0)
		d->n_open++;
	return r;
}

/* All that was given to a device ends with error. */
static void fail_orders(struct cleaner *c, uint64_t number, int error, uint64_t now_ns)
{
	const struct writer_answer failed = {.kind = WRITER_DONE, .error = error};

	for (size_t i = 0; i < GIVEN_MAX; i++)
		if (c->given[i].job && c->given[i].device == number)
			cleaner_answered(c, &c->given[i], &failed, now_ns);
}

static void gone(struct cleaner *c, struct device *d)
{
	if (d->abandoned) {
		log_notice(&c->options.log, "write-back of device %u:%u has ended at last",
			   major(writer_device(d->writer)), minor(writer_device(d->writer)));
		atomic_fetch_sub(&c->abandoned, 1);
		account_gone(c, writer_device(d->writer));
	}
	d->writer = writer_free(d->writer);
	*d = (struct device){0};
	atomic_fetch_sub(&c->writers, 1);
}

/* It may be inside the kernel for as long as its device likes. */
static void give_up(struct cleaner *c, struct device *d, int error, uint64_t now_ns)
{
	uint64_t number = writer_device(d->writer);
	int pid = writer_pid(d->writer);
	bool stuck = writer_stop(d->writer, ABANDON_NS) < 0;

	account_bound(c, number, 0);
	if (error == -ETIMEDOUT)
		log_warning(&c->options.log,
			    "device %u:%u does not answer: its write-back (process %d) is %s; "
			    "nothing is written there until it has ended",
			    major(number), minor(number), pid,
			    stuck ? "stuck in the kernel and abandoned" : "stopped");
	else
		log_warning(&c->options.log, "write-back of device %u:%u (process %d) has ended",
			    major(number), minor(number), pid);
	fail_orders(c, number, error, now_ns);
	if (error == -ETIMEDOUT)
		account_given_up(c, number, stuck);
	d->n_open = 0;
	if (!stuck) {
		gone(c, d);
		return;
	}
	d->abandoned = true;
	atomic_fetch_add(&c->abandoned, 1);
}

static void take_hello(struct cleaner *c, const struct writer_answer *hello)
{
	if (!(hello->flags & WRITER_HAS_URING) && !atomic_exchange(&c->no_uring, true))
		log_notice(&c->options.log, "io_uring is refused: write-back blocks in "
					    "sync_file_range instead");
	if (!(hello->flags & WRITER_HAS_CACHESTAT) && !atomic_exchange(&c->no_cachestat, true))
		log_notice(&c->options.log, "this kernel has no cachestat: what write-back has "
					    "cleaned is an estimate");
}

static struct given *find_given(struct cleaner *c, uint64_t id, uint64_t device)
{
	for (size_t i = 0; i < GIVEN_MAX; i++)
		if (c->given[i].job && c->given[i].id == id && c->given[i].device == device)
			return &c->given[i];
	return NULL;
}

/* A device that answers is not given up, even when a group's own limit (io.max) makes it wait. */
static void renew(struct cleaner *c, uint64_t number, uint64_t now_ns)
{
	for (size_t i = 0; i < GIVEN_MAX; i++)
		if (c->given[i].job && c->given[i].device == number)
			c->given[i].due_ns = now_ns + c->given[i].job->settings.deadline_ns;
}

static void take_answers(struct cleaner *c, struct device *d, uint64_t now_ns)
{
	struct writer_answer answer;
	int r;

	while ((r = writer_take(d->writer, &answer)) == 1) {
		struct given *given;

		if (answer.kind == WRITER_HELLO) {
			take_hello(c, &answer);
			continue;
		}
		account_bound(c, writer_device(d->writer), answer.bytes_per_s);
		if (answer.error == 0)
			renew(c, writer_device(d->writer), now_ns);
		given = find_given(c, answer.id, writer_device(d->writer));
		if (!given)
			continue;
		d->n_open--;
		cleaner_answered(c, given, &answer, now_ns);
	}
	if (r < 0)
		give_up(c, d, -EPIPE, now_ns);
}

static bool is_overdue(const struct cleaner *c, uint64_t number, uint64_t now_ns)
{
	for (size_t i = 0; i < GIVEN_MAX; i++)
		if (c->given[i].job && c->given[i].device == number && c->given[i].due_ns <= now_ns)
			return true;
	return false;
}

/* While this thread stood still, as on a machine that was paused, writers may have done so too. */
static void excuse(struct cleaner *c, uint64_t now_ns)
{
	uint64_t stood_ns = now_ns - c->turned_ns;

	c->turned_ns = now_ns;
	for (size_t i = 0; i < GIVEN_MAX && stood_ns >= STOOD_STILL_NS; i++)
		c->given[i].due_ns += stood_ns;
}

void devices_turn(struct cleaner *c, uint64_t now_ns)
{
	excuse(c, now_ns);
	for (size_t i = 0; i < CLEANER_DEVICES; i++) {
		struct device *d = &c->devices[i];

		if (!d->writer)
			continue;
		if (d->abandoned) {
			if (writer_has_ended(d->writer))
				gone(c, d);
			continue;
		}
		take_answers(c, d, now_ns);
		if (d->n_open > 0)
			d->busy_ns = now_ns;
		else if (d->writer && now_ns - d->busy_ns > IDLE_NS)
			end_idle(c, d);
		if (d->writer && is_overdue(c, writer_device(d->writer), now_ns))
			give_up(c, d, -ETIMEDOUT, now_ns);
	}
}

int devices_stop(struct cleaner *c, uint64_t timeout_ns)
{
	uint64_t end_ns = clock_now_ns() + timeout_ns;
	int worst = 0;

	/* All at once: one that is stuck may take the time that there is. */
	for (size_t i = 0; i < CLEANER_DEVICES; i++)
		if (c->devices[i].writer)
			writer_ask_to_stop(c->devices[i].writer);
	for (size_t i = 0; i < CLEANER_DEVICES; i++) {
		struct device *d = &c->devices[i];
		uint64_t now_ns = clock_now_ns();

		if (!d->writer)
			continue;
		if (writer_stop(d->writer, end_ns > now_ns ? (end_ns - now_ns) / 2 : 0) < 0) {
			log_warning(&c->options.log,
				    "device %u:%u does not answer: its write-back (process %d) "
				    "stays until it does",
				    major(writer_device(d->writer)),
				    minor(writer_device(d->writer)), writer_pid(d->writer));
			worst = -EBUSY;
		}
		d->writer = writer_free(d->writer);
	}
	return worst;
}
