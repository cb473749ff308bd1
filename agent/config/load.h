/* SPDX-License-Identifier: Apache-2.0 */
/* A configuration while it is read, for the files of this folder. */
#pragma once

#include "agent/config/settings.h"

#include <stdarg.h>

#define PLACE_MAX 224 /* "FILE:LINE" */

struct load {
	struct config config;
	char place[SETTINGS_MAX][PLACE_MAX]; /* where each setting was set last */
	struct config_error *error;
};

/*
 * "FILE:LINE", or "FILE" for line 0; of a long path its end, which tells more than its beginning.
 */
const char *load_place(char place[PLACE_MAX], const char *path, unsigned int line);
#define PLACE(path, line) load_place((char[PLACE_MAX]){""}, path, line)

/* Writes the error, and returns result. */
int __attribute__((format(printf, 4, 5)))
load_fail(struct load *load, int result, const char *place, const char *format, ...);
int __attribute__((format(printf, 4, 0)))
load_vfail(struct load *load, int result, const char *place, const char *format, va_list ap);

int load_fail_unknown(struct load *load, const char *place, const char *section, const char *key);

int load_set(struct load *load, const struct setting *setting, const char *value, bool append,
	     const char *place);

/* text.c: what stands in a file. */
int load_text(struct load *load, const char *path, const char *text, size_t n);
