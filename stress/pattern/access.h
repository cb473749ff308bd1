/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access patterns: which page (or block) is touched next. Deterministic from the seed, no
 * allocation, no I/O.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum access_kind {
	ACCESS_NONE,
	ACCESS_SEQUENTIAL, /* 0, 1, 2 ... and from the beginning again */
	ACCESS_UNIFORM,
	ACCESS_ZIPF, /* rank r with a weight of r^-exponent; ranks are scattered over the pages */
	ACCESS_HOT,  /* a share of the pages gets a share of the touches; each evenly */
};

struct access_pattern {
	enum access_kind kind;
	uint32_t exponent_permille; /* zipf: 990 is 0.99 */
	uint32_t hot_permyriad;	    /* hot: share of the pages, > 0 */
	uint32_t touches_permyriad; /* hot: share of the touches that goes there; the rest goes
				       evenly over the others */
};

/*
 * "none", "sequential", "uniform", "zipf[:EXPONENT]" (0.01 to 10, default 0.99),
 * "hot:SHARE[:TOUCHES]" (percentages, TOUCHES default 100%). 0, -EINVAL or -ERANGE.
 */
int access_parse(const char *text, struct access_pattern *ret);

#define ACCESS_TEXT_BYTES 48
/* The same as text that access_parse reads. Returns text. */
const char *access_format(char text[static ACCESS_TEXT_BYTES], const struct access_pattern *p);

struct access {
	struct access_pattern pattern;
	uint64_t capacity; /* pages there will be in the end */
	uint64_t random;
	uint64_t position; /* sequential: next */
	uint64_t hot;	   /* hot: pages [0, hot) after scattering */
	unsigned int scatter_bits;
	uint64_t scatter_key;
	/* zipf: constants of rejection-inversion (Hoermann, Derflinger: Rejection-inversion to
	 * generate variates from monotone discrete distributions, 1996). */
	double exponent, h_first, h_last, squeeze;
};

/* capacity > 0. */
void access_init(struct access *access, const struct access_pattern *pattern, uint64_t capacity,
		 uint64_t seed);

/*
 * The next index, in [0, n): n of the capacity's pages exist so far, 0 < n <= capacity. Draws
 * beyond n are drawn again, so that hot pages stay the same pages while the set grows. Not for
 * ACCESS_NONE.
 */
uint64_t access_next(struct access *access, uint64_t n);
