/* SPDX-License-Identifier: Apache-2.0 */
/* From the model to lines of text, for a terminal of any size. Pure. */
#pragma once

#include "agent/ctl/top/model.h"

#define TOP_COLUMNS_MAX 400
#define TOP_ROWS_MAX	200

enum top_style {
	TOP_PLAIN,
	TOP_TITLE,
	TOP_HEADING,
	TOP_SELECTED,
	TOP_LOW, /* a node below its high watermark */
	TOP_FAINT,
};

/* As many columns as bytes, but for bars in UTF-8 (three bytes each). */
struct top_line {
	enum top_style style;
	char text[3 * TOP_COLUMNS_MAX + 1];
};

/*
 * Fills in rows lines of at most columns columns; both are at least 1 and at most the above. utf8:
 * the terminal shows block elements.
 */
void top_layout(const struct top_model *model, size_t columns, size_t rows, bool utf8,
		struct top_line *lines);

/* How many lines of groups, or of text, are shown: a page. */
size_t top_page(const struct top_model *model, size_t rows);
