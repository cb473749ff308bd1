/* SPDX-License-Identifier: Apache-2.0 */
/* The write-back process itself: what it is handed, and its life. */
#pragma once

#define WRITER_SOCKET_FD 3
#define WRITER_NO_URING	 "--no-io-uring" /* its second argument */
#define WRITER_STAT_FD	 4		 /* "stat" of the device; may be closed */
#define WRITER_DISK_FD	 5		 /* and of the whole disk */

/* The life of the process: takes orders from the socket until its other end is closed. Returns the
 * exit status. try_uring false: works without io_uring, as where it is refused. */
int writer_process(int socket, int stat_fd, int disk_fd, _Bool try_uring);
