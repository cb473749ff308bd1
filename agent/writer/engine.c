/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/writer/engine.h"

#include "agent/policy/clean.h"
#include "agent/policy/give_way.h"
#include "agent/writer/device_stat.h"
#include "base/clock.h"
#include "base/saturate.h"

#include <errno.h>
#include <fcntl.h>
#include <liburing.h>

#define PIECES_MAX   64
#define GROUPS_MAX   64
#define RING_WORKERS 2
#define LOOKS_A_TURN 256 /* calls of cachestat where nothing is dirty */
#define WAIT_MIN_NS  NSEC_PER_MSEC
#define WAIT_MAX_NS  (10 * NSEC_PER_MSEC)
#define PROGRESS_NS  (200 * NSEC_PER_MSEC) /* between two words of progress */
#define SECTOR_BYTES 512

/* Of a group: its depth, kept while there is place. */
struct writing_group {
	uint64_t id, used_ns; /* used_ns 0: free */
	struct clean_depth depth;
	uint64_t in_flight_bytes;
};

struct writing_order {
	bool active;
	int fd;
	struct writer_order order;
	struct writing_group *group;
	struct writer_answer answer;
	uint64_t begun_ns;
	uint64_t at;	      /* up to where pieces were started */
	uint64_t sectors;     /* written by the device before */
	unsigned int flights; /* pieces that are not clean yet */
};

enum piece_state {
	PIECE_FREE,
	PIECE_STARTING, /* the call has not returned */
	PIECE_WRITING,	/* it has: until it is clean */
};

struct piece {
	enum piece_state state;
	struct writing_order *order;
	uint64_t offset, length, begun_ns;
	uint64_t dirty_bytes; /* 0: others write it, and it is only waited for */
	uint64_t due_sectors; /* of the device, without cachestat */
};

struct engine {
	struct engine_options options;
	bool uring;
	struct io_uring ring;
	uint64_t page_size;
	size_t n_orders; /* active */
	size_t next;	 /* whose turn it is: a slow group must not hold up the others */
	struct clean_budget budget;
	struct give_way way;
	uint64_t readers_due_ns;
	uint64_t owed_bytes;  /* started beyond the budget */
	uint64_t due_sectors; /* when all that was started is written, first in, first out */
	bool progressed;      /* since progress_ns, when that was last said */
	uint64_t progress_ns;
	struct writing_order orders[WRITER_ORDERS_MAX];
	struct piece pieces[PIECES_MAX];
	struct writing_group groups[GROUPS_MAX];
};

int engine_open(const struct engine_options *options, struct engine **ret_engine)
{
	unsigned int workers[2] = {RING_WORKERS, RING_WORKERS};
	struct engine *e = calloc(1, sizeof(*e));

	if (!e)
		return -ENOMEM;
	e->options = *options;
	e->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	if (options->try_uring)
		e->uring = io_uring_queue_init(PIECES_MAX, &e->ring, 0) == 0;
	/* Without the bound it is only more threads. */
	if (e->uring)
		(void)io_uring_register_iowq_max_workers(&e->ring, workers);
	*ret_engine = e;
	return 0;
}

struct engine *engine_free(struct engine *e)
{
	if (!e)
		return NULL;
	if (e->uring)
		io_uring_queue_exit(&e->ring);
	for (size_t i = 0; i < WRITER_ORDERS_MAX; i++)
		if (e->orders[i].active)
			fd_close(e->orders[i].fd);
	free(e);
	return NULL;
}

bool engine_is_uring(const struct engine *e)
{
	return e->uring;
}

int engine_fd(const struct engine *e)
{
	return e->uring ? e->ring.ring_fd : -1;
}

bool engine_has_room(const struct engine *e)
{
	return e->n_orders < WRITER_ORDERS_MAX;
}

/* The group's entry, or that of the group idle for longest; there is one a order at least. */
static struct writing_group *find_group(struct engine *e, uint64_t id, uint64_t now_ns)
{
	struct writing_group *best = NULL;

	for (size_t i = 0; i < GROUPS_MAX; i++) {
		struct writing_group *g = &e->groups[i];
		bool busy = false;

		if (g->used_ns != 0 && g->id == id) {
			g->used_ns = now_ns;
			return g;
		}
		for (size_t j = 0; j < WRITER_ORDERS_MAX; j++)
			busy |= e->orders[j].active && e->orders[j].group == g;
		if (!busy && (!best || g->used_ns < best->used_ns))
			best = g;
	}
	if (best)
		*best = (struct writing_group){.id = id, .used_ns = now_ns};
	return best;
}

