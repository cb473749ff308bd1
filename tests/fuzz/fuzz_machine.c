/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/vmstat and /proc/meminfo of any bytes: read or refused with a field named, nothing written.
 */
#include "agent/sense/machine.h"
#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int r, const char *bad, const void *value, const void *before, size_t n)
{
	if (r != 0 && (r != -EBADMSG || !bad || memcmp(value, before, n) != 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);
	struct machine_counters counters, counters_before;
	struct swap_sample swap, swap_before;
	struct swap_store store, store_before;
	const char *bad = NULL;
	int r;

	if (!text)
		abort();
	memset(&counters, 1, sizeof(counters));
	counters_before = counters;
	r = machine_counters_parse(text, &counters, &bad);
	check(r, bad, &counters, &counters_before, sizeof(counters));
	memset(&swap, 1, sizeof(swap));
	swap_before = swap;
	bad = NULL;
	memset(&store, 1, sizeof(store));
	store_before = store;
	r = swap_parse(text, &swap, &store, &bad);
	check(r, bad, &swap, &swap_before, sizeof(swap));
	check(r, bad, &store, &store_before, sizeof(store));
	return 0;
}
