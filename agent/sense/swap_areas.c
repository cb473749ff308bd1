/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/swap_areas.h"

#include "agent/sense/block_device.h"
#include "base/cleanup.h"
#include "base/kfile.h"
#include "base/ktext.h"
#include "base/parse.h"
#include "base/saturate.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define AREAS_MAX 32 /* MAX_SWAPFILES */

struct area {
	int64_t priority;
	uint64_t total_bytes, free_bytes;
	bool named;
};

static bool parse_priority(struct ktext_line word, int64_t *ret)
{
	bool below = word.length > 0 && *word.text == '-';
	uint64_t value;

	if (parse_u64_n(word.text + below, word.length - below, &value) < 0 || value > INT32_MAX)
		return false;
	*ret = below ? -(int64_t)value : (int64_t)value;
	return true;
}

static bool parse_kib(struct ktext_line word, uint64_t *ret_bytes)
{
	uint64_t kib;

	return parse_u64_n(word.text, word.length, &kib) == 0 &&
	       !__builtin_mul_overflow(kib, 1024, ret_bytes);
}

/* "/dev/sda2 partition 1048572 0 -2" */
static int parse_area(struct ktext_line line, char name[PATH_MAX], bool *ret_file, struct area *ret)
{
	struct ktext_line word, type, size, used, priority, extra;
	uint64_t used_bytes;

	if (!ktext_next_word(&line, &word) || !ktext_next_word(&line, &type) ||
	    !ktext_next_word(&line, &size) || !ktext_next_word(&line, &used) ||
	    !ktext_next_word(&line, &priority) || ktext_next_word(&line, &extra) ||
	    word.length >= PATH_MAX || !parse_kib(size, &ret->total_bytes) ||
	    !parse_kib(used, &used_bytes) || !parse_priority(priority, &ret->priority))
		return -EBADMSG;
	ret->free_bytes = minus(ret->total_bytes, used_bytes);
	*ret_file = ktext_word_is(type, "file");
	memcpy(name, word.text, word.length);
	name[word.length] = '\0';
	return 0;
}

/* A heading, and a line for each area. */
int swap_areas_parse(const char *text, bool (*is_named)(void *context, const char *name, bool file),
		     void *context, struct swap_before *ret)
{
	struct area areas[AREAS_MAX];
	struct swap_before before = {0};
	int64_t highest = INT64_MIN; /* priority of one on such a device */
	struct ktext_line line;
	char name[PATH_MAX];
	size_t n = 0;
	bool file;

	(void)ktext_next_line(&text, &line);
	for (; ktext_next_line(&text, &line); n++) {
		if (n == AREAS_MAX)
			return -E2BIG;
		if (parse_area(line, name, &file, &areas[n]) < 0)
			return -EBADMSG;
		areas[n].named = is_named(context, name, file);
		if (areas[n].named)
			highest = MAX(highest, areas[n].priority);
		before.any_named |= areas[n].named;
	}
	for (size_t i = 0; i < n; i++) {
		if (areas[i].priority <= highest)
			continue;
		before.total_bytes = plus(before.total_bytes, areas[i].total_bytes);
		before.free_bytes = plus(before.free_bytes, areas[i].free_bytes);
	}
	*ret = before;
	return 0;
}

struct lookup {
	int proc_fd, sys_fd;
	const struct config_patterns *devices;
};

/* Names with blanks and the like are written with \NNN, and so not found, as removed files are. */
static bool area_is_named(void *context, const char *name, bool file)
{
	const struct lookup *l = context;
	const char *slash = strrchr(name, '/');
	char path[PATH_MAX + 16];
	struct stat st;

	if (!file)
		return block_device_name_is_meant(l->sys_fd, l->devices, slash ? slash + 1 : name);
	/* As the first process sees it: the agent may have a root of its own. */
	(void)snprintf(path, sizeof(path), "1/root%s", name);
	return fstatat(l->proc_fd, path, &st, 0) < 0 ||
	       block_device_is_meant(l->sys_fd, l->devices, st.st_dev);
}

int swap_areas_read(int proc_fd, int sys_fd, const struct config_patterns *devices,
		    struct swap_before *ret)
{
	struct lookup lookup = {.proc_fd = proc_fd, .sys_fd = sys_fd, .devices = devices};
	char text[16384];
	ssize_t n = kfile_read_at(proc_fd, "swaps", text, sizeof(text));

	return n < 0 ? (int)n : swap_areas_parse(text, area_is_named, &lookup, ret);
}
