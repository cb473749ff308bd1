/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/loads/hugepages.h"

#include "base/cleanup.h"
#include "base/kfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>

static int write_number(int fd, uint64_t value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	return kfile_write(fd, text);
}

/* Adds to the number, or takes away; others of us do the same. The lock ends with the descriptor.
 */
static int change(int proc_fd, uint64_t more, uint64_t less)
{
	_cleanup_close_ int fd = kfile_open(proc_fd, "sys/vm/nr_hugepages", O_RDWR);
	uint64_t before = 0, after = 0;
	int r;

	if (fd < 0)
		return fd;
	if (flock(fd, LOCK_EX) < 0)
		return -errno;
	r = kfile_read_number(fd, &before);
	if (r == 0)
		r = write_number(fd, before + more - MIN(less, before));
	if (r == 0)
		r = kfile_read_number(fd, &after);
	if (r < 0 || after >= before + more || less)
		return r;
	/* Less than was asked for is all the kernel found. */
	(void)write_number(fd, before);
	return -ENOMEM;
}

static int take_away(void *context)
{
	const struct hugepages *pages = context;

	return change(pages->proc_fd, 0, pages->added);
}

int hugepages_add(struct hugepages *pages, int proc_fd, uint64_t n)
{
	int r;

	*pages = (struct hugepages){.proc_fd = proc_fd, .added = n};
	r = change(proc_fd, n, 0);
	if (r < 0)
		return r;
	r = janitor_start(&pages->janitor, take_away, pages);
	if (r < 0)
		(void)take_away(pages);
	return r;
}

void hugepages_end(struct hugepages *pages)
{
	(void)janitor_end(&pages->janitor);
}
