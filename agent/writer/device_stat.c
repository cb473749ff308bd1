/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/writer/device_stat.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "base/ktext.h"
#include "base/parse.h"
#include "base/saturate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#define FIELDS		9 /* of those that all kernels have, up to the last one wanted */
#define READS		0
#define READ_MS		3
#define WRITTEN_SECTORS 6
#define IN_FLIGHT	8

static int open_of(int sys_fd, uint64_t device, const char *file)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "dev/block/%u:%u/%s", major(device), minor(device),
		       file);
	return kfile_open(sys_fd, path, O_RDONLY);
}

int device_stat_open(int sys_fd, uint64_t device)
{
	return open_of(sys_fd, device, "stat");
}

int device_stat_open_disk(int sys_fd, uint64_t device)
{
	_cleanup_close_ int partition_fd = open_of(sys_fd, device, "partition");

	/* Of a symbolic link: the directory above the partition's is its disk's. */
	return open_of(sys_fd, device, partition_fd < 0 ? "stat" : "../stat");
}

int device_stat_parse(const char *text, struct device_stat *ret)
{
	struct ktext_line line, word;
	uint64_t values[FIELDS];

	if (!ktext_next_line(&text, &line))
		return -EBADMSG;
	for (int i = 0; i < FIELDS; i++)
		if (!ktext_next_word(&line, &word) ||
		    parse_u64_n(word.text, word.length, &values[i]) < 0)
			return -EBADMSG;
	*ret = (struct device_stat){
		.written_sectors = values[WRITTEN_SECTORS],
		.in_flight = values[IN_FLIGHT],
		.reads = values[READS],
		.read_ns = scale(values[READ_MS], NSEC_PER_MSEC, 1),
	};
	return 0;
}

int device_stat_read(int fd, struct device_stat *ret)
{
	char text[512];
	ssize_t n = kfile_read(fd, text, sizeof(text));

	return n < 0 ? (int)n : device_stat_parse(text, ret);
}
