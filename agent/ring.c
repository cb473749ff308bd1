/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ring.h"

#include "base/clock.h"

#include <errno.h>
#include <liburing.h>
#include <poll.h>
#include <string.h>

#define RING_ENTRIES 64
/* As often in a row a watch that ended with an error (-ENOMEM) is begun again. */
#define ERRORS_MAX 16

/* In both back ends a watch has a slot; a slot's generation tells an old completion from a new one.
 */
struct watch {
	uint64_t token; /* 0: free */
	int fd;
	uint32_t events;
	uint32_t generation;
	uint32_t errors; /* in a row */
};

struct ring {
	bool uring;
	struct io_uring io;
	struct watch *watches;
	struct pollfd *polls; /* poll(2) only; same index as watches */
	size_t n_watches;
};

/* user_data of a poll: slot and generation. UINT64_MAX: completions nobody waits for. */
static uint64_t watch_data(const struct ring *ring, size_t slot)
{
	return (uint64_t)ring->watches[slot].generation << 32 | slot;
}

int ring_open(bool try_uring, struct ring **ret_ring)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP,
		.cq_entries = 16 * RING_ENTRIES,
	};
	struct ring *ring = calloc(1, sizeof(*ring));

	if (!ring)
		return -ENOMEM;
	if (try_uring)
		ring->uring = io_uring_queue_init_params(RING_ENTRIES, &ring->io, &params) == 0;
	*ret_ring = ring;
	return 0;
}

struct ring *ring_free(struct ring *ring)
{
	if (!ring)
		return NULL;
	if (ring->uring)
		io_uring_queue_exit(&ring->io);
	free(ring->watches);
	free(ring->polls);
	free(ring);
	return NULL;
}

bool ring_is_uring(const struct ring *ring)
{
	return ring->uring;
}

static struct io_uring_sqe *get_sqe(struct ring *ring)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&ring->io);

	if (!sqe && io_uring_submit(&ring->io) >= 0)
		sqe = io_uring_get_sqe(&ring->io);
	return sqe;
}

static int arm(struct ring *ring, size_t slot)
{
	const struct watch *watch = &ring->watches[slot];
	struct io_uring_sqe *sqe = get_sqe(ring);

	if (!sqe)
		return -EBUSY;
	io_uring_prep_poll_multishot(sqe, watch->fd, watch->events);
	io_uring_sqe_set_data64(sqe, watch_data(ring, slot));
	return 0;
}

static int grow(struct ring *ring)
{
	size_t n = ring->n_watches ? 2 * ring->n_watches : 16;
	struct watch *watches = realloc(ring->watches, n * sizeof(*watches));
	struct pollfd *polls;

	if (!watches)
		return -ENOMEM;
	ring->watches = watches;
	polls = realloc(ring->polls, n * sizeof(*polls));
	if (!polls)
		return -ENOMEM;
	ring->polls = polls;
	for (size_t i = ring->n_watches; i < n; i++) {
		watches[i] = (struct watch){.fd = -1};
		polls[i] = (struct pollfd){.fd = -1};
	}
	ring->n_watches = n;
	return 0;
}

int ring_watch(struct ring *ring, int fd, uint32_t events, uint64_t token)
{
	size_t slot = 0;
	int r;

	while (slot < ring->n_watches && ring->watches[slot].token != 0)
		slot++;
	if (slot == ring->n_watches) {
		r = grow(ring);
		if (r < 0)
			return r;
	}
	ring->watches[slot].token = token;
	ring->watches[slot].fd = fd;
	ring->watches[slot].events = events;
	ring->watches[slot].errors = 0;
	ring->polls[slot] = (struct pollfd){.fd = fd, .events = (short)events};
	if (!ring->uring)
		return 0;
	r = arm(ring, slot);
	if (r < 0)
		ring->watches[slot].token = 0;
	return r;
}

