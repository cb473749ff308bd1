/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/account/backoff.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/saturate.h"

const struct backoff_law backoff_of_groups = {
	.patience = 3,
	.first_ns = 250 * NSEC_PER_MSEC,
	.most_ns = 30 * NSEC_PER_SEC,
	.least_permyriad = 10000 / 16,
};

const struct backoff_law backoff_of_nodes = {
	.patience = 1,
	.first_ns = 10 * NSEC_PER_SEC,
	.most_ns = 160 * NSEC_PER_SEC,
	.least_permyriad = 5000,
};

const struct backoff_law backoff_of_slab = {
	.patience = 1,
	.first_ns = 3600 * NSEC_PER_SEC,
	.most_ns = 24 * 3600 * NSEC_PER_SEC,
	.least_permyriad = 2500,
};

void backoff_learn(struct backoff *b, const struct backoff_law *law, uint64_t now_ns,
		   uint64_t tried_bytes, uint64_t applied_bytes)
{
	if (applied_bytes >= share(tried_bytes, law->least_permyriad) && applied_bytes > 0) {
		b->fruitless = b->wait_ns = b->until_ns = 0;
		return;
	}
	if (++b->fruitless < law->patience)
		return;
	b->wait_ns = b->wait_ns ? MIN(2 * b->wait_ns, law->most_ns) : law->first_ns;
	b->until_ns = plus(now_ns, b->wait_ns);
}

bool backoff_waits(const struct backoff *b, uint64_t now_ns)
{
	return MAX(b->until_ns, b->price.until_ns) > now_ns;
}

bool backoff_is_dear(const struct backoff *b, uint64_t now_ns)
{
	return b->price.until_ns > now_ns;
}

struct rest backoff_rest(const struct backoff *b, uint64_t now_ns)
{
	return (struct rest){
		.left_ns = minus(MAX(b->until_ns, b->price.until_ns), now_ns),
		.fruitless = b->fruitless,
		.dear = backoff_is_dear(b, now_ns),
		.judged = b->price.judged,
	};
}
