/* SPDX-License-Identifier: Apache-2.0 */
#include "numa/zram.h"

#include "base/kfile.h"
#include "base/ktext.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define ZRAM_DEVICES_MAX 16

/* A sector of block device statistics, whatever the device's own are. */
#define SECTOR_BYTES 512

struct zram {
	size_t n;
	struct {
		int mm_stat_fd;
		int stat_fd; /* -1: none */
	} devices[ZRAM_DEVICES_MAX];
};

/* The first n numbers of a line. */
static int parse_numbers(const char *text, uint64_t *values, size_t n)
{
	struct ktext_line line, word;

	if (!ktext_next_line(&text, &line))
		return -EBADMSG;
	for (size_t i = 0; i < n; i++)
		if (!ktext_next_word(&line, &word) ||
		    parse_u64_n(word.text, word.length, &values[i]) < 0)
			return -EBADMSG;
	return 0;
}

/* orig_data_size compr_data_size mem_used_total ... */
int zram_parse(const char *text, struct zram_usage *ret)
{
	uint64_t values[3];
	int r = parse_numbers(text, values, ARRAY_SIZE(values));

	if (r == 0)
		*ret = (struct zram_usage){.stored_bytes = values[0], .used_bytes = values[2]};
	return r;
}

/* reads merged sectors ms, and the same of writes */
int zram_parse_writes(const char *text, uint64_t *ret_bytes)
{
	uint64_t values[7], bytes;
	int r = parse_numbers(text, values, ARRAY_SIZE(values));

	if (r == 0 && __builtin_mul_overflow(values[6], SECTOR_BYTES, &bytes))
		r = -EBADMSG;
	if (r == 0)
		*ret_bytes = bytes;
	return r;
}

static int open_file(int sys_fd, const char *device, const char *file)
{
	char path[300];

	(void)snprintf(path, sizeof(path), "block/%s/%s", device, file);
	return kfile_open(sys_fd, path, O_RDONLY);
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
		if (strncmp(entry->d_name, "zram", 4) != 0)
			continue;
		fd = open_file(sys_fd, entry->d_name, "mm_stat");
		if (fd < 0)
			continue;
		zram->devices[zram->n].mm_stat_fd = fd;
		zram->devices[zram->n++].stat_fd = open_file(sys_fd, entry->d_name, "stat");
	}
	*ret_zram = TAKE_PTR(zram);
	return 0;
}

struct zram *zram_free(struct zram *zram)
{
	if (!zram)
		return NULL;
	for (size_t i = 0; i < zram->n; i++) {
		fd_close(zram->devices[i].mm_stat_fd);
		fd_close(zram->devices[i].stat_fd);
	}
	free(zram);
	return NULL;
}

int zram_read(const struct zram *zram, struct zram_usage *ret)
{
	struct zram_usage sum = {0}, one = {0};
	char text[256];

	for (size_t i = 0; i < zram->n; i++) {
		ssize_t n = kfile_read(zram->devices[i].mm_stat_fd, text, sizeof(text));
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

uint64_t zram_read_writes(const struct zram *zram)
{
	uint64_t sum = 0, one;
	char text[256];

	for (size_t i = 0; i < zram->n; i++) {
		int fd = zram->devices[i].stat_fd;

		if (fd >= 0 && kfile_read(fd, text, sizeof(text)) >= 0 &&
		    zram_parse_writes(text, &one) == 0)
			sum += one;
	}
	return sum;
}
