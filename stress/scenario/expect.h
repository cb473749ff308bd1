/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a measured figure is what was expected, how far off it is and how far it may be: pure,
 * in integers. The error is told on success too.
 *
 *	is	measured == wanted, or |measured - wanted| <= tolerance where there is one
 *	range	low <= measured <= high
 *	close	|measured - wanted| <= a share, of one of
 *		sum		(measured + wanted) / 100 * e, whole hundreds first: values_close()
 *of the kernel's selftests (tools/testing/selftests/cgroup/lib), about 2 * e % of the value
 *		sum-by-page	the same as LTP's memcontrol tests widen it: e is 2 % more with
 *pages above 4 KiB, 4 % more with pages of 64 KiB and above wanted		wanted * e, rounded
 *down
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum expect_kind { EXPECT_IS, EXPECT_RANGE, EXPECT_CLOSE };
enum expect_basis { EXPECT_OF_SUM, EXPECT_OF_SUM_BY_PAGE, EXPECT_OF_WANTED };

struct expect_rule {
	enum expect_kind kind;
	enum expect_basis basis;  /* close */
	uint64_t share_permyriad; /* close */
	int64_t wanted;		  /* is, close */
	int64_t tolerance;	  /* is */
	int64_t low, high;	  /* range; INT64_MIN, INT64_MAX: none */
	int64_t page_bytes;	  /* close, sum-by-page */
};

struct expect_verdict {
	bool passed;
	int64_t measured;
	/* Distance from wanted or from the nearer bound (0 within the range), and how far it may
	 * be. */
	uint64_t error, tolerance;
};

struct expect_verdict expect_judge(const struct expect_rule *rule, int64_t measured);

/* What changed since an earlier reading. -EOVERFLOW. */
int expect_delta(int64_t before, int64_t now, int64_t *ret);

/* part / whole in permyriad, rounded towards 0. -EDOM: of nothing; -EOVERFLOW. */
int expect_ratio(int64_t part, int64_t whole, int64_t *ret_permyriad);

/*
 * Looking again until it holds: at begin_ns, every interval_ns after that, and a last time when
 * timeout_ns is over. Without a timeout there is one look.
 */
struct expect_poll {
	uint64_t begin_ns, interval_ns, timeout_ns;
};

enum expect_next { EXPECT_PASSED, EXPECT_FAILED, EXPECT_LOOK_AGAIN };

/* After a look that began at look_ns. *ret_next_ns (on EXPECT_LOOK_AGAIN): when to look again. */
enum expect_next expect_poll_next(const struct expect_poll *poll, uint64_t look_ns, bool passed,
				  uint64_t *ret_next_ns);
