/* SPDX-License-Identifier: Apache-2.0 */
/* A set of files written block by block with write(2), over and over, and read in between. */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/random.h"
#include "stress/loads/extent.h"
#include "stress/loads/fileset.h"

#include <errno.h>
#include <unistd.h>

struct filewrite {
	struct fileset *files;
	char *buffer;	      /* a block */
	uint8_t *generations; /* how often each block was written */
	uint64_t n_blocks, blocks_per_file;
	uint64_t random;
	struct extent extent;
	struct fileset_syncing syncing;
};

static const char *const filewrite_settings[] = {
	"directory", "files", "block", "write", "sync", "sync-every", EXTENT_SETTINGS, NULL,
};

static const char *filewrite_check(const struct load_settings *settings)
{
	if (settings->block_bytes % CONTENT_PAGE_BYTES)
		return "block: must be a multiple of 4K";
	if (settings->access.kind == ACCESS_NONE)
		return "access: none would write nothing";
	if (settings->write_permyriad == 0)
		return "write: without a share of writes there is nothing to read; type=fileread "
		       "reads files";
	return level_check_unmapped(settings);
}

static int filewrite_prepare(struct load *load, const char **ret_why)
{
	const struct load_settings *settings = load->settings;
	struct filewrite *writer = calloc(1, sizeof(*writer));
	uint64_t block_pages = settings->block_bytes / CONTENT_PAGE_BYTES;
	int r;

	*ret_why = "no memory for book-keeping";
	if (!writer)
		return -ENOMEM;
	load->state = writer;
	r = extent_prepare(&writer->extent, load, settings->block_bytes, ret_why);
	if (r == 0)
		r = fileset_check_room(settings->directory, load->plan->size_bytes, ret_why);
	if (r < 0)
		return r;
	r = fileset_create(settings->directory, settings->n_files, load->plan->size_bytes, NULL,
			   &writer->files, ret_why);
	if (r < 0)
		return r;
	writer->blocks_per_file = (writer->files->pages_per_file + block_pages - 1) / block_pages;
	writer->n_blocks = writer->blocks_per_file * writer->files->n_files;
	writer->random = load->seed;
	writer->syncing = fileset_syncing(settings);
	extent_set_blocks(&writer->extent, load, writer->n_blocks);
	*ret_why = "no memory for book-keeping";
	writer->generations = load_shared_alloc(writer->n_blocks);
	writer->buffer = load_shared_alloc(settings->block_bytes);
	return writer->generations && writer->buffer ? 0 : -ENOMEM;
}

struct block {
	uint64_t index;
	uint64_t page, n_pages; /* through all files; the last block of a file can be shorter */
	int fd;
	off_t offset; /* in the file */
};

static struct block find_block(const struct load *load, const struct filewrite *writer,
			       uint64_t index)
{
	uint64_t file = index / writer->blocks_per_file;
	uint64_t block_pages = load->settings->block_bytes / CONTENT_PAGE_BYTES;
	uint64_t in_file = index % writer->blocks_per_file * block_pages;
	uint64_t file_pages = writer->files->pages_per_file;

	return (struct block){
		.index = index,
		.page = file * file_pages + in_file,
		.n_pages = MIN(block_pages, file_pages - in_file),
		.fd = writer->files->fds[file],
		.offset = (off_t)(in_file * CONTENT_PAGE_BYTES),
	};
}

static int write_or_read(struct load *load, struct filewrite *writer, const struct block *block)
{
	uint8_t *generation = &writer->generations[block->index];
	struct histogram *histogram = *generation ? &load->block->reuse : &load->block->first;
	size_t bytes = block->n_pages * CONTENT_PAGE_BYTES;
	bool write = *generation == 0 ||
		     random_below(&writer->random, 10000) < load->settings->write_permyriad;
	uint64_t then;
	ssize_t done;

	if (write) {
		/* 0 is for what was never written. */
		*generation = *generation == UINT8_MAX ? 1 : (uint8_t)(*generation + 1);
		for (uint64_t i = 0; i < block->n_pages; i++)
			content_fill(&load->content, block->page + i, *generation,
				     writer->buffer + i * CONTENT_PAGE_BYTES);
	}
	then = clock_now_ns();
	done = write ? pwrite(block->fd, writer->buffer, bytes, block->offset)
		     : pread(block->fd, writer->buffer, bytes, block->offset);
	histogram_record(histogram, clock_now_ns() - then);
	if (done < 0)
		return -errno;
	return (size_t)done == bytes ? 0 : -EIO;
}

