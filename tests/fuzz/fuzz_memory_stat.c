/* SPDX-License-Identifier: Apache-2.0 */
/* A memory.stat of any bytes: read, or refused with the name of a field and nothing written. */
#include "base/cleanup.h"
#include "cgroup/memory.h"

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
	struct memory_stat stat, untouched;
	const char *bad = NULL;
	int r;

	require(text);
	memset(&stat, 0xa5, sizeof(stat));
	untouched = stat;
	r = memory_stat_parse(text, &stat, &bad);
	require(r == 0 || (r == -EBADMSG && bad && strlen(bad) > 0));
	require(r == 0 || memcmp(&stat, &untouched, sizeof(stat)) == 0);
	return 0;
}
