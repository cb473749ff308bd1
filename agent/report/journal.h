/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was done, for machines that read the journal: fields beside the text, in journald's native
 * protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL). One datagram a record, from the worker
 * itself: unlike sd_journal_send(3) it waits for nobody, allocates nothing, and a record that the
 * journal has no room for is dropped and counted.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/un.h>

#define JOURNAL_SOCKET	   "/run/systemd/journal/socket"
#define JOURNAL_MESSAGE_ID "b2c1d6a04f7e4c0f9d8c5e3a7b1f6042" /* of every record of ours */
#define JOURNAL_WINDOW_NS  (10 * UINT64_C(1000000000))
#define JOURNAL_WINDOW_MAX 20 /* records in a window, of one worker */

/* Where records go; shared by all workers. */
struct journal {
	int fd;
	struct sockaddr_un address;
};

/* Of one sender. All zero at the start. */
struct journal_rate {
	uint64_t window_ns, records; /* when it began, and how many since */
	uint64_t left_out;	     /* not sent since the last one that was; told by the next */
};

/* A request that is done. */
struct journal_action {
	unsigned int node;
	const char *group; /* as it is; NULL: the node itself */
	const char *reason, *backend;
	int error; /* 0 or -errno */
	uint64_t tried_bytes, applied_bytes, net_freed_bytes;
	uint64_t wall_ns, cpu_ns;
};

/* -ENAMETOOLONG; -errno. Whether somebody listens there shows when something is sent. */
int journal_open(const char *socket_path, struct journal *ret);
void journal_close(struct journal *journal);

/* False when it was left out. now_ns: monotonic. */
bool journal_send_action(const struct journal *journal, struct journal_rate *rate,
			 const struct journal_action *action, uint64_t now_ns);