/* Blocks that are not in use any more; on the disk they stay what they are. */
static int give_back(struct load *load, struct filewrite *writer)
{
	struct block first = find_block(load, writer, writer->extent.wanted);
	struct block last = find_block(load, writer, writer->extent.n - 1);

	extent_shrink(&writer->extent, load);
	return fileset_give_back(writer->files, first.page, last.page + last.n_pages - first.page);
}

static int filewrite_begin(struct load *load, const char **ret_why)
{
	return extent_begin(&((struct filewrite *)load->state)->extent, load, ret_why);
}

static int filewrite_step(struct load *load, uint64_t now_ns, uint64_t *ret_due_ns)
{
	struct filewrite *writer = load->state;
	struct block block;
	uint64_t n;
	int r = extent_look(&writer->extent, load, now_ns, 1, &n, ret_due_ns);

	if (r == 0 && writer->extent.n > writer->extent.wanted)
		r = give_back(load, writer);
	if (r < 0)
		return r;
	if (n) {
		block = find_block(load, writer, extent_next(&writer->extent, load));
		r = write_or_read(load, writer, &block);
		if (r < 0)
			return r;
		load_took(load, &writer->extent.pace, 1, block.n_pages * CONTENT_PAGE_BYTES);
		block_set(&load->block->passes,
			  block_get(&load->block->operations) / writer->n_blocks);
	}
	return fileset_sync_when_due(writer->files, &writer->syncing, now_ns, ret_due_ns);
}

static uint8_t generation_of(const struct load *load, uint64_t page)
{
	const struct filewrite *writer = load->state;
	uint64_t in_file = page % writer->files->pages_per_file;

	return writer->generations[page / writer->files->pages_per_file * writer->blocks_per_file +
				   in_file * CONTENT_PAGE_BYTES / load->settings->block_bytes];
}

static bool wants_page(void *context, uint64_t page)
{
	return generation_of(context, page) && load_verify_wants(context, page);
}

static void check_page(void *context, uint64_t page, const void *data)
{
	load_verify_page(context, page, generation_of(context, page), data, false);
}

static int filewrite_verify(struct load *load)
{
	const struct filewrite *writer = load->state;
	const struct fileset_visitor visitor = {wants_page, check_page, load};
	int r = fileset_visit(writer->files, &visitor);

	load->block->skipped_pages = fileset_pages(writer->files) -
				     block_get(&load->block->verified_pages);
	return r;
}

static int filewrite_verify_at_end(struct load *load)
{
	const struct filewrite *writer = load->state;
	int r = fileset_to_disk(writer->files);

	return r < 0 ? r : filewrite_verify(load);
}

static void filewrite_finish(struct load *load)
{
	struct filewrite *writer = load->state;

	if (!writer)
		return;
	load_shared_free(writer->generations, writer->n_blocks);
	load_shared_free(writer->buffer, load->settings->block_bytes);
	writer->files = fileset_free(writer->files);
	extent_finish(&writer->extent);
	free(writer);
	load->state = NULL;
}

const struct load_ops load_filewrite = {
	.name = "filewrite",
	.help = "a set of files written block by block with write(2), over and over",
	.settings = filewrite_settings,
	.check = filewrite_check,
	.io_rate = true,
	.prepare = filewrite_prepare,
	.begin = filewrite_begin,
	.step = filewrite_step,
	.verify = filewrite_verify,
	.verify_at_end = filewrite_verify_at_end,
	.finish = filewrite_finish,
};
