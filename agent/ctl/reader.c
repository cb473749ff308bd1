/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ctl/reader.h"

struct reader reader_member(struct reader *reader, const char *key)
{
	struct reader inner = {json_object_get(reader->object, key), false};

	if (!json_is_object(inner.object))
		reader->bad = true;
	return inner;
}

const char *reader_text(struct reader *reader, const char *key)
{
	const char *value = json_string_value(json_object_get(reader->object, key));

	if (!value)
		reader->bad = true;
	return value ? value : "";
}

bool reader_flag(struct reader *reader, const char *key)
{
	const json_t *value = json_object_get(reader->object, key);

	if (!json_is_boolean(value))
		reader->bad = true;
	return json_is_true(value);
}

uint64_t reader_number(struct reader *reader, const char *key)
{
	const json_t *value = json_object_get(reader->object, key);

	if (json_is_null(value))
		return UINT64_MAX;
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		reader->bad = true;
	return (uint64_t)json_integer_value(value);
}
