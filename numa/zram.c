/* SPDX-License-Identifier: Apache-2.0 */
#include "numa/zram.h"

#include "base/kfile.h"
#include "base/ktext.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define ZRAM_DEVICES_MAX 16

struct zram {
	size_t n;
	int fds[ZRAM_DEVICES_MAX];
};

/* orig_data_size compr_data_size mem_used_total ... */
int zram_parse(const char *text, struct zram_usage *ret)
{
	struct ktext_line line, word;
	uint64_t values[3];

	if (!ktext_next_line(&text, &line))
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (!ktext_next_word(&line, &word) ||
		    parse_u64_n(word.text, word.length, &values[i]) < 0)
			return -EBADMSG;
	*ret = (struct zram_usage){.stored_bytes = values[0], .used_bytes = values[2]};
	return 0;
}

int zram_open(int sys_fd, struct zram **ret_zram)
{
	_cleanup_(zram_freep) struct zram *zram = calloc(1, sizeof(*zram));
	_cleanup_(closedirp) DIR *dir = NULL;
	struct dirent *entry;
	int fd;

	if (!zram)
		return -ENOMEM;
	fd = kfile_open_dir(sys_fd, "block");
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		fd_close(fd);
	while (dir && zram->n < ZRAM_DEVICES_MAX && (entry = readdir(dir))) {
		_cleanup_free_ char *path = NULL;

		if (strncmp(entry->d_name, "zram", 4) != 0)
			continue;
		if (asprintf(&path, "block/%s/mm_stat", entry->d_name) < 0)
			return -ENOMEM;
		fd = kfile_open(sys_fd, path, O_RDONLY);
		if (fd >= 0)
			zram->fds[zram->n++] = fd;
	}
	*ret_zram = TAKE_PTR(zram);
	return 0;
}

struct zram *zram_free(struct zram *zram)
{
	if (!zram)
		return NULL;
	for (size_t i = 0; i < zram->n; i++)
		fd_close(zram->fds[i]);
	free(zram);
	return NULL;
}

int zram_read(const struct zram *zram, struct zram_usage *ret)
{
	struct zram_usage sum = {0}, one = {0};
	char text[256];

	for (size_t i = 0; i < zram->n; i++) {
		ssize_t n = kfile_read(zram->fds[i], text, sizeof(text));
		int r = n < 0 ? (int)n : zram_parse(text, &one);

		if (r == -ENODEV || r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		sum.stored_bytes += one.stored_bytes;
		sum.used_bytes += one.used_bytes;
	}
	*ret = sum;
	return 0;
}
