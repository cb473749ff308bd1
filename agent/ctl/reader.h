/* SPDX-License-Identifier: Apache-2.0 */
/* Members of the agent's JSON, each of which must be there and of its type. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

struct reader {
	const json_t *object;
	bool bad; /* some member was not as it should be */
};

struct reader reader_member(struct reader *reader, const char *key);
const char *reader_text(struct reader *reader, const char *key); /* "" when bad */
bool reader_flag(struct reader *reader, const char *key);
/* null, "without bound", is UINT64_MAX. */
uint64_t reader_number(struct reader *reader, const char *key);
