/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes ranges of files back, a piece at a time, with SYNC_FILE_RANGE_WRITE and nothing else: a
 * WAIT flag, fsync or fdatasync would mark an I/O error as seen that belongs to the application,
 * which could then lose data silently.
 *
 * Seen on 6.1 and 6.18 (64 MiB dirty through a mapping, a disk of 20 MB/s, emulated CPUs):
 *
 * - IORING_OP_SYNC_FILE_RANGE always goes to io-wq. Submitting took 0.1 to 15 ms (a new worker
 *   thread), however slow the disk. With 16 under way there were 8 workers on 6.18 and 2 CPUs,
 *   2 on 6.1; one worker is as fast, so two are allowed.
 * - A completion says that the pages were handed to the block layer, not that they are clean: all
 *   64 came within 0.05 to 1.6 s, the disk needed 3.06 s. So clean is seen by cachestat(2), which
 *   took 15 us for 64 MiB, and before 6.5 by the device's own counters.
 * - It blocks where the device's queue is full (256 requests) or writeback throttling holds it
 *   (wbt_lat_usec): one call of 256 KiB took up to 1.4 s on 6.1, one of 4 MiB 0.9 s on 6.18. With
 *   less under write-back than the device takes at once it does not.
 * - So depth is counted in bytes that are not clean yet, not in calls (policy/clean.h): steered by
 * it, 64 MiB were clean after 3.12 s, and no piece took longer than 0.15 s (a folio of 2 MiB takes
 * 0.1 s).
 */
#pragma once

#include "agent/sense/cachestat.h"
#include "agent/writer/message.h"
#include "base/cleanup.h"

#include <stdbool.h>

struct engine;

struct engine_options {
	bool try_uring;	      /* false: sync_file_range(2), which blocks */
	count_pages_fn count; /* NULL: the kernel has no cachestat */
	int device_fd;	      /* "stat" of the block device, for want of it; -1: none */
	int disk_fd;	      /* that of the whole disk: who else reads from it; -1: none */
	/* Called for each finished order, and now and then with WRITER_PROGRESS; -EAGAIN: call
	 * again later. */
	int (*answer)(void *context, const struct writer_answer *answer);
	void *context;
};

int engine_open(const struct engine_options *options, struct engine **ret_engine);
/* Waits in the kernel for what is being started. */
struct engine *engine_free(struct engine *engine);
DEFINE_CLEANUP(struct engine *, engine_free)

bool engine_is_uring(const struct engine *engine);
/* Readable when a piece was started; -1: there is no ring. */
int engine_fd(const struct engine *engine);

bool engine_has_room(const struct engine *engine);
/* A checked order; the descriptor is the engine's from then on. -EBUSY: no room. */
int engine_take(struct engine *engine, const struct writer_order *order, int fd, uint64_t now_ns);

/* Starts what may be started, sees what is clean, answers. Returns when to be called again at the
 * latest, in ns from now; UINT64_MAX: when something arrives. */
uint64_t engine_turn(struct engine *engine, uint64_t now_ns);
