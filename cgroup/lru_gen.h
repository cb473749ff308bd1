/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generations of the multi-generational LRU, as /sys/kernel/debug/lru_gen shows them
 * (Documentation/admin-guide/mm/multigen_lru.rst; lru_gen_seq_show in mm/vmscan.c):
 *
 *	memcg     5 /svc
 *	 node     0
 *	          0      19588          0       12800
 *	          1      13108          0           0
 *
 * of each group and node the generations, oldest first: number, age in milliseconds, anonymous and
 * file pages. It grows by hundreds of bytes a group, so it is parsed a line at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LRU_GENERATIONS_MAX 4 /* MAX_NR_GENS */

struct lru_generation {
	uint64_t number, age_ms, anon_pages, file_pages;
};

/* Those of one group on one node. */
struct lru_generations {
	size_t n;
	struct lru_generation generation[LRU_GENERATIONS_MAX]; /* oldest first */
};

enum lru_gen_kind {
	LRU_GEN_MEMCG,
	LRU_GEN_NODE,
	LRU_GEN_GENERATION,
};

struct lru_gen_line {
	enum lru_gen_kind kind;
	uint64_t number;    /* of the memcg (private, and reused, before 7.x), or the node */
	const char *path;   /* of the memcg, in the line, not NUL-ended: "/a b" */
	size_t path_length; /* all that follows the number; names may hold blanks */
	struct lru_generation generation;
};

/* text: a line without its newline. -EBADMSG: not such a line; *ret is then unchanged. */
int lru_gen_parse_line(const char *text, size_t length, struct lru_gen_line *ret);

/* What is taken of one group on one node alone, oldest first; its clean files, whoever protects
 * them. */
struct lru_gen_eviction {
	uint64_t memcg, node;
	uint64_t generation; /* and those before it; the two youngest are never evicted */
	uint64_t pages;	     /* at most, but for the rest of a folio */
};

/* A descriptor of lru_gen below sys_fd (/sys) that can be written, or -errno. */
int lru_gen_open_writable(int sys_fd);

/*
 * Blocks until done. 0, which tells nothing of how much was evicted; -EINTR; -EINVAL: no such
 * group, node or generation, or too young a one.
 */
int lru_gen_evict(int fd, const struct lru_gen_eviction *eviction);

/* What the generations of one group on one node tell of a page's last use. */
struct lru_idle {
	bool known;
	uint64_t cold_pages;	  /* not used for as long as was asked */
	uint64_t cold_file_pages; /* of these, those of files */
	uint64_t total_pages;	  /* on the LRU */
};

/*
 * Pages get a new generation only when the kernel looks at who used them, which it does for
 * reclaim, as often as that needs it. When it made a generation it had found all pages of the older
 * ones unused since the one before; so pages of generation i were unused from the making of i + 1
 * to that of the youngest: how long that is can be told, and what came after the youngest was made
 * can not. Known when the generations span idle_ms, and the youngest is not older than that twice.
 */
struct lru_idle lru_idle_of(const struct lru_generations *generations, uint64_t idle_ms);
