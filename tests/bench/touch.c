/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that touching memory can cost: loops without a clock, a schedule or contents, to
 *compare uswap-stress with.
 *
 *	bench-touch word BYTES TIMES    one word of each page of new memory, which is then given
 *	                                back, so many times, five times a second
 *	bench-touch memset BYTES TIMES  the same with all of it, as usemem does
 *	bench-touch again BYTES TIMES   one word of each page of memory that is there
 *	bench-touch clock TIMES         a look at the clock
 *
 * Pages are 4 KiB ones. Prints "OPERATIONS CPU_NS WALL_NS" of the loop alone.
 */
#include "base/clock.h"
#include "base/parse.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_BYTES 4096
#define PERIOD_NS  (200 * NSEC_PER_MSEC)

/* NULL: no address space. */
static char *reserve(uint64_t bytes)
{
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	(void)madvise(memory, bytes, MADV_NOHUGEPAGE);
	return memory;
}

static void touch_words(char *memory, uint64_t bytes)
{
	for (uint64_t at = 0; at < bytes; at += PAGE_BYTES)
		*(volatile uint64_t *)(void *)(memory + at) = at;
}

static void set_bytes(char *memory, uint64_t bytes)
{
	memset(memory, 0x5a, bytes);
}

/* Once every PERIOD_NS, as a load does in bursts: caches cool down and CPUs slow down in between.
 */
static int touch_new(uint64_t bytes, uint64_t times, void (*touch)(char *, uint64_t))
{
	uint64_t next_ns = clock_now_ns();

	for (uint64_t i = 0; i < times; i++) {
		char *memory = reserve(bytes);
		uint64_t now_ns;

		if (!memory)
			return 1;
		touch(memory, bytes);
		(void)munmap(memory, bytes);
		next_ns += PERIOD_NS;
		now_ns = clock_now_ns();
		if (now_ns < next_ns)
			(void)usleep((useconds_t)((next_ns - now_ns) / NSEC_PER_USEC));
	}
	return 0;
}

static void read_words(const char *memory, uint64_t bytes, uint64_t times)
{
	for (uint64_t i = 0; i < times; i++)
		for (uint64_t at = 0; at < bytes; at += PAGE_BYTES)
			(void)*(const volatile uint64_t *)(const void *)(memory + at);
}

static uint64_t look_at_clock(uint64_t times)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < times; i++)
		sum += clock_now_ns();
	return sum;
}

struct span {
	uint64_t cpu_ns, wall_ns;
};

static struct span now(void)
{
	return (struct span){clock_thread_cpu_ns(), clock_now_ns()};
}

static void print(uint64_t operations, struct span begin)
{
	struct span end = now();

	(void)printf("%ju %ju %ju\n", (uintmax_t)operations, (uintmax_t)(end.cpu_ns - begin.cpu_ns),
		     (uintmax_t)(end.wall_ns - begin.wall_ns));
}

static int run(const char *what, uint64_t amount, uint64_t times)
{
	struct span begin = now();
	char *memory;

	if (strcmp(what, "clock") == 0) {
		if (look_at_clock(amount) == 0)
			return 1;
		print(amount, begin);
		return 0;
	}
	if (strcmp(what, "again") == 0) {
		memory = reserve(amount);
		if (!memory)
			return 1;
		touch_words(memory, amount);
		begin = now();
		read_words(memory, amount, times);
	} else {
		void (*touch)(char *, uint64_t) = strcmp(what, "word") == 0 ? touch_words
									    : set_bytes;

		if (touch_new(amount, times, touch))
			return 1;
	}
	print(amount / PAGE_BYTES * times, begin);
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t amount, times = 1;

	if (argc < 3 || parse_size(argv[2], &amount) < 0 ||
	    (argc > 3 && parse_u64(argv[3], &times) < 0)) {
		(void)fputs("usage: bench-touch word|memset|again|clock AMOUNT [TIMES]\n", stderr);
		return 2;
	}
	return run(argv[1], amount, times);
}
