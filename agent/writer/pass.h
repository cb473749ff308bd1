/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One look at a group for something to clean: the dirty files of its processes and of those of the
 * groups below it, and which ranges of them are to be written, in order. In steps of bounded work.
 */
#pragma once

#include "agent/config/config.h"
#include "agent/policy/clean.h"
#include "agent/sense/dirty.h"
#include "base/cleanup.h"

#define PASS_FILES_MAX	    64
#define PASS_CANDIDATES_MAX 512
#define PASS_DEPTH_MAX	    16 /* of groups below the group; deeper ones are left out */

struct pass;

/* proc_fd, count: as dirty_scan_new. */
int pass_new(int proc_fd, count_pages_fn count, struct pass **ret_pass);
struct pass *pass_free(struct pass *pass);
DEFINE_CLEANUP(struct pass *, pass_free)

/* Which files are left out. */
struct pass_bounds {
	bool remote_wanted;		      /* those of network and FUSE file systems are not */
	int sys_fd;			      /* /sys */
	const struct config_patterns *denied; /* block devices; outlives the pass */
};

/* group_dir_fd, and bounds' descriptor, stay the caller's and open until the pass is over. */
void pass_begin(struct pass *pass, int group_dir_fd, uint64_t wanted_bytes,
		const struct pass_bounds *bounds);

/*
 * Looks a little further. 1: call again; 0: over, pass_chosen has the result. It is over when the
 * group was seen through, or enough was found to choose from.
 */
int pass_step(struct pass *pass, struct clean_history *history, uint64_t now_ns);

/* The ranges to be written; candidate.file is an index for pass_file. */
const struct clean_candidate *pass_chosen(const struct pass *pass, size_t *ret_n);
const struct dirty_file *pass_file(const struct pass *pass, uint64_t file);
const struct dirty_totals *pass_totals(const struct pass *pass);
/* What was cleaned lately and was found dirty again (clean_history_rests). */
uint64_t pass_again_bytes(const struct pass *pass);

/* Closes all files. */
void pass_end(struct pass *pass);
