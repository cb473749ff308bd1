/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/control/json.h"

#include "base/cleanup.h"
#include "base/escape.h"

#include <errno.h>
#include <jansson.h>

static void put_key(struct json *json, const char *key)
{
	if (json->inner)
		page_put(&json->page, ",");
	json->inner = true;
	if (!key)
		return;
	page_put(&json->page, "\"");
	page_put(&json->page, key);
	page_put(&json->page, "\":");
}

void json_open(struct json *json, const char *key, char bracket)
{
	put_key(json, key);
	page_put_n(&json->page, &bracket, 1);
	json->inner = false;
}

void json_close(struct json *json, char bracket)
{
	page_put_n(&json->page, &bracket, 1);
	json->inner = true;
}

void json_put_number(struct json *json, const char *key, uint64_t value)
{
	put_key(json, key);
	if (value == UINT64_MAX)
		page_put(&json->page, "null");
	else
		page_put_number(&json->page, MIN(value, (uint64_t)INT64_MAX), 0);
}

void json_put_flag(struct json *json, const char *key, bool value)
{
	put_key(json, key);
	page_put(&json->page, value ? "true" : "false");
}

void json_put_word(struct json *json, const char *key, const char *word)
{
	put_key(json, key);
	if (word)
		page_put(&json->page, "\"");
	page_put(&json->page, word ? word : "null");
	if (word)
		page_put(&json->page, "\"");
}

/* Quotes and escapes are jansson's. */
static char *quoted(const char *text)
{
	size_t size = ESCAPE_SIZE(strlen(text));
	_cleanup_free_ char *escaped = malloc(size);
	json_auto_t *string = escaped ? json_string(escape_utf8(escaped, size, text)) : NULL;

	return string ? json_dumps(string, JSON_LINE | JSON_ENCODE_ANY) : NULL;
}

void json_put_text(struct json *json, const char *key, const char *text)
{
	_cleanup_free_ char *value = text ? quoted(text) : NULL;

	if (text && !value)
		json->error = -ENOMEM;
	put_key(json, key);
	page_put(&json->page, value ? value : "null");
}

int json_end(struct json *json)
{
	int r = page_end(&json->page);

	return json->error < 0 ? json->error : r;
}
