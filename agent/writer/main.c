/* SPDX-License-Identifier: Apache-2.0 */
/* uswapd-writer: started by uswapd for a block device, with a socket as descriptor 3. */
#include "agent/writer/process.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static int if_open(int fd)
{
	return fcntl(fd, F_GETFD) < 0 ? -1 : fd;
}

int main(int argc, char **argv)
{
	int type = 0;
	socklen_t size = sizeof(type);

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("uswapd-writer " USWAP_VERSION);
		return 0;
	}
	if (getsockopt(WRITER_SOCKET_FD, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ||
	    type != SOCK_SEQPACKET) {
		fputs("uswapd-writer writes files back for uswapd, which starts it itself; "
		      "there is nothing to do by hand\n",
		      stderr);
		return 2;
	}
	return writer_process(WRITER_SOCKET_FD, if_open(WRITER_STAT_FD), if_open(WRITER_DISK_FD),
			      argc < 3 || strcmp(argv[2], WRITER_NO_URING) != 0);
}