/*
 * What is dirty in the range of an order, by pages: a piece writes whole folios, which may reach
 * beyond it. Without cachestat it is known afterwards only, and roughly: what the device wrote.
 */
static uint64_t dirty_bytes(const struct engine *e, const struct writing_order *o)
{
	struct page_counts pages;

	if (!e->options.count ||
	    e->options.count(o->fd, o->order.offset, o->order.length, &pages) < 0)
		return 0;
	return MIN(pages.dirty * e->page_size, o->order.length);
}

static uint64_t written_sectors(const struct engine *e)
{
	struct device_stat stat;

	if (e->options.count || e->options.device_fd < 0 ||
	    device_stat_read(e->options.device_fd, &stat) < 0)
		return 0;
	return stat.written_sectors;
}

int engine_take(struct engine *e, const struct writer_order *order, int fd, uint64_t now_ns)
{
	struct writing_group *group;
	struct writing_order *o;
	size_t i = 0;

	if (!engine_has_room(e))
		return -EBUSY;
	group = find_group(e, order->group, now_ns);
	if (!group)
		return -EBUSY;
	while (e->orders[i].active)
		i++;
	o = &e->orders[i];
	*o = (struct writing_order){
		.active = true,
		.fd = fd,
		.order = *order,
		.group = group,
		.begun_ns = now_ns,
		.at = order->offset,
	};
	o->answer = (struct writer_answer){
		.magic = WRITER_MAGIC,
		.version = WRITER_VERSION,
		.kind = WRITER_DONE,
		.id = order->id,
		.asked_bytes = dirty_bytes(e, o),
	};
	o->sectors = written_sectors(e);
	if (e->n_orders++ == 0)
		e->progress_ns = now_ns;
	return 0;
}

static void piece_over(struct engine *e, struct piece *p, uint64_t now_ns)
{
	struct writing_order *o = p->order;
	uint64_t took_ns = now_ns > p->begun_ns ? now_ns - p->begun_ns : 0;

	o->flights--;
	p->state = PIECE_FREE;
	e->progressed |= o->answer.error == 0;
	if (p->dirty_bytes == 0)
		return;
	o->group->in_flight_bytes -= p->dirty_bytes;
	o->answer.slowest_ns = MAX(o->answer.slowest_ns, took_ns);
	if (o->answer.error == 0)
		clean_depth_learn(&o->group->depth, o->order.target_ns, p->begun_ns, now_ns);
}

static void piece_started(struct engine *e, struct piece *p, int error, uint64_t now_ns)
{
	struct device_stat stat;

	p->state = PIECE_WRITING;
	if (error < 0) {
		/* Not marked as seen by anybody: the application still gets its own. */
		if (p->order->answer.error == 0)
			p->order->answer.error = error;
		piece_over(e, p, now_ns);
		return;
	}
	if (e->options.count || device_stat_read(e->options.device_fd, &stat) < 0)
		return;
	e->due_sectors = MAX(e->due_sectors, stat.written_sectors) + p->length / SECTOR_BYTES;
	p->due_sectors = e->due_sectors;
}

static void reap(struct engine *e, uint64_t now_ns)
{
	struct io_uring_cqe *cqe;

	while (e->uring && io_uring_peek_cqe(&e->ring, &cqe) == 0) {
		piece_started(e, &e->pieces[cqe->user_data], cqe->res, now_ns);
		io_uring_cqe_seen(&e->ring, cqe);
	}
}

/* Clean is what the kernel says is neither dirty nor under write-back. */
static void look_at_written(struct engine *e, uint64_t now_ns)
{
	struct device_stat stat = {0};
	bool counted = !e->options.count && e->options.device_fd >= 0 &&
		       device_stat_read(e->options.device_fd, &stat) == 0;

	/* What was clean is not written: it is made up for when the device rests. */
	if (counted && stat.in_flight == 0)
		e->due_sectors = stat.written_sectors;

	for (size_t i = 0; i < PIECES_MAX; i++) {
		struct piece *p = &e->pieces[i];
		struct page_counts pages = {0};

		if (p->state != PIECE_WRITING)
			continue;
		if (e->options.count &&
		    e->options.count(p->order->fd, p->offset, p->length, &pages) == 0) {
			if (pages.writeback == 0)
				piece_over(e, p, now_ns);
			continue;
		}
		if (!counted || stat.in_flight == 0 || stat.written_sectors >= p->due_sectors)
			piece_over(e, p, now_ns);
	}
}

/* Of two bounds, of which 0 is none. */
static uint64_t stricter(uint64_t a, uint64_t b)
{
	return a == 0 || b == 0 ? MAX(a, b) : MIN(a, b);
}

