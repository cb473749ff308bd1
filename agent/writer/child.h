/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's side of a write-back process: one per block device, because a device that stops
 * answering holds up whoever writes to it, inside the kernel, where no signal reaches. The child
 * dies with the agent, or outlives it in D; the agent never waits for it longer than it wants to.
 */
#pragma once

#include "agent/writer/message.h"
#include "base/cleanup.h"

#include <stdbool.h>

struct writer;

/*
 * Starts program for the device (st_dev); stat_fd: "stat" of the device, disk_fd: that of the whole
 * disk, or -1. They stay the caller's. The thread that calls this must live as long as the writer
 * is to.
 */
int writer_start(const char *program, uint64_t device, int stat_fd, int disk_fd, bool try_uring,
		 struct writer **ret_writer);

/* Tells it to leave, and waits for nothing. */
void writer_ask_to_stop(struct writer *writer);

/*
 * Has it leave, waiting at most timeout_ns, then kills it and waits once more as long. -ETIMEDOUT:
 * it is stuck in the kernel; it goes when the device answers, and nobody need wait for that.
 */
int writer_stop(struct writer *writer, uint64_t timeout_ns);

/* Of a writer that was stopped, or abandoned by a writer_stop that timed out. */
struct writer *writer_free(struct writer *writer);
DEFINE_CLEANUP(struct writer *, writer_free)

uint64_t writer_device(const struct writer *writer);
int writer_pid(const struct writer *writer);
/* Readable when writer_take has something. */
int writer_fd(const struct writer *writer);

/* As writer_order_send; magic and version are filled in. The descriptor stays the caller's. */
int writer_give(struct writer *writer, const struct writer_order *order, int fd);

/* 1 and an answer; 0 none; -EPIPE: it is gone, or talks nonsense. */
int writer_take(struct writer *writer, struct writer_answer *ret);

/* Whether the process has ended; one that was killed may take as long as its device does. */
bool writer_has_ended(struct writer *writer);
