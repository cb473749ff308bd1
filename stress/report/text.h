/* SPDX-License-Identifier: Apache-2.0 */
/* Figures for people. */
#pragma once

#include <stdint.h>

#define TEXT_BYTES 24

/* "1.23 us", three figures. Returns text. */
const char *format_ns(char text[static TEXT_BYTES], uint64_t ns);

/* Bytes in a time: "12.5 MiB/s". Returns text. */
const char *format_rate(char text[static TEXT_BYTES], uint64_t bytes, uint64_t ns);
