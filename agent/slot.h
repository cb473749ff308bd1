/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A place through which many threads ask one that may block, and get its result, without a lock and
 * without waiting for each other. What is asked and what came of it lie beside the slot, and belong
 * to one side at a time: from slot_take to slot_ask and from slot_is_done to slot_free to the
 * asker, else to the thread. A slot that is all zero is free.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>

struct slot {
	_Atomic int state;
	_Atomic bool forgotten;
	int wake_fd;
};

/* The asker's side. False: it is another's. */
bool slot_take(struct slot *slot);
/* wake_fd is an eventfd to be written when it is done; -1: none. */
void slot_ask(struct slot *slot, int wake_fd);
bool slot_is_done(const struct slot *slot);
void slot_free(struct slot *slot);
/* Nobody waits for it any more: free as soon as it is done, and nobody is woken. */
void slot_forget(struct slot *slot);

/* The thread's side. True: something is asked, and now being done. */
bool slot_begin(struct slot *slot);
void slot_end(struct slot *slot);