/* What all orders together may write: as was said, and as leaves others room. 0: no bound. */
static uint64_t rate_of(const struct engine *e, const struct writing_order *o)
{
	return stricter(o->order.give_way ? give_way_rate(&e->way) : 0, o->order.bytes_per_s);
}

/* The same for people: the caution of the first round says nothing of readers. */
static uint64_t told_rate_of(const struct engine *e, const struct writing_order *o)
{
	return e->way.state == GIVE_WAY_FIRST ? o->order.bytes_per_s : rate_of(e, o);
}

static uint64_t strictest(const struct engine *e,
			  uint64_t (*rate)(const struct engine *e, const struct writing_order *o))
{
	uint64_t least = 0;

	for (size_t i = 0; i < WRITER_ORDERS_MAX; i++)
		if (e->orders[i].active)
			least = stricter(least, rate(e, &e->orders[i]));
	return least;
}

/* Whether others read from the disk, where an order cares. */
static void look_at_readers(struct engine *e, uint64_t now_ns)
{
	struct device_stat stat;
	bool wanted = false;

	for (size_t i = 0; i < WRITER_ORDERS_MAX; i++)
		wanted |= e->orders[i].active && e->orders[i].order.give_way;
	if (!wanted || e->options.disk_fd < 0 || now_ns < e->readers_due_ns ||
	    device_stat_read(e->options.disk_fd, &stat) < 0)
		return;
	e->readers_due_ns = now_ns + GIVE_WAY_ROUND_NS / 4;
	give_way_look(&e->way, stat.reads, stat.read_ns, now_ns);
}

static bool pay(struct engine *e, uint64_t bytes_per_s, uint64_t now_ns)
{
	e->owed_bytes -= clean_budget_take(&e->budget, bytes_per_s, e->owed_bytes, now_ns);
	return e->owed_bytes == 0;
}

static struct piece *free_piece(struct engine *e)
{
	for (size_t i = 0; i < PIECES_MAX; i++)
		if (e->pieces[i].state == PIECE_FREE)
			return &e->pieces[i];
	return NULL;
}

/* -EAGAIN: the ring is full for now. */
static int call_kernel(struct engine *e, struct piece *p, uint64_t now_ns)
{
	const struct writing_order *o = p->order;
	struct io_uring_sqe *sqe;

	if (!e->uring) {
		int r = sync_file_range(o->fd, (off_t)p->offset, (off_t)p->length,
					SYNC_FILE_RANGE_WRITE);

		piece_started(e, p, r < 0 ? -errno : 0, now_ns);
		return 0;
	}
	sqe = io_uring_get_sqe(&e->ring);
	if (!sqe)
		return -EAGAIN;
	io_uring_prep_sync_file_range(sqe, o->fd, (unsigned int)p->length, p->offset,
				      SYNC_FILE_RANGE_WRITE);
	io_uring_sqe_set_data64(sqe, (uint64_t)(p - e->pieces));
	return 0;
}

/* Starts the next piece of an order, or passes over what is clean. False: not now. */
static bool start_piece(struct engine *e, struct writing_order *o, uint64_t now_ns)
{
	struct writing_group *g = o->group;
	uint64_t end = o->order.offset + o->order.length;
	uint64_t rate = rate_of(e, o);
	uint64_t piece = clean_piece_bytes(&g->depth, rate);
	struct page_counts pages = {0};
	struct piece *p = free_piece(e);

	if (!p || o->at == end || g->in_flight_bytes >= clean_depth_bytes(&g->depth) ||
	    !pay(e, rate, now_ns))
		return false;
	*p = (struct piece){
		.state = PIECE_STARTING,
		.order = o,
		.offset = o->at,
		.begun_ns = now_ns,
	};
	/* Up to the next multiple of a piece, so that folios are not cut by every one. */
	p->length = MIN(piece - o->at % piece, end - o->at);
	p->dirty_bytes = p->length;
	if (e->options.count && e->options.count(o->fd, p->offset, p->length, &pages) == 0)
		p->dirty_bytes = MIN(pages.dirty * e->page_size, p->length);
	o->at += p->length;
	if (p->dirty_bytes == 0) {
		/* The kernel's flushers write too: not clean before they have. */
		p->state = pages.writeback > 0 ? PIECE_WRITING : PIECE_FREE;
		o->flights += pages.writeback > 0;
		return true;
	}
	o->flights++;
	o->answer.pieces++;
	g->in_flight_bytes += p->dirty_bytes;
	e->owed_bytes += rate ? p->dirty_bytes : 0;
	if (call_kernel(e, p, now_ns) < 0)
		piece_started(e, p, -EAGAIN, now_ns);
	return true;
}

