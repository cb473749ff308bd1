/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/block_device.h"

#include "base/cleanup.h"
#include "base/kfile.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define DEPTH_MAX 8 /* of devices made of others, and a partition and its disk */
#define PATH_SIZE (NAME_MAX + 64)

static bool name_matches(const struct config_patterns *patterns, const char *prefix,
			 const char *name)
{
	char text[PATH_SIZE];

	(void)snprintf(text, sizeof(text), "%s%s", prefix, name);
	return config_patterns_match_part(patterns, text);
}

static bool mapper_name_matches(int sys_fd, const struct config_patterns *patterns,
				const char *device)
{
	char path[PATH_SIZE], name[NAME_MAX + 1];

	(void)snprintf(path, sizeof(path), "%s/dm/name", device);
	if (kfile_read_line_at(sys_fd, path, name, sizeof(name)) < 0)
		return false;
	return name_matches(patterns, "dev/mapper/", name);
}

static bool is_partition(int sys_fd, const char *device)
{
	char path[PATH_SIZE];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/partition", device);
	return fstatat(sys_fd, path, &st, 0) == 0;
}

static bool is_meant(int sys_fd, const struct config_patterns *patterns, const char *device,
		     int depth);

static bool name_is_meant(int sys_fd, const struct config_patterns *patterns, const char *name,
			  int depth)
{
	char device[PATH_SIZE];

	(void)snprintf(device, sizeof(device), "class/block/%s", name);
	return is_meant(sys_fd, patterns, device, depth);
}

static bool parts_are_meant(int sys_fd, const struct config_patterns *patterns, const char *device,
			    int depth)
{
	char path[PATH_SIZE];
	_cleanup_(closedirp) DIR *dir = NULL;
	const struct dirent *entry;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/slaves", device);
	fd = kfile_open_dir(sys_fd, path);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		fd_close(fd);
	while (dir && (entry = readdir(dir)))
		if (*entry->d_name != '.' && name_is_meant(sys_fd, patterns, entry->d_name, depth))
			return true;
	return false;
}

/* device: a link below /sys to the device's directory, which in a disk's is a partition's. */
static bool is_meant(int sys_fd, const struct config_patterns *patterns, const char *device,
		     int depth)
{
	char target[PATH_MAX], *name, *disk;
	ssize_t n = readlinkat(sys_fd, device, target, sizeof(target) - 1);

	if (n < 0 || depth == 0)
		return true;
	target[n] = '\0';
	name = strrchr(target, '/');
	if (!name)
		return true;
	*name++ = '\0';
	if (name_matches(patterns, "dev/", name) || mapper_name_matches(sys_fd, patterns, device))
		return true;
	disk = strrchr(target, '/');
	if (disk && is_partition(sys_fd, device))
		return name_is_meant(sys_fd, patterns, disk + 1, depth - 1);
	return parts_are_meant(sys_fd, patterns, device, depth - 1);
}

bool block_device_is_meant(int sys_fd, const struct config_patterns *patterns, uint64_t number)
{
	char device[PATH_SIZE];

	if (patterns->n == 0)
		return false;
	(void)snprintf(device, sizeof(device), "dev/block/%u:%u", major(number), minor(number));
	return is_meant(sys_fd, patterns, device, DEPTH_MAX);
}

bool block_device_name_is_meant(int sys_fd, const struct config_patterns *patterns,
				const char *name)
{
	return patterns->n > 0 && name_is_meant(sys_fd, patterns, name, DEPTH_MAX);
}
