/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of files read block by block: in a loop (does what fits stay cached?) or as a stream whose
 * page cache is always new.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "stress/loads/extent.h"
#include "stress/loads/fileset.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

struct fileread {
	struct fileset *files;
	char **maps;   /* via mmap: one a file */
	char *buffer;  /* via read */
	uint8_t *read; /* a block was read before */
	uint64_t n_blocks, blocks_per_file;
	uint64_t n_read;
	struct extent extent;
};

static const char *const fileread_settings[] = {
	"directory", "files", "block", "via", "mode", "sparse", EXTENT_SETTINGS, NULL,
};

static const char *fileread_check(const struct load_settings *settings)
{
	if (settings->block_bytes % CONTENT_PAGE_BYTES)
		return "block: must be a multiple of 4K";
	if (settings->access.kind == ACCESS_NONE)
		return "access: none would read nothing";
	if (settings->mode == MODE_STREAM && settings->access.kind != ACCESS_SEQUENTIAL)
		return "mode: a stream is read with access = sequential";
	if (settings->mode == MODE_STREAM && level_is_said(settings))
		return "mode: a stream's cache is always new: there is no level to keep it at";
	return settings->via == VIA_READ ? level_check_unmapped(settings) : NULL;
}

static int map_files(struct fileread *reader)
{
	size_t bytes = reader->files->pages_per_file * CONTENT_PAGE_BYTES;

	reader->maps = calloc(reader->files->n_files, sizeof(*reader->maps));
	if (!reader->maps)
		return -ENOMEM;
	for (size_t i = 0; i < reader->files->n_files; i++) {
		void *map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, reader->files->fds[i], 0);

		if (map == MAP_FAILED)
			return -errno;
		reader->maps[i] = map;
		if (reader->extent.follows)
			(void)madvise(map, bytes, MADV_RANDOM);
	}
	return 0;
}

static int fileread_prepare(struct load *load, const char **ret_why)
{
	const struct load_settings *settings = load->settings;
	struct fileread *reader = calloc(1, sizeof(*reader));
	uint64_t block_pages = settings->block_bytes / CONTENT_PAGE_BYTES;
	int r;

	*ret_why = "no memory for book-keeping";
	if (!reader)
		return -ENOMEM;
	load->state = reader;
	r = extent_prepare(&reader->extent, load, settings->block_bytes, ret_why);
	if (r < 0)
		return r;
	r = fileset_create(settings->directory, settings->n_files, load->plan->size_bytes,
			   settings->sparse ? NULL : &load->content, &reader->files, ret_why);
	if (r < 0)
		return r;
	/* Holes have never been read; a look at each of their pages could take minutes. */
	for (size_t i = 0; i < reader->files->n_files && !settings->sparse; i++)
		load->block->cached_at_start_pages += fileset_cached_pages(reader->files, i);
	reader->blocks_per_file = (reader->files->pages_per_file + block_pages - 1) / block_pages;
	reader->n_blocks = reader->blocks_per_file * reader->files->n_files;
	extent_set_blocks(&reader->extent, load, reader->n_blocks);
	if (reader->extent.follows)
		fileset_read_exactly(reader->files);
	*ret_why = "no memory for book-keeping";
	reader->read = load_shared_alloc(reader->n_blocks);
	if (!reader->read)
		return -ENOMEM;
	*ret_why = "map the files";
	if (settings->via == VIA_MMAP)
		return map_files(reader);
	/* Shared, so that it is not charged to the group: only the page cache should be. */
	reader->buffer = load_shared_alloc(settings->block_bytes);
	return reader->buffer ? 0 : -ENOMEM;
}

/* Bytes of the block in its file; the last one can be shorter. */
static uint64_t block_bytes(const struct load *load, const struct fileread *reader,
			    uint64_t in_file)
{
	uint64_t file_bytes = reader->files->pages_per_file * CONTENT_PAGE_BYTES;
	uint64_t offset = in_file * load->settings->block_bytes;

	return MIN(load->settings->block_bytes, file_bytes - offset);
}

static int read_block(struct fileread *reader, struct histogram *histogram, size_t file,
		      uint64_t offset, uint64_t bytes)
{
	uint64_t then = clock_now_ns();
	ssize_t n = pread(reader->files->fds[file], reader->buffer, bytes, (off_t)offset);

	histogram_record(histogram, clock_now_ns() - then);
	if (n < 0)
		return -errno;
	return (uint64_t)n == bytes ? 0 : -EIO;
}

static void touch_block(struct fileread *reader, struct histogram *histogram, size_t file,
			uint64_t offset, uint64_t bytes)
{
	const char *from = reader->maps[file] + offset;
	uint64_t then = clock_now_ns();

	for (uint64_t at = 0; at < bytes; at += CONTENT_PAGE_BYTES) {
		uint64_t now;

		(void)*(const volatile char *)(from + at);
		now = clock_now_ns();
		histogram_record(histogram, now - then);
		then = now;
	}
}

