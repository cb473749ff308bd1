/* SPDX-License-Identifier: Apache-2.0 */
#include "numa/tiers.h"

#include "base/cleanup.h"
#include "base/kfile.h"
#include "base/parse.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIERING "devices/virtual/memory_tiering"
#define PREFIX	"memory_tier"
#define ENABLED "kernel/mm/numa/demotion_enabled"

static bool take_number(const char **text, uint64_t *ret)
{
	size_t n = strspn(*text, "0123456789");

	if (parse_u64_n(*text, n, ret) < 0)
		return false;
	*text += n;
	return true;
}

bool memory_tier_nodes_are_good(const char *text)
{
	uint64_t first, last, next = 0;

	while (*text) {
		if (!take_number(&text, &first))
			return false;
		last = first;
		if (*text == '-' && (text++, !take_number(&text, &last) || last <= first))
			return false;
		if (first < next || last >= UINT32_MAX)
			return false;
		next = last + 1;
		if (*text == ',' && text[1])
			text++;
		else if (*text)
			return false;
	}
	return true;
}

static int compare_ids(const void *a, const void *b)
{
	const struct memory_tier *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* A tier whose last node has just gone is none. */
static int read_tier(int dir_fd, const char *name, struct memory_tiers *t)
{
	struct memory_tier tier = {0};
	char path[300];
	uint64_t id;
	ssize_t n;

	if (parse_u64(name + strlen(PREFIX), &id) < 0 || id > UINT32_MAX)
		return -EBADMSG;
	(void)snprintf(path, sizeof(path), "%s/nodelist", name);
	n = kfile_read_line_at(dir_fd, path, tier.nodes, sizeof(tier.nodes));
	if (n == -ENOENT || n == -ENODEV || n == 0)
		return 0;
	if (n < 0)
		return (int)n;
	if (!memory_tier_nodes_are_good(tier.nodes))
		return -EBADMSG;
	if (t->n == MEMORY_TIERS_MAX)
		return -E2BIG;
	tier.id = (unsigned int)id;
	t->tiers[t->n++] = tier;
	return 0;
}

static int read_all(int sys_fd, struct memory_tiers *t)
{
	_cleanup_(closedirp) DIR *dir = NULL;
	int fd = kfile_open_dir(sys_fd, TIERING), r = 0;
	struct dirent *entry;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	dir = fdopendir(fd);
	if (!dir) {
		fd_close(fd);
		return -ENOMEM;
	}
	while (r == 0 && (entry = readdir(dir)))
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0)
			r = read_tier(dirfd(dir), entry->d_name, t);
	qsort(t->tiers, t->n, sizeof(t->tiers[0]), compare_ids);
	return r;
}

int memory_tiers_read(int sys_fd, struct memory_tiers *ret, const char **ret_bad)
{
	struct memory_tiers t = {0};
	const char *file = ENABLED;
	char text[16];
	ssize_t n = kfile_read_line_at(sys_fd, file, text, sizeof(text));
	int r = n == -ENOENT ? 0 : n < 0 ? (int)n : parse_bool(text, &t.enabled);

	if (r == -EINVAL)
		r = -EBADMSG;
	if (r == 0) {
		file = TIERING;
		r = read_all(sys_fd, &t);
	}
	if (r < 0 && ret_bad)
		*ret_bad = file;
	if (r == 0)
		*ret = t;
	return r;
}
