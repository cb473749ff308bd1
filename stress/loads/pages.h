/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory page by page: what all its kinds share. It grows by a schedule; what is there is left to
 * grow cold or touched again by a pattern; bursts give it back; every page is verified. A kind of
 * page memory is only how that memory is made.
 */
#pragma once

#include "stress/loads/level.h"
#include "stress/pattern/pace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a huge page; what is reserved begins at a multiple. */
#define PAGES_HUGE_BYTES (UINT64_C(2) << 20)

struct pages_kind {
	/* The madvise(2) that gives pages back. */
	int discard;
	/* Whether only whole huge pages can be given back; NULL: no. */
	bool (*is_huge)(const struct load_settings *settings);
	/*
	 * Makes the memory, untouched, in the place of what is mapped at `at` (MAP_FIXED), its
	 * advice included: in the supervisor for a trial, in the worker for good, and anew after
	 * a burst. On error *ret_why says what was tried, and what can be done about it.
	 */
	int (*map)(const struct load *load, void *at, size_t bytes, const char **ret_why);
	/* Pages were touched for the first time; NULL: nothing to do. */
	int (*grown)(const struct load *load, void *at, size_t bytes);
};

/* Anonymous memory, with `pages` as the settings say. */
extern const struct pages_kind pages_anon;

/* The state of a load of page memory. */
struct pages {
	const struct pages_kind *kind;
	char *memory;
	uint64_t n_pages; /* the most there will be */
	/*
	 * How often each page was written. Shared memory, so that it is neither charged to the
	 * group nor swapped with it.
	 */
	uint8_t *generations;
	struct level level;
	struct pace reuse;
	struct access access;
	uint64_t touched; /* pages that exist: [0, touched) */
	uint64_t growth_debt_bytes;
	uint64_t reuse_from_ns;
	bool stepped; /* before: what is there at the first step was due at the start */
	void *own;    /* of a kind that does more */
};

/* The settings of all of them, for load_ops.settings. */
#define PAGES_SETTINGS                                                                             \
	LEVEL_SETTINGS, "contents", "release", "reuse", "reuse-when", "reuse-rate", "reuse-write", \
		"reuse-debt", "think", "think-after", "drift", "phase", "spread", "revisit"

/* For load_ops; a kind's prepare calls pages_prepare, which sets load->state. */
const char *pages_check(const struct load_settings *settings);
int pages_prepare(struct load *load, const struct pages_kind *kind, const char **ret_why);
int pages_begin(struct load *load, const char **ret_why);
int pages_step(struct load *load, uint64_t now_ns, uint64_t *ret_due_ns);
int pages_verify(struct load *load);
void pages_finish(struct load *load);
uint64_t pages_anonymous_bytes(const struct load_settings *settings, const struct load_plan *plan);
