/* SPDX-License-Identifier: Apache-2.0 */
/* The socket that scrapes come in on. */
#pragma once

/*
 * Takes the one that systemd opened (sd_listen_fds(3)), as the environment says. Returns the
 * descriptor; -ENOENT: there is none; -EINVAL: more than one, or one that does not listen.
 */
int listen_inherited(void);

/*
 * Listens on "127.0.0.1:9752" or "[::1]:9752": numbers, no names. Returns the descriptor; -EINVAL:
 * not such an address; -errno.
 */
int listen_on(const char *address);
