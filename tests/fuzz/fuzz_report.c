/* SPDX-License-Identifier: Apache-2.0 */
/* A run's JSON of any bytes: refused, or a page whose data end where they should. */
#include "stress/report/page.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *run = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
	char *text = NULL;
	const char *begin;
	size_t n;
	FILE *to;

	if (run && !page_find_fault(run)) {
		to = open_memstream(&text, &n);
		if (!to || page_write(&(struct page_run){"run", run}, 1, to) < 0)
			abort();
		(void)fclose(to);
		begin = strstr(text, "id=\"data\">{");
		if (!begin || strncmp(strchr(begin + 10, '<'), "</script>\n", 10) != 0)
			abort();
		free(text);
	}
	json_decref(run);
	return 0;
}
