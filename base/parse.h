/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strict numbers, sizes, durations and shares, as people and the kernel write them.
 *
 * All return 0, -EINVAL (not such a thing) or -ERANGE (does not fit), and write *ret only on
 * success. The whole text must be the value: no blanks, no sign, nothing behind it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Decimal digits only. The _n form reads exactly n characters, which need not be NUL-ended. */
int parse_u64(const char *text, uint64_t *ret);
int parse_u64_n(const char *text, size_t n, uint64_t *ret);

/* Bytes: digits with an optional fraction and K, M, G, T or P (powers of 1024; "KiB" too). */
int parse_size(const char *text, uint64_t *ret_bytes);

/* Nanoseconds: digits with an optional fraction and one of ns, us, ms, s, min, h, d. */
int parse_duration(const char *text, uint64_t *ret_ns);

/* Permyriad (1/100 %): digits with an optional fraction and %, 0 % to 10000 %. "2.5%" is 250. */
int parse_percent(const char *text, uint64_t *ret_permyriad);

/* yes/no, true/false, on/off, 1/0. */
int parse_bool(const char *text, _Bool *ret);

/* A limit file's content: digits, or "max", which is UINT64_MAX. One final newline is allowed. */
int parse_limit(const char *text, uint64_t *ret_bytes);

/*
 * Writes bytes for people into text: "512 B", "1.5 MiB". At least FORMAT_SIZE_BYTES long.
 * Returns text.
 */
#define FORMAT_SIZE_BYTES 24
char *format_size(char *text, size_t n, uint64_t bytes);

/*
 * Writes a time for people into text: "250 us", "1.5 s", "3 min", "2 d"; one decimal below 10 of a
 * unit, cut, not rounded. At least FORMAT_DURATION_BYTES long. Returns text.
 */
#define FORMAT_DURATION_BYTES 24
char *format_duration(char *text, size_t n, uint64_t ns);
