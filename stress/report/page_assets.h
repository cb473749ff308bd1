/* SPDX-License-Identifier: Apache-2.0 */
/* The files of page/ and vendor/, built into the program by embed.cmake. */
#pragma once

#include <stddef.h>

struct page_asset {
	const unsigned char *bytes;
	size_t n;
};

extern const struct page_asset page_head, page_body, page_style, page_format, page_charts,
	page_curves, page_plot, page_main, page_uplot, page_uplot_style;
