/* SPDX-License-Identifier: Apache-2.0 */
#include "numa/buddy.h"

#include "base/kfile.h"
#include "base/ktext.h"
#include "base/parse.h"
#include "base/saturate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>

#define TEXT_BYTES 16384

static int bad(const char *what, const char **ret_bad)
{
	if (ret_bad)
		*ret_bad = what;
	return -EBADMSG;
}

/* "Node 0, zone   Normal   12   3 ...": the number of the node and the zone's name. */
static bool read_head(struct ktext_line *line, uint64_t *ret_node, struct ktext_line *ret_zone)
{
	struct ktext_line word;

	if (!ktext_next_word(line, &word) || !ktext_word_is(word, "Node") ||
	    !ktext_next_word(line, &word) || word.length < 2 || word.text[word.length - 1] != ',' ||
	    parse_u64_n(word.text, word.length - 1, ret_node) < 0)
		return false;
	return ktext_next_word(line, &word) && ktext_word_is(word, "zone") &&
	       ktext_next_word(line, ret_zone);
}

static int add_zone(struct ktext_line line, struct buddy *buddy, const char **ret_bad)
{
	struct ktext_line word;
	uint64_t blocks;
	size_t order = 0;

	for (; ktext_next_word(&line, &word); order++) {
		if (order == BUDDY_ORDERS_MAX)
			return bad("too many orders", ret_bad);
		if (parse_u64_n(word.text, word.length, &blocks) < 0)
			return bad("a count", ret_bad);
		buddy->blocks[order] = plus(buddy->blocks[order], blocks);
	}
	if (order == 0 || (buddy->n_orders > 0 && buddy->n_orders != order))
		return bad("the number of orders", ret_bad);
	buddy->n_orders = order;
	return 0;
}

int buddy_parse(const char *text, unsigned int node, struct buddy *ret, const char **ret_bad)
{
	struct buddy buddy = {0};
	struct ktext_line line, zone;
	uint64_t number;
	int r;

	while (ktext_next_line(&text, &line)) {
		if (!read_head(&line, &number, &zone))
			return bad("a zone's name", ret_bad);
		if (number != node || ktext_word_is(zone, "DMA"))
			continue;
		r = add_zone(line, &buddy, ret_bad);
		if (r < 0)
			return r;
	}
	if (buddy.n_orders == 0)
		return -ENODEV;
	*ret = buddy;
	return 0;
}

int buddy_read(int fd, unsigned int node, struct buddy *ret, const char **ret_bad)
{
	char text[TEXT_BYTES];
	ssize_t n = kfile_read(fd, text, sizeof(text));

	return n < 0 ? (int)n : buddy_parse(text, node, ret, ret_bad);
}

uint64_t buddy_pages(const struct buddy *buddy, unsigned int order)
{
	uint64_t pages = 0;

	for (size_t i = order; i < buddy->n_orders; i++)
		pages = plus(pages, scale(buddy->blocks[i], UINT64_C(1) << i, 1));
	return pages;
}

int node_compact_open(int sys_fd, unsigned int node)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "devices/system/node/node%u/compact", node);
	return kfile_open(sys_fd, path, O_WRONLY);
}

int node_compact(int fd)
{
	return kfile_write(fd, "1");
}
