/* SPDX-License-Identifier: Apache-2.0 */
/* A pressure file of any bytes: read, or refused with the name of a field and nothing written. */
#include "base/cleanup.h"
#include "cgroup/psi.h"

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
	struct psi_totals totals = {1, 2};
	const char *bad = NULL;
	int r;

	require(text);
	r = psi_parse(text, &totals, &bad);
	require(r == 0 || (r == -EBADMSG && bad && totals.some_us == 1 && totals.full_us == 2));
	return 0;
}
