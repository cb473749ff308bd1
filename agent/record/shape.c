/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/record/shape.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

ssize_t shape_put_number(uint64_t value, uint8_t *to, size_t size)
{
	size_t n = 0;

	value++;
	do {
		if (n == size)
			return -ENOSPC;
		to[n++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
		value >>= 7;
	} while (value);
	return (ssize_t)n;
}

ssize_t shape_get_number(const uint8_t *from, size_t n, uint64_t *ret)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n && i < SHAPE_NUMBER_MAX; i++) {
		uint64_t bits = from[i] & 0x7f;

		/* The tenth byte has room for one bit, and the last one says something. */
		if ((i == SHAPE_NUMBER_MAX - 1 && bits > 1) || (i > 0 && from[i] == 0))
			return -EBADMSG;
		value |= bits << (7 * i);
		if (from[i] & 0x80)
			continue;
		*ret = value - 1;
		return (ssize_t)i + 1;
	}
	return -EBADMSG;
}

/* Any field but a part as a number; of either sign, small ones for small values. */
static uint64_t load(const struct field *f, const void *object)
{
	const char *at = (const char *)object + f->offset;
	uint64_t number;
	size_t length;
	int value;

	if (f->kind == FIELD_FLAG)
		return *(const bool *)at;
	if (f->kind == FIELD_LENGTH) {
		memcpy(&length, at, sizeof(length));
		return length;
	}
	if (f->kind == FIELD_NUMBER) {
		memcpy(&number, at, sizeof(number));
		return number;
	}
	memcpy(&value, at, sizeof(value));
	return value < 0 ? 2 * (uint64_t) - (int64_t)value - 1 : 2 * (uint64_t)value;
}

static bool is_possible(const struct field *f, uint64_t number)
{
	switch (f->kind) {
	case FIELD_FLAG:
		return number <= 1;
	case FIELD_INT:
		return number <= UINT_MAX;
	case FIELD_LENGTH:
		return number < f->choices;
	case FIELD_CHOICE:
		return number % 2 == 0 && number / 2 < f->choices;
	default:
		return true;
	}
}

static void store(const struct field *f, uint64_t number, void *object)
{
	char *at = (char *)object + f->offset;
	int value = (int)(number % 2 ? -(int64_t)(number / 2) - 1 : (int64_t)(number / 2));

	size_t length = (size_t)number;

	if (f->kind == FIELD_FLAG)
		*(bool *)at = number;
	else if (f->kind == FIELD_LENGTH)
		memcpy(at, &length, sizeof(length));
	else if (f->kind == FIELD_NUMBER)
		memcpy(at, &number, sizeof(number));
	else
		memcpy(at, &value, sizeof(value));
}

ssize_t shape_encode(const struct shape *shape, const void *object, uint8_t *to, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];
		ssize_t n;

		if (f->kind == FIELD_PART)
			n = shape_encode(f->part, (const char *)object + f->offset, to + used,
					 size - used);
		else
			n = shape_put_number(load(f, object), to + used, size - used);
		if (n < 0)
			return n;
		used += (size_t)n;
	}
	return (ssize_t)used;
}

ssize_t shape_decode(const struct shape *shape, const uint8_t *from, size_t n, void *ret)
{
	size_t used = 0;

	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];
		uint64_t number = 0;
		ssize_t r;

		if (f->kind == FIELD_PART)
			r = shape_decode(f->part, from + used, n - used, (char *)ret + f->offset);
		else
			r = shape_get_number(from + used, n - used, &number);
		if (r < 0 || !is_possible(f, number))
			return -EBADMSG;
		if (f->kind != FIELD_PART)
			store(f, number, ret);
		used += (size_t)r;
	}
	return (ssize_t)used;
}

const char *shape_difference(const struct shape *shape, const void *a, const void *b)
{
	const char *name = NULL;

	for (size_t i = 0; i < shape->n && !name; i++) {
		const struct field *f = &shape->fields[i];

		if (f->kind == FIELD_PART)
			name = shape_difference(f->part, (const char *)a + f->offset,
						(const char *)b + f->offset);
		else if (load(f, a) != load(f, b))
			name = f->name;
	}
	return name;
}

/* FNV-1a. */
static uint64_t mix(const void *data, size_t n, uint64_t hash)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

uint64_t shape_fingerprint_text(const char *text, uint64_t seed)
{
	return mix(text, strlen(text) + 1, seed);
}

uint64_t shape_fingerprint(const struct shape *shape, uint64_t seed)
{
	for (size_t i = 0; i < shape->n; i++) {
		const struct field *f = &shape->fields[i];
		const uint8_t form[] = {(uint8_t)f->kind, (uint8_t)f->choices};

		seed = mix(form, sizeof(form), shape_fingerprint_text(f->name, seed));
		if (f->kind == FIELD_PART)
			seed = shape_fingerprint(f->part, seed);
	}
	return seed;
}
