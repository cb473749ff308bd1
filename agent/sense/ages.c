/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/ages.h"

#include "base/cleanup.h"
#include "base/kfile.h"
#include "base/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What has been read of a block. */
struct block {
	bool has_path, has_node;
	char path[LINE_PIECE_BYTES];
	uint64_t memcg, node;
	struct lru_generations generations;
};

int ages_open(int sys_fd)
{
	return kfile_open(sys_fd, "kernel/debug/lru_gen", O_RDONLY);
}

static int take_line(struct block *block, const struct lru_gen_line *line, const char **ret_bad)
{
	struct lru_generations *g = &block->generations;

	switch (line->kind) {
	case LRU_GEN_MEMCG:
		/* Without its first slash, as the tree has it. */
		(void)snprintf(block->path, sizeof(block->path), "%.*s", (int)line->path_length - 1,
			       line->path + 1);
		block->memcg = line->number;
		block->has_path = true;
		block->has_node = false;
		return 0;
	case LRU_GEN_NODE:
		*ret_bad = "lru_gen: a node without its memcg";
		block->node = line->number;
		block->has_node = true;
		return block->has_path ? 0 : -EBADMSG;
	default:
		*ret_bad = "lru_gen: generations without their node, or too many";
		if (!block->has_node || g->n == LRU_GENERATIONS_MAX)
			return -EBADMSG;
		g->generation[g->n++] = line->generation;
		return 0;
	}
}

static int read_all(struct line_reader *lines, struct block *block, uint64_t idle_ms,
		    void (*found)(const struct age_found *found, void *context), void *context,
		    const char **ret_bad)
{
	const char *text;
	size_t length;
	int r;

	for (;;) {
		struct lru_gen_line line = {.kind = LRU_GEN_MEMCG};
		int more = line_reader_next(lines, &text, &length);

		if (more < 0)
			return more;
		*ret_bad = "lru_gen: neither memcg, node nor generation";
		if (more > 0 && lru_gen_parse_line(text, length, &line) < 0)
			return -EBADMSG;
		/* Generations end where another node, group or nothing follows. */
		if (line.kind != LRU_GEN_GENERATION) {
			if (block->has_node)
				found(
					&(struct age_found){
						.path = block->path,
						.node = block->node,
						.idle = lru_idle_of(&block->generations, idle_ms),
						.memcg = block->memcg,
						.generations = &block->generations,
					},
					context);
			block->generations.n = 0;
		}
		if (more == 0)
			return 0;
		r = take_line(block, &line, ret_bad);
		if (r < 0)
			return r;
	}
}

int ages_read(int fd, uint64_t idle_ms, void (*found)(const struct age_found *found, void *context),
	      void *context, const char **ret_bad)
{
	struct line_reader lines = {.fd = fd};
	struct block block = {0};
	const char *bad = NULL;
	int r;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	r = read_all(&lines, &block, idle_ms, found, context, &bad);
	if (r == -EBADMSG && ret_bad)
		*ret_bad = bad;
	return r;
}

struct search {
	const char *path;
	uint64_t node, cgroup_id;
	size_t n;	 /* by that path */
	bool by_id;	 /* ret is the one with that id */
	uint64_t blocks; /* of anybody */
	struct age_place *ret;
};

static void match(const struct age_found *found, void *context)
{
	struct search *s = context;

	s->blocks++;
	if (found->node != s->node || strcmp(found->path, s->path) != 0)
		return;
	s->n++;
	if (s->by_id)
		return;
	s->by_id = found->memcg == s->cgroup_id;
	*s->ret = (struct age_place){found->memcg, *found->generations};
}

int ages_find(int fd, const char *path, uint64_t node, uint64_t cgroup_id, uint64_t *blocks,
	      struct age_place *ret, const char **ret_bad)
{
	struct age_place place = {0};
	struct search search = {.path = path, .node = node, .cgroup_id = cgroup_id, .ret = &place};
	int r = ages_read(fd, UINT64_MAX, match, &search, ret_bad);

	*blocks += search.blocks;
	if (r < 0)
		return r;
	if (search.n == 0)
		return -ENOENT;
	if (search.n > 1 && !search.by_id)
		return -ENOTUNIQ;
	*ret = place;
	return 0;
}
