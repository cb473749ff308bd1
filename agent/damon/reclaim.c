/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/damon/reclaim.h"

#include "base/kfile.h"
#include "base/parse.h"
#include "base/saturate.h"

#define PARAMETERS "module/damon_reclaim/parameters/"

static bool is_on(int sys_fd)
{
	char text[8];

	return kfile_read_line_at(sys_fd, PARAMETERS "enabled", text, sizeof(text)) >= 0 &&
	       *text == 'Y';
}

bool damon_reclaim_takes(struct damon_reclaim *d, int sys_fd, uint64_t now_ns)
{
	char text[32];
	uint64_t bytes;

	if (!is_on(sys_fd) ||
	    kfile_read_line_at(sys_fd, PARAMETERS "bytes_reclaimed_regions", text, sizeof(text)) <
		    0 ||
	    parse_u64(text, &bytes) < 0) {
		*d = (struct damon_reclaim){0};
		return false;
	}
	if (d->seen && bytes > d->bytes)
		d->took_ns = now_ns;
	d->seen = true;
	d->bytes = bytes;
	return d->took_ns > 0 && minus(now_ns, d->took_ns) < DAMON_RECLAIM_BREAK_NS;
}
