/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/loads/extent.h"

#include "base/cleanup.h"

int extent_prepare(struct extent *extent, const struct load *load, uint64_t block_bytes,
		   const char **ret_why)
{
	int r = level_prepare(&extent->level, load, block_bytes, ret_why);

	extent->pace = level_pace(&extent->level, load);
	extent->block_bytes = block_bytes;
	extent->follows = level_is_said(load->settings);
	return r;
}

void extent_set_blocks(struct extent *extent, const struct load *load, uint64_t n_blocks)
{
	extent->n_blocks = n_blocks;
	extent->n = extent->wanted = extent->follows ? 0 : n_blocks;
	load_access(load, n_blocks, &extent->access);
}

int extent_begin(struct extent *extent, const struct load *load, const char **ret_why)
{
	return level_begin(&extent->level, load, ret_why);
}

static void set_n(struct extent *extent, struct load *load, uint64_t n)
{
	extent->n = n;
	block_set(&load->block->resident_pages, n * extent->block_bytes / CONTENT_PAGE_BYTES);
}

/* How many blocks are to be in use. */
static int look_wanted(struct extent *extent, struct load *load, uint64_t now_ns,
		       uint64_t *ret_due_ns)
{
	uint64_t have = extent->n * extent->block_bytes, bytes;
	int r = level_look(&extent->level, load, have, now_ns, &bytes, ret_due_ns);

	if (r < 0)
		return r;
	extent->wanted = MIN(bytes / extent->block_bytes, extent->n_blocks);
	level_note_debt(&extent->level, load, have, bytes, &extent->pace);
	return 0;
}

int extent_look(struct extent *extent, struct load *load, uint64_t now_ns, uint64_t max,
		uint64_t *ret_n, uint64_t *ret_due_ns)
{
	uint64_t level_ns = UINT64_MAX, pace_ns = 0;
	int r = extent->follows ? look_wanted(extent, load, now_ns, &level_ns) : 0;

	*ret_n = 0;
	*ret_due_ns = level_ns;
	if (r < 0)
		return r;
	if (extent->n > extent->wanted || extent->wanted == 0) {
		extent->rests = extent->wanted == 0;
		return 0;
	}
	if (extent->rests)
		pace_rest(&extent->pace, now_ns - load->started_ns);
	extent->rests = false;
	access_move(&extent->access, now_ns - load->started_ns);
	*ret_n = load_take(load, &extent->pace, now_ns, extent->block_bytes, max, &pace_ns);
	*ret_due_ns = MIN(level_ns, pace_ns);
	return 0;
}

uint64_t extent_next(struct extent *extent, struct load *load)
{
	if (extent->n >= extent->wanted)
		return access_next(&extent->access, extent->n);
	set_n(extent, load, extent->n + 1);
	return extent->n - 1;
}

void extent_shrink(struct extent *extent, struct load *load)
{
	set_n(extent, load, extent->wanted);
}

void extent_finish(struct extent *extent)
{
	level_finish(&extent->level);
}
