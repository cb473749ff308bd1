/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/exporter/listen.h"

#include "base/cleanup.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */
#define BACKLOG	 16

static bool says(const char *variable, uint64_t *ret)
{
	const char *value = getenv(variable);

	return value && parse_u64(value, ret) == 0;
}

int listen_inherited(void)
{
	uint64_t pid, n;
	int listens = 0;
	socklen_t size = sizeof(listens);

	if (!says("LISTEN_PID", &pid) || pid != (uint64_t)getpid() || !says("LISTEN_FDS", &n))
		return -ENOENT;
	if (n != 1 || getsockopt(FIRST_FD, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 ||
	    !listens)
		return -EINVAL;
	if (fcntl(FIRST_FD, F_SETFD, FD_CLOEXEC) < 0 || fcntl(FIRST_FD, F_SETFL, O_NONBLOCK) < 0)
		return -errno;
	return FIRST_FD;
}

/* Splits "host:port" or "[host]:port"; host has room for all of it. */
static const char *split(const char *address, char *host, size_t size)
{
	const char *colon = strrchr(address, ':');
	size_t n = colon ? (size_t)(colon - address) : 0;
	bool brackets = n > 2 && *address == '[' && address[n - 1] == ']';

	if (n == 0 || n >= size)
		return NULL;
	(void)snprintf(host, size, "%.*s", (int)(n - (brackets ? 2 : 0)), address + brackets);
	return colon + 1;
}

int listen_on(const char *address)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *found = NULL;
	_cleanup_close_ int fd = -1;
	char host[64];
	const char *port = split(address, host, sizeof(host));
	const int on = 1;
	uint64_t number;
	int r = 0;

	if (!port || parse_u64(port, &number) < 0 || number > UINT16_MAX ||
	    getaddrinfo(host, port, &hints, &found) != 0)
		return -EINVAL;
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
		r = -errno;
	freeaddrinfo(found);
	return r < 0 ? r : TAKE_FD(fd);
}
