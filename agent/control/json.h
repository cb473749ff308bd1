/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON written member by member, without a tree of objects: one of a thousand groups has a hundred
 * thousand. One line of ASCII, so that printing it to a terminal is harmless.
 *
 *	json_open(&json, NULL, '{');
 *	json_put_number(&json, "bytes", 4096);
 *	json_close(&json, '}');
 *	r = json_end(&json);
 *
 * The key is NULL for what is in an array, and for the whole. Keys and words need no escapes.
 */
#pragma once

#include "agent/control/page.h"

#include <stdbool.h>

/* The same of jansson's writing, for answers that are small. */
#define JSON_LINE (JSON_COMPACT | JSON_ENSURE_ASCII)

/* All zero but page.out at the start. */
struct json {
	struct page page;
	bool inner; /* something stands before, in the same object or array */
	int error;
};

void json_open(struct json *json, const char *key, char bracket);
void json_close(struct json *json, char bracket);

/* UINT64_MAX, which stands for "no bound", is null; JSON's integers are signed for many readers. */
void json_put_number(struct json *json, const char *key, uint64_t value);
void json_put_flag(struct json *json, const char *key, bool value);
/* NULL: null. */
void json_put_word(struct json *json, const char *key, const char *word);
/* Of any bytes: what is not UTF-8 is written \xNN. NULL: null. */
void json_put_text(struct json *json, const char *key, const char *text);

/* 0, -ENOMEM; -EIO when it could not be written. */
int json_end(struct json *json);
