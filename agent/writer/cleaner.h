/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that cleans for all workers: it looks at groups (opening a file can block, so no
 * worker does), hands what is to be written to the write-back process of its device, and waits for
 * none longer than a deadline.
 *
 * Workers talk to it through slots, without a lock: ask, and collect when it is done.
 */
#pragma once

#include "agent/config/config.h"
#include "agent/policy/clean.h"
#include "agent/sense/file_check.h"
#include "agent/writer/message.h"
#include "base/cleanup.h"
#include "base/log.h"

#include <stdbool.h>
#include <stdint.h>

struct cleaner;

/* Live, or dry: looks and chooses, and writes nothing. */
struct clean_ops {
	const char *name;
	int (*give)(struct cleaner *cleaner, uint64_t device, const struct writer_order *order,
		    int fd);
};
extern const struct clean_ops clean_live, clean_dry_run;

struct cleaner_options {
	struct log log;
	int proc_fd, sys_fd; /* /proc and /sys; stay the caller's */
	const char *program; /* uswapd-writer; outlives the cleaner */
	bool try_uring;
};

int cleaner_start(const struct cleaner_options *options, struct cleaner **ret_cleaner);

/*
 * Ends the thread and its processes, waiting at most about timeout_ns. -EBUSY: a process is stuck
 * behind its device and outlives us, which was said. -ETIMEDOUT: the thread is stuck, and the
 * cleaner must be left alone.
 */
int cleaner_stop(struct cleaner *cleaner, uint64_t timeout_ns);

/* What came of an ask. Bytes. */
struct clean_result {
	int error;		/* 0; -ETIMEDOUT: the device was given up; other -errno */
	uint64_t found_bytes;	/* dirty, in files that could be written */
	uint64_t again_bytes;	/* of those, cleaned by us a moment ago */
	uint64_t chosen_bytes;	/* of those found, to be written; in a dry run that is all */
	uint64_t asked_bytes;	/* handed to the device */
	uint64_t cleaned_bytes; /* measured afterwards */
	uint64_t files, orders;
	uint64_t write_ns; /* from the first order to the last answer */
	uint64_t look_ns;  /* time spent looking */
	uint64_t slowest_ns;
	uint64_t refused[FILE_REFUSALS];
};

#define CLEANER_SLOTS 32

/*
 * Asks for bytes of a group to be cleaned, but not on denied devices (protect.exclude_device).
 * group_dir_fd stays the caller's. Returns a slot;
 * -EBUSY: all are taken. wake_fd is an eventfd to be written when it is done; -1: none.
 */
int cleaner_ask(struct cleaner *cleaner, const struct clean_ops *ops,
		const struct clean_settings *settings, const struct config_patterns *denied,
		uint64_t group, int group_dir_fd, uint64_t bytes, int wake_fd);

/* True: it is done, the result is in *ret, the slot free again. */
bool cleaner_collect(struct cleaner *cleaner, int slot, struct clean_result *ret);
/* Nobody waits for it any more. */
void cleaner_forget(struct cleaner *cleaner, int slot);

/* What was written to a device since we began; kept when its process has gone. Bytes. */
struct device_account {
	uint64_t number; /* dev_t */
	uint64_t orders; /* that have ended */
	uint64_t asked_bytes, cleaned_bytes;
	uint64_t slowest_ns; /* a piece, from its start until it was clean */
	/* At most, lately, for readers of the disk or by clean.device_rate; UINT64_MAX: no bound.
	 */
	uint64_t bytes_per_s;
	uint64_t given_up; /* times */
	bool abandoned;	   /* given up, and its process has not ended */
};
/* Of more devices the account is only in the sums. */
#define CLEANER_DEVICES 16

/* For status. Any thread. */
struct cleaner_state {
	uint64_t writers;   /* processes */
	uint64_t abandoned; /* devices given up, whose process has not ended */
	uint64_t asked_bytes, cleaned_bytes;
	bool no_uring, no_cachestat; /* a writer said so */
	size_t n_devices;
	struct device_account devices[CLEANER_DEVICES];
};
void cleaner_read_state(const struct cleaner *cleaner, struct cleaner_state *ret);
