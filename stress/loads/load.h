/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a kind of load is. One file a kind in loads/, one row each in load_types.
 */
#pragma once

#include "stress/job/job.h"
#include "stress/job/plan.h"
#include "stress/pattern/access.h"
#include "stress/pattern/content.h"
#include "stress/pattern/pace.h"
#include "stress/pattern/schedule.h"
#include "stress/run/worker_block.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct load_ops;

/* A load that runs. Made by the supervisor, inherited by its worker. */
struct load {
	const struct load_ops *ops;
	const char *name;
	const struct load_settings *settings;
	const struct load_plan *plan;
	struct worker_block *block; /* figures; shared with the supervisor */
	struct content content;
	uint64_t seed;
	uint64_t started_ns; /* monotonic; schedules count from here */
	int proc_fd, sys_fd; /* for the floor and set points */
	int group_fd;	     /* of its group, -1: none; for set points */
	struct {
		uint64_t at_ns;	  /* monotonic; when it was last verified */
		uint64_t n_pages; /* those below were there, and right */
	} checked;
	uint64_t floor_bytes;
	void *state; /* the kind's own */
};

struct load_ops {
	const char *name;
	const char *help; /* one line */
	bool anonymous;	  /* what is missing of its memory is in swap, not in a file */
	/* Memory that can only go to swap: it must fit. Pure; NULL: none. */
	uint64_t (*anonymous_bytes)(const struct load_settings *settings,
				    const struct load_plan *plan);
	bool unswappable; /* nor can it go to swap: it must fit into its limits alone */
	bool sizeless;	  /* it has no `size` */
	/* The most there is of it at once, which schedules go up to. Pure; NULL: its size. */
	uint64_t (*peak_bytes)(const struct load_settings *settings, const struct load_plan *plan);
	bool io_rate; /* `rate` is that of reading and writing, whatever there is at once */
	/* Settings it knows beside the common ones, NULL-ended. */
	const char *const *settings;
	/* Words about settings that don't go together, or NULL. Pure. */
	const char *(*check)(const struct load_settings *settings);
	/*
	 * In the supervisor, outside the group: files are made, address space is reserved;
	 * nothing is touched that the group should be charged for. Memory for book-keeping that
	 * must not be charged to the group comes from load_shared_alloc. -EOPNOTSUPP and -ENOSPC
	 * refuse a setting: *ret_why begins with its name. NULL: nothing.
	 */
	int (*prepare)(struct load *load, const char **ret_why);
	/* In the worker, in its group, before the run begins: memory is mapped. NULL: nothing. */
	int (*begin)(struct load *load, const char **ret_why);
	/*
	 * In the worker, again and again: does what is due at now_ns (monotonic), about a
	 * millisecond of it, and says when to be called next: a past time for at once,
	 * UINT64_MAX for never. -errno ends the run as a failure.
	 */
	int (*step)(struct load *load, uint64_t now_ns, uint64_t *ret_due_ns);
	/*
	 * In the worker, between two steps: reads back all there is and reports through
	 * load_verify_*. It changes nothing but what is resident: the load goes on. NULL: it holds
	 * nothing.
	 */
	int (*verify)(struct load *load);
	/* In the worker after the measured phase, where more can be done; NULL: verify. */
	int (*verify_at_end)(struct load *load);
	/* In the supervisor, when the worker is gone; also after a failed prepare. NULL: nothing.
	 */
	void (*finish)(struct load *load);
};

extern const struct load_ops load_anon, load_shmem, load_locked, load_leak, load_fragment;
extern const struct load_ops load_churn, load_slab, load_buffers;
extern const struct load_ops load_spin, load_thread, load_exit;
extern const struct load_ops load_fileread, load_filewrite, load_filelog, load_filemap;

/* NULL-ended. */
extern const struct load_ops *const load_types[];
const struct load_ops *load_find_type(const char *name);
/* The name of the type nearest to a misspelt one, or NULL. */
const char *load_nearest_type(const char *name);

/* Touches done between two looks at the clock of the schedule. */
#define LOAD_BATCH 64

/* A set point counts as held within so much of it. */
#define LOAD_NEAR_PERMYRIAD 200

/* A worker sleeps at least so long, so that slow rates do not cost a wake-up a page. */
#define LOAD_SLEEP_NS UINT64_C(1000000)

/* Zeroed memory shared between supervisor and worker, charged to the supervisor. NULL: -ENOMEM. */
void *load_shared_alloc(size_t bytes);
void load_shared_free(void *memory, size_t bytes);

/*
 * Before growing by another LOAD_FLOOR_STEP_BYTES: false while available memory and free swap are
 * below the floor.
 */
#define LOAD_FLOOR_STEP_BYTES (UINT64_C(16) << 20)
bool load_may_grow(struct load *load);

/* Notes how far the load is behind its schedule. */
void load_note_debt(struct load *load, uint64_t behind_bytes);

/* The settings of load_pace and load_access, for load_ops.settings. */
#define LOAD_PACE_SETTINGS   "think", "think-after"
#define LOAD_ACCESS_SETTINGS "access", "drift", "phase", "spread", "revisit"

/* `access` to n pages or blocks, as the settings say. */
void load_access(const struct load *load, uint64_t n, struct access *ret_access);

/* `rate` as the settings say; what the machine can't keep up with is made up for. */
struct pace load_pace(const struct load *load);

/*
 * How many units the pace allows now, at most max_units; when none, *ret_due_ns is when to come
 * again. The load's debt is noted.
 */
uint64_t load_take(struct load *load, struct pace *pace, uint64_t now_ns, uint64_t unit_bytes,
		   uint64_t max_units, uint64_t *ret_due_ns);
/* So many operations and bytes were done. */
void load_took(struct load *load, struct pace *pace, uint64_t operations, uint64_t bytes);

/* Verifies what the load holds, as verify_at_end does or, while it goes on, as verify. */
int load_verify(struct load *load, bool at_end);

/* Whether the page is among those to be verified. */
bool load_verify_wants(const struct load *load, uint64_t page);

/* Whether memory is as `contents` says it was filled; if not, the first wrong byte. */
bool load_page_is_good(const struct load *load, uint64_t page, uint32_t generation,
		       const void *data, struct content_error *ret_error);

/* Compares a page of memory, filled as `contents` says, and counts it. */
void load_verify_memory(struct load *load, uint64_t page, uint32_t generation, const void *data);

/* The same of a page that was written whole; zero: it must be all zeros. */
void load_verify_page(struct load *load, uint64_t page, uint32_t generation, const void *data,
		      bool zero);

/* Counts a page that was looked at; error says where it is wrong, if it is. */
void load_verified(struct load *load, uint64_t page, uint32_t generation, bool good,
		   struct content_error error);

/* What prepare made is given back; of a load that was never prepared, too. */
void load_finish(struct load *load);

/* What failed, where an error alone does not tell; returns error. */
int load_fail(struct load *load, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
