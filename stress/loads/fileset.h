/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files for loads: made in a directory, never given a name (O_TMPFILE), so that nothing is left
 * behind whatever happens; filled with contents, written to disk and dropped from the page cache,
 * so that whoever reads them first is charged for them. Pages are numbered through all files.
 */
#pragma once

#include "base/cleanup.h"
#include "stress/job/settings.h"
#include "stress/pattern/content.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Left free on the disk, whatever the job wants. */
#define FILESET_RESERVE_BYTES (UINT64_C(64) << 20)

struct fileset {
	size_t n_files;
	uint64_t pages_per_file; /* all files are of one size */
	int *fds;
	/* For reading and writing: shared, so that no group is charged for it. */
	char *chunk;
};

/*
 * Makes n_files files that hold bytes together (rounded up to pages a file). contents NULL: holes.
 * Generation of the pages is 1. On error *ret_why says what was tried; -EINVAL: fewer pages than
 * files; -ENOSPC before anything is written; -EOPNOTSUPP when the directory is on a file system
 * without a disk (its "page cache" is anonymous memory).
 */
int fileset_create(const char *directory, size_t n_files, uint64_t bytes,
		   const struct content *contents, struct fileset **ret_set, const char **ret_why);
struct fileset *fileset_free(struct fileset *set);
DEFINE_CLEANUP(struct fileset *, fileset_free)

/* Whether the directory has room for so much; errors as fileset_create's. For holes to be filled.
 */
int fileset_check_room(const char *directory, uint64_t bytes, const char **ret_why);

/* Begins to write back all files, or waits until they are on the disk. 0 or -errno. */
int fileset_sync(const struct fileset *set, enum sync how);

/* The same again and again, as the settings say. */
struct fileset_syncing {
	enum sync how;
	uint64_t every_ns;
	uint64_t next_ns; /* monotonic; 0: not begun */
};
struct fileset_syncing fileset_syncing(const struct load_settings *settings);
/* *ret_due_ns comes earlier where the next time does. */
int fileset_sync_when_due(const struct fileset *set, struct fileset_syncing *syncing,
			  uint64_t now_ns, uint64_t *ret_due_ns);

/* Nothing is to be read but what is asked for: no readahead. */
void fileset_read_exactly(const struct fileset *set);

/* Drops the clean pages of file i, or of all, from the cache. */
void fileset_drop(const struct fileset *set, size_t i);
void fileset_drop_all(const struct fileset *set);

/*
 * Writes back n_pages of the set from page on, waits for them, and drops them from the cache; a
 * folio that is only in part among them may stay. 0 or -errno.
 */
int fileset_give_back(const struct fileset *set, uint64_t page, uint64_t n_pages);

/* Pages of file i that are in the page cache now (mincore). */
uint64_t fileset_cached_pages(const struct fileset *set, size_t i);

/* Writes everything back and drops it from the cache, so that it is read from the disk next. */
int fileset_to_disk(const struct fileset *set);

/* Who looks at pages; context is the caller's. */
struct fileset_visitor {
	bool (*wants)(void *context, uint64_t page);
	void (*visit)(void *context, uint64_t page, const void *data);
	void *context;
};

/* Reads the wanted pages of the set through the cache, and only those. 0 or -errno of reading. */
int fileset_visit(const struct fileset *set, const struct fileset_visitor *visitor);

static inline uint64_t fileset_pages(const struct fileset *set)
{
	return set->n_files * set->pages_per_file;
}
