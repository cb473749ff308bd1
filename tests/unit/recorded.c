/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/recorded.h"

#include "agent/replay/replay.h"
#include "base/clock.h"

#define WAIT_NS (20 * NSEC_PER_SEC)

struct record_lane *recorded_begin(struct recorded *r, const struct fixture *fx,
				   const struct config *config)
{
	const struct log quiet = {.fd = -1};
	struct record_lane *lane;

	(void)snprintf(r->path, sizeof(r->path), "%s/recording", fx->path);
	assert_int_equal(recorder_start(r->path, UINT64_C(1) << 20, 1, quiet, &r->recorder), 0);
	lane = recorder_lane(r->recorder, 0);
	if (config)
		record_turn(lane, config, false);
	return lane;
}

void recorded_end(struct recorded *r)
{
	struct replay_problem problem = {""};
	char text[8192] = "";
	FILE *out;

	assert_int_equal(recorder_stop(r->recorder, WAIT_NS), 0);
	out = fmemopen(text, sizeof(text), "w");
	assert_non_null(out);
	if (replay_run(fopen(r->path, "re"), r->path, NULL, 0, out, &problem) != 0) {
		(void)fflush(out);
		fail_msg("%s\n%s", problem.text, text);
	}
	(void)fclose(out);
}

size_t recorded_read(const struct recorded *r, enum record_kind kind, struct record *ret_last)
{
	struct record_reader reader;
	struct record *record = calloc(1, sizeof(*record));
	size_t n = 0;
	int result;

	assert_int_equal(record_reader_open(fopen(r->path, "re"), &reader), 0);
	while ((result = record_reader_next(&reader, record)) == 1) {
		if (record->kind != kind)
			continue;
		*ret_last = *record;
		n++;
	}
	assert_int_equal(result, 0);
	record_reader_close(&reader);
	free(record);
	return n;
}
