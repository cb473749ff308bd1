/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/refaults.h"

#include "base/cleanup.h"
#include "base/saturate.h"

#include <stdbool.h>

static uint64_t taken(const struct refaults *r)
{
	return plus(r->now.taken_bytes, r->last.taken_bytes);
}

static uint64_t out(const struct refaults_span *span)
{
	return span->taken_bytes - span->back_bytes;
}

static void roll(struct refaults *r, uint64_t now_ns)
{
	uint64_t age_ns = minus(now_ns, r->span_ns);
	bool was_quiet = taken(r) == 0;

	if (age_ns < REFAULTS_SPAN_NS)
		return;
	r->last = age_ns < 2 * REFAULTS_SPAN_NS ? r->now : (struct refaults_span){0};
	r->now = (struct refaults_span){0};
	r->span_ns = now_ns;
	/* A new time of quiet is measured anew; of a long one, the last part counts most. */
	if (taken(r) == 0) {
		r->quiet_ns = was_quiet ? r->quiet_ns / 2 : 0;
		r->quiet_bytes = was_quiet ? r->quiet_bytes / 2 : 0;
	}
}

/* What others had taken, of what comes back in so long. */
static uint64_t of_others(const struct refaults *r, uint64_t elapsed_ns)
{
	return scale(r->quiet_bytes, elapsed_ns, MAX(r->quiet_ns, REFAULTS_QUIET_NS));
}

uint64_t refaults_learn(struct refaults *r, uint64_t now_ns, uint64_t elapsed_ns,
			uint64_t taken_bytes, uint64_t came_bytes)
{
	uint64_t ours, of_last;

	roll(r, now_ns);
	if (taken(r) == 0 && taken_bytes == 0) {
		r->quiet_ns = plus(r->quiet_ns, elapsed_ns);
		r->quiet_bytes = plus(r->quiet_bytes, came_bytes);
		return 0;
	}
	r->now.taken_bytes = plus(r->now.taken_bytes, taken_bytes);
	ours = MIN(minus(came_bytes, of_others(r, elapsed_ns)), plus(out(&r->last), out(&r->now)));
	of_last = MIN(ours, out(&r->last));
	r->last.back_bytes += of_last;
	r->now.back_bytes += ours - of_last;
	return ours;
}

uint64_t refaults_permyriad(const struct refaults *r)
{
	/* Below a MiB taken the share says nothing yet. */
	return scale(plus(r->now.back_bytes, r->last.back_bytes), 10000,
		     MAX(taken(r), UINT64_C(1) << 20));
}
