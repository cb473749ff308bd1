/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Uses memory exactly as told, one step after another, inside a group that it enters before the
 * first touch:
 *
 *	memload [--cgroup DIR] [--node N] STEP...
 *
 *	anon:SIZE[@RATE]	touches SIZE more of anonymous memory, which compresses two to one
 *	noise:SIZE[@RATE]	the same, which does not compress
 *	file:SIZE[@RATE]:PATH	reads on in PATH, from where the last file step ended
 *	again:SIZE[@RATE]:PATH	reads PATH from its beginning
 *	dirty:SIZE[@RATE]:PATH	maps PATH and writes to its pages
 *	touch			touches all anonymous memory again
 *	leave			leaves what there is alone from here on: touch and use are for what
 *comes where			prints the addresses of all anonymous memory, "START END" a line
 *	lock			locks what there is and what comes
 *	say:WORD		prints WORD, a line
 *	use			touches it ten times a second until it is killed
 *	hold			stays until it is killed
 *
 * Sizes as 64M, rates in bytes a second (8M); without a rate as fast as it can.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "base/parse.h"
#include "base/saturate.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define PIECE_BYTES ((uint64_t)64 << 10)
#define MAPS_MAX    64

struct load {
	struct {
		unsigned char *start;
		uint64_t bytes;
	} maps[MAPS_MAX];
	size_t n_maps, n_left;
	uint64_t random;
	size_t noise_words; /* of each page */
	int file_fd;
	char file[256];
};

__attribute__((format(printf, 1, 2), noreturn)) static void die(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)fputs("memload: ", stderr);
	(void)vfprintf(stderr, format, ap);
	(void)fputc('\n', stderr);
	va_end(ap);
	exit(EXIT_FAILURE);
}

static void enter(const char *group)
{
	_cleanup_close_ int fd = kfile_open_dir(AT_FDCWD, group);
	int r = fd < 0 ? fd : kfile_write_at(fd, "cgroup.procs", "0");

	if (r < 0)
		die("can't enter %s: %s", group, strerrordesc_np(-r));
}

/* Anonymous and file memory from that node alone. */
static void bind_to(const char *text)
{
	unsigned long mask[16] = {0};
	uint64_t node;

	if (parse_u64(text, &node) < 0 || node >= 8 * sizeof(mask))
		die("\"%s\" is no node", text);
	mask[node / (8 * sizeof(long))] = 1UL << (node % (8 * sizeof(long)));
	if (syscall(SYS_set_mempolicy, MPOL_BIND, mask, 8 * sizeof(mask)) < 0)
		die("set_mempolicy: %s", strerror(errno));
}

/* With half of each page noise it compresses two to one. */
static void fill(struct load *load, unsigned char *at, uint64_t bytes)
{
	for (uint64_t page = 0; page < bytes; page += 4096) {
		uint64_t *words = (void *)(at + page);

		for (size_t i = 0; i < load->noise_words; i++) {
			load->random ^= load->random << 13;
			load->random ^= load->random >> 7;
			load->random ^= load->random << 17;
			words[i] = load->random;
		}
	}
}

/* Calls use for one piece after the other, not faster than rate. */
static void paced(struct load *load, uint64_t bytes, uint64_t rate,
		  void (*use)(struct load *load, void *at, uint64_t done, uint64_t n), void *at)
{
	uint64_t start_ns = clock_now_ns();

	for (uint64_t done = 0; done < bytes;) {
		uint64_t n = MIN(PIECE_BYTES, bytes - done), due_ns, now_ns;

		use(load, at, done, n);
		done += n;
		if (rate == 0)
			continue;
		due_ns = start_ns + scale(done, NSEC_PER_SEC, rate);
		now_ns = clock_now_ns();
		if (due_ns > now_ns + NSEC_PER_MSEC)
			(void)poll(NULL, 0, (int)((due_ns - now_ns) / NSEC_PER_MSEC));
	}
}

static void use_anon(struct load *load, void *at, uint64_t done, uint64_t n)
{
	fill(load, (unsigned char *)at + done, n);
}

static void use_file(struct load *load, void *at, uint64_t done, uint64_t n)
{
	char *buffer = at;

	(void)done;
	if (read(load->file_fd, buffer, n) != (ssize_t)n)
		die("%s: can't be read, or is too short", load->file);
}

static void step_anon(struct load *load, uint64_t bytes, uint64_t rate)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || load->n_maps == MAPS_MAX)
		die("no address space for %ju bytes", (uintmax_t)bytes);
	(void)madvise(at, bytes, MADV_NOHUGEPAGE);
	load->maps[load->n_maps].start = at;
	load->maps[load->n_maps++].bytes = bytes;
	paced(load, bytes, rate, use_anon, at);
}

