/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/swapins.h"

#include "base/cleanup.h"
#include "base/saturate.h"

void swapins_learn(struct swapins *s, uint64_t now_ns, uint64_t elapsed_ns, uint64_t swapped_bytes,
		   uint64_t back_bytes)
{
	uint64_t permyriad;

	(void)refaults_learn(&s->refaults, now_ns, elapsed_ns, swapped_bytes, back_bytes);
	if (swapins_are_many(s, now_ns))
		return;
	permyriad = refaults_permyriad(&s->refaults);
	if (permyriad >= SWAPINS_MANY) {
		s->many_permyriad = MIN(permyriad, UINT64_C(10000));
		s->wait_ns = s->wait_ns ? MIN(2 * s->wait_ns, SWAPINS_MOST_NS) : SWAPINS_FIRST_NS;
		s->until_ns = plus(now_ns, s->wait_ns);
		/* What still comes back meanwhile is no part of the next try. */
		s->refaults.now = s->refaults.last = (struct refaults_span){0};
	} else if (minus(now_ns, s->until_ns) >= s->wait_ns) {
		s->wait_ns = s->until_ns = 0;
	}
}

bool swapins_are_many(const struct swapins *s, uint64_t now_ns)
{
	return s->until_ns > now_ns;
}
