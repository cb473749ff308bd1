/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a plain struct is written down in few bytes and read back without trust: a table of its
 * fields, in their order. Numbers are LEB128, most of them small; one is added first, so that "no
 * limit" (UINT64_MAX) takes one byte. There is one way to write a value: what is read and written
 * again is the same bytes. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum field_kind {
	FIELD_NUMBER, /* uint64_t */
	FIELD_INT,    /* int */
	FIELD_FLAG,   /* bool */
	FIELD_CHOICE, /* an enum, below choices */
	FIELD_LENGTH, /* size_t, of an array: below choices */
	FIELD_PART,   /* a struct: part */
};

struct field {
	const char *name;
	enum field_kind kind;
	size_t offset;
	unsigned int choices;
	const struct shape *part;
};

struct shape {
	size_t size; /* of the struct */
	const struct field *fields;
	size_t n;
};

/* A field that does not compile unless it has the kind's type. */
#define FIELD_OF(type, field, ctype) _Generic(((type *)NULL)->field, ctype : offsetof(type, field))
#define NUMBER(type, field)                                                    \
	{                                                                      \
#field, FIELD_NUMBER, FIELD_OF(type, field, uint64_t), 0, NULL \
	}
#define INT(type, field)                                               \
	{                                                              \
#field, FIELD_INT, FIELD_OF(type, field, int), 0, NULL \
	}
#define FLAG(type, field)                                                 \
	{                                                                 \
#field, FIELD_FLAG, FIELD_OF(type, field, _Bool), 0, NULL \
	}
#define CHOICE(type, field, choices)                                       \
	{                                                                  \
#field, FIELD_CHOICE, offsetof(type, field), choices, NULL \
	}
#define LENGTH(type, field, most)                                                     \
	{                                                                             \
#field, FIELD_LENGTH, FIELD_OF(type, field, size_t), (most) + 1, NULL \
	}
#define PART(type, field, part)                                    \
	{                                                          \
#field, FIELD_PART, offsetof(type, field), 0, part \
	}
#define SHAPE(type, table)                                              \
	{                                                               \
		sizeof(type), table, sizeof(table) / sizeof((table)[0]) \
	}

/* The most bytes a number takes. */
#define SHAPE_NUMBER_MAX 10

/* Return the bytes written or read; -ENOSPC: they do not fit; -EBADMSG: not such a thing. */
ssize_t shape_put_number(uint64_t value, uint8_t *to, size_t size);
ssize_t shape_get_number(const uint8_t *from, size_t n, uint64_t *ret);

ssize_t shape_encode(const struct shape *shape, const void *object, uint8_t *to, size_t size);
/* ret is written in any case: where it fails, half of it. */
ssize_t shape_decode(const struct shape *shape, const uint8_t *from, size_t n, void *ret);

/* The name of the first field in which two objects differ; NULL: none. */
const char *shape_difference(const struct shape *shape, const void *a, const void *b);

/* Of names, kinds and order; seed: of what stands before, or any number. */
uint64_t shape_fingerprint(const struct shape *shape, uint64_t seed);
uint64_t shape_fingerprint_text(const char *text, uint64_t seed);
