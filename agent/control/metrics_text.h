/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prometheus' text format 0.0.4. Pure.
 *
 *	# HELP name help
 *	# TYPE name counter
 *	name{label="value",...} 12.5
 *	# EOF
 */
#pragma once

#include "agent/control/page.h"

enum metric_type {
	METRIC_GAUGE,
	METRIC_COUNTER,
};

void metrics_text_head(struct page *page, const char *name, enum metric_type type,
		       const char *help);

/* labels: what stands between the braces; NULL: none. value: as below. */
void metrics_text_sample(struct page *page, const char *name, const char *labels, uint64_t value,
			 unsigned int decimals);

/* The end of a line "name{labels} ". value: in 10^-decimals; UINT64_MAX: +Inf. */
void metrics_text_value(struct page *page, uint64_t value, unsigned int decimals);

/* The last line, and all that was not written yet. 0; -EIO when out could not be written. */
int metrics_text_end(struct page *page);

/*
 * A name of any bytes as a label's value, without the quotes: as uswapctl status shows it, in
 * printable ASCII, with the format's escapes for backslash and quote on top. What does not fit is
 * cut.
 */
#define METRICS_LABEL_SIZE(n) (2 * 4 * (n) + 1) /* for n bytes in the worst case */
char *metrics_label(char *label, size_t size, const char *name);
