/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/memory.h"

#include "base/cleanup.h"
#include "base/kfile.h"
#include "base/ktext.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>

/* memory.stat had 1.1 KiB in 7.3. */
#define STAT_BYTES   8192
#define EVENTS_BYTES 1024
#define NUMBER_BYTES 32

/* Optional are the keys that came after 5.19, the first kernel with memory.reclaim. */
static const struct ktext_key stat_keys[] = {
	{"anon", offsetof(struct memory_stat, anon), false},
	{"file", offsetof(struct memory_stat, file), false},
	{"kernel", offsetof(struct memory_stat, kernel), true},
	{"shmem", offsetof(struct memory_stat, shmem), false},
	{"file_mapped", offsetof(struct memory_stat, file_mapped), false},
	{"swapcached", offsetof(struct memory_stat, swapcached), true}, /* CONFIG_SWAP */
	{"file_dirty", offsetof(struct memory_stat, file_dirty), false},
	{"file_writeback", offsetof(struct memory_stat, file_writeback), false},
	{"inactive_anon", offsetof(struct memory_stat, inactive_anon), false},
	{"active_anon", offsetof(struct memory_stat, active_anon), false},
	{"inactive_file", offsetof(struct memory_stat, inactive_file), false},
	{"active_file", offsetof(struct memory_stat, active_file), false},
	{"unevictable", offsetof(struct memory_stat, unevictable), false},
	{"slab_reclaimable", offsetof(struct memory_stat, slab_reclaimable), false},
	{"workingset_refault_anon", offsetof(struct memory_stat, workingset_refault_anon), false},
	{"workingset_refault_file", offsetof(struct memory_stat, workingset_refault_file), false},
	{"pgscan", offsetof(struct memory_stat, pgscan), false},
	{"pgsteal", offsetof(struct memory_stat, pgsteal), false},
	{"pgscan_direct", offsetof(struct memory_stat, pgscan_direct), true},
	{"pgsteal_direct", offsetof(struct memory_stat, pgsteal_direct), true},
	{"pgscan_kswapd", offsetof(struct memory_stat, pgscan_kswapd), true},
	{"pgsteal_kswapd", offsetof(struct memory_stat, pgsteal_kswapd), true},
	{"pgscan_proactive", offsetof(struct memory_stat, pgscan_proactive), true},
	{"pgsteal_proactive", offsetof(struct memory_stat, pgsteal_proactive), true},
	{"pgdemote_kswapd", offsetof(struct memory_stat, pgdemote_kswapd), true},
	{"pgdemote_direct", offsetof(struct memory_stat, pgdemote_direct), true},
	{"pgdemote_khugepaged", offsetof(struct memory_stat, pgdemote_khugepaged), true},
	{"pgdemote_proactive", offsetof(struct memory_stat, pgdemote_proactive), true},
	{"pgfault", offsetof(struct memory_stat, pgfault), false},
	{"pgmajfault", offsetof(struct memory_stat, pgmajfault), false},
};

static const struct ktext_key events_keys[] = {
	{"low", offsetof(struct memory_events, low), false},
	{"high", offsetof(struct memory_events, high), false},
	{"max", offsetof(struct memory_events, max), false},
	{"oom", offsetof(struct memory_events, oom), false},
	{"oom_kill", offsetof(struct memory_events, oom_kill), false},
};

int memory_stat_parse(const char *text, struct memory_stat *ret, const char **ret_bad)
{
	return ktext_read_keys(text, stat_keys, ARRAY_SIZE(stat_keys), ret, ret_bad);
}

int memory_stat_read(int fd, struct memory_stat *ret, const char **ret_bad)
{
	char text[STAT_BYTES];
	ssize_t n = kfile_read(fd, text, sizeof(text));

	return n < 0 ? (int)n : memory_stat_parse(text, ret, ret_bad);
}

int memory_events_parse(const char *text, struct memory_events *ret, const char **ret_bad)
{
	return ktext_read_keys(text, events_keys, ARRAY_SIZE(events_keys), ret, ret_bad);
}

int memory_events_read(int fd, struct memory_events *ret, const char **ret_bad)
{
	char text[EVENTS_BYTES];
	ssize_t n = kfile_read(fd, text, sizeof(text));

	return n < 0 ? (int)n : memory_events_parse(text, ret, ret_bad);
}

int memory_bytes_read(int fd, uint64_t *ret_bytes)
{
	return kfile_read_number(fd, ret_bytes);
}

int memory_bytes_read_at(int dir_fd, const char *name, uint64_t *ret_bytes)
{
	return kfile_read_number_at(dir_fd, name, ret_bytes);
}

/* "max" is a number for limits only: usage is never "max". */
int memory_limit_read_at(int dir_fd, const char *name, uint64_t *ret_bytes)
{
	char text[NUMBER_BYTES];
	ssize_t n = kfile_read_at(dir_fd, name, text, sizeof(text));

	if (n < 0)
		return (int)n;
	return parse_limit(text, ret_bytes) < 0 ? -EBADMSG : 0;
}

int memory_limits_read(int dir_fd, struct memory_limits *ret, const char **ret_bad)
{
	static const struct {
		const char *name;
		size_t offset;
	} files[] = {
		{"memory.min", offsetof(struct memory_limits, min)},
		{"memory.low", offsetof(struct memory_limits, low)},
		{"memory.high", offsetof(struct memory_limits, high)},
		{"memory.max", offsetof(struct memory_limits, max)},
		{"memory.swap.max", offsetof(struct memory_limits, swap_max)},
	};
	struct memory_limits limits;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		uint64_t *bytes = (uint64_t *)(void *)((char *)&limits + files[i].offset);
		int r = memory_limit_read_at(dir_fd, files[i].name, bytes);

		if (r == -ENOENT && bytes == &limits.swap_max) {
			*bytes = UINT64_MAX; /* a kernel without swap accounting */
			continue;
		}
		if (r < 0) {
			if (ret_bad)
				*ret_bad = files[i].name;
			return r;
		}
	}
	*ret = limits;
	return 0;
}