static int read_next(struct load *load, struct fileread *reader, uint64_t *ret_bytes)
{
	uint64_t block = extent_next(&reader->extent, load);
	size_t file = block / reader->blocks_per_file;
	uint64_t in_file = block % reader->blocks_per_file;
	uint64_t bytes = block_bytes(load, reader, in_file);
	uint64_t offset = in_file * load->settings->block_bytes;
	bool again = reader->read[block] && load->settings->mode == MODE_LOOP;
	struct histogram *histogram = again ? &load->block->reuse : &load->block->first;
	int r = 0;

	if (in_file == 0 && reader->read[block] && load->settings->mode == MODE_STREAM)
		fileset_drop(reader->files, file);
	if (load->settings->via == VIA_MMAP)
		touch_block(reader, histogram, file, offset, bytes);
	else
		r = read_block(reader, histogram, file, offset, bytes);
	reader->read[block] = 1;
	reader->n_read++;
	*ret_bytes = bytes;
	return r;
}

/* The first page of a block, through all files; of the one behind the last: the end. */
static uint64_t page_of(const struct load *load, const struct fileread *reader, uint64_t block)
{
	return block / reader->blocks_per_file * reader->files->pages_per_file +
	       block % reader->blocks_per_file * (load->settings->block_bytes / CONTENT_PAGE_BYTES);
}

/* Blocks that are not in use any more: the next time they are read they are new. */
static int give_back(struct load *load, struct fileread *reader)
{
	uint64_t from = reader->extent.wanted, end = reader->extent.n;
	uint64_t page = page_of(load, reader, from);

	for (uint64_t block = from; block < end; block++) {
		uint64_t in_file = block % reader->blocks_per_file;

		reader->read[block] = 0;
		if (reader->maps && madvise(reader->maps[block / reader->blocks_per_file] +
						    in_file * load->settings->block_bytes,
					    block_bytes(load, reader, in_file), MADV_DONTNEED) < 0)
			return -errno;
	}
	extent_shrink(&reader->extent, load);
	return fileset_give_back(reader->files, page, page_of(load, reader, end) - page);
}

static int fileread_begin(struct load *load, const char **ret_why)
{
	return extent_begin(&((struct fileread *)load->state)->extent, load, ret_why);
}

static int fileread_step(struct load *load, uint64_t now_ns, uint64_t *ret_due_ns)
{
	struct fileread *reader = load->state;
	uint64_t bytes, n;
	int r = extent_look(&reader->extent, load, now_ns, 1, &n, ret_due_ns);

	if (r == 0 && reader->extent.n > reader->extent.wanted)
		return give_back(load, reader);
	if (r < 0 || n == 0)
		return r;
	r = read_next(load, reader, &bytes);
	load_took(load, &reader->extent.pace, 1, bytes);
	block_set(&load->block->passes, reader->n_read / reader->n_blocks);
	return r;
}

/* Only what was read: of a long stream the rest would be read for the first time now. */
static bool wants_page(void *context, uint64_t page)
{
	struct load *load = context;
	const struct fileread *reader = load->state;
	uint64_t in_file = page % reader->files->pages_per_file;
	uint64_t block = page / reader->files->pages_per_file * reader->blocks_per_file +
			 in_file * CONTENT_PAGE_BYTES / load->settings->block_bytes;

	return reader->read[block] && load_verify_wants(load, page);
}

static void check_page(void *context, uint64_t page, const void *data)
{
	struct load *load = context;

	load_verify_page(load, page, 1, data, load->settings->sparse);
}

static int fileread_verify(struct load *load)
{
	struct fileread *reader = load->state;
	const struct fileset_visitor visitor = {wants_page, check_page, load};
	int r = fileset_visit(reader->files, &visitor);

	load->block->skipped_pages = fileset_pages(reader->files) -
				     block_get(&load->block->verified_pages);
	return r;
}

static void fileread_finish(struct load *load)
{
	struct fileread *reader = load->state;

	if (!reader)
		return;
	if (reader->maps)
		for (size_t i = 0; i < reader->files->n_files; i++)
			if (reader->maps[i])
				(void)munmap(reader->maps[i],
					     reader->files->pages_per_file * CONTENT_PAGE_BYTES);
	free(reader->maps);
	extent_finish(&reader->extent);
	load_shared_free(reader->buffer, load->settings->block_bytes);
	load_shared_free(reader->read, reader->n_blocks);
	reader->files = fileset_free(reader->files);
	free(reader);
	load->state = NULL;
}

const struct load_ops load_fileread = {
	.name = "fileread",
	.help = "a set of files read in a loop or as a stream, through read(2) or a mapping",
	.settings = fileread_settings,
	.check = fileread_check,
	.io_rate = true,
	.prepare = fileread_prepare,
	.begin = fileread_begin,
	.step = fileread_step,
	.verify = fileread_verify,
	.finish = fileread_finish,
};
