/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/control/page.h"

#include <errno.h>

static void flush(struct page *page)
{
	(void)fwrite_unlocked(page->text, 1, page->n, page->out);
	page->n = 0;
}

void page_put_over(struct page *page, const char *text, size_t n)
{
	flush(page);
	if (n <= sizeof(page->text))
		page_put_n(page, text, n);
	else
		(void)fwrite_unlocked(text, 1, n, page->out);
}

void page_put_number(struct page *page, uint64_t value, unsigned int decimals)
{
	char digits[32]; /* 20, and the point */
	char *at = digits + sizeof(digits);

	for (unsigned int i = 0; i < decimals; i++, value /= 10)
		*--at = (char)('0' + value % 10);
	if (decimals > 0)
		*--at = '.';
	do
		*--at = (char)('0' + value % 10);
	while (value /= 10);
	page_put_n(page, at, (size_t)(digits + sizeof(digits) - at));
}

int page_end(struct page *page)
{
	flush(page);
	return ferror(page->out) ? -EIO : 0;
}
