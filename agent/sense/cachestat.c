/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/cachestat.h"

#include "base/cleanup.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* One number for all architectures (include/uapi/asm-generic/unistd.h); older headers lack it. */
#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

#define STEP_START_BYTES (UINT64_C(16) << 20)
#define STEP_MAX_BYTES	 (UINT64_C(1) << 30) /* a call walks what is cached in its range */
#define STEP_HOLE_BYTES	 (UINT64_C(1) << 40) /* where nothing is, there is nothing to walk */

int cachestat_read(int fd, uint64_t offset, uint64_t length, struct page_counts *ret)
{
	struct {
		uint64_t offset, length;
	} range = {offset, length};
	struct {
		uint64_t cached, dirty, writeback, evicted, recently_evicted;
	} stat = {0};

	/* A length of 0 means all of the file. */
	if (length == 0) {
		*ret = (struct page_counts){0};
		return 0;
	}
	if (syscall(SYS_cachestat, fd, &range, &stat, 0) < 0)
		return -errno;
	*ret = (struct page_counts){stat.cached, stat.dirty, stat.writeback};
	return 0;
}

int range_walk_next(struct range_walk *walk, int fd, uint64_t size, count_pages_fn count,
		    uint64_t *calls, struct dirty_range *ret)
{
	uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);

	if (walk->step == 0)
		walk->step = STEP_START_BYTES;
	while (walk->at < size) {
		uint64_t length = MIN(walk->step, size - walk->at), dirty;
		struct page_counts pages;
		int r;

		if (*calls == 0)
			return -EAGAIN;
		(*calls)--;
		r = count(fd, walk->at, length, &pages);
		if (r < 0)
			return r;
		dirty = MIN(pages.dirty * page_size, length);
		if (dirty == 0) {
			walk->at += length;
			walk->step = MIN(walk->step * 2,
					 pages.cached ? STEP_MAX_BYTES : STEP_HOLE_BYTES);
			continue;
		}
		/* Little of much, or more than may be asked for at once: look closer. */
		if (length > RANGE_STEP_MIN_BYTES &&
		    (dirty < length / 2 || length > RANGE_MAX_BYTES)) {
			walk->step = MAX(RANGE_STEP_MIN_BYTES, length / 4);
			walk->step -= walk->step % RANGE_STEP_MIN_BYTES;
			continue;
		}
		*ret = (struct dirty_range){walk->at, length, dirty};
		walk->at += length;
		walk->step = MIN(walk->step * 2, RANGE_MAX_BYTES);
		return 1;
	}
	return 0;
}
