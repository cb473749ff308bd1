/* SPDX-License-Identifier: Apache-2.0 */
/* What the numbers in the files of groups are numbers of. */
#include "stress/scenario/formula.h"

#include "base/cleanup.h"

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

enum formula_kind formula_file_kind(struct formula_file *file)
{
	if (ends(file->key, "_usec") ||
	    (ends(file->file, ".pressure") && ends(file->key, ".total"))) {
		file->scale = 1000;
		return FORMULA_TIME;
	}
	file->scale = 1;
	if (begins(file->file, "memory.stat"))
		return stat_kind(file->key);
	if (begins(file->file, "memory.events") || begins(file->file, "memory.swap.events"))
		return FORMULA_PLAIN;
	if (begins(file->file, "memory.") && !file->key[0] &&
	    strcmp(file->file, "memory.oom.group") != 0 &&
	    strcmp(file->file, "memory.zswap.writeback") != 0)
		return FORMULA_BYTES;
	return FORMULA_ANY;
}