/* A piece of each order in turn, as long as any may start one. */
static void start_pieces(struct engine *e, uint64_t now_ns)
{
	size_t refused = 0;
	int looks = 0;

	while (refused < WRITER_ORDERS_MAX && looks < LOOKS_A_TURN) {
		struct writing_order *o = &e->orders[e->next];

		looks += o->active;
		refused = o->active && start_piece(e, o, now_ns) ? 0 : refused + 1;
		e->next = (e->next + 1) % WRITER_ORDERS_MAX;
	}
	if (e->uring)
		(void)io_uring_submit(&e->ring);
}

static void measure(const struct engine *e, struct writing_order *o)
{
	struct writer_answer *a = &o->answer;
	uint64_t left;

	if (o->fd < 0)
		return;
	if (e->options.count) {
		left = dirty_bytes(e, o);
		a->cleaned_bytes = a->asked_bytes - MIN(left, a->asked_bytes);
		return;
	}
	a->asked_bytes = o->order.length;
	if (e->options.device_fd >= 0)
		a->asked_bytes =
			MIN((written_sectors(e) - o->sectors) * SECTOR_BYTES, o->order.length);
	a->cleaned_bytes = a->error < 0 ? 0 : a->asked_bytes;
}

static void answer_finished(struct engine *e, uint64_t now_ns)
{
	for (size_t i = 0; i < WRITER_ORDERS_MAX; i++) {
		struct writing_order *o = &e->orders[i];

		if (!o->active || o->flights > 0 || o->at < o->order.offset + o->order.length)
			continue;
		measure(e, o);
		/* Nothing of the file is held on to longer than needed. */
		o->fd = fd_close(o->fd);
		o->answer.wall_ns = now_ns > o->begun_ns ? now_ns - o->begun_ns : 0;
		o->answer.depth_bytes = clean_depth_bytes(&o->group->depth);
		o->answer.bytes_per_s = told_rate_of(e, o);
		if (e->options.answer(e->options.context, &o->answer) == -EAGAIN)
			continue;
		o->active = false;
		e->n_orders--;
	}
}

static void say_progress(struct engine *e, uint64_t now_ns)
{
	const struct writer_answer progress = {
		.magic = WRITER_MAGIC,
		.version = WRITER_VERSION,
		.kind = WRITER_PROGRESS,
		.bytes_per_s = strictest(e, told_rate_of),
	};

	if (!e->progressed || e->n_orders == 0 || now_ns - e->progress_ns < PROGRESS_NS)
		return;
	e->progressed = e->options.answer(e->options.context, &progress) < 0;
	e->progress_ns = now_ns;
}

/* Until the budget has paid for what was started; the least where nothing is owed. */
static uint64_t time_to_pay(const struct engine *e)
{
	uint64_t rate = strictest(e, rate_of);
	uint64_t wait_ns = rate > 0 ? scale(e->owed_bytes, NSEC_PER_SEC, rate) : 0;

	return CLAMP(wait_ns, WAIT_MIN_NS, WAIT_MAX_NS);
}

static uint64_t time_to_wait(const struct engine *e)
{
	uint64_t wait_ns = UINT64_MAX;

	for (size_t i = 0; i < PIECES_MAX; i++) {
		uint64_t target_ns;

		if (e->pieces[i].state != PIECE_WRITING)
			continue;
		target_ns = e->pieces[i].order->order.target_ns / 16;
		target_ns = CLAMP(target_ns, WAIT_MIN_NS, WAIT_MAX_NS);
		wait_ns = MIN(wait_ns, target_ns);
	}
	/* What the ring did not take, for want of memory, is offered to it again. */
	if (e->uring && io_uring_sq_ready(&e->ring) > 0)
		wait_ns = MIN(wait_ns, WAIT_MAX_NS);
	for (size_t i = 0; i < WRITER_ORDERS_MAX && wait_ns == UINT64_MAX; i++)
		/* The budget, a full socket, or a long stretch of clean memory holds it. */
		if (e->orders[i].active && e->orders[i].flights == 0)
			wait_ns = time_to_pay(e);
	return wait_ns;
}

uint64_t engine_turn(struct engine *e, uint64_t now_ns)
{
	reap(e, now_ns);
	look_at_written(e, now_ns);
	look_at_readers(e, now_ns);
	start_pieces(e, now_ns);
	answer_finished(e, now_ns);
	say_progress(e, now_ns);
	return time_to_wait(e);
}
