/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the files whose dirty pages stand in the way of reclaiming a group: what its processes have
 * mapped shared and writable, and what they hold open for writing. Every file is looked at once,
 * whoever has it; the work of a call is bounded, and the next one goes on where it ended.
 *
 * A process is never stopped or held up by it: /proc/PID/maps is read a piece at a time. Where the
 * kernel has no cachestat(2) (before 6.5) smaps tells what is dirty in mappings, and of descriptors
 * it is only known that they could be.
 */
#pragma once

#include "agent/sense/cachestat.h"
#include "agent/sense/file_check.h"
#include "base/cleanup.h"

struct dirty_scan;

#define DIRTY_RANGES_MAX 32

/* A file with dirty pages. The descriptor is the taker's. */
struct dirty_file {
	int fd; /* O_RDONLY */
	uint64_t device, inode, size_bytes;
	uint64_t dirty_bytes;
	uint64_t age_s; /* since its mtime, when a page of it that was clean was written to */
	bool mapped;	/* found through a mapping */
	bool estimated; /* no cachestat: dirty_bytes is at most that */
	size_t n_ranges;
	/* Ascending, none longer than RANGE_MAX_BYTES but the last, which takes in what is over. */
	struct dirty_range ranges[DIRTY_RANGES_MAX];
};

void dirty_file_close(struct dirty_file *file);

/* Since dirty_scan_begin. */
struct dirty_totals {
	uint64_t processes, mappings, descriptors; /* looked at */
	uint64_t files;				   /* different ones opened */
	uint64_t dirty_files, dirty_bytes;
	uint64_t refused[FILE_REFUSALS];
};

/* proc_fd: /proc; stays the caller's. count NULL: the kernel has no cachestat. */
int dirty_scan_new(int proc_fd, count_pages_fn count, struct dirty_scan **ret_scan);
struct dirty_scan *dirty_scan_free(struct dirty_scan *scan);
DEFINE_CLEANUP(struct dirty_scan *, dirty_scan_free)

/*
 * Begins with no file known. remote_wanted: files of network and FUSE file systems too. Then
 * dirty_scan_group for each group, with its directory, and dirty_scan_step until it returns 0.
 */
void dirty_scan_begin(struct dirty_scan *scan, bool remote_wanted);
int dirty_scan_group(struct dirty_scan *scan, int group_dir_fd);

/* What a step may cost, in units of about a microsecond of this kernel's time. */
#define DIRTY_STEP_WORK UINT64_C(2000)
/*
 * How long to wait after a step that took so long: each mapping that is opened takes its process's
 * mmap_lock. With 2 ms after each step the p99 of mmap(2) and faults in a process with 20,000
 * mappings was 1.25 to 1.6 times that of one left alone, with 20 ms 1.07 (tests/bench/find).
 */
uint64_t dirty_step_pause_ns(uint64_t took_ns);

/*
 * Looks further and writes at most n files. 1: there is more; 0: the group is done. Processes that
 * end meanwhile are normal; -errno only when the group can't be read at all (-ENODEV: removed).
 */
int dirty_scan_step(struct dirty_scan *scan, uint64_t work, struct dirty_file *files, size_t n,
		    size_t *ret_n);

const struct dirty_totals *dirty_scan_totals(const struct dirty_scan *scan);

/*
 * Whether files that another process has mapped can be found: opens the first of pid, read-only,
 * and closes it again. -EACCES or -EPERM without CAP_SYS_PTRACE, CAP_CHECKPOINT_RESTORE and
 * CAP_DAC_OVERRIDE; -ENOENT: it has none, or no such process.
 */
int dirty_try_mapping(int proc_fd, int pid);
