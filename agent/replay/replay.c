/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/replay/replay.h"

#include "agent/replay/report.h"

#include <errno.h>
#include <string.h>

#define DIFFERENCES_SHOWN 20

static int __attribute__((format(printf, 3, 4)))
fail(struct replay_problem *ret_problem, int result, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(ret_problem->text, sizeof(ret_problem->text), format, ap);
	va_end(ap);
	return result;
}

static void tell_difference(const struct play *play, const struct play_difference *d,
			    uint64_t number, FILE *out)
{
	if (number == 1)
		(void)fputs("Decided differently:\n", out);
	if (number <= DIFFERENCES_SHOWN)
		report_difference(play, d, out);
	else if (number == DIFFERENCES_SHOWN + 1)
		(void)fputs("  ...\n", out);
}

static int play_all(struct record_reader *reader, struct play *play, const char *name, FILE *out,
		    uint64_t *ret_differences, struct replay_problem *ret_problem)
{
	struct config_error error = {""};
	struct play_difference d;
	struct record record;
	int r;

	while ((r = record_reader_next(reader, &record)) == 1) {
		r = play_record(play, &record, &d, &error);
		if (r < 0 && *error.text)
			return fail(ret_problem, r, "%s", error.text);
		if (r < 0)
			break;
		if (d.field)
			tell_difference(play, &d, ++*ret_differences, out);
	}
	return r < 0 ? fail(ret_problem, r, "%s: %s", name, strerrordesc_np(-r)) : 0;
}

int replay_run(FILE *in, const char *name, const char *const *overrides, size_t n_overrides,
	       FILE *out, struct replay_problem *ret_problem)
{
	struct record_reader reader;
	uint64_t differences = 0;
	struct play play;
	int r = record_reader_open(in, &reader);

	if (r == -EPROTONOSUPPORT)
		return fail(ret_problem, r,
			    "%s: recorded by another version of uswapd, which its first line "
			    "names; replay it with that one",
			    name);
	if (r < 0)
		return fail(ret_problem, r, "%s: not a recording of uswapd (record.file)", name);
	r = play_begin(&play, overrides, n_overrides);
	if (r < 0)
		(void)fail(ret_problem, r, "%s: out of memory", name);
	if (r == 0)
		r = play_all(&reader, &play, name, out, &differences, ret_problem);
	if (r == 0) {
		play_sum(&play);
		report_play(&play, &reader, out);
		r = n_overrides == 0 && differences > 0;
	}
	play_end(&play);
	record_reader_close(&reader);
	return r;
}

int replay_file(const char *path, const char *const *overrides, size_t n_overrides)
{
	struct replay_problem problem = {""};
	FILE *in = fopen(path, "re");
	int r = -errno;

	if (in)
		r = replay_run(in, path, overrides, n_overrides, stdout, &problem);
	else
		(void)fail(&problem, r, "%s: %s", path, strerrordesc_np(-r));
	if (r < 0)
		(void)fprintf(stderr, "uswapd: %s\n", problem.text);
	return r;
}
