/* SPDX-License-Identifier: Apache-2.0 */
#include "numa/counters.h"

#include "base/kfile.h"
#include "base/ktext.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* 2 KiB on 7.x; an attribute of sysfs is a page at most, and pages are 64 KiB on some machines. */
#define VMSTAT_BYTES 16384

struct node_reader {
	int fd;
	unsigned int node;
	bool had_scan;
	char bad[80];
	char text[VMSTAT_BYTES];
};

#define KEY(name, field)                                           \
	{                                                          \
		name, offsetof(struct node_counters, field), false \
	}

static const struct ktext_key keys[] = {
	KEY("nr_free_pages", free_pages),
	KEY("nr_inactive_anon", inactive_anon_pages),
	KEY("nr_active_anon", active_anon_pages),
	KEY("nr_inactive_file", inactive_file_pages),
	KEY("nr_active_file", active_file_pages),
	KEY("nr_unevictable", unevictable_pages),
	KEY("nr_file_pages", file_pages),
	KEY("nr_shmem", shmem_pages),
	KEY("nr_dirty", dirty_pages),
	KEY("nr_writeback", writeback_pages),
	KEY("nr_slab_reclaimable", slab_reclaimable_pages),
	KEY("nr_slab_unreclaimable", slab_unreclaimable_pages),
	KEY("nr_page_table_pages", page_table_pages),
	KEY("nr_kernel_stack", kernel_stack_kib),
	/* Only where zsmalloc is built in. */
	{"nr_zspages", offsetof(struct node_counters, zspages), true},
	KEY("workingset_refault_anon", workingset_refault_anon),
	KEY("workingset_refault_file", workingset_refault_file),
	KEY("numa_hit", numa_hit),
	KEY("numa_miss", numa_miss),
	KEY("numa_foreign", numa_foreign),
	{"pgdemote_direct", offsetof(struct node_counters, pgdemote_direct), true},
	{"pgdemote_proactive", offsetof(struct node_counters, pgdemote_proactive), true},
};

/* All of them or none. */
static const struct ktext_key scan_keys[] = {
	KEY("pgscan_kswapd", pgscan_kswapd),	     KEY("pgsteal_kswapd", pgsteal_kswapd),
	KEY("pgscan_direct", pgscan_direct),	     KEY("pgsteal_direct", pgsteal_direct),
	KEY("pgsteal_proactive", pgsteal_proactive),
};

static bool has_scan_keys(const char *text)
{
	struct ktext_line line, word;

	while (ktext_next_line(&text, &line)) {
		if (!ktext_next_word(&line, &word))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(scan_keys); i++)
			if (ktext_word_is(word, scan_keys[i].name))
				return true;
	}
	return false;
}

int node_counters_parse(const char *text, struct node_counters *ret, const char **ret_bad)
{
	struct node_counters c = {0};
	size_t length = strlen(text);
	int r;

	/* The last figure may lack digits. */
	if (length > 0 && text[length - 1] != '\n') {
		if (ret_bad)
			*ret_bad = "end of file";
		return -EBADMSG;
	}
	r = ktext_read_keys(text, keys, ARRAY_SIZE(keys), &c, ret_bad);
	if (r < 0)
		return r;
	c.has_scan = has_scan_keys(text);
	if (c.has_scan) {
		r = ktext_read_keys(text, scan_keys, ARRAY_SIZE(scan_keys), &c, ret_bad);
		if (r < 0)
			return r;
	}
	*ret = c;
	return 0;
}

int node_reader_open(int sys_fd, unsigned int node, struct node_reader **ret_reader)
{
	_cleanup_(node_reader_freep) struct node_reader *reader = malloc(sizeof(*reader));
	char path[64];

	if (!reader)
		return -ENOMEM;
	reader->node = node;
	reader->had_scan = false;
	(void)snprintf(path, sizeof(path), "devices/system/node/node%u/vmstat", node);
	reader->fd = kfile_open(sys_fd, path, O_RDONLY);
	if (reader->fd < 0)
		return reader->fd;
	*ret_reader = TAKE_PTR(reader);
	return 0;
}

struct node_reader *node_reader_free(struct node_reader *reader)
{
	if (reader)
		fd_close(reader->fd);
	free(reader);
	return NULL;
}

static int fail(struct node_reader *reader, int error, const char *field, const char **ret_bad)
{
	(void)snprintf(reader->bad, sizeof(reader->bad), "node%u/vmstat%s%s", reader->node,
		       field ? ": " : "", field ? field : "");
	if (ret_bad)
		*ret_bad = reader->bad;
	return error;
}

int node_reader_read(struct node_reader *reader, struct node_counters *ret, const char **ret_bad)
{
	struct node_counters c;
	const char *field = NULL;
	ssize_t n = kfile_read(reader->fd, reader->text, sizeof(reader->text));
	int r;

	if (n < 0)
		return fail(reader, (int)n, NULL, ret_bad);
	r = node_counters_parse(reader->text, &c, &field);
	if (r < 0)
		return fail(reader, r, field, ret_bad);
	if (reader->had_scan && !c.has_scan)
		return fail(reader, -EBADMSG, scan_keys[0].name, ret_bad);
	reader->had_scan = c.has_scan;
	*ret = c;
	return 0;
}
