/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/job/node_list.h"

#include "base/parse.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* "3" or "2-5", n characters. */
static int parse_range(const char *text, size_t n, uint64_t *ret_first, uint64_t *ret_last)
{
	const char *dash = memchr(text, '-', n);
	size_t n_first = dash ? (size_t)(dash - text) : n;
	int r = parse_u64_n(text, n_first, ret_first);

	*ret_last = *ret_first;
	if (r == 0 && dash)
		r = parse_u64_n(dash + 1, n - n_first - 1, ret_last);
	return r;
}

static int append_range(struct node_list *list, uint64_t first, uint64_t last, unsigned int max_id)
{
	if (last < first || (list->n && first <= list->ids[list->n - 1]))
		return -EINVAL;
	if (last > max_id || last - first >= NUMA_NODES_MAX - list->n)
		return -ERANGE;
	for (uint64_t id = first; id <= last; id++)
		list->ids[list->n++] = (unsigned int)id;
	return 0;
}

int node_list_parse(const char *text, unsigned int max_id, struct node_list *ret)
{
	struct node_list list = {0};
	int r = 0;

	if (strcmp(text, "any") == 0) {
		*ret = list;
		return 0;
	}
	for (const char *end; r == 0; text = end + 1) {
		uint64_t first = 0, last;

		end = strchrnul(text, ',');
		r = parse_range(text, (size_t)(end - text), &first, &last);
		if (r == 0)
			r = append_range(&list, first, last, max_id);
		if (!*end)
			break;
	}
	if (r == 0)
		*ret = list;
	return r;
}

bool node_list_is_within(const struct node_list *inner, const struct node_list *outer)
{
	size_t at = 0;

	for (size_t i = 0; i < inner->n; i++) {
		while (at < outer->n && outer->ids[at] < inner->ids[i])
			at++;
		if (at == outer->n || outer->ids[at] != inner->ids[i])
			return false;
	}
	return true;
}

char *node_list_format(char *text, size_t n, const struct node_list *list)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < list->n && used < n; i++)
		used += (size_t)snprintf(text + used, n - used, "%s%u", i ? "," : "", list->ids[i]);
	return text;
}
