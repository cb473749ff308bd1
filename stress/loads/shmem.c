/* SPDX-License-Identifier: Apache-2.0 */
/* Shared memory: file memory to the kernel's counters, anonymous when it is reclaimed. */
#include "stress/loads/pages.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

static int open_memfd(size_t bytes, const char **ret_why)
{
	_cleanup_close_ int fd = memfd_create("uswap-stress", MFD_CLOEXEC);

	*ret_why = "make a memfd";
	if (fd < 0 || ftruncate(fd, (off_t)bytes) < 0)
		return -errno;
	return TAKE_FD(fd);
}

/* The mapping alone keeps the memory: it is gone with its worker, whatever happens. */
static int map_shmem(const struct load *load, void *at, size_t bytes, const char **ret_why)
{
	bool memfd = load->settings->backing == BACKING_MEMFD;
	_cleanup_close_ int fd = memfd ? open_memfd(bytes, ret_why) : -1;

	if (memfd && fd < 0)
		return fd;
	*ret_why = "map shared memory";
	if (mmap(at, bytes, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_NORESERVE | MAP_FIXED | (memfd ? 0 : MAP_ANONYMOUS), fd,
		 0) == MAP_FAILED)
		return -errno;
	if (madvise(at, bytes, MADV_NOHUGEPAGE) < 0 && errno != EINVAL)
		return -errno;
	return 0;
}

static const struct pages_kind shmem_kind = {
	.discard = MADV_REMOVE,
	.map = map_shmem,
};

static int shmem_prepare(struct load *load, const char **ret_why)
{
	return pages_prepare(load, &shmem_kind, ret_why);
}

static const char *const shmem_settings[] = {"backing", PAGES_SETTINGS, NULL};

const struct load_ops load_shmem = {
	.name = "shmem",
	.help = "shared memory, a memfd's or anonymous, that grows and is touched as anon is",
	.anonymous = true,
	.settings = shmem_settings,
	.anonymous_bytes = pages_anonymous_bytes,
	.check = pages_check,
	.prepare = shmem_prepare,
	.begin = pages_begin,
	.step = pages_step,
	.verify = pages_verify,
	.finish = pages_finish,
};
