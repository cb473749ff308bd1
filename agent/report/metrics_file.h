/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metrics (control/metrics.h) as a file for node_exporter's textfile collector: written beside
 * and renamed, so that a reader finds all or the last one, and removed when the agent ends, so that
 * nobody takes old figures for new ones.
 */
#pragma once

#include "agent/config/config.h"

#include <sys/types.h>
#include <time.h>

struct metrics_file {
	char path[CONFIG_PATH_MAX];
	dev_t device;
	ino_t inode;		  /* of what we wrote; 0: nothing yet */
	struct timespec modified; /* the inode may be another file's by now */
};

/* Readable for all, whatever the umask is. -errno, and then file->path is as it was. */
int metrics_file_write(struct metrics_file *file, const char *text, size_t n);

/* Unless it is somebody else's by now. */
void metrics_file_remove(struct metrics_file *file);
