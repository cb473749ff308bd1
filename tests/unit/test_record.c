/* SPDX-License-Identifier: Apache-2.0 */
/* Records: written down in full, read back without trust. */
#include "agent/record/record.h"

#include "agent/config/settings.h"
#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

static void test_numbers(void **state)
{
	static const struct {
		uint64_t value;
		ssize_t bytes;
	} rows[] = {
		{UINT64_MAX, 1},
		{0, 1},
		{126, 1},
		{127, 2},
		{UINT64_C(1) << 20, 3},
		{UINT64_MAX - 1, 10},
		{UINT64_C(1) << 63, 10},
	};
	uint8_t bytes[SHAPE_NUMBER_MAX];
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(shape_put_number(rows[i].value, bytes, sizeof(bytes)),
				 rows[i].bytes);
		assert_int_equal(shape_get_number(bytes, sizeof(bytes), &value), rows[i].bytes);
		assert_true(value == rows[i].value);
		/* Neither written nor read where it does not fit. */
		assert_int_equal(shape_put_number(rows[i].value, bytes, (size_t)rows[i].bytes - 1),
				 -ENOSPC);
		assert_int_equal(shape_get_number(bytes, (size_t)rows[i].bytes - 1, &value),
				 -EBADMSG);
	}
}

/* There is one way to write a number. */
static void test_numbers_that_are_none(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} rows[] = {
		{"", 0},
		{"\x80", 1},
		{"\x81\x00", 2},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x01", 11},
	};
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(
			shape_get_number((const uint8_t *)rows[i].bytes, rows[i].n, &value),
			-EBADMSG);
}

static size_t size_of(const struct field *f)
{
	switch (f->kind) {
	case FIELD_PART:
		return f->part->size;
	case FIELD_NUMBER:
		return sizeof(uint64_t);
	case FIELD_LENGTH:
		return sizeof(size_t);
	case FIELD_FLAG:
		return sizeof(bool);
	default:
		return sizeof(int);
	}
}

/* A field that was added to a struct and not to its table would not be recorded. */
static void check_complete(const struct shape *shape)
{
	size_t end = 0, gap;

	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];
		size_t align = f->kind == FIELD_PART ? sizeof(uint64_t) : size_of(f);

		gap = f->offset - end;
		if (f->offset < end || gap >= align)
			fail_msg("before %s: %zu bytes that no field stands for", f->name, gap);
		end = f->offset + size_of(f);
		if (f->kind == FIELD_PART)
			check_complete(f->part);
	}
	if (shape->size - end >= sizeof(uint64_t))
		fail_msg("after %s: %zu bytes that no field stands for",
			 shape->fields[shape->n - 1].name, shape->size - end);
}

static void test_tables_are_complete(void **state)
{
	(void)state;
	for (enum record_kind kind = RECORD_HEADROOM; kind < RECORD_KINDS; kind++)
		check_complete(record_shape(kind));
}

/* Every number as it is in turn, flags and choices by turns. */
static void fill(const struct shape *shape, void *object, uint64_t seed)
{
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];
		char *at = (char *)object + f->offset;

		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
		if (f->kind == FIELD_PART)
			fill(f->part, at, seed);
		else if (f->kind == FIELD_NUMBER)
			*(uint64_t *)at = seed >> (seed % 64);
		else if (f->kind == FIELD_FLAG)
			*(bool *)at = seed >> 63;
		else if (f->kind == FIELD_LENGTH)
			*(size_t *)at = (size_t)(seed >> 32) % f->choices;
		else if (f->kind == FIELD_CHOICE)
			*(unsigned int *)at = (unsigned int)(seed >> 32) % f->choices;
		else
			*(int *)at = (int)(seed >> 32);
	}
}

static void test_what_is_written_is_read(void **state)
{
	uint8_t bytes[RECORD_MAX], again[RECORD_MAX];
	struct record record, read;

	(void)state;
	for (enum record_kind kind = RECORD_HEADROOM; kind < RECORD_KINDS; kind++) {
		for (uint64_t seed = 0; seed < 1000; seed++) {
			size_t n;

			memset(&record, 0, sizeof(record));
			fill(record_shape(kind), &record.headroom, seed);
			n = record_encode(kind, seed, &record.headroom, bytes);
			assert_true(n > 0);
			assert_int_equal(record_decode(bytes, n, &read), 0);
			assert_int_equal(read.kind, kind);
			assert_int_equal(read.worker, seed);
			assert_null(shape_difference(record_shape(kind), &record.headroom,
						     &read.headroom));
			assert_int_equal(record_encode(kind, seed, &read.headroom, again), n);
			assert_memory_equal(bytes, again, n);
		}
	}
}

/* Each field as what takes most bytes. */
static void fill_most(const struct shape *shape, void *object)
{
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];
		char *at = (char *)object + f->offset;

		if (f->kind == FIELD_PART)
			fill_most(f->part, at);
		else if (f->kind == FIELD_NUMBER)
			*(uint64_t *)at = UINT64_MAX - 1;
		else if (f->kind == FIELD_INT)
			*(int *)at = INT_MIN;
	}
}

/* At their longest all fit. */
static void test_the_longest(void **state)
{
	uint8_t bytes[RECORD_MAX];
	struct record record;

	(void)state;
	for (enum record_kind kind = RECORD_HEADROOM; kind < RECORD_KINDS; kind++) {
		memset(&record, 0, sizeof(record));
		fill_most(record_shape(kind), &record.headroom);
		assert_true(shape_encode(record_shape(kind), &record.headroom, bytes,
					 sizeof(bytes)) > 0);
	}
	assert_true(SETTINGS_MAX * SHAPE_NUMBER_MAX + 2 * SHAPE_NUMBER_MAX < RECORD_MAX);
}

