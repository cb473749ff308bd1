/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/damon/watch.h"

#include "base/clock.h"
#include "base/saturate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>

/* Longer than a process rests that took back what was taken (policy/pageout.h). */
#define LET_GO_NS (1800 * NSEC_PER_SEC)
/* After a failure. */
#define RETRY_NS (60 * NSEC_PER_SEC)

/* A process, and the thread of the same number. */
struct watched {
	uint64_t pid; /* 0: none */
	int pid_fd;
	uint64_t cold_age_ns;
	struct cold_pace pace;
	uint64_t since_ns, asked_ns;
	uint64_t cpu_ns; /* of the thread, as last read */
};

struct damon_watch {
	struct kdamonds kdamonds;
	struct watched watched[KDAMONDS];
	uint64_t retry_ns; /* 0: it has not failed */
	int error;	   /* what it failed with */
	uint64_t cpu_ns;   /* not told yet */

	/* For other threads. */
	_Atomic uint64_t told_watched, told_cpu_ns;
	_Atomic int told_error;
};

int damon_watch_new(const struct kdamonds *kdamonds, struct damon_watch **ret_watch)
{
	struct damon_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->kdamonds = *kdamonds;
	for (size_t i = 0; i < KDAMONDS; i++)
		w->watched[i].pid_fd = -1;
	*ret_watch = w;
	return 0;
}

void damon_watch_restore(struct damon_watch *w)
{
	if (w)
		atomic_store(&w->told_error, kdamonds_restore(&w->kdamonds));
}

static void count_cpu(struct damon_watch *w, unsigned int i)
{
	uint64_t cpu_ns = kdamonds_cpu_ns(&w->kdamonds, i);
	uint64_t more_ns = minus(cpu_ns, w->watched[i].cpu_ns);

	w->watched[i].cpu_ns = MAX(cpu_ns, w->watched[i].cpu_ns);
	w->cpu_ns += more_ns;
	atomic_fetch_add(&w->told_cpu_ns, more_ns);
}

uint64_t damon_watch_take_cpu_ns(struct damon_watch *w)
{
	uint64_t cpu_ns;

	for (unsigned int i = 0; i < KDAMONDS; i++)
		if (w->watched[i].pid > 0)
			count_cpu(w, i);
	cpu_ns = w->cpu_ns;
	w->cpu_ns = 0;
	return cpu_ns;
}

static int let_go(struct damon_watch *w, unsigned int i)
{
	struct watched *watched = &w->watched[i];

	count_cpu(w, i);
	fd_close(watched->pid_fd);
	*watched = (struct watched){.pid_fd = -1};
	atomic_fetch_sub(&w->told_watched, 1);
	return kdamonds_stop(&w->kdamonds, i);
}

void damon_watch_end(struct damon_watch *w)
{
	if (!w)
		return;
	for (unsigned int i = 0; i < KDAMONDS; i++)
		if (w->watched[i].pid > 0)
			(void)let_go(w, i);
	if (w->kdamonds.held)
		(void)kdamonds_give_back(&w->kdamonds);
}

struct damon_watch *damon_watch_free(struct damon_watch *w)
{
	free(w);
	return NULL;
}

static bool has_ended(const struct watched *watched)
{
	struct pollfd ended = {.fd = watched->pid_fd, .events = POLLIN};

	return poll(&ended, 1, 0) > 0;
}

void damon_watch_tidy(struct damon_watch *w, uint64_t now_ns)
{
	bool any = false;

	if (!w)
		return;
	for (unsigned int i = 0; i < KDAMONDS; i++) {
		const struct watched *watched = &w->watched[i];

		if (watched->pid == 0)
			continue;
		if (has_ended(watched) || now_ns - watched->asked_ns >= LET_GO_NS)
			(void)let_go(w, i);
		else
			any = true;
	}
	if (!any)
		damon_watch_end(w);
}

bool damon_watch_is_active(const struct damon_watch *w)
{
	return w && w->kdamonds.held;
}

/* Whatever failed is said, all is let go, and it is left for a while. */
static int fail(struct damon_watch *w, int error, uint64_t now_ns)
{
	damon_watch_end(w);
	w->error = error;
	w->retry_ns = now_ns + RETRY_NS;
	atomic_store(&w->told_error, error);
	return error;
}

static int find(const struct damon_watch *w, uint64_t pid)
{
	for (int i = 0; i < KDAMONDS; i++)
		if (w->watched[i].pid == pid)
			return i;
	return -EUSERS;
}

/* Its number was its own when DAMON took it up if it has not ended since. */
static int begin(struct damon_watch *w, const struct damon_question *q, uint64_t now_ns)
{
	struct watched *watched;
	int i = find(w, 0), pid_fd, r;

	if (i < 0)
		return i;
	pid_fd = fcntl(q->process->pid_fd, F_DUPFD_CLOEXEC, 0);
	if (pid_fd < 0)
		return -errno;
	r = w->kdamonds.held ? 0 : kdamonds_take(&w->kdamonds);
	if (r < 0) {
		fd_close(pid_fd);
		return fail(w, r, now_ns);
	}
	watched = &w->watched[i];
	*watched = (struct watched){
		.pid = q->process->pid,
		.pid_fd = pid_fd,
		.cold_age_ns = q->cold_age_ns,
		.pace = cold_pace_of(q->cold_age_ns),
		.since_ns = now_ns,
		.asked_ns = now_ns,
	};
	atomic_fetch_add(&w->told_watched, 1);
	r = kdamonds_start(&w->kdamonds, (unsigned int)i, q->process->pid, &watched->pace,
			   cold_region_max_bytes(q->resident_bytes));
	if (has_ended(watched)) {
		(void)let_go(w, (unsigned int)i);
		return -ESRCH;
	}
	if (r < 0)
		return fail(w, r, now_ns);
	atomic_store(&w->told_error, 0);
	return -EAGAIN;
}

int damon_watch_read(struct damon_watch *w, const struct damon_question *q, uint64_t now_ns,
		     struct cold_ranges *ret)
{
	int i = find(w, q->process->pid), r;
	struct watched *watched;

	if (now_ns < w->retry_ns)
		return w->error;
	/* Another process had its number, or another age is wanted: as if it were not watched. */
	if (i >= 0 && (has_ended(&w->watched[i]) || w->watched[i].cold_age_ns != q->cold_age_ns)) {
		(void)let_go(w, (unsigned int)i);
		i = -EUSERS;
	}
	if (i < 0)
		return begin(w, q, now_ns);
	watched = &w->watched[i];
	watched->asked_ns = now_ns;
	if (now_ns - watched->since_ns < cold_pace_known_ns(&watched->pace))
		return -EAGAIN;
	r = kdamonds_read_cold(&w->kdamonds, (unsigned int)i, &watched->pace, ret);
	if (r < 0 && has_ended(watched)) {
		(void)let_go(w, (unsigned int)i);
		return -ESRCH;
	}
	return r < 0 ? fail(w, r, now_ns) : 0;
}

struct damon_state damon_watch_state(const struct damon_watch *w)
{
	return (struct damon_state){
		.watched = atomic_load(&w->told_watched),
		.cpu_ns = atomic_load(&w->told_cpu_ns),
		.error = atomic_load(&w->told_error),
	};
}
