/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A zoneinfo of any bytes: read or refused, streamed through a small buffer with the same result,
 * and what was read holds together.
 */
#include "base/cleanup.h"
#include "base/kfile.h"
#include "numa/zones.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#define PAGE 4096

#define require(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

/* Reads text as the file of a directory that lives as long. */
static int read_as_file(const char *text, unsigned int node, struct numa_zones *ret)
{
	char path[] = "/tmp/fuzz-zoneinfo-XXXXXX", buffer[256];
	_cleanup_close_ int dir = -1, fd = -1;
	const char *bad = NULL;
	int r;

	require(mkdtemp(path));
	dir = kfile_open_dir(AT_FDCWD, path);
	fd = openat(dir, "zoneinfo", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	require(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	r = zones_read(dir, node, buffer, sizeof(buffer), ret, &bad);
	require(r == 0 || strncmp(bad, "zoneinfo", strlen("zoneinfo")) == 0);
	require(unlinkat(dir, "zoneinfo", 0) == 0 && rmdir(path) == 0);
	return r;
}

static void check(const struct numa_zones *zones)
{
	struct zones_sums sums = zones_sum(zones, PAGE);
	uint64_t room = zones_room_bytes(zones, PAGE);

	require(zones->n_zones >= 1 && zones->n_zones <= ZONES_MAX && zones->highest < ZONES_MAX);
	require(zones->zones[zones->n_zones - 1].index == zones->highest);
	for (size_t i = 0; i < zones->n_zones; i++) {
		require(zones->zones[i].managed > 0);
		require(strnlen(zones->zones[i].name, 16) < 16);
		require(i == 0 || zones->zones[i].index > zones->zones[i - 1].index);
	}
	require(room <= sums.free_bytes);
	require(zones_room_now_bytes(zones, sums.free_bytes / PAGE, PAGE) == room);
	require(zones_room_now_bytes(zones, 0, PAGE) == 0);
	require(zones_room_now_bytes(zones, sums.free_bytes / PAGE + 1, PAGE) <= room + PAGE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);

	require(text);
	for (unsigned int node = 0; node < 2; node++) {
		struct numa_zones zones = {0}, streamed = {0};
		const char *bad = NULL;
		int r = zones_parse(text, node, &zones, &bad), s;

		require(r == 0 || r == -ENOENT || (r == -EBADMSG && bad));
		if (r == 0)
			check(&zones);
		s = read_as_file(text, node, &streamed);
		require(s == r || s == -EOVERFLOW);
		require(s < 0 || memcmp(&zones, &streamed, sizeof(zones)) == 0);
	}
	return 0;
}