static void test_ints(void **state)
{
	static const int values[] = {0, 1, -1, 200, INT_MAX, INT_MIN};
	struct headroom_record record = {0};
	uint8_t bytes[RECORD_MAX];
	struct record read;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		record.plan.swappiness = values[i];
		assert_int_equal(record_decode(bytes,
					       record_encode(RECORD_HEADROOM, 0, &record, bytes),
					       &read),
				 0);
		assert_int_equal(read.headroom.plan.swappiness, values[i]);
	}
}

/* Cut anywhere, or longer, it is none. */
static void test_cut(void **state)
{
	uint8_t bytes[RECORD_MAX];
	struct record record, read;

	(void)state;
	memset(bytes, 1, sizeof(bytes));
	memset(&record, 0, sizeof(record));
	for (enum record_kind kind = RECORD_HEADROOM; kind < RECORD_KINDS; kind++) {
		size_t n = record_encode(kind, 3, &record.headroom, bytes);

		for (size_t i = 0; i < n; i++)
			assert_int_equal(record_decode(bytes, i, &read), -EBADMSG);
		assert_int_equal(record_decode(bytes, n, &read), 0);
		assert_int_equal(record_decode(bytes, n + 1, &read), -EBADMSG);
	}
}

/* What no enum and no flag can be. */
static void test_impossible_values(void **state)
{
	struct trim_record record = {.plan.reason = TRIM_REASONS};
	uint8_t bytes[RECORD_MAX];
	struct record read;
	size_t n = record_encode(RECORD_TRIM, 0, &record, bytes);

	(void)state;
	assert_int_equal(record_decode(bytes, n, &read), -EBADMSG);
	record.plan.reason = TRIM_REASONS - 1;
	n = record_encode(RECORD_TRIM, 0, &record, bytes);
	assert_int_equal(record_decode(bytes, n, &read), 0);
	bytes[0] = RECORD_KINDS;
	assert_int_equal(record_decode(bytes, n, &read), -EBADMSG);
}

/* Nor can an array be longer than it is. */
static void test_impossible_length(void **state)
{
	struct evict_record record = {.sample.generations.n = LRU_GENERATIONS_MAX};
	uint8_t bytes[RECORD_MAX];
	struct record read;
	size_t n = record_encode(RECORD_EVICT, 0, &record, bytes);

	(void)state;
	assert_int_equal(record_decode(bytes, n, &read), 0);
	record.sample.generations.n++;
	n = record_encode(RECORD_EVICT, 0, &record, bytes);
	assert_int_equal(record_decode(bytes, n, &read), -EBADMSG);
}

static void test_settings(void **state)
{
	uint8_t bytes[RECORD_MAX];
	struct record read;
	struct config config;
	size_t n;

	(void)state;
	config_defaults(&config);
	config.trim.enabled = true;
	config.trim.ratio_max_permyriad = 1234;
	config.headroom.margin.reaction_ns = 1234567;
	config.balance.hopeless_rounds = 7;
	config.reclaim.piece_max_bytes = 77777;
	config.reclaim.piece_min_bytes = 4096;
	n = record_encode(RECORD_SETTINGS, 1, &config, bytes);
	assert_int_equal(record_decode(bytes, n, &read), 0);
	assert_true(read.settings.trim.enabled);
	assert_int_equal(read.settings.trim.ratio_max_permyriad, 1234);
	assert_int_equal(read.settings.headroom.margin.reaction_ns, 1234567);
	assert_int_equal(read.settings.balance.hopeless_rounds, 7);
	assert_int_equal(read.settings.reclaim.piece_max_bytes, 77777);
	/* What could not be set can't be read: it may divide by zero. */
	config.trim.interval_ns = 0;
	n = record_encode(RECORD_SETTINGS, 1, &config, bytes);
	assert_int_equal(record_decode(bytes, n, &read), -EBADMSG);
	config.trim.interval_ns = NSEC_PER_SEC;
	config.reclaim.piece_min_bytes = 99999;
	n = record_encode(RECORD_SETTINGS, 1, &config, bytes);
	assert_int_equal(record_decode(bytes, n, &read), -EBADMSG);
}

static void test_names(void **state)
{
	struct name_record name = {.group = 42, .name = "system.slice/a\nb"};
	uint8_t bytes[RECORD_MAX];
	struct record read;
	size_t n = record_encode(RECORD_NAME, 0, &name, bytes);

	(void)state;
	assert_int_equal(record_decode(bytes, n, &read), 0);
	assert_int_equal(read.name.group, 42);
	assert_string_equal(read.name.name, name.name);
	bytes[n] = '\0';
	assert_int_equal(record_decode(bytes, n + 1, &read), -EBADMSG);
	memset(bytes + n, 'x', RECORD_NAME_MAX);
	assert_int_equal(record_decode(bytes, n + RECORD_NAME_MAX, &read), -EBADMSG);
}

static void test_plans_that_differ(void **state)
{
	struct trim_plan a = {.bytes = 1, .terms.refault = 5}, b = a;

	(void)state;
	assert_null(record_plans_differ(RECORD_TRIM, &a, &b));
	b.terms.refault = 6;
	assert_string_equal(record_plans_differ(RECORD_TRIM, &a, &b), "refault");
	b.bytes = 2;
	assert_string_equal(record_plans_differ(RECORD_TRIM, &a, &b), "bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_numbers_that_are_none),
		cmocka_unit_test(test_tables_are_complete),
		cmocka_unit_test(test_what_is_written_is_read),
		cmocka_unit_test(test_the_longest),
		cmocka_unit_test(test_ints),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_impossible_values),
		cmocka_unit_test(test_impossible_length),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_plans_that_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
