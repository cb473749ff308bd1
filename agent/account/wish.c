/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/account/wish.h"

#include "base/cleanup.h"

bool wish_is(const struct verdict *verdict)
{
	return verdict->bytes > 0 && verdict_acts(verdict->reason);
}

void wish_learn(struct wish *wish, const struct verdict *last, uint64_t last_ns,
		const struct verdict *next, uint64_t now_ns)
{
	bool wished = wish_is(last);

	if (wished && now_ns > last_ns)
		wish->wanted_ns += now_ns - last_ns;
	if (!wish_is(next))
		return;
	wish->times += !wished;
	wish->most_bytes = MAX(wish->most_bytes, next->bytes);
}
