/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/account/backoff.h"

#include "base/cleanup.h"

void backoff_learn(struct backoff *b, uint64_t now_ns, uint64_t tried_bytes, uint64_t applied_bytes)
{
	if (applied_bytes >= tried_bytes / 16 && applied_bytes > 0) {
		*b = (struct backoff){0};
		return;
	}
	if (++b->fruitless < BACKOFF_PATIENCE)
		return;
	b->wait_ns = b->wait_ns ? MIN(2 * b->wait_ns, BACKOFF_MOST_NS) : BACKOFF_FIRST_NS;
	b->until_ns = now_ns + b->wait_ns;
}

bool backoff_waits(const struct backoff *b, uint64_t now_ns)
{
	return b->until_ns > now_ns;
}
