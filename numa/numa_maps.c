/* SPDX-License-Identifier: Apache-2.0 */
#include "numa/numa_maps.h"

#include "base/cleanup.h"
#include "base/kfile.h"
#include "base/ktext.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

#define PAGE_SIZE_KEY "kernelpagesize_kB="

/* The address a line begins with: hexadecimal digits. */
static int parse_start(struct ktext_line word, uint64_t *ret)
{
	uint64_t start = 0;

	if (word.length == 0 || word.length > 16)
		return -EBADMSG;
	for (size_t i = 0; i < word.length; i++) {
		char c = word.text[i];

		if (c >= '0' && c <= '9')
			start = start << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			start = start << 4 | (uint64_t)(c - 'a' + 10);
		else
			return -EBADMSG;
	}
	*ret = start;
	return 0;
}

/* "N12=345" */
static bool is_node_word(struct ktext_line word)
{
	return word.length > 1 && word.text[0] == 'N' && word.text[1] >= '0' && word.text[1] <= '9';
}

static int parse_node_word(struct ktext_line word, uint64_t *ret_node, uint64_t *ret_pages)
{
	const char *equals = memchr(word.text, '=', word.length);
	size_t n = equals ? (size_t)(equals - word.text) : 0;

	if (!equals || parse_u64_n(word.text + 1, n - 1, ret_node) < 0 ||
	    parse_u64_n(equals + 1, word.length - n - 1, ret_pages) < 0 ||
	    *ret_pages > UINT64_C(1) << 40)
		return -EBADMSG;
	return 0;
}

/*
 * ADDRESS POLICY [file=NAME] [KEY=NUMBER...] [N0=PAGES ...] [kernelpagesize_kB=4]; blanks in names
 * are escaped by the kernel.
 */
int numa_maps_add_line(const char *line, size_t length, unsigned int node, struct numa_share *share,
		       uint64_t *ret_start)
{
	const size_t key = strlen(PAGE_SIZE_KEY);
	uint64_t start, on_node = 0, elsewhere = 0, page_kib = 0;
	struct ktext_line rest = {line, length}, word;

	if (!ktext_next_word(&rest, &word) || parse_start(word, &start) < 0)
		return -EBADMSG;
	while (ktext_next_word(&rest, &word)) {
		uint64_t id, pages;

		if (is_node_word(word)) {
			if (parse_node_word(word, &id, &pages) < 0)
				return -EBADMSG;
			*(id == node ? &on_node : &elsewhere) += pages;
		} else if (word.length > key && memcmp(word.text, PAGE_SIZE_KEY, key) == 0 &&
			   (page_kib ||
			    parse_u64_n(word.text + key, word.length - key, &page_kib) < 0)) {
			return -EBADMSG;
		}
	}
	if ((on_node || elsewhere) && (page_kib == 0 || page_kib > UINT64_C(1) << 24))
		return -EBADMSG;
	share->on_node_bytes += on_node * page_kib * 1024;
	share->elsewhere_bytes += elsewhere * page_kib * 1024;
	if (ret_start)
		*ret_start = start;
	return 0;
}

/* The kernel says " (deleted)" of memory that only looks like a file, and of files without a name.
 */
static bool has_named_file(const char *line, size_t length)
{
	static const char key[] = "file=", mark[] = "\\040(deleted)";
	struct ktext_line rest = {line, length}, word;

	while (ktext_next_word(&rest, &word))
		if (word.length > strlen(key) && memcmp(word.text, key, strlen(key)) == 0)
			return word.length < strlen(mark) ||
			       memcmp(word.text + word.length - strlen(mark), mark, strlen(mark)) !=
				       0;
	return false;
}

int numa_maps_read(int proc_fd, pid_t pid, unsigned int node, struct numa_share *ret)
{
	_cleanup_(fclosep) FILE *file = NULL;
	_cleanup_free_ char *line = NULL;
	struct numa_share share = {0};
	size_t size = 0;
	ssize_t n;
	char path[32];
	int fd, r = 0;

	(void)snprintf(path, sizeof(path), "%d/numa_maps", pid);
	fd = kfile_open(proc_fd, path, O_RDONLY);
	if (fd < 0)
		return fd;
	file = fdopen(fd, "r");
	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	errno = 0;
	while (r == 0 && (n = getline(&line, &size, file)) > 0) {
		struct numa_share with = share;

		n -= line[n - 1] == '\n';
		r = numa_maps_add_line(line, (size_t)n, node, &with, NULL);
		if (!has_named_file(line, (size_t)n))
			share = with;
	}
	if (r == 0 && ferror(file))
		r = errno ? -errno : -EIO;
	if (r == 0)
		*ret = share;
	return r;
}
