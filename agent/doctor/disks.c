/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The I/O schedulers of the disks that hold swap and files. Only what stands for hardware has a
 * device: zram, loop, md and dm devices send what they get to others.
 */
#include "agent/doctor/examine.h"

#include "base/cleanup.h"
#include "base/kfile.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/* "mq-deadline [none] bfq": what stands in brackets. Returns false where nothing does. */
static bool read_current(const char *text, char *ret, size_t size)
{
	const char *begin = strchr(text, '['), *end = begin ? strchr(begin, ']') : NULL;

	if (!end || (size_t)(end - begin) > size)
		return false;
	memcpy(ret, begin + 1, (size_t)(end - begin - 1));
	ret[end - begin - 1] = '\0';
	return true;
}

static const char *scheduler_advice(const char *scheduler, bool rotational)
{
	if (rotational && strcmp(scheduler, "none") == 0)
		return "heads move back and forth between what is swapped and what is read; "
		       "mq-deadline or bfq";
	if (!rotational && strcmp(scheduler, "bfq") == 0)
		return "it takes more CPU time a request than such a disk needs; none or "
		       "mq-deadline, unless groups have io.bfq.weight";
	return NULL;
}

/* Of the block device; its directory is a link. Returns false where there is no such file. */
static bool read_attribute(int sys_fd, const char *device, const char *name, char *text,
			   size_t size)
{
	char path[NAME_MAX + 64];

	(void)snprintf(path, sizeof(path), "block/%s/%s", device, name);
	return kfile_read_at(sys_fd, path, text, size) >= 0;
}

static bool is_hardware(int sys_fd, const char *device)
{
	char path[NAME_MAX + 64];
	struct stat st;

	(void)snprintf(path, sizeof(path), "block/%s/device", device);
	return fstatat(sys_fd, path, &st, 0) == 0;
}

static void examine_disk(int sys_fd, const char *device, FILE *out)
{
	char rotates[8], text[256], scheduler[32];
	const char *advice;

	if (!is_hardware(sys_fd, device) ||
	    !read_attribute(sys_fd, device, "queue/rotational", rotates, sizeof(rotates)) ||
	    !read_attribute(sys_fd, device, "queue/scheduler", text, sizeof(text)) ||
	    !read_current(text, scheduler, sizeof(scheduler)))
		return;
	advice = scheduler_advice(scheduler, *rotates == '1');
	doctor_tell(out, !advice, "I/O scheduler", "%s of %s, which %s%s%s", scheduler, device,
		    *rotates == '1' ? "rotates" : "does not rotate", advice ? ": " : "",
		    advice ? advice : "");
}

void doctor_examine_disks(const struct doctor *d, FILE *out)
{
	int fd = kfile_open_dir(d->sys_fd, "block");
	_cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir)
		fd_close(fd);
	while (dir && (entry = readdir(dir)))
		if (*entry->d_name != '.')
			examine_disk(d->sys_fd, entry->d_name, out);
}
