/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps the metrics' file up to date, from a thread of its own: a file system that hangs holds up
 * nothing but that file. The thread is there only once there is a file to write.
 */
#pragma once

#include "agent/agent.h"
#include "agent/report/metrics_file.h"

/* metrics_file_write, or what stands in for it. */
typedef int metrics_write_file(struct metrics_file *file, const char *text, size_t n);

struct metrics_writer;

int metrics_writer_new(metrics_write_file *write, const struct log *log,
		       struct metrics_writer **ret_writer);

/*
 * Goes by the agent's configuration as it is now: has the file written when it is time to, and what
 * was written under another name removed. Waits for no file; failures are logged. Returns when to
 * call again; UINT64_MAX: not before the configuration was read anew.
 */
uint64_t metrics_writer_turn(struct metrics_writer *writer, struct agent *agent, uint64_t now_ns);

/* Something handed over is not done yet. */
bool metrics_writer_is_busy(const struct metrics_writer *writer);

/*
 * Has the file removed and frees. -ETIMEDOUT: the file system hangs and the thread must be left
 * alone; the process can only exit.
 */
int metrics_writer_stop(struct metrics_writer *writer, uint64_t timeout_ns);
