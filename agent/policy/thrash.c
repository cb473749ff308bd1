/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/thrash.h"

#include "base/cleanup.h"
#include "base/saturate.h"

void thrash_learn(struct thrash *t, uint64_t now_ns, uint64_t elapsed_ns, uint64_t taken_bytes,
		  uint64_t back_bytes)
{
	uint64_t permyriad;

	(void)refaults_learn(&t->refaults, now_ns, elapsed_ns, taken_bytes, back_bytes);
	if (thrash_lasts(t, now_ns))
		return;
	permyriad = refaults_permyriad(&t->refaults);
	if (permyriad >= THRASH_MANY) {
		t->many_permyriad = MIN(permyriad, UINT64_C(10000));
		t->wait_ns = t->wait_ns ? MIN(2 * t->wait_ns, THRASH_MOST_NS) : THRASH_FIRST_NS;
		t->until_ns = plus(now_ns, t->wait_ns);
		/* What still comes back meanwhile is no part of the next try. */
		t->refaults.now = t->refaults.last = (struct refaults_span){0};
	} else if (minus(now_ns, t->until_ns) >= t->wait_ns) {
		t->wait_ns = t->until_ns = 0;
	}
}

bool thrash_lasts(const struct thrash *t, uint64_t now_ns)
{
	return t->until_ns > now_ns;
}
