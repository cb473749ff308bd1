/* SPDX-License-Identifier: Apache-2.0 */
/* A node's vmstat of any bytes: read or refused with a field named and nothing written. */
#include "base/cleanup.h"
#include "numa/counters.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);
	struct node_counters counters, before;
	const char *bad = NULL;
	int r;

	if (!text)
		abort();
	memset(&counters, 1, sizeof(counters));
	before = counters;
	r = node_counters_parse(text, &counters, &bad);
	if (r == 0) {
		/* Scan counters are all there or all 0. */
		if (!counters.has_scan &&
		    (counters.pgscan_kswapd | counters.pgsteal_kswapd | counters.pgscan_direct |
		     counters.pgsteal_direct | counters.pgsteal_proactive))
			abort();
	} else if (r != -EBADMSG || !bad || memcmp(&counters, &before, sizeof(counters)) != 0) {
		abort();
	}
	return 0;
}
