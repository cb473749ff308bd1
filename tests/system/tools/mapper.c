/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does things to files as applications do, in a group that it enters first, one step after another,
 * each followed by a line on stdout:
 *
 *	mapper GROUP-DIRECTORY FILE STEP...
 *
 *	map:SIZE	makes the file that long and maps it shared
 *	dirty:SEED	writes SEED's pattern to every page of the mapping; "dirty SEED MS"
 *	again:SEED:MS	the same, page after page, for MS milliseconds; "again N" pages
 *	write:SEED	writes the pattern with write(2)
 *	check:SEED	reads the file through a new descriptor: "same", or where it differs
 *	await:PATH	goes on when there is such a file
 *	truncate:SIZE, punch:OFFSET:SIZE, unlink, unmap, fsync, reopen, lease, sleep:MS, hold
 *
 * fsync prints "fsync 0" or its errno; reopen closes the file first and opens it again.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PAGE ((uint64_t)4096)

static const char *path;
static int fd = -1;
static unsigned char *map;
static uint64_t size;

static void die(const char *step)
{
	(void)fprintf(stderr, "mapper: %s: %s\n", step, strerrordesc_np(errno));
	exit(1);
}

/* The page at offset; no two alike. */
static void fill(unsigned char *page, uint64_t seed, uint64_t offset)
{
	uint64_t x = seed * UINT64_C(0x9e3779b97f4a7c15) + offset + 1;

	for (uint64_t i = 0; i < PAGE; i += sizeof(x)) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(page + i, &x, sizeof(x));
	}
}

static void dirty(uint64_t seed)
{
	uint64_t begin_ns = clock_now_ns();

	for (uint64_t at = 0; at < size; at += PAGE)
		fill(map + at, seed, at);
	printf("dirty %ju %ju\n", (uintmax_t)seed,
	       (uintmax_t)((clock_now_ns() - begin_ns) / NSEC_PER_MSEC));
}

static void again(uint64_t seed, uint64_t ms)
{
	uint64_t end_ns = clock_now_ns() + ms * NSEC_PER_MSEC, pages = 0;

	while (clock_now_ns() < end_ns) {
		fill(map + pages * PAGE % size, seed, pages * PAGE % size);
		pages++;
	}
	printf("again %ju\n", (uintmax_t)pages);
}

static void write_all(uint64_t seed)
{
	unsigned char page[PAGE];

	for (uint64_t at = 0; at < size; at += PAGE) {
		fill(page, seed, at);
		if (pwrite(fd, page, PAGE, (off_t)at) != (ssize_t)PAGE)
			die("write");
	}
	printf("write %ju\n", (uintmax_t)seed);
}

/* Of as much as the file has. */
static void check(uint64_t seed)
{
	_cleanup_close_ int reader = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char wanted[PAGE], page[PAGE];
	struct stat st;

	if (reader < 0 || fstat(reader, &st) < 0)
		die("check");
	for (uint64_t at = 0; at < (uint64_t)st.st_size; at += PAGE) {
		fill(wanted, seed, at);
		if (pread(reader, page, PAGE, (off_t)at) != (ssize_t)PAGE)
			die("read");
		if (memcmp(page, wanted, PAGE) != 0) {
			printf("differs at %ju\n", (uintmax_t)at);
			return;
		}
	}
	puts("same");
}

static void map_file(void)
{
	if (ftruncate(fd, (off_t)size) < 0)
		die("truncate");
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		die("map");
	puts("map");
}

static void reopen(void)
{
	fd = fd_close(fd);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		die("reopen");
	puts("reopen");
}

static void step(const char *text)
{
	char word[16];
	uint64_t a = 0, b = 0;
	size_t n = strcspn(text, ":");
	const char *second = text[n] ? strchr(text + n + 1, ':') : NULL;
	char first[32] = "";

	if (strncmp(text, "await:", 6) == 0) {
		while (access(text + 6, F_OK) < 0)
			(void)poll(NULL, 0, 10);
		return;
	}
	(void)snprintf(word, sizeof(word), "%.*s", (int)n, text);
	if (text[n])
		(void)snprintf(first, sizeof(first), "%.*s",
			       second ? (int)(second - text - (ptrdiff_t)n - 1) : 31, text + n + 1);
	errno = EINVAL;
	if ((first[0] && parse_size(first, &a) < 0) || (second && parse_size(second + 1, &b) < 0))
		die(text);
	if (strcmp(word, "map") == 0) {
		size = a;
		map_file();
	} else if (strcmp(word, "dirty") == 0)
		dirty(a);
	else if (strcmp(word, "again") == 0)
		again(a, b);
	else if (strcmp(word, "write") == 0)
		write_all(a);
	else if (strcmp(word, "check") == 0)
		check(a);
	else if (strcmp(word, "truncate") == 0)
		printf("truncate %d\n", ftruncate(fd, (off_t)a) < 0 ? errno : 0);
	else if (strcmp(word, "punch") == 0)
		printf("punch %d\n", fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
					       (off_t)a, (off_t)b) < 0
					     ? errno
					     : 0);
	else if (strcmp(word, "unlink") == 0)
		printf("unlink %d\n", unlink(path) < 0 ? errno : 0);
	else if (strcmp(word, "unmap") == 0)
		printf("unmap %d\n", munmap(map, size) < 0 ? errno : 0);
	else if (strcmp(word, "fsync") == 0)
		printf("fsync %d\n", fsync(fd) < 0 ? errno : 0);
	else if (strcmp(word, "reopen") == 0)
		reopen();
	else if (strcmp(word, "lease") == 0)
		printf("lease %d\n", fcntl(fd, F_SETLEASE, F_WRLCK) < 0 ? errno : 0);
	else if (strcmp(word, "sleep") == 0)
		(void)poll(NULL, 0, (int)a);
	else if (strcmp(word, "hold") == 0)
		(void)poll(NULL, 0, -1);
	else
		die(text);
}

int main(int argc, char **argv)
{
	char procs[512];
	FILE *f;

	if (argc < 4) {
		(void)fputs("usage: mapper GROUP-DIRECTORY FILE STEP...\n", stderr);
		return 2;
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)snprintf(procs, sizeof(procs), "%s/cgroup.procs", argv[1]);
	f = fopen(procs, "w");
	if (!f || fputs("0", f) < 0 || fclose(f) != 0)
		die(procs);
	path = argv[2];
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		die(path);
	for (int i = 3; i < argc; i++)
		step(argv[i]);
	return 0;
}
