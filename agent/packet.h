/* SPDX-License-Identifier: Apache-2.0 */
/* Packets between the agent and processes of its own: SOCK_SEQPACKET, with a descriptor or none. */
#pragma once

#include <stddef.h>

/*
 * fd -1: none. 0; -EAGAIN: the other side is behind; -EPIPE: it is gone; other -errno. Never
 * blocks.
 */
int packet_send(int socket, const void *packet, size_t size, int fd);

/*
 * 1 and a packet of that size with n_wanted descriptors (0 or 1); 0: the other side is gone;
 * -EAGAIN: nothing there; -EBADMSG: another packet, whose descriptors were closed. *ret_fd is the
 * caller's. Never blocks.
 */
int packet_receive(int socket, void *packet, size_t size, size_t n_wanted, int *ret_fd);
