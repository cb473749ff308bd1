/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access patterns: which page (or block) is touched next. Deterministic from the seed and the times
 * it is told, no allocation, no I/O.
 *
 * Patterns that prefer some pages (zipf, hot) draw a rank, 0 the most wanted, and a permutation
 * scatters the ranks over the pages: every page has exactly one rank, so none is out of reach. What
 * changes with time changes the permutation: drift turns it, a phase takes another one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum access_kind {
	ACCESS_NONE,
	ACCESS_SEQUENTIAL, /* 0, 1, 2 ... and from the beginning again */
	ACCESS_STRIDE,	   /* every stride-th; at the end on from one further: all are reached */
	ACCESS_UNIFORM,
	ACCESS_ZIPF, /* rank r (from 1) with a weight of r^-exponent */
	ACCESS_HOT,  /* a share of the pages gets a share of the touches; each evenly */
};

struct access_pattern {
	enum access_kind kind;
	uint32_t exponent_permille; /* zipf: 990 is 0.99 */
	uint32_t hot_permyriad;	    /* hot: share of the pages, > 0 */
	uint32_t touches_permyriad; /* hot: share of the touches that goes there; the rest goes
				       evenly over the others */
	uint32_t stride;	    /* stride: > 0, pages or blocks */
};

/* What becomes of hot and zipf with time; 0: never. */
struct access_changes {
	uint64_t drift_ns;   /* the hot set has moved on by its own size (zipf: all ranks once
				around) */
	uint64_t phase_ns;   /* from one phase to the next, each with other hot pages */
	uint64_t spread_ns;  /* hot: the hot set has grown to all pages, evenly */
	uint64_t revisit_ns; /* from one visit to the cold pages (zipf: to all) to the next: each
				is touched once, then it goes on as before */
};

/*
 * "none", "sequential", "uniform", "stride:N", "zipf[:EXPONENT]" (0.01 to 10, default 0.99),
 * "hot:SHARE[:TOUCHES]" (percentages, TOUCHES default 100%). 0, -EINVAL or -ERANGE.
 */
int access_parse(const char *text, struct access_pattern *ret);

#define ACCESS_TEXT_BYTES 48
/* The same as text that access_parse reads. Returns text. */
const char *access_format(char text[static ACCESS_TEXT_BYTES], const struct access_pattern *p);

struct access {
	struct access_pattern pattern;
	struct access_changes changes;
	uint64_t capacity; /* pages there will be in the end */
	uint64_t random;
	uint64_t position; /* sequential, stride: next */
	uint64_t hot;	   /* hot: ranks [0, hot) */
	uint64_t drift;	   /* added to a rank */
	uint64_t phase;
	uint64_t visits; /* begun */
	uint64_t visit;	 /* next rank of the visit to cold pages; capacity: none is under way */
	unsigned int scatter_bits;
	uint64_t scatter_key, seed_key;
	/* zipf: constants of rejection-inversion (Hoermann, Derflinger: Rejection-inversion to
	 * generate variates from monotone discrete distributions, 1996). */
	double exponent, h_first, h_last, squeeze;
};

/* capacity > 0. Nothing changes with time unless access->changes is set afterwards. */
void access_init(struct access *access, const struct access_pattern *pattern, uint64_t capacity,
		 uint64_t seed);

/* It is elapsed_ns now since the first touch: applies the changes. elapsed_ns never falls. */
void access_move(struct access *access, uint64_t elapsed_ns);

/*
 * The next index, in [0, n): n of the capacity's pages exist so far, 0 < n <= capacity. Draws
 * beyond n are drawn again, so that hot pages stay the same pages while the set grows. Not for
 * ACCESS_NONE.
 */
uint64_t access_next(struct access *access, uint64_t n);

/* The page that a rank < capacity has now. */
uint64_t access_page(const struct access *access, uint64_t rank);
