/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/lru_gen.h"

#include "base/cleanup.h"
#include "base/kfile.h"
#include "base/ktext.h"
#include "base/parse.h"
#include "base/saturate.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool next_number(struct ktext_line *line, uint64_t *ret)
{
	struct ktext_line word;

	return ktext_next_word(line, &word) && parse_u64_n(word.text, word.length, ret) == 0;
}

static int parse_memcg(struct ktext_line line, struct lru_gen_line *parsed)
{
	if (!next_number(&line, &parsed->number))
		return -EBADMSG;
	/* One blank stands before the path; others are its own. */
	if (line.length < 2 || line.text[0] != ' ' || line.text[1] != '/')
		return -EBADMSG;
	parsed->path = line.text + 1;
	parsed->path_length = line.length - 1;
	return 0;
}

static int parse_numbers(struct ktext_line line, uint64_t *const *numbers, size_t n)
{
	struct ktext_line extra;

	for (size_t i = 0; i < n; i++)
		if (!next_number(&line, numbers[i]))
			return -EBADMSG;
	return ktext_next_word(&line, &extra) ? -EBADMSG : 0;
}

int lru_gen_parse_line(const char *text, size_t length, struct lru_gen_line *ret)
{
	struct ktext_line line = {text, length}, rest = line, word;
	struct lru_gen_line parsed = {.kind = LRU_GEN_GENERATION};
	struct lru_generation *g = &parsed.generation;
	int r;

	if (!ktext_next_word(&rest, &word))
		return -EBADMSG;
	if (ktext_word_is(word, "memcg")) {
		parsed.kind = LRU_GEN_MEMCG;
		r = parse_memcg(rest, &parsed);
	} else if (ktext_word_is(word, "node")) {
		parsed.kind = LRU_GEN_NODE;
		r = parse_numbers(rest, (uint64_t *const[]){&parsed.number}, 1);
	} else {
		r = parse_numbers(
			line,
			(uint64_t *const[]){&g->number, &g->age_ms, &g->anon_pages, &g->file_pages},
			4);
	}
	if (r == 0)
		*ret = parsed;
	return r;
}

int lru_gen_open_writable(int sys_fd)
{
	return kfile_open(sys_fd, "kernel/debug/lru_gen", O_WRONLY);
}

int lru_gen_evict(int fd, const struct lru_gen_eviction *e)
{
	char text[128];

	/* swappiness 0: no anonymous memory. */
	(void)snprintf(text, sizeof(text), "- %" PRIu64 " %" PRIu64 " %" PRIu64 " 0 %" PRIu64,
		       e->memcg, e->node, e->generation, e->pages);
	return kfile_write(fd, text);
}

struct lru_idle lru_idle_of(const struct lru_generations *g, uint64_t idle_ms)
{
	struct lru_idle idle = {0};
	uint64_t looked_ms;

	if (g->n == 0)
		return idle;
	looked_ms = g->generation[g->n - 1].age_ms;
	idle.known = g->n > 1 && looked_ms <= 2 * idle_ms &&
		     minus(g->generation[1].age_ms, looked_ms) >= idle_ms;
	for (size_t i = 0; i < g->n; i++) {
		const struct lru_generation *of = &g->generation[i];
		uint64_t pages = plus(of->anon_pages, of->file_pages);

		idle.total_pages = plus(idle.total_pages, pages);
		if (i + 1 == g->n || minus(g->generation[i + 1].age_ms, looked_ms) < idle_ms)
			continue;
		idle.cold_pages = plus(idle.cold_pages, pages);
		idle.cold_file_pages = plus(idle.cold_file_pages, of->file_pages);
	}
	return idle;
}
