/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's status for people: 80 columns, whatever stands in it. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

/*
 * Prints a status of schema "uswapd-status/1". -EPROTO when a member is missing or of another type;
 * -ENOMEM. Nothing is printed then.
 */
int show_status(const json_t *status, FILE *out);

/* Prints text of several lines, each escaped. */
void show_text(const char *lines, FILE *out);

/* At most five characters: "9.5M", "120M", "1023K", "0"; null is "-". */
#define SHOW_SIZE_BYTES 8
char *show_size(char cell[SHOW_SIZE_BYTES], uint64_t bytes);

/* At most five characters: "12345", "123k", "4.5M". */
char *show_count(char cell[SHOW_SIZE_BYTES], uint64_t count);
