/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/pageout/shares.h"

#include "base/cleanup.h"
#include "base/kfile.h"

#include <fcntl.h>

int shares_open(int dir_fd, unsigned int node, struct shares *ret)
{
	int fd = kfile_open(dir_fd, "numa_maps", O_RDONLY);

	if (fd < 0)
		return fd;
	*ret = (struct shares){.lines.fd = fd, .node = node};
	return 0;
}

void shares_close(struct shares *s)
{
	s->lines.fd = fd_close(s->lines.fd);
}

struct numa_share shares_of(struct shares *s, uint64_t start)
{
	const char *line;
	size_t length;

	while (s->lines.fd >= 0 && (!s->has || s->start < start)) {
		s->of = (struct numa_share){0};
		s->has = line_reader_next(&s->lines, &line, &length) > 0 &&
			 numa_maps_add_line(line, length, s->node, &s->of, &s->start) == 0;
		if (!s->has)
			break;
	}
	return s->has && s->start == start ? s->of : (struct numa_share){0};
}
