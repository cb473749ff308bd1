/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fake /proc, /sys and cgroup tree in a temporary directory, built from a table.
 *
 *	static const struct fixture_file files[] = {
 *		{"proc/zoneinfo", "Node 0, zone ..."},
 *		{"sys/fs/cgroup/a/", NULL},              a directory
 *	};
 *	struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
 */
#pragma once

#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct fixture_file {
	const char *path; /* relative; parents are made as needed; a final '/' makes a directory */
	const char *text; /* NULL: an empty file */
};

struct fixture {
	char path[64];
	int fd; /* the directory itself */
};

/* All of these fail the running test when the file system does not do as told. */
struct fixture *fixture_new(const struct fixture_file *files, size_t n);
/* An empty one, for a test that makes thousands of directories: on a disk that could take minutes.
 */
struct fixture *fixture_new_in_memory(void);
void fixture_write(const struct fixture *fx, const char *path, const char *text);
void fixture_remove(const struct fixture *fx, const char *path); /* a file, or a whole directory */
/* Content of a file, at most 64 KiB; the caller frees it. */
char *fixture_read(const struct fixture *fx, const char *path);
struct fixture *fixture_free(struct fixture *fx);
DEFINE_CLEANUP(struct fixture *, fixture_free)

/* How many entries a directory has, to be compared with another count: of /proc/self/fd, say. */
size_t fixture_entries(const char *path);

/*
 * Where something is whose path CMake defines as the macro NAME. A copy of the tests, run by
 * somebody who can't read the checkout, brings its own and says so in the variable NAME.
 */
#define FIXTURE_PATH(NAME) fixture_path(#NAME, NAME)
const char *fixture_path(const char *name, const char *path);

/* Where tests/unit/data is. */
const char *fixture_data_path(void);

/* Content of tests/unit/data/NAME, captured kernel files among them; the caller frees it. */
char *fixture_data(const char *name);
