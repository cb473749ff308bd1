/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A memory.numa_stat of any bytes: read, or refused with the name of a field and nothing written;
 * the same whether it is parsed whole or read piece by piece.
 */
#include "base/cleanup.h"
#include "cgroup/memory.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define NODES 3

#define require(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static int read_as_file(const char *text, struct memory_node_share *shares, const char **ret_bad)
{
	_cleanup_close_ int fd = memfd_create("numa_stat", MFD_CLOEXEC);
	size_t n = strlen(text);

	require(fd >= 0);
	require(write(fd, text, n) == (ssize_t)n);
	return memory_numa_stat_read(fd, shares, NODES, ret_bad);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);
	struct memory_node_share parsed[NODES], streamed[NODES], untouched[NODES];
	const char *bad = NULL, *streamed_bad = NULL;
	size_t n;
	int r, s;

	require(text);
	memset(untouched, 0xa5, sizeof(untouched));
	memcpy(parsed, untouched, sizeof(parsed));
	memcpy(streamed, untouched, sizeof(streamed));
	r = memory_numa_stat_parse(text, parsed, NODES, &bad);
	require(r == 0 || (r == -EBADMSG && bad));
	require(r == 0 || memcmp(parsed, untouched, sizeof(parsed)) == 0);
	s = read_as_file(text, streamed, &streamed_bad);
	require(s == 0 || s == -EOVERFLOW || (s == -EBADMSG && streamed_bad));
	require(s == 0 || memcmp(streamed, untouched, sizeof(streamed)) == 0);
	/* A file whose last line has no end was cut; a text need not have one. */
	n = strlen(text);
	if (s == -EOVERFLOW || n == 0 || text[n - 1] != '\n')
		return 0;
	require(r == s && memcmp(parsed, streamed, sizeof(parsed)) == 0);
	require(r == 0 || strcmp(bad, streamed_bad) == 0);
	return 0;
}
