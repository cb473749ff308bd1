/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/loads/replay.h"

#include "base/parse.h"
#include "stress/pattern/recording.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FILE_BYTES_MAX (UINT64_C(64) << 20)

/* The whole file, NUL-ended; the caller frees it. */
static int read_file(const char *path, char **ret_text)
{
	_cleanup_(fclosep) FILE *file = fopen(path, "re");
	_cleanup_free_ char *text = NULL;
	size_t n = 0, size = 0;

	if (!file)
		return -errno;
	do {
		char *larger;

		size = size ? 2 * size : 65536;
		larger = realloc(text, size + 1);
		if (!larger)
			return -ENOMEM;
		text = larger;
		n += fread(text + n, 1, size - n, file);
		if (ferror(file))
			return -EIO;
		if (n > FILE_BYTES_MAX)
			return -EFBIG;
	} while (n == size);
	text[n] = '\0';
	*ret_text = TAKE_PTR(text);
	return 0;
}

static uint64_t highest(const struct schedule_point *points, size_t n)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes = MAX(bytes, points[i].bytes);
	return bytes;
}

int replay_read(const struct load *load, struct schedule_point **ret_points, size_t *ret_n,
		char why[static REPLAY_WHY_BYTES])
{
	const struct load_settings *settings = load->settings;
	_cleanup_free_ struct schedule_point *points = NULL;
	_cleanup_free_ char *text = NULL;
	char top[FORMAT_SIZE_BYTES], size[FORMAT_SIZE_BYTES];
	unsigned int line = 0;
	size_t n = 0;
	int r = read_file(settings->trace, &text);

	(void)snprintf(why, REPLAY_WHY_BYTES, "trace: read %.400s", settings->trace);
	if (r < 0)
		return r;
	r = recording_parse(text, settings->trace_scale_permyriad, &points, &n, &line);
	if (r == -EINVAL && line == 0)
		(void)snprintf(why, REPLAY_WHY_BYTES, "trace: %.400s: no line of TIME,BYTES",
			       settings->trace);
	else if (r == -EINVAL)
		(void)snprintf(why, REPLAY_WHY_BYTES,
			       "trace: %.400s:%u: neither TIME,BYTES (12.5,64M) nor a time later "
			       "than the one before",
			       settings->trace, line);
	if (r < 0)
		return r;
	if (highest(points, n) > load->plan->peak_bytes) {
		(void)snprintf(why, REPLAY_WHY_BYTES,
			       "trace: %.200s: its highest level is %s, and size %s; raise size or "
			       "lower trace-scale",
			       settings->trace, format_size(top, sizeof(top), highest(points, n)),
			       format_size(size, sizeof(size), load->plan->peak_bytes));
		return -EINVAL;
	}
	*ret_points = TAKE_PTR(points);
	*ret_n = n;
	return 0;
}
