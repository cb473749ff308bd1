/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The metrics (control/metrics.h) as a file for node_exporter's textfile collector: written beside
 * and renamed, so that a reader finds all or the last one, and removed when the agent ends, so that
 * nobody takes old figures for new ones.
 */
#pragma once

#include "agent/agent.h"

#include <sys/types.h>

/* All zero at the start. */
struct metrics_file {
	char path[CONFIG_PATH_MAX]; /* "": none */
	dev_t device;
	ino_t inode;	 /* of what we wrote; 0: nothing yet */
	uint64_t due_ns; /* not written before */
	int error;	 /* of the last time: said once */
};

/*
 * Goes by the agent's configuration as it is now: writes when it is time to, removes what was
 * written under another name. Failures are logged. Returns when to call again; UINT64_MAX: not
 * before the configuration was read anew.
 */
uint64_t metrics_file_turn(struct metrics_file *file, struct agent *agent, uint64_t now_ns);

/* Readable for all, whatever the umask is. -errno, and then file->path is as it was. */
int metrics_file_write(struct metrics_file *file, const char *text, size_t n);

/* Unless it is somebody else's by now. */
void metrics_file_remove(struct metrics_file *file);
