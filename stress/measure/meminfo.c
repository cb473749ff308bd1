/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/measure/meminfo.h"

#include "base/cleanup.h"
#include "base/kfile.h"
#include "base/ktext.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#define MEMINFO_BYTES 8192

struct field {
	const char *name; /* with its colon */
	uint64_t bytes;
	bool optional; /* not on every kernel: stays 0 */
	bool seen;
};

/* Lines "[Node N] NAME: NUMBER kB". skip_words: 2 for a node's file. */
static int read_fields(const char *text, unsigned int skip_words, struct field *fields, size_t n,
		       const char **ret_bad)
{
	struct ktext_line line, word;

	while (ktext_next_line(&text, &line)) {
		struct field *field = NULL;
		uint64_t value;

		for (unsigned int i = 0; i < skip_words; i++)
			(void)ktext_next_word(&line, &word);
		if (!ktext_next_word(&line, &word))
			continue;
		for (size_t i = 0; i < n && !field; i++)
			if (ktext_word_is(word, fields[i].name))
				field = &fields[i];
		if (!field)
			continue;
		if (ret_bad)
			*ret_bad = field->name;
		if (field->seen || !ktext_next_word(&line, &word) ||
		    parse_u64_n(word.text, word.length, &value) < 0 || value > UINT64_MAX / 1024 ||
		    !ktext_next_word(&line, &word) || !ktext_word_is(word, "kB"))
			return -EBADMSG;
		field->seen = true;
		field->bytes = value * 1024;
	}
	for (size_t i = 0; i < n; i++) {
		if (ret_bad)
			*ret_bad = fields[i].name;
		if (!fields[i].seen && !fields[i].optional)
			return -EBADMSG;
	}
	return 0;
}

int meminfo_parse(const char *text, struct meminfo *ret, const char **ret_bad)
{
	struct field fields[] = {
		{.name = "MemTotal:"},
		{.name = "MemFree:"},
		{.name = "MemAvailable:"},
		{.name = "SwapTotal:"},
		{.name = "SwapFree:"},
		{.name = "Zswapped:", .optional = true},
		{.name = "Zswap:", .optional = true},
	};
	int r = read_fields(text, 0, fields, ARRAY_SIZE(fields), ret_bad);

	if (r == 0)
		*ret = (struct meminfo){
			.total = fields[0].bytes,
			.free = fields[1].bytes,
			.available = fields[2].bytes,
			.swap_total = fields[3].bytes,
			.swap_free = fields[4].bytes,
			.zswap_stored = fields[5].bytes,
			.zswap_used = fields[6].bytes,
		};
	return r;
}

int meminfo_read_fd(int fd, struct meminfo *ret, const char **ret_bad)
{
	char text[MEMINFO_BYTES];
	ssize_t n = kfile_read(fd, text, sizeof(text));

	if (ret_bad)
		*ret_bad = "meminfo";
	return n < 0 ? (int)n : meminfo_parse(text, ret, ret_bad);
}

int meminfo_read(int proc_fd, struct meminfo *ret, const char **ret_bad)
{
	_cleanup_close_ int fd = kfile_open(proc_fd, "meminfo", O_RDONLY);

	if (ret_bad)
		*ret_bad = "meminfo";
	return fd < 0 ? fd : meminfo_read_fd(fd, ret, ret_bad);
}

int node_meminfo_parse(const char *text, struct node_meminfo *ret, const char **ret_bad)
{
	struct field fields[] = {
		{.name = "MemTotal:"},	     {.name = "MemFree:"},	{.name = "Active(file):"},
		{.name = "Inactive(file):"}, {.name = "SReclaimable:"},
	};
	int r = read_fields(text, 2, fields, ARRAY_SIZE(fields), ret_bad);

	if (r == 0)
		*ret = (struct node_meminfo){fields[0].bytes, fields[1].bytes,
					     fields[1].bytes + fields[2].bytes + fields[3].bytes +
						     fields[4].bytes};
	return r;
}

int node_meminfo_read(int sys_fd, unsigned int node, struct node_meminfo *ret, const char **ret_bad)
{
	char path[64], text[MEMINFO_BYTES];
	ssize_t n;

	if (ret_bad)
		*ret_bad = "meminfo";
	(void)snprintf(path, sizeof(path), "devices/system/node/node%u/meminfo", node);
	n = kfile_read_at(sys_fd, path, text, sizeof(text));
	return n < 0 ? (int)n : node_meminfo_parse(text, ret, ret_bad);
}
