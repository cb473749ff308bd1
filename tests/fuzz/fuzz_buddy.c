/* SPDX-License-Identifier: Apache-2.0 */
/* A buddyinfo of any bytes: read or refused, and more is free in smaller pieces than in larger. */
#include "base/cleanup.h"
#include "numa/buddy.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define require(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);

	require(text);
	for (unsigned int node = 0; node < 2; node++) {
		struct buddy buddy;
		const char *bad = NULL;
		int r = buddy_parse(text, node, &buddy, &bad);

		require(r == 0 || r == -ENODEV || (r == -EBADMSG && bad));
		if (r < 0)
			continue;
		require(buddy.n_orders >= 1 && buddy.n_orders <= BUDDY_ORDERS_MAX);
		for (unsigned int order = 1; order <= BUDDY_ORDERS_MAX; order++)
			require(buddy_pages(&buddy, order) <= buddy_pages(&buddy, order - 1));
	}
	return 0;
}