static void step_file(struct load *load, uint64_t bytes, uint64_t rate, const char *path,
		      bool again)
{
	static char buffer[PIECE_BYTES];

	if (strlen(path) >= sizeof(load->file))
		die("%s: the path is too long", path);
	if (load->file_fd < 0 || strcmp(path, load->file) != 0) {
		fd_close(load->file_fd);
		load->file_fd = kfile_open(AT_FDCWD, path, O_RDONLY);
		if (load->file_fd < 0)
			die("%s: %s", path, strerrordesc_np(-load->file_fd));
		/* Reading ahead (8 MiB on some disks) would use more than told. */
		(void)posix_fadvise(load->file_fd, 0, 0, POSIX_FADV_RANDOM);
		memcpy(load->file, path, strlen(path) + 1);
	}
	if (again)
		(void)lseek(load->file_fd, 0, SEEK_SET);
	paced(load, bytes, rate, use_file, buffer);
}

static void step_dirty(struct load *load, uint64_t bytes, uint64_t rate, const char *path)
{
	_cleanup_close_ int fd = kfile_open(AT_FDCWD, path, O_RDWR);
	void *at = fd < 0 ? MAP_FAILED
			  : mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		die("%s: can't be mapped", path);
	paced(load, bytes, rate, use_anon, at);
}

static void touch_again(struct load *load)
{
	for (size_t i = load->n_left; i < load->n_maps; i++)
		for (uint64_t at = 0; at < load->maps[i].bytes; at += 4096)
			(*(volatile unsigned char *)(load->maps[i].start + at))++;
}

static void print_maps(const struct load *load)
{
	for (size_t i = 0; i < load->n_maps; i++)
		printf("%ju %ju\n", (uintmax_t)(uintptr_t)load->maps[i].start,
		       (uintmax_t)((uintptr_t)load->maps[i].start + load->maps[i].bytes));
}

/*
 * Touched again, a page looks used only where its address has to be looked up again: a CPU's TLB
 * holds a few thousand of them, an emulated one's all. Of more than 33 pages that are unmapped the
 * kernel has it forget everything (arch/x86/mm/tlb.c).
 */
static void forget_translations(void)
{
	const size_t bytes = 64 * 4096;
	char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (at != MAP_FAILED)
		(void)munmap(at, bytes);
}

/* "SIZE[@RATE][:PATH]"; returns PATH or NULL. */
static const char *split(char *text, uint64_t *ret_bytes, uint64_t *ret_rate)
{
	char *path = strchr(text, ':'), *rate;

	if (path)
		*path++ = '\0';
	rate = strchr(text, '@');
	if (rate)
		*rate++ = '\0';
	*ret_rate = 0;
	if (parse_size(text, ret_bytes) < 0 || (rate && parse_size(rate, ret_rate) < 0))
		die("\"%s\" is no size", text);
	return path;
}

static void perform(struct load *load, char *step)
{
	char *rest = strchr(step, ':');
	const char *path = NULL;
	uint64_t bytes = 0, rate = 0;

	if (strcmp(step, "touch") == 0) {
		touch_again(load);
		return;
	}
	if (strcmp(step, "leave") == 0) {
		load->n_left = load->n_maps;
		return;
	}
	if (strcmp(step, "where") == 0) {
		print_maps(load);
		return;
	}
	if (strcmp(step, "lock") == 0) {
		if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
			die("mlockall: %s", strerror(errno));
		return;
	}
	while (strcmp(step, "use") == 0) {
		touch_again(load);
		forget_translations();
		(void)poll(NULL, 0, 100);
	}
	while (strcmp(step, "hold") == 0)
		(void)pause();
	if (!rest)
		die("\"%s\" is no step", step);
	*rest++ = '\0';
	if (strcmp(step, "say") == 0) {
		(void)puts(rest);
		(void)fflush(stdout);
		return;
	}
	path = split(rest, &bytes, &rate);
	load->noise_words = strcmp(step, "noise") == 0 ? 512 : 256;
	if (strcmp(step, "anon") == 0 || strcmp(step, "noise") == 0)
		step_anon(load, bytes, rate);
	else if (path && (strcmp(step, "file") == 0 || strcmp(step, "again") == 0))
		step_file(load, bytes, rate, path, *step == 'a');
	else if (path && strcmp(step, "dirty") == 0)
		step_dirty(load, bytes, rate, path);
	else
		die("\"%s\" is no step", step);
}

int main(int argc, char **argv)
{
	struct load load = {.random = 88172645463325252ULL, .file_fd = -1};
	int at = 1;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (; at + 1 < argc && argv[at][0] == '-'; at += 2) {
		if (strcmp(argv[at], "--cgroup") == 0)
			enter(argv[at + 1]);
		else if (strcmp(argv[at], "--node") == 0)
			bind_to(argv[at + 1]);
		else
			die("there is no option %s", argv[at]);
	}
	if (at >= argc)
		die("no step");
	for (; at < argc; at++)
		perform(&load, argv[at]);
	return EXIT_SUCCESS;
}
