/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/record/recorder.h"

#include "agent/thread.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>

#define STACK_BYTES ((size_t)64 << 10)
#define LANE_BYTES  ((size_t)128 << 10) /* fits a file at record.max's least */
#define PERIOD_NS   NSEC_PER_SEC	/* between two writes, unless a lane is half full before */

/* One producer, one consumer: each writes its own end only. */
struct record_lane {
	struct recorder *recorder;
	uint64_t worker;
	/* The worker's. */
	uint64_t file; /* the number of the file it last began to write for */
	uint64_t lost;
	_Atomic size_t put, taken; /* bytes so far */
	uint8_t bytes[LANE_BYTES];
};

struct recorder {
	struct log log;
	pthread_t thread;
	int wake_fd; /* eventfd */
	_Atomic bool stop;
	_Atomic uint64_t file_number; /* from 1 */
	/* The thread's. */
	struct record_file file;
	bool failed; /* said, and nothing is written any more */
	size_t n;
	struct record_lane lanes[];
};

/* --- the workers' side --- */

static bool push(struct record_lane *l, enum record_kind kind, const void *object)
{
	uint8_t frame[RECORD_FRAME_MAX];
	size_t n = record_encode(kind, l->worker, object, frame + RECORD_FRAME_HEADER);
	size_t put = atomic_load_explicit(&l->put, memory_order_relaxed);
	size_t used = put - atomic_load_explicit(&l->taken, memory_order_acquire);
	size_t at = put % LANE_BYTES, first;

	if (n == 0)
		return false;
	n = record_frame(frame, n);
	if (n > LANE_BYTES - used)
		return false;
	first = MIN(n, LANE_BYTES - at);
	memcpy(l->bytes + at, frame, first);
	memcpy(l->bytes, frame + first, n - first);
	atomic_store_explicit(&l->put, put + n, memory_order_release);
	if (used < LANE_BYTES / 2 && used + n >= LANE_BYTES / 2)
		(void)eventfd_write(l->recorder->wake_fd, 1);
	return true;
}

bool record_put(struct record_lane *l, enum record_kind kind, const void *object)
{
	if (!l)
		return true;
	if (l->lost > 0 && push(l, RECORD_LOST, &l->lost))
		l->lost = 0;
	if (l->lost == 0 && push(l, kind, object))
		return true;
	l->lost++;
	return false;
}

void record_turn(struct record_lane *l, const struct config *config, bool renewed)
{
	uint64_t file;

	if (!l)
		return;
	file = atomic_load_explicit(&l->recorder->file_number, memory_order_relaxed);
	if (l->file == file && !renewed)
		return;
	l->file = record_put(l, RECORD_SETTINGS, config) ? file : 0;
}

void record_name(struct record_lane *l, uint64_t group, const char *path, uint64_t *named)
{
	struct name_record name = {.group = group};
	size_t n;

	if (!l || *named == l->file)
		return;
	*named = l->file;
	n = strlen(path);
	(void)snprintf(name.name, sizeof(name.name), "%s%s", n < RECORD_NAME_MAX ? "" : "...",
		       n < RECORD_NAME_MAX ? path : path + n - (RECORD_NAME_MAX - 4));
	(void)record_put(l, RECORD_NAME, &name);
}

/* --- the thread's side --- */

/* A full disk, say: the rest is not recorded, and the lanes run empty all the same. */
static void fail(struct recorder *rec, int error)
{
	rec->failed = true;
	log_warning(&rec->log, "%s: can't be written: %s; recording ends; see record.file",
		    rec->file.path, strerrordesc_np(-error));
}

/* What is put meanwhile has no settings before it in the new file; who reads it passes it over. */
static int make_room(struct recorder *rec, size_t n)
{
	int r;

	if (record_file_has_room(&rec->file, n))
		return 0;
	r = record_file_turn(&rec->file);
	atomic_fetch_add(&rec->file_number, 1);
	return r;
}

static void drain(struct recorder *rec, struct record_lane *l)
{
	size_t taken = atomic_load_explicit(&l->taken, memory_order_relaxed);
	size_t put = atomic_load_explicit(&l->put, memory_order_acquire);
	size_t at = taken % LANE_BYTES, n = put - taken, first = MIN(n, LANE_BYTES - at);
	int r = 0;

	if (n > 0 && !rec->failed) {
		r = make_room(rec, n);
		if (r == 0)
			r = record_file_write(&rec->file, l->bytes + at, first);
		if (r == 0)
			r = record_file_write(&rec->file, l->bytes, n - first);
	}
	if (r < 0)
		fail(rec, r);
	atomic_store_explicit(&l->taken, put, memory_order_release);
}

static void write_all(struct recorder *rec)
{
	for (size_t i = 0; i < rec->n; i++)
		drain(rec, &rec->lanes[i]);
}

static void *recorder_main(void *arg)
{
	struct recorder *rec = arg;
	struct pollfd wake = {.fd = rec->wake_fd, .events = POLLIN};
	eventfd_t value;

	while (!atomic_load(&rec->stop)) {
		(void)poll(&wake, 1, (int)(PERIOD_NS / NSEC_PER_MSEC));
		(void)eventfd_read(rec->wake_fd, &value);
		write_all(rec);
	}
	write_all(rec);
	record_file_close(&rec->file);
	return NULL;
}

int recorder_start(const char *path, uint64_t max_bytes, size_t n, struct log log,
		   struct recorder **ret_recorder)
{
	struct recorder *rec = calloc(1, sizeof(*rec) + n * sizeof(rec->lanes[0]));
	int r;

	if (!rec)
		return -ENOMEM;
	rec->log = log;
	rec->n = n;
	rec->file.fd = -1;
	atomic_init(&rec->file_number, 1);
	for (size_t i = 0; i < n; i++) {
		rec->lanes[i].recorder = rec;
		rec->lanes[i].worker = i;
	}
	rec->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = rec->wake_fd < 0 ? -errno : record_file_open(path, max_bytes, &rec->file);
	if (r == 0)
		r = thread_start("uswapd/record", STACK_BYTES, recorder_main, rec, &rec->thread);
	if (r < 0) {
		record_file_close(&rec->file);
		fd_close(rec->wake_fd);
		free(rec);
		return r;
	}
	*ret_recorder = rec;
	return 0;
}

int recorder_stop(struct recorder *rec, uint64_t timeout_ns)
{
	int r;

	if (!rec)
		return 0;
	atomic_store(&rec->stop, true);
	(void)eventfd_write(rec->wake_fd, 1);
	r = thread_join(rec->thread, timeout_ns);
	if (r < 0)
		return r;
	fd_close(rec->wake_fd);
	free(rec);
	return 0;
}

struct record_lane *recorder_lane(struct recorder *rec, size_t worker)
{
	return rec ? &rec->lanes[worker] : NULL;
}
