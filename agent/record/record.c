/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/record/record.h"

#include "agent/config/settings.h"
#include "base/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Policies are given no others: what patterns say stands in the samples. */
static bool is_number(const struct setting *s)
{
	switch (s->kind) {
	case SETTING_SIZE:
	case SETTING_DURATION:
	case SETTING_PERCENT:
	case SETTING_COUNT:
	case SETTING_BOOL:
		return true;
	default:
		return false;
	}
}

static ssize_t encode_settings(const struct config *config, uint8_t *to, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < n_settings; i++) {
		const char *at = (const char *)config + settings[i].offset;
		uint64_t number;
		ssize_t n;

		if (!is_number(&settings[i]))
			continue;
		if (settings[i].kind == SETTING_BOOL)
			number = *(const bool *)at;
		else
			memcpy(&number, at, sizeof(number));
		n = shape_put_number(number, to + used, size - used);
		if (n < 0)
			return n;
		used += (size_t)n;
	}
	return (ssize_t)used;
}

/* The way of a value from a file: what may not be set is not read either. */
static int set_number(const struct setting *s, uint64_t number, struct config *config)
{
	struct setting_problem problem;
	char text[64];

	switch (s->kind) {
	case SETTING_BOOL:
		if (number > 1)
			return -EBADMSG;
		(void)snprintf(text, sizeof(text), "%" PRIu64, number);
		break;
	case SETTING_DURATION:
		(void)snprintf(text, sizeof(text), "%" PRIu64 "ns", number);
		break;
	case SETTING_PERCENT:
		(void)snprintf(text, sizeof(text), "%" PRIu64 ".%02" PRIu64 "%%", number / 100,
			       number % 100);
		break;
	default:
		(void)snprintf(text, sizeof(text), "%" PRIu64, number);
	}
	return setting_set(s, text, false, config, &problem) < 0 ? -EBADMSG : 0;
}

static ssize_t decode_settings(const uint8_t *from, size_t n, struct config *ret)
{
	const struct setting *lower, *upper;
	size_t used = 0;

	config_defaults(ret);
	for (size_t i = 0; i < n_settings; i++) {
		uint64_t number;
		ssize_t r;

		if (!is_number(&settings[i]))
			continue;
		r = shape_get_number(from + used, n - used, &number);
		if (r < 0 || set_number(&settings[i], number, ret) < 0)
			return -EBADMSG;
		used += (size_t)r;
	}
	return settings_in_order(ret, &lower, &upper) ? (ssize_t)used : -EBADMSG;
}

static ssize_t encode_name(const struct name_record *name, uint8_t *to, size_t size)
{
	size_t length = strnlen(name->name, RECORD_NAME_MAX - 1);
	ssize_t n = shape_put_number(name->group, to, size);

	if (n < 0 || length > size - (size_t)n)
		return -ENOSPC;
	memcpy(to + n, name->name, length);
	return n + (ssize_t)length;
}

/* To the end of the record. */
static ssize_t decode_name(const uint8_t *from, size_t n, struct name_record *ret)
{
	ssize_t r = shape_get_number(from, n, &ret->group);
	size_t length;

	if (r < 0)
		return r;
	length = n - (size_t)r;
	if (length >= RECORD_NAME_MAX || memchr(from + r, '\0', length))
		return -EBADMSG;
	memcpy(ret->name, from + r, length);
	ret->name[length] = '\0';
	return (ssize_t)n;
}

static ssize_t encode_object(enum record_kind kind, const void *object, uint8_t *to, size_t size)
{
	switch (kind) {
	case RECORD_SETTINGS:
		return encode_settings(object, to, size);
	case RECORD_NAME:
		return encode_name(object, to, size);
	case RECORD_LOST:
		return shape_put_number(*(const uint64_t *)object, to, size);
	default:
		return shape_encode(record_shape(kind), object, to, size);
	}
}

size_t record_encode(enum record_kind kind, uint64_t worker, const void *object,
		     uint8_t to[RECORD_MAX])
{
	size_t used = 1;
	ssize_t n;

	to[0] = (uint8_t)kind;
	n = shape_put_number(worker, to + used, RECORD_MAX - used);
	used += (size_t)MAX(n, 0);
	n = encode_object(kind, object, to + used, RECORD_MAX - used);
	/* RECORD_MAX is more than all fields at their longest take. */
	return n < 0 ? 0 : used + (size_t)n;
}

static ssize_t decode_object(const uint8_t *from, size_t n, struct record *ret)
{
	switch (ret->kind) {
	case RECORD_SETTINGS:
		return decode_settings(from, n, &ret->settings);
	case RECORD_NAME:
		return decode_name(from, n, &ret->name);
	case RECORD_LOST:
		return shape_get_number(from, n, &ret->lost);
	case RECORD_HEADROOM:
	case RECORD_BALANCE:
	case RECORD_TRIM:
	case RECORD_CLEAN:
	case RECORD_ORDER:
	case RECORD_PAGEOUT:
	case RECORD_EVICT:
	case RECORD_SLAB:
	case RECORD_OUTCOME:
		/* The parts of the union stand at one place. */
		return shape_decode(record_shape(ret->kind), from, n, &ret->headroom);
	default:
		return -EBADMSG;
	}
}

int record_decode(const uint8_t *from, size_t n, struct record *ret)
{
	ssize_t used, r;

	if (n < 1)
		return -EBADMSG;
	memset(ret, 0, sizeof(*ret));
	ret->kind = from[0] < RECORD_KINDS ? (enum record_kind)from[0] : RECORD_KINDS;
	used = shape_get_number(from + 1, n - 1, &ret->worker);
	if (used < 0)
		return -EBADMSG;
	used++;
	r = decode_object(from + used, n - (size_t)used, ret);
	return r < 0 || used + r != (ssize_t)n ? -EBADMSG : 0;
}

uint64_t record_fingerprint(void)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (enum record_kind kind = RECORD_HEADROOM; kind < RECORD_KINDS; kind++)
		hash = shape_fingerprint(record_shape(kind), hash);
	for (size_t i = 0; i < n_settings; i++) {
		if (!is_number(&settings[i]))
			continue;
		hash = shape_fingerprint_text(settings[i].section, hash);
		hash = shape_fingerprint_text(settings[i].key, hash);
	}
	return hash;
}
