/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plant GROUP SHARE: an effect of known size, for a search to find. In GROUP (a directory), over
 * and over: touches PIECE_BYTES of new memory, works until the round has cost ROUND_CPU_NS of CPU
 * time, or SHARE (110%) of that if some of the group's memory was reclaimed lately, and gives back
 * the oldest piece of PIECES, which nobody has looked at since: it may as well be in swap. So the
 * group stays as large as it is, and what is taken from it is never missed. Until it is killed.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "base/parse.h"
#include "base/saturate.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PIECES	     24
#define PIECE_BYTES  ((size_t)1 << 20)
#define ROUND_NS     (250 * NSEC_PER_MSEC)
#define ROUND_CPU_NS (30 * NSEC_PER_MSEC)
#define LATELY	     5 /* rounds: some is taken every fourth */

static uint64_t reclaimed_pages(int group_fd)
{
	static const char key[] = "\npgsteal ";
	char text[8192];
	const char *at;

	if (kfile_read_at(group_fd, "memory.stat", text, sizeof(text)) <= 0 ||
	    !(at = strstr(text, key)))
		exit(EXIT_FAILURE);
	return strtoull(at + strlen(key), NULL, 10);
}

static void work_until(uint64_t cpu_end_ns)
{
	while (clock_thread_cpu_ns() < cpu_end_ns)
		for (volatile int i = 0; i < 1000; i++)
			;
}

static void sleep_until(uint64_t then_ns)
{
	uint64_t left_ns = minus(then_ns, clock_now_ns());

	(void)poll(NULL, 0, (int)(left_ns / NSEC_PER_MSEC));
}

static void touch(char *piece)
{
	long page_size = sysconf(_SC_PAGESIZE);

	for (char *at = piece; at < piece + PIECE_BYTES; at += page_size)
		*(volatile char *)at = 1;
}

int main(int argc, char *argv[])
{
	_cleanup_close_ int group_fd = -1;
	uint64_t share_permyriad, reclaimed, last_ns = clock_now_ns();
	unsigned int since_reclaimed = LATELY;
	char *ring;

	if (argc != 3 || parse_percent(argv[2], &share_permyriad) < 0) {
		(void)fputs("plant GROUP SHARE\n", stderr);
		return 2;
	}
	group_fd = kfile_open_dir(AT_FDCWD, argv[1]);
	if (group_fd < 0 || kfile_write_at(group_fd, "cgroup.procs", "0") < 0) {
		(void)fprintf(stderr, "plant: can't enter %s\n", argv[1]);
		return EXIT_FAILURE;
	}
	ring = mmap(NULL, PIECES * PIECE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);
	if (ring == MAP_FAILED || madvise(ring, PIECES * PIECE_BYTES, MADV_NOHUGEPAGE) < 0)
		return EXIT_FAILURE;
	reclaimed = reclaimed_pages(group_fd);
	for (size_t n = 0;; n++) {
		uint64_t begun_ns = clock_thread_cpu_ns(), now = reclaimed_pages(group_fd);
		char *oldest = ring + (n + 1) % PIECES * PIECE_BYTES;

		since_reclaimed = now > reclaimed ? 0 : since_reclaimed + 1;
		reclaimed = now;
		touch(ring + n % PIECES * PIECE_BYTES);
		work_until(begun_ns +
			   share(ROUND_CPU_NS, since_reclaimed < LATELY ? share_permyriad : 10000));
		/* Not at once: what grows and shrinks between two looks does not grow. */
		sleep_until(last_ns + ROUND_NS / 2);
		(void)madvise(oldest, PIECE_BYTES, MADV_DONTNEED);
		last_ns = MAX(last_ns + ROUND_NS, clock_now_ns());
		sleep_until(last_ns);
	}
}
