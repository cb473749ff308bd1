/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings: what is put is read, what is lost is told, what was cut is dropped. */
#include "agent/record/recorder.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define WAIT_NS (20 * NSEC_PER_SEC) /* for what comes at once on a machine at rest */
#define MIB	(UINT64_C(1) << 20)

static const struct log quiet = {.fd = -1};

struct scene {
	struct fixture *fx;
	char path[96], before[98];
	struct config config;
	struct recorder *recorder;
	struct record_lane *lane;
};

static struct scene scene_new(void)
{
	struct scene s = {.fx = fixture_new(NULL, 0)};

	(void)snprintf(s.path, sizeof(s.path), "%s/record", s.fx->path);
	(void)snprintf(s.before, sizeof(s.before), "%s.1", s.path);
	config_defaults(&s.config);
	return s;
}

static void start(struct scene *s, uint64_t max_bytes)
{
	assert_int_equal(recorder_start(s->path, max_bytes, 2, quiet, &s->recorder), 0);
	s->lane = recorder_lane(s->recorder, 0);
	assert_non_null(s->lane);
}

static void stop(struct scene *s)
{
	assert_int_equal(recorder_stop(s->recorder, WAIT_NS), 0);
	s->recorder = NULL;
}

/* Numbered, so that it shows which are missing. */
static bool put(struct record_lane *lane, uint64_t number)
{
	const struct trim_record record = {.group = number, .sample.current_bytes = UINT64_MAX / 3};

	return record_put(lane, RECORD_TRIM, &record);
}

static struct record_reader reader_of(const char *path)
{
	struct record_reader reader;

	assert_int_equal(record_reader_open(fopen(path, "re"), &reader), 0);
	return reader;
}

/* The file's records, each seen to be the next of its worker, what was lost counted as there. */
struct found {
	uint64_t next[2], lost, settings, names, left_bytes;
};

static struct found read_all(const char *path, struct found found)
{
	struct record_reader reader = reader_of(path);
	struct record record;
	int r;

	while ((r = record_reader_next(&reader, &record)) == 1) {
		assert_true(record.worker < 2);
		if (record.kind == RECORD_LOST) {
			found.lost += record.lost;
			found.next[record.worker] += record.lost;
		} else if (record.kind == RECORD_TRIM) {
			assert_int_equal(record.trim.group, found.next[record.worker]++);
		} else if (record.kind == RECORD_SETTINGS) {
			found.settings++;
		} else if (record.kind == RECORD_NAME) {
			found.names++;
		}
	}
	assert_int_equal(r, 0);
	found.left_bytes = reader.left_bytes;
	record_reader_close(&reader);
	return found;
}

static void test_what_is_put_is_read(void **state)
{
	struct scene s = scene_new();
	_cleanup_free_ char *text = NULL;
	struct found found;
	struct stat st;
	uint64_t named = 0;

	(void)state;
	start(&s, MIB);
	record_turn(s.lane, &s.config, false);
	record_turn(s.lane, &s.config, false);
	record_name(s.lane, 7, "a.slice/b", &named);
	record_name(s.lane, 7, "a.slice/b", &named);
	for (uint64_t i = 0; i < 100; i++)
		assert_true(put(s.lane, i));
	record_turn(s.lane, &s.config, true);
	assert_true(put(recorder_lane(s.recorder, 1), 0));
	stop(&s);
	found = read_all(s.path, (struct found){0});
	assert_int_equal(found.next[0], 100);
	assert_int_equal(found.next[1], 1);
	assert_int_equal(found.settings, 2);
	assert_int_equal(found.names, 1);
	assert_int_equal(found.lost, 0);
	assert_int_equal(found.left_bytes, 0);
	text = fixture_read(s.fx, "record");
	assert_int_equal(strncmp(text, "uswapd-recording/2 ", strlen("uswapd-recording/2 ")), 0);
	/* Names of groups are not for everybody. */
	assert_int_equal(stat(s.path, &st), 0);
	assert_int_equal(st.st_mode & 0137, 0);
	fixture_free(s.fx);
}

static void test_no_recorder(void **state)
{
	struct config config;
	uint64_t named = 0;

	(void)state;
	config_defaults(&config);
	assert_null(recorder_lane(NULL, 3));
	record_turn(NULL, &config, true);
	record_name(NULL, 1, "x", &named);
	assert_true(record_put(NULL, RECORD_SETTINGS, &config));
	assert_int_equal(recorder_stop(NULL, 0), 0);
}

/* A thread each, as fast as they can: what is read and what was lost are all that was put. */
struct putter {
	struct record_lane *lane;
	uint64_t n;
};

static void *putter_main(void *arg)
{
	const struct putter *p = arg;

	for (uint64_t i = 0; i < p->n; i++)
		(void)put(p->lane, i);
	/* What is lost is told by the next that finds a place. */
	for (uint64_t i = p->n; !put(p->lane, i); i++)
		(void)poll(NULL, 0, 1);
	return NULL;
}

static void test_as_fast_as_they_can(void **state)
{
	struct scene s = scene_new();
	struct putter putters[2];
	pthread_t threads[2];
	struct found found;

	(void)state;
	start(&s, 256 * MIB);
	for (size_t i = 0; i < 2; i++) {
		putters[i] = (struct putter){recorder_lane(s.recorder, i), 20000};
		assert_int_equal(pthread_create(&threads[i], NULL, putter_main, &putters[i]), 0);
	}
	for (size_t i = 0; i < 2; i++)
		(void)pthread_join(threads[i], NULL);
	stop(&s);
	found = read_all(s.path, (struct found){0});
	/* The last ones were put until one found a place. */
	assert_true(found.next[0] > 20000);
	assert_true(found.next[1] > 20000);
	assert_int_equal(found.left_bytes, 0);
	fixture_free(s.fx);
}

