/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the cleaner share. All of it is the thread's, but for the atomics. */
#pragma once

#include "agent/slot.h"
#include "agent/writer/child.h"
#include "agent/writer/cleaner.h"
#include "agent/writer/pass.h"

#include <pthread.h>
#include <stdatomic.h>

#define ORDER_MAX_BYTES (UINT64_C(16) << 20)

struct job {
	struct slot slot;
	const struct clean_ops *ops;
	struct clean_settings settings;
	struct config_patterns denied;
	uint64_t group, bytes;
	int group_fd;
	struct clean_result result;
	bool all_given;
	size_t n_open; /* orders not answered yet */
	uint64_t look_begun_ns, write_begun_ns;
};

/* An order that was given. */
struct given {
	struct job *job; /* NULL: free */
	uint64_t id, device, inode, offset, length, due_ns;
};
#define GIVEN_MAX (4 * WRITER_ORDERS_MAX)

struct device {
	struct writer *writer; /* NULL: free */
	bool abandoned;	       /* killed, but not gone */
	size_t n_open;
	uint64_t busy_ns; /* when it last had something to do */
};

/* As struct device_account: written by the thread, read by any. */
struct account {
	_Atomic uint64_t number; /* 0: free, and all after it */
	_Atomic uint64_t orders, asked_bytes, cleaned_bytes, slowest_ns, bytes_per_s, given_up;
	_Atomic bool abandoned;
};

struct cleaner {
	struct cleaner_options options;
	pthread_t thread;
	int wake_fd;
	_Atomic bool stop;
	uint64_t stop_ns; /* the time processes have to leave */
	int stop_result;
	_Atomic uint64_t writers, abandoned, asked_bytes, cleaned_bytes;
	_Atomic bool no_uring, no_cachestat;
	struct job jobs[CLEANER_SLOTS];

	struct pass *pass;
	struct job *looking; /* whose pass it is */
	uint64_t pause_ns;   /* until its next step */
	bool overlay_said;
	struct clean_history history;
	uint64_t last_id;
	uint64_t turned_ns; /* the last devices_turn */
	struct given given[GIVEN_MAX];
	struct device devices[CLEANER_DEVICES];
	struct account accounts[CLEANER_DEVICES];
};

/* devices.c */
int devices_give(struct cleaner *c, uint64_t number, const struct writer_order *order, int fd);
void devices_turn(struct cleaner *c, uint64_t now_ns);
/* -EBUSY: at least one process is stuck. */
int devices_stop(struct cleaner *c, uint64_t timeout_ns);

/* account.c: an order to a device has ended. */
void account_answered(struct cleaner *c, uint64_t number, const struct writer_answer *answer);
/* How fast its writer may write, at most; 0: no bound. */
void account_bound(struct cleaner *c, uint64_t number, uint64_t bytes_per_s);
void account_given_up(struct cleaner *c, uint64_t number, bool abandoned);
void account_gone(struct cleaner *c, uint64_t number);
void account_read(const struct cleaner *c, struct cleaner_state *ret);

/* cleaner.c: an order has ended. */
void cleaner_answered(struct cleaner *c, struct given *given, const struct writer_answer *answer,
		      uint64_t now_ns);
