/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal of uswapctl top: lines in, keys out. */
#pragma once

#include "agent/ctl/top/layout.h"

#define SCREEN_NO_KEY (-1)
#define SCREEN_GONE   (-2) /* the terminal was closed */

struct screen;

/* -ENOTTY: standard input and output are no terminal, or one that $TERM does not describe. */
int screen_open(struct screen **ret_screen);
struct screen *screen_close(struct screen *screen);
DEFINE_CLEANUP(struct screen *, screen_close)

/* As the terminal is now; it may be resized at any time. */
size_t screen_rows(const struct screen *screen);

void screen_draw(struct screen *screen, const struct top_model *model);

/* Waits at most timeout_ms; a character, one of enum top_key, or one of the above. */
int screen_key(struct screen *screen, int timeout_ms);
