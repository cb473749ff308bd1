/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mkdirs DIR N [PAUSE_MS]: makes and removes a directory in DIR N times and prints how long the
 * making took: "mkdir_us p50 P max M", in microseconds.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#define TIMES_MAX 10000

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv)
{
	static uint64_t times_ns[TIMES_MAX];
	uint64_t n = 0, pause_ms = 0;
	_cleanup_close_ int dir_fd = argc > 1 ? kfile_open_dir(AT_FDCWD, argv[1]) : -EINVAL;

	if (argc < 3 || parse_u64(argv[2], &n) < 0 || n == 0 || n > TIMES_MAX ||
	    (argc > 3 && parse_u64(argv[3], &pause_ms) < 0) || dir_fd < 0) {
		(void)fputs("usage: mkdirs DIR N [PAUSE_MS]\n", stderr);
		return EXIT_FAILURE;
	}
	for (uint64_t i = 0; i < n; i++) {
		uint64_t start_ns = clock_now_ns();

		if (mkdirat(dir_fd, "unrelated", 0755) < 0) {
			(void)fprintf(stderr, "mkdirs: %s: %s\n", argv[1], strerror(errno));
			return EXIT_FAILURE;
		}
		times_ns[i] = clock_now_ns() - start_ns;
		(void)unlinkat(dir_fd, "unrelated", AT_REMOVEDIR);
		if (pause_ms > 0)
			(void)poll(NULL, 0, (int)MIN(pause_ms, UINT64_C(10000)));
	}
	qsort(times_ns, n, sizeof(times_ns[0]), by_value);
	(void)printf("mkdir_us p50 %" PRIu64 " max %" PRIu64 "\n", times_ns[n / 2] / NSEC_PER_USEC,
		     times_ns[n - 1] / NSEC_PER_USEC);
	return EXIT_SUCCESS;
}
