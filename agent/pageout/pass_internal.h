/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a pass share: pass.c finds what may be paged out, advise.c makes the calls. */
#pragma once

#include "agent/pageout/pass.h"
#include "agent/pageout/shares.h"
#include "agent/sense/process.h"

enum stage { STAGE_NONE, STAGE_PROCESS, STAGE_MAPPING, STAGE_RANGE };

struct pageout_pass {
	int proc_fd;
	struct hand *hand;
	struct damon_watch *watch; /* NULL: nobody tells what is cold */
	const _Atomic bool *leaving;
	struct record_lane *record; /* NULL: nothing is recorded */
	uint64_t page_size, self;
	struct pageout_ask ask; /* group_fd is its own */
	struct pageout_settings settings;
	const struct act_ops *ops;
	struct pageout_result result;
	uint64_t work;	       /* left of this step */
	uint64_t served_bytes; /* of the ask: in ranges that were, or in a dry run would be, advised
				*/

	enum stage stage;
	int procs_fd;
	struct line_reader procs;

	struct process process;
	struct process_status before; /* as last measured */
	uint64_t visit_taken_bytes;   /* since it was taken up */
	struct pageout_bounds bounds;
	struct mapping_reader mappings;
	struct shares shares;

	struct cold_ranges cold; /* of the process, where only those are meant */
	uint64_t cold_ns;	 /* when that was so */

	struct mapping mapping; /* being advised */
	uint64_t at;		/* address; up to here it was */
	uint64_t range_end;	/* up to here it is to be */
};

/* Of this step's work, in about microseconds. */
void pass_spend(struct pageout_pass *pass, uint64_t work);

/* The first refusal tells what is missing; others are likely to be of the same kind. */
void pass_note_error(struct pageout_pass *pass, int error);

bool pass_group_is_frozen(const struct pageout_pass *pass);

/* Not all of its mappings were seen. */
void pass_leave_process(struct pageout_pass *pass);

/* advise.c: what of the process is cold, unless that was just asked. As damon_watch_read(). */
int pass_learn_cold(struct pageout_pass *pass, uint64_t now_ns);

/* One call about the mapping, where there is more of it to be advised. */
void pass_advise(struct pageout_pass *pass, uint64_t piece_bytes, uint64_t now_ns);
