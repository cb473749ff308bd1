/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/memory_lock.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* Whether more than the limit can be mapped all the same: CAP_IPC_LOCK goes beyond it. */
static int map_beyond(rlim_t limit_bytes)
{
	size_t bytes = (size_t)limit_bytes + (size_t)sysconf(_SC_PAGESIZE);
	void *p = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return -ENOMEM;
	(void)munmap(p, bytes);
	return 0;
}

int memory_lock(void)
{
	struct rlimit limit;
	int r;

	if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
		return -errno;
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		return -errno;
	r = limit.rlim_cur == RLIM_INFINITY ? 0 : map_beyond(limit.rlim_cur);
	if (r < 0)
		(void)munlockall();
	return r;
}