/* However much is put. */
static void test_bounded(void **state)
{
	struct scene s = scene_new();
	struct stat now, before;
	struct record record;
	struct record_reader reader;
	uint64_t end_ns = clock_now_ns() + WAIT_NS;

	(void)state;
	start(&s, MIB);
	for (uint64_t i = 0; i < 20000; i++) {
		record_turn(s.lane, &s.config, false);
		while (!put(s.lane, i) && clock_now_ns() < end_ns)
			(void)poll(NULL, 0, 1);
	}
	stop(&s);
	assert_int_equal(stat(s.path, &now), 0);
	assert_int_equal(stat(s.before, &before), 0);
	assert_true(now.st_size + before.st_size <= (off_t)MIB);
	assert_true(before.st_size > (off_t)MIB / 4);
	/* Each file has its settings, so that it can be replayed alone. */
	reader = reader_of(s.before);
	do {
		assert_int_equal(record_reader_next(&reader, &record), 1);
	} while (record.kind != RECORD_SETTINGS);
	record_reader_close(&reader);
	fixture_free(s.fx);
}

static void test_what_was_before_stays(void **state)
{
	struct scene s = scene_new();

	(void)state;
	start(&s, MIB);
	(void)put(s.lane, 0);
	stop(&s);
	start(&s, MIB);
	stop(&s);
	assert_int_equal(read_all(s.path, (struct found){0}).next[0], 0);
	assert_int_equal(read_all(s.before, (struct found){0}).next[0], 1);
	fixture_free(s.fx);
}

/* Cut at every byte of its last record, the ones before are read and the rest is told. */
static void test_cut_anywhere(void **state)
{
	struct scene s = scene_new();
	struct stat st;
	uint64_t whole;

	(void)state;
	start(&s, MIB);
	for (uint64_t i = 0; i < 3; i++)
		(void)put(s.lane, i);
	stop(&s);
	assert_int_equal(stat(s.path, &st), 0);
	whole = (uint64_t)st.st_size;
	for (uint64_t size = whole - 1; size > whole - 60; size--) {
		struct found found;

		assert_int_equal(truncate(s.path, (off_t)size), 0);
		found = read_all(s.path, (struct found){0});
		assert_int_equal(found.next[0], 2);
		assert_true(found.left_bytes > 0);
	}
	fixture_free(s.fx);
}

/* As a power failure leaves it: the length grown, the content not. */
static void test_damaged(void **state)
{
	struct scene s = scene_new();
	struct stat st;
	struct found found;
	int fd;

	(void)state;
	start(&s, MIB);
	for (uint64_t i = 0; i < 5; i++)
		(void)put(s.lane, i);
	stop(&s);
	assert_int_equal(stat(s.path, &st), 0);
	fd = open(s.path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "\0\0\0", 3, st.st_size - 20), 3);
	fd_close(fd);
	found = read_all(s.path, (struct found){0});
	assert_int_equal(found.next[0], 4);
	assert_true(found.left_bytes >= 20);
	fixture_free(s.fx);
}

static void test_not_a_recording(void **state)
{
	static const struct {
		const char *text;
		int result;
	} rows[] = {
		{"", -EBADMSG},
		{"uswapd-recording/2", -EBADMSG},
		{"uswapd-recorder/2 0123456789abcdef 1\n", -EBADMSG},
		/* Of the form before, and of another program. */
		{"uswapd-recording/1 0123456789abcdef 0.0.1\n", -EPROTONOSUPPORT},
		{"uswapd-recording/2 0123456789abcdef 0.0.1\n", -EPROTONOSUPPORT},
		{"uswapd-recording/22 0123456789abcdef 0.0.1\n", -EPROTONOSUPPORT},
		{"\n", -EBADMSG},
	};
	struct scene s = scene_new();
	struct record_reader reader;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		fixture_write(s.fx, "record", rows[i].text);
		assert_int_equal(record_reader_open(fopen(s.path, "re"), &reader), rows[i].result);
	}
	fixture_free(s.fx);
}

/* A disk without room ends the recording, not the agent; what was written is good. */
static void test_no_room(void **state)
{
	struct scene s = scene_new();
	struct rlimit limit, none = {.rlim_cur = 4096};
	struct found found;
	uint64_t i = 0, end_ns = clock_now_ns() + WAIT_NS;

	(void)state;
	start(&s, MIB);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	none.rlim_max = limit.rlim_max;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	/* Far more than fits a lane: it is emptied all the same. */
	for (; i < 5000; i++)
		while (!put(s.lane, i) && clock_now_ns() < end_ns)
			(void)poll(NULL, 0, 1);
	stop(&s);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_true(clock_now_ns() < end_ns);
	found = read_all(s.path, (struct found){0});
	assert_true(found.next[0] > 0 && found.next[0] < 5000);
	fixture_free(s.fx);
}

static void test_no_directory(void **state)
{
	struct recorder *recorder;

	(void)state;
	assert_int_equal(recorder_start("/nonexistent/record", MIB, 1, quiet, &recorder), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_put_is_read),
		cmocka_unit_test(test_no_recorder),
		cmocka_unit_test(test_as_fast_as_they_can),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_what_was_before_stays),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_not_a_recording),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_no_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
