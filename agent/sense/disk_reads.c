/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/disk_reads.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "base/ktext.h"
#include "base/parse.h"
#include "base/saturate.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define SECTOR_BYTES 512

/* Words of a line. */
enum { NAME = 2, READ_SECTORS = 5, READ_MS = 6, WORDS = 7 };

static bool is_swap(struct ktext_line device, const char *swaps)
{
	static const char prefix[] = "/dev/";
	const size_t n = sizeof(prefix) - 1;
	struct ktext_line line, name;

	while (ktext_next_line(&swaps, &line))
		if (ktext_next_word(&line, &name) && name.length == n + device.length &&
		    memcmp(name.text, prefix, n) == 0 &&
		    memcmp(name.text + n, device.text, device.length) == 0)
			return true;
	return false;
}

static int add_line(struct ktext_line line, const char *swaps, struct machine_reads *sum)
{
	struct ktext_line word, name = {NULL, 0};
	uint64_t values[WORDS] = {0};
	struct disk_reads *reads;

	for (int i = 0; i < WORDS; i++) {
		if (!ktext_next_word(&line, &word))
			return -EBADMSG;
		if (i == NAME)
			name = word;
		else if (parse_u64_n(word.text, word.length, &values[i]) < 0)
			return -EBADMSG;
	}
	reads = is_swap(name, swaps) ? &sum->swap : &sum->file;
	reads->bytes = plus(reads->bytes, scale(values[READ_SECTORS], SECTOR_BYTES, 1));
	reads->ns = plus(reads->ns, scale(values[READ_MS], NSEC_PER_MSEC, 1));
	return 0;
}

int machine_reads_parse(const char *diskstats, const char *swaps, struct machine_reads *ret)
{
	struct machine_reads sum = {0};
	struct ktext_line line;

	while (ktext_next_line(&diskstats, &line)) {
		int r = line.length > 0 ? add_line(line, swaps, &sum) : 0;

		if (r < 0)
			return r;
	}
	*ret = sum;
	return 0;
}

int machine_reads_read(int proc_fd, struct machine_reads *ret)
{
	char diskstats[16384], swaps[8192];
	ssize_t n = kfile_read_at(proc_fd, "diskstats", diskstats, sizeof(diskstats));

	if (n >= 0)
		n = kfile_read_at(proc_fd, "swaps", swaps, sizeof(swaps));
	return n < 0 ? (int)n : machine_reads_parse(diskstats, swaps, ret);
}
