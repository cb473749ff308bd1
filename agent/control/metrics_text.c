/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/control/metrics_text.h"

#include "agent/control/group_name.h"

void metrics_text_head(struct page *page, const char *name, enum metric_type type, const char *help)
{
	page_put(page, "# HELP ");
	page_put(page, name);
	page_put(page, " ");
	page_put(page, help);
	page_put(page, "\n# TYPE ");
	page_put(page, name);
	page_put(page, type == METRIC_COUNTER ? " counter\n" : " gauge\n");
}

void metrics_text_sample(struct page *page, const char *name, const char *labels, uint64_t value,
			 unsigned int decimals)
{
	page_put(page, name);
	if (labels) {
		page_put(page, "{");
		page_put(page, labels);
		page_put(page, "}");
	}
	page_put(page, " ");
	metrics_text_value(page, value, decimals);
}

void metrics_text_value(struct page *page, uint64_t value, unsigned int decimals)
{
	if (value == UINT64_MAX)
		page_put(page, "+Inf");
	else
		page_put_number(page, value, decimals);
	page_put(page, "\n");
}

int metrics_text_end(struct page *page)
{
	page_put(page, "# EOF\n");
	return page_end(page);
}

char *metrics_label(char *label, size_t size, const char *name)
{
	char escaped[ESCAPE_SIZE(GROUP_NAME_SIZE)];
	size_t n = 0;

	escape_ascii(escaped, sizeof(escaped), name);
	/* Cut where it does not fit, but not between a backslash and what it escapes. */
	for (const char *c = escaped; *c; c++) {
		bool special = *c == '\\' || *c == '"';

		if (n + (special ? 2 : 1) >= size)
			break;
		if (special)
			label[n++] = '\\';
		label[n++] = *c;
	}
	label[n] = '\0';
	return label;
}
