/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent and a write-back process say to each other, over a SOCK_SEQPACKET pair: fixed
 * structs, one a packet, checked as strangers' on arrival. An order carries one descriptor
 * (SCM_RIGHTS), an answer none.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define WRITER_MAGIC   UINT32_C(0x75777772) /* "uwwr" */
#define WRITER_VERSION 3

/* Orders under way at a time; more are answered with -EBUSY. */
#define WRITER_ORDERS_MAX 64

/* Write back what is dirty in a range of the file that comes with it. */
struct writer_order {
	uint32_t magic, version;
	uint64_t id;		 /* comes back in the answer */
	uint64_t group;		 /* whose memory it is: each has a depth of its own */
	uint64_t offset, length; /* bytes; not beyond INT64_MAX */
	uint64_t target_ns;	 /* how long a piece may take, 1 ms to 10 s */
	uint64_t bytes_per_s;	 /* of all orders together; 0: no bound */
	uint64_t give_way;	 /* 1: slower while others read from the disk; 0 */
};

enum writer_answer_kind {
	WRITER_HELLO = 1, /* the first packet, once it is ready */
	WRITER_DONE,	  /* an order is finished, or was refused */
	WRITER_PROGRESS, /* some piece has become clean: the device answers, however slow a group is
			  */
};

/* Of WRITER_HELLO. */
#define WRITER_HAS_URING     UINT32_C(1) /* else it blocks in sync_file_range(2) */
#define WRITER_HAS_CACHESTAT UINT32_C(2) /* else bytes are guesses, and done is started */

struct writer_answer {
	uint32_t magic, version;
	uint32_t kind, flags;
	uint64_t id;
	int64_t error;		/* 0, or -errno of the first piece that failed */
	uint64_t asked_bytes;	/* dirty in the range on arrival */
	uint64_t cleaned_bytes; /* of those, no longer dirty at the end */
	uint64_t pieces;	/* started */
	uint64_t wall_ns;	/* from its arrival */
	uint64_t slowest_ns;	/* piece, from its start until it was clean */
	uint64_t depth_bytes;	/* of its group, at the end */
	uint64_t bytes_per_s;	/* of all orders together, at most, lately; 0: no bound */
};

/* 0, or -EBADMSG: not of this format, or out of bounds. */
int writer_order_check(const void *packet, size_t size);
int writer_answer_check(const void *packet, size_t size);

/* 0; -EAGAIN: the other side is behind; -EPIPE: it is gone; other -errno. Never blocks. */
int writer_order_send(int socket, const struct writer_order *order, int fd);
int writer_answer_send(int socket, const struct writer_answer *answer);

/*
 * 1 and a packet; 0: the other side is gone; -EAGAIN: nothing there; -EBADMSG: a packet that is
 * none of ours, whose descriptors were closed. *ret_fd is the caller's.
 */
int writer_order_receive(int socket, struct writer_order *ret, int *ret_fd);
int writer_answer_receive(int socket, struct writer_answer *ret);
