/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/writer/device_stat.h"

#include "base/clock.h"
#include "base/kfile.h"
#include "base/ktext.h"
#include "base/parse.h"
#include "base/saturate.h"

#include <errno.h>
#include <string.h>

#define FIELDS		9 /* of those that all kernels have, up to the last one wanted */
#define READS		0
#define READ_MS		3
#define WRITTEN_SECTORS 6
#define IN_FLIGHT	8

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
