/* SPDX-License-Identifier: Apache-2.0 */
/* What every parser keeps to: it is refused with -EBADMSG and nothing is written, or read. */
#pragma once

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static inline void check_refusal(int r, const void *value, const void *before, size_t n)
{
	if (r != 0 && (r != -EBADMSG || memcmp(value, before, n) != 0))
		abort();
}
