/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a file of somebody else may be touched at all, and opening it so that nobody notices.
 *
 * The file is first taken hold of with O_PATH, which opens nothing: no device driver, no FIFO, no
 * lease is met by that. Only a regular file on a local disk passes, and is then opened O_RDONLY |
 * O_NONBLOCK: a writable descriptor would make exec of the file fail (ETXTBSY) and its closing
 * would fire IN_CLOSE_WRITE at watchers.
 */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum file_refusal {
	FILE_PASSED,
	FILE_GONE,	  /* closed or unmapped meanwhile, or may not be opened */
	FILE_NOT_REGULAR, /* device, FIFO, socket, directory */
	FILE_IN_MEMORY,	  /* tmpfs, memfd, hugetlbfs, or a file system not known to be on a disk */
	FILE_OVERLAY,	  /* overlayfs: the pages are those of a file below, out of reach */
	FILE_REMOTE,	  /* network and FUSE, unless wanted */
	FILE_HIDDEN,	  /* could be that, by a mount that can't be seen any more, or from there */
	FILE_DAX,	  /* its pages are the device's */
	FILE_READ_ONLY,	  /* on a read-only mount */
	FILE_LEASED,	  /* opening it would break the lease */
	FILE_REFUSALS,
};

const char *file_refusal_name(enum file_refusal refusal); /* "not-regular" */

/* Inodes with a lease or delegation; which device they are on is not looked at: rather one file too
 * many is left alone. */
#define LEASES_MAX 256
struct leases {
	bool too_many; /* then every file counts as leased */
	size_t n;
	uint64_t inode[LEASES_MAX];
};

/* From the text of /proc/locks, a line of it at a time: 1 a lease, 0 none, -EBADMSG. */
int lease_parse(const char *text, size_t length, uint64_t *ret_inode);
int leases_read(int proc_fd, struct leases *ret);
bool leases_have(const struct leases *leases, uint64_t inode);

/* Whether a file system, by statfs's f_type, keeps its files on a local disk, or elsewhere. */
enum file_refusal file_system_check(uint64_t type, bool remote_wanted);

/* What was found out about a device by the mounts of it. */
struct device_rule {
	uint64_t device;
	enum file_refusal refusal; /* of its files; FILE_PASSED: none by that */
	char process[16];	   /* by whose mounts: others may see one that is hidden */
};

/* What may be touched. */
#define RULES_DEVICES_MAX ((size_t)32)
struct file_rules {
	bool remote_wanted; /* files of network and FUSE file systems too */
	struct leases leases;
	size_t n_devices;
	struct device_rule devices[RULES_DEVICES_MAX];
};

struct checked_file {
	int fd; /* O_RDONLY */
	uint64_t device, inode, size_bytes;
	int64_t modified_s; /* st_mtime, since the epoch */
};

/*
 * Opens what a link below /proc leads to ("12/map_files/START-END", "12/fd/3") when it may be
 * touched. known, unless NULL, is asked once the inode is known and before it is opened: true ends
 * it with FILE_PASSED and fd -1.
 */
enum file_refusal file_open_checked(int proc_fd, const char *link, struct file_rules *rules,
				    bool (*known)(void *context, uint64_t device, uint64_t inode),
				    void *context, struct checked_file *ret);
