/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A name of any bytes as a label: printable ASCII without a bare quote, and what a reader makes of
 * it is the name as uswapctl shows it.
 */
#include "agent/control/group_name.h"
#include "agent/control/metrics_text.h"

#include <string.h>

/* What a reader of the text format does; it refuses other escapes. */
static void unescape(const char *label, char *text)
{
	for (; *label; label++) {
		if (*label < ' ' || *label > '~' || *label == '"')
			abort();
		if (*label == '\\' && *++label != '\\' && *label != '"')
			abort();
		*text++ = *label;
	}
	*text = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[GROUP_NAME_SIZE], label[METRICS_LABEL_SIZE(GROUP_NAME_SIZE)];
	char shown[GROUP_NAME_SHOWN_SIZE], read[sizeof(label)], small[16];

	if (size >= sizeof(name))
		return 0;
	memcpy(name, data, size);
	name[size] = '\0';
	unescape(metrics_label(label, sizeof(label), name), read);
	if (strcmp(read, escape_ascii(shown, sizeof(shown), name)) != 0)
		abort();
	unescape(metrics_label(small, sizeof(small), name), read);
	if (strncmp(read, shown, strlen(read)) != 0)
		abort();
	return 0;
}
