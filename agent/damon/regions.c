/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/damon/regions.h"

#include "base/cleanup.h"
#include "base/kfile.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>

struct region {
	uint64_t start, end, nr_accesses, age;
};

static int read_number(int dir_fd, const char *region, const char *name, uint64_t *ret)
{
	char path[NAME_MAX + 16];
	int r;

	(void)snprintf(path, sizeof(path), "%s/%s", region, name);
	r = kfile_read_number_at(dir_fd, path, ret);
	return r == -EOVERFLOW || r == -ENOENT ? -EBADMSG : r;
}

static int read_region(int dir_fd, const char *name, struct region *ret)
{
	int r = read_number(dir_fd, name, "start", &ret->start);

	if (r == 0)
		r = read_number(dir_fd, name, "end", &ret->end);
	if (r == 0)
		r = read_number(dir_fd, name, "nr_accesses", &ret->nr_accesses);
	return r < 0 ? r : read_number(dir_fd, name, "age", &ret->age);
}

int regions_read(int dir_fd, uint64_t age, struct cold_ranges *ret)
{
	int fd = kfile_open_dir(dir_fd, ".");
	_cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct cold_ranges found = {0};
	const struct dirent *entry;

	if (!dir)
		return fd < 0 ? fd : (fd_close(fd), -ENOMEM);
	while ((entry = readdir(dir))) {
		struct region region;
		int r;

		/* Beside them is a file with the sum. */
		if (!isdigit((unsigned char)*entry->d_name))
			continue;
		r = read_region(dir_fd, entry->d_name, &region);
		if (r < 0)
			return r;
		if (region.nr_accesses == 0 && region.age >= age &&
		    !cold_ranges_add(&found,
				     (struct cold_range){.start = region.start, .end = region.end}))
			return -EBADMSG;
	}
	*ret = found;
	return 0;
}