void ring_unwatch(struct ring *ring, uint64_t token)
{
	for (size_t slot = 0; slot < ring->n_watches; slot++) {
		struct io_uring_sqe *sqe;

		if (ring->watches[slot].token != token)
			continue;
		if (ring->uring) {
			sqe = get_sqe(ring);
			if (sqe) {
				io_uring_prep_poll_remove(sqe, watch_data(ring, slot));
				io_uring_sqe_set_data64(sqe, UINT64_MAX);
			}
		}
		ring->watches[slot].generation++;
		ring->watches[slot].token = 0;
		ring->watches[slot].fd = -1;
		ring->polls[slot].fd = -1;
		/* The caller closes the descriptor next: the removal must be on its way. */
		if (ring->uring)
			(void)io_uring_submit(&ring->io);
		return;
	}
}

/* True when the completion is an event for the caller. */
static bool take_completion(struct ring *ring, const struct io_uring_cqe *cqe,
			    struct ring_event *ret)
{
	size_t slot = cqe->user_data & UINT32_MAX;
	struct watch *watch;

	if (cqe->user_data == UINT64_MAX || slot >= ring->n_watches ||
	    watch_data(ring, slot) != cqe->user_data || ring->watches[slot].token == 0)
		return false;
	watch = &ring->watches[slot];
	watch->errors = cqe->res < 0 ? watch->errors + 1 : 0;
	if (!(cqe->flags & IORING_CQE_F_MORE) && watch->errors <= ERRORS_MAX)
		(void)arm(ring, slot);
	*ret = (struct ring_event){
		.token = watch->token,
		.events = cqe->res < 0 ? POLLERR : (uint32_t)cqe->res,
	};
	return true;
}

static int wait_uring(struct ring *ring, uint64_t timeout_ns, struct ring_event *events, size_t n)
{
	struct timespec ts = {
		.tv_sec = (time_t)(timeout_ns / NSEC_PER_SEC),
		.tv_nsec = (long)(timeout_ns % NSEC_PER_SEC),
	};
	struct pollfd completions = {.fd = ring->io.ring_fd, .events = POLLIN};
	struct io_uring_cqe *cqe;
	size_t taken = 0;
	int r = io_uring_submit(&ring->io);

	if (r < 0 && r != -EINTR && r != -EAGAIN && r != -EBUSY)
		return r;
	/*
	 * Not io_uring_enter(2): a task that waits there counts as waiting for I/O, and an idle
	 * agent would show up as iowait and as I/O pressure.
	 */
	if (io_uring_peek_cqe(&ring->io, &cqe) != 0 && ppoll(&completions, 1, &ts, NULL) < 0 &&
	    errno != EINTR)
		return -errno;
	while (taken < n && io_uring_peek_cqe(&ring->io, &cqe) == 0) {
		if (take_completion(ring, cqe, &events[taken]))
			taken++;
		io_uring_cqe_seen(&ring->io, cqe);
	}
	return (int)taken;
}

static int wait_poll(struct ring *ring, uint64_t timeout_ns, struct ring_event *events, size_t n)
{
	struct timespec ts = {
		.tv_sec = (time_t)(timeout_ns / NSEC_PER_SEC),
		.tv_nsec = (long)(timeout_ns % NSEC_PER_SEC),
	};
	size_t taken = 0;

	if (ppoll(ring->polls, ring->n_watches, &ts, NULL) < 0)
		return errno == EINTR ? 0 : -errno;
	for (size_t i = 0; i < ring->n_watches && taken < n; i++)
		if (ring->polls[i].fd >= 0 && ring->polls[i].revents)
			events[taken++] = (struct ring_event){
				.token = ring->watches[i].token,
				.events = (uint32_t)ring->polls[i].revents,
			};
	return (int)taken;
}

int ring_wait(struct ring *ring, uint64_t timeout_ns, struct ring_event *events, size_t n)
{
	return ring->uring ? wait_uring(ring, timeout_ns, events, n)
			   : wait_poll(ring, timeout_ns, events, n);
}
