/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/damon/use.h"

#include "base/cleanup.h"
#include "base/kfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>

static bool is_on(int sys_fd, const char *path)
{
	char text[8];

	return kfile_read_at(sys_fd, path, text, sizeof(text)) > 0 && *text == 'Y';
}

static enum damon_use use_of_sysfs(int sys_fd)
{
	_cleanup_close_ int fd = kfile_open(sys_fd, DAMON_KDAMONDS "/nr_kdamonds", O_RDWR);
	uint64_t n;
	int r;

	if (fd < 0)
		return fd == -ENOENT ? DAMON_NONE : DAMON_REFUSED;
	r = kfile_read_number(fd, &n);
	if (r < 0 && r != -EBADMSG)
		return DAMON_REFUSED;
	return r == 0 && n == 0 ? DAMON_FREE : DAMON_OTHERS;
}

enum damon_use damon_use_of(int sys_fd)
{
	static const struct {
		enum damon_use use;
		const char *enabled;
	} modules[] = {
		{DAMON_STAT, "module/damon_stat/parameters/enabled"},
		{DAMON_RECLAIM, "module/damon_reclaim/parameters/enabled"},
		{DAMON_LRU_SORT, "module/damon_lru_sort/parameters/enabled"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(modules); i++)
		if (is_on(sys_fd, modules[i].enabled))
			return modules[i].use;
	return use_of_sysfs(sys_fd);
}

const char *damon_use_words(enum damon_use use)
{
	static const char *const words[DAMON_USES] = {
		[DAMON_FREE] = "nobody uses it",
		[DAMON_NONE] = "this kernel has no DAMON (CONFIG_DAMON_SYSFS, CONFIG_DAMON_VADDR)",
		[DAMON_REFUSED] = "it needs root or CAP_DAC_OVERRIDE, and /sys to be writable",
		[DAMON_STAT] = "DAMON_STAT has it: N to /sys/module/damon_stat/parameters/enabled",
		[DAMON_RECLAIM] = "DAMON_RECLAIM has it for itself (damon_reclaim/parameters)",
		[DAMON_LRU_SORT] = "DAMON_LRU_SORT has it for itself (damon_lru_sort/parameters)",
		[DAMON_OTHERS] = "kdamonds are set up already, by damo or by a uswapd that runs",
	};

	return words[use];
}
