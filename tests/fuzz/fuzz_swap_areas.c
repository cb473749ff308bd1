/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/swaps of any bytes: read or refused, nothing written. */
#include "agent/sense/machine.h"
#include "agent/sense/swap_areas.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_named(void *context, const char *name, bool file)
{
	(void)context;
	return file || strlen(name) % 2 == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);
	struct swap_before before = {.total_bytes = 42};
	int r;

	if (!text)
		abort();
	r = swap_areas_parse(text, is_named, NULL, &before);
	if (r == 0 ? before.free_bytes > before.total_bytes
		   : (r != -EBADMSG && r != -E2BIG) || before.total_bytes != 42)
		abort();
	(void)swaps_parse_to_disk(text);
	return 0;
}
