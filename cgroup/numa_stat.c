/* SPDX-License-Identifier: Apache-2.0 */
/* memory.numa_stat: "anon N0=4096 N1=0", one line a counter. */
#include "cgroup/memory.h"

#include "base/cleanup.h"
#include "base/ktext.h"
#include "base/parse.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* A line of 64 nodes is 1.7 KiB at most; files of 64 nodes are not read whole. */
#define CHUNK_BYTES 8192

static const struct ktext_key keys[] = {
	{"anon", offsetof(struct memory_node_share, anon), false},
	{"file", offsetof(struct memory_node_share, file), false},
	{"shmem", offsetof(struct memory_node_share, shmem), false},
	{"file_dirty", offsetof(struct memory_node_share, file_dirty), false},
	{"file_writeback", offsetof(struct memory_node_share, file_writeback), false},
	{"inactive_anon", offsetof(struct memory_node_share, inactive_anon), false},
	{"active_anon", offsetof(struct memory_node_share, active_anon), false},
	{"inactive_file", offsetof(struct memory_node_share, inactive_file), false},
	{"active_file", offsetof(struct memory_node_share, active_file), false},
	{"unevictable", offsetof(struct memory_node_share, unevictable), false},
	{"slab_reclaimable", offsetof(struct memory_node_share, slab_reclaimable), false},
};

struct table {
	struct memory_node_share shares[MEMORY_NODES_MAX];
	bool seen[ARRAY_SIZE(keys)];
	const char *bad; /* what was malformed */
};

/* "N12=4096". Nodes beyond MEMORY_NODES_MAX are checked, not kept. */
static int parse_share(struct ktext_line word, uint64_t *ret_node, uint64_t *ret_value)
{
	const char *equals = memchr(word.text, '=', word.length);
	size_t node_n;

	if (!equals || word.text[0] != 'N')
		return -EBADMSG;
	node_n = (size_t)(equals - word.text) - 1;
	if (parse_u64_n(word.text + 1, node_n, ret_node) < 0 ||
	    parse_u64_n(equals + 1, word.length - node_n - 2, ret_value) < 0)
		return -EBADMSG;
	return 0;
}

static int parse_shares(struct ktext_line line, struct table *table, const struct ktext_key *key)
{
	bool seen[MEMORY_NODES_MAX] = {false};
	struct ktext_line word;
	bool any = false;

	while (ktext_next_word(&line, &word)) {
		uint64_t node, value;

		if (parse_share(word, &node, &value) < 0)
			return -EBADMSG;
		any = true;
		if (node >= MEMORY_NODES_MAX)
			continue;
		if (seen[node])
			return -EBADMSG;
		seen[node] = true;
		memcpy((char *)&table->shares[node] + key->offset, &value, sizeof(value));
	}
	return any ? 0 : -EBADMSG;
}

static int parse_line(struct ktext_line line, struct table *table)
{
	struct ktext_line word;

	if (!ktext_next_word(&line, &word))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (!ktext_word_is(word, keys[i].name))
			continue;
		if (table->seen[i] || parse_shares(line, table, &keys[i]) < 0) {
			table->bad = keys[i].name;
			return -EBADMSG;
		}
		table->seen[i] = true;
		return 0;
	}
	return 0;
}

static int finish(struct table *table, int r, struct memory_node_share *shares, size_t n,
		  const char **ret_bad)
{
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(keys); i++) {
		if (table->seen[i])
			continue;
		table->bad = keys[i].name;
		r = -EBADMSG;
	}
	if (r == 0)
		memcpy(shares, table->shares, n * sizeof(*shares));
	else if (ret_bad && table->bad)
		*ret_bad = table->bad;
	return r;
}

int memory_numa_stat_parse(const char *text, struct memory_node_share *shares, size_t n,
			   const char **ret_bad)
{
	struct table table = {0};
	struct ktext_line line;
	int r = 0;

	if (n > MEMORY_NODES_MAX)
		return -EINVAL;
	while (r == 0 && ktext_next_line(&text, &line))
		r = parse_line(line, &table);
	return finish(&table, r, shares, n, ret_bad);
}

/* Parses the whole lines in text; returns how many bytes those were, or -errno. */
static ssize_t parse_lines(const char *text, size_t length, struct table *table)
{
	size_t at = 0;

	for (;;) {
		const char *end = memchr(text + at, '\n', length - at);
		int r;

		if (!end)
			return (ssize_t)at;
		r = parse_line((struct ktext_line){text + at, (size_t)(end - text) - at}, table);
		if (r < 0)
			return r;
		at = (size_t)(end - text) + 1;
	}
}

static int read_table(int fd, struct table *table)
{
	char chunk[CHUNK_BYTES];
	size_t used = 0;
	off_t offset = 0;

	for (;;) {
		ssize_t n = pread(fd, chunk + used, sizeof(chunk) - used, offset), done;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0 && used == 0)
			return 0;
		if (n == 0) {
			/* The kernel ends each line: this is the beginning of a longer one. */
			table->bad = "end of last line";
			return -EBADMSG;
		}
		offset += n;
		used += (size_t)n;
		done = parse_lines(chunk, used, table);
		if (done < 0)
			return (int)done;
		used -= (size_t)done;
		memmove(chunk, chunk + done, used);
		if (used == sizeof(chunk))
			return -EOVERFLOW;
	}
}

int memory_numa_stat_read(int fd, struct memory_node_share *shares, size_t n, const char **ret_bad)
{
	struct table table = {0};

	if (n > MEMORY_NODES_MAX)
		return -EINVAL;
	return finish(&table, read_table(fd, &table), shares, n, ret_bad);
}
