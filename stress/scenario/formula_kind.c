/* SPDX-License-Identifier: Apache-2.0 */
/* What the numbers in the files of groups are numbers of. */
#include "stress/scenario/formula.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, const char *with)
{
	size_t n = strlen(text), with_n = strlen(with);

	return n > with_n && strcmp(text + n - with_n, with) == 0;
}

/* What the kernel counts in (Documentation/admin-guide/cgroup-v2.rst). */
static enum formula_kind stat_kind(const char *key)
{
	static const char *const bytes[] = {
		"anon",
		"file",
		"kernel",
		"kernel_stack",
		"pagetables",
		"sec_pagetables",
		"percpu",
		"sock",
		"vmalloc",
		"shmem",
		"zswap",
		"zswapped",
		"file_mapped",
		"file_dirty",
		"file_writeback",
		"swapcached",
		"anon_thp",
		"file_thp",
		"shmem_thp",
		"inactive_anon",
		"active_anon",
		"inactive_file",
		"active_file",
		"unevictable",
		"slab",
		"slab_reclaimable",
		"slab_unreclaimable",
		"hugetlb",
	};
	static const char *const counts[] = {"pg", "workingset_", "thp_", "zswp", "numa_"};

	for (size_t i = 0; i < ARRAY_SIZE(bytes); i++)
		if (strcmp(key, bytes[i]) == 0)
			return FORMULA_BYTES;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		if (begins(key, counts[i]))
			return FORMULA_PLAIN;
	return FORMULA_ANY;
}

static enum formula_kind group_kind(struct formula_file *file)
{
	char key[sizeof(file->key)];

	if (ends(file->key, "_usec") ||
	    (ends(file->file, ".pressure") && ends(file->key, ".total"))) {
		file->scale = 1000;
		return FORMULA_TIME;
	}
	if (begins(file->file, "memory.stat"))
		return stat_kind(file->key);
	/* "anon.N0" */
	if (begins(file->file, "memory.numa_stat")) {
		(void)snprintf(key, sizeof(key), "%.*s", (int)strcspn(file->key, "."), file->key);
		return stat_kind(key);
	}
	if (begins(file->file, "memory.events") || begins(file->file, "memory.swap.events") ||
	    formula_file_lists_words(file->file))
		return FORMULA_PLAIN;
	if (begins(file->file, "memory.") && !file->key[0] &&
	    strcmp(file->file, "memory.oom.group") != 0 &&
	    strcmp(file->file, "memory.zswap.writeback") != 0)
		return FORMULA_BYTES;
	return FORMULA_ANY;
}

bool formula_file_lists_words(const char *file)
{
	return strcmp(file, "cgroup.controllers") == 0 ||
	       strcmp(file, "cgroup.subtree_control") == 0;
}

struct key {
	const char *name;
	enum formula_kind kind;
};

static const struct key load_keys[] = {
	[FORMULA_LOAD_ALIVE] = {"alive", FORMULA_PLAIN},
	[FORMULA_LOAD_EXIT] = {"exit", FORMULA_PLAIN},
	[FORMULA_LOAD_SIGNAL] = {"signal", FORMULA_PLAIN},
	[FORMULA_LOAD_ERRNO] = {"errno", FORMULA_PLAIN},
	[FORMULA_LOAD_BAD_PAGES] = {"bad-pages", FORMULA_PLAIN},
	[FORMULA_LOAD_RESIDENT] = {"resident", FORMULA_BYTES},
	[FORMULA_LOAD_OPERATIONS] = {"operations", FORMULA_PLAIN},
	[FORMULA_LOAD_FIRST_P50] = {"first.p50", FORMULA_TIME},
	[FORMULA_LOAD_FIRST_P99] = {"first.p99", FORMULA_TIME},
	[FORMULA_LOAD_FIRST_P99_9] = {"first.p99.9", FORMULA_TIME},
	[FORMULA_LOAD_REUSE_P50] = {"reuse.p50", FORMULA_TIME},
	[FORMULA_LOAD_REUSE_P99] = {"reuse.p99", FORMULA_TIME},
	[FORMULA_LOAD_REUSE_P99_9] = {"reuse.p99.9", FORMULA_TIME},
};
static const struct key step_keys[] = {
	[FORMULA_STEP_ERRNO] = {"errno", FORMULA_PLAIN},
	[FORMULA_STEP_TRIES] = {"tries", FORMULA_PLAIN},
	[FORMULA_STEP_TOOK] = {"took", FORMULA_TIME},
};
static const struct key watch_keys[] = {
	[FORMULA_WATCH_EVENTS] = {"events", FORMULA_PLAIN},
	[FORMULA_WATCH_DELETED] = {"deleted", FORMULA_PLAIN},
	[FORMULA_WATCH_IGNORED] = {"ignored", FORMULA_PLAIN},
};
_Static_assert(ARRAY_SIZE(load_keys) == FORMULA_LOAD_KEYS &&
		       ARRAY_SIZE(step_keys) == FORMULA_STEP_KEYS &&
		       ARRAY_SIZE(watch_keys) == FORMULA_WATCH_KEYS,
	       "each key has a name");

static const struct {
	const char *name;
	enum formula_source source;
	const struct key *keys; /* NULL: the kernel knows */
	size_t n_keys;
	enum formula_kind kind; /* without keys */
	int64_t scale;
	const char *keys_are;
} sources[] = {
	{"load", FORMULA_OF_LOAD, load_keys, FORMULA_LOAD_KEYS, FORMULA_ANY, 1,
	 "alive, exit, signal, errno, bad-pages, resident, operations, first.p50, first.p99, "
	 "first.p99.9, reuse.p50, reuse.p99, reuse.p99.9"},
	{"step", FORMULA_OF_STEP, step_keys, FORMULA_STEP_KEYS, FORMULA_ANY, 1,
	 "errno, tries, took"},
	{"watch", FORMULA_OF_WATCH, watch_keys, FORMULA_WATCH_KEYS, FORMULA_ANY, 1,
	 "events, deleted, ignored"},
	{"vmstat", FORMULA_OF_VMSTAT, NULL, 0, FORMULA_PLAIN, 1, NULL},
	{"meminfo", FORMULA_OF_MEMINFO, NULL, 0, FORMULA_BYTES, 1024, NULL},
	{"node", FORMULA_OF_NODE, NULL, 0, FORMULA_PLAIN, 1, NULL},
};

static int own_kind(struct formula_file *file, const struct key *keys, size_t n_keys,
		    enum formula_kind *ret_kind)
{
	for (size_t i = 0; i < n_keys; i++) {
		if (strcmp(file->key, keys[i].name) != 0)
			continue;
		file->key_index = i;
		*ret_kind = keys[i].kind;
		return 0;
	}
	return -EINVAL;
}

int formula_file_kind(struct formula_file *file, enum formula_kind *ret_kind, const char **ret_why)
{
	file->scale = 1;
	if (strchr(file->file, '.')) {
		file->source = FORMULA_OF_GROUP;
		*ret_kind = group_kind(file);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		if (strcmp(file->file, sources[i].name) != 0)
			continue;
		file->source = sources[i].source;
		file->scale = sources[i].scale;
		*ret_kind = sources[i].kind;
		*ret_why = sources[i].keys ? sources[i].keys_are : "a key of the file";
		if (sources[i].keys)
			return own_kind(file, sources[i].keys, sources[i].n_keys, ret_kind);
		return file->key[0] ? 0 : -EINVAL;
	}
	*ret_why = NULL;
	return -EINVAL;
}
