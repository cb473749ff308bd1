/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a recording: refused with a line, or points in the order of time. */
#include "base/cleanup.h"
#include "stress/pattern/recording.h"

#include <errno.h>
#include <string.h>

#define require(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ struct schedule_point *points = NULL;
	_cleanup_free_ char *text = malloc(size + 1);
	unsigned int line = 0;
	size_t n = 0;
	int r;

	require(text);
	memcpy(text, data, size);
	text[size] = '\0';
	r = recording_parse(text, 12345, &points, &n, &line);
	require(r == 0 || r == -EINVAL || r == -E2BIG);
	require((r == 0) == (points != NULL));
	for (size_t i = 1; i < n; i++)
		require(points[i].at_ns > points[i - 1].at_ns);
	return 0;
}
