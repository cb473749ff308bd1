/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/report/journal.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/parse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define PRIORITY_INFO 6
#define GROUP_BYTES   1024 /* longer ones are cut */

int journal_open(const char *socket_path, struct journal *ret)
{
	struct journal journal = {.address = {.sun_family = AF_UNIX}};
	int n = snprintf(journal.address.sun_path, sizeof(journal.address.sun_path), "%s",
			 socket_path);

	if (n < 0 || (size_t)n >= sizeof(journal.address.sun_path))
		return -ENAMETOOLONG;
	journal.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (journal.fd < 0)
		return -errno;
	*ret = journal;
	return 0;
}

void journal_close(struct journal *journal)
{
	journal->fd = fd_close(journal->fd);
}

static bool is_too_much(struct journal_rate *rate, uint64_t now_ns)
{
	if (rate->records == 0 || now_ns - rate->window_ns >= JOURNAL_WINDOW_NS) {
		rate->window_ns = now_ns;
		rate->records = 0;
	}
	return rate->records >= JOURNAL_WINDOW_MAX;
}

/*
 * A line a field. Values hold no newline, which would need the protocol's other form: names are
 * escaped. Returns the length; it fits.
 */
static size_t format_action(char *text, size_t size, const struct journal_action *a,
			    uint64_t left_out)
{
	char group[GROUP_BYTES], bytes[FORMAT_SIZE_BYTES], took[FORMAT_DURATION_BYTES];
	int n;

	/* As uswapctl shows it. */
	(void)snprintf(group, sizeof(group), "/");
	(void)escape_ascii(group + 1, sizeof(group) - 1, a->group ? a->group : "");
	n = snprintf(text, size,
		     "MESSAGE=node %u: took %s from %s (%s) in %s\n"
		     "MESSAGE_ID=" JOURNAL_MESSAGE_ID "\n"
		     "PRIORITY=%d\n"
		     "SYSLOG_IDENTIFIER=uswapd\n"
		     "USWAPD_NODE=%u\n"
		     "USWAPD_GROUP=%s\n"
		     "USWAPD_REASON=%s\n"
		     "USWAPD_BACKEND=%s\n"
		     "USWAPD_ERROR=%d\n"
		     "USWAPD_TRIED_BYTES=%" PRIu64 "\n"
		     "USWAPD_APPLIED_BYTES=%" PRIu64 "\n"
		     "USWAPD_NET_FREED_BYTES=%" PRIu64 "\n"
		     "USWAPD_WALL_USEC=%" PRIu64 "\n"
		     "USWAPD_CPU_USEC=%" PRIu64 "\n"
		     "USWAPD_LEFT_OUT=%" PRIu64 "\n",
		     a->node, format_size(bytes, sizeof(bytes), a->applied_bytes),
		     a->group ? group : "the node", a->reason,
		     format_duration(took, sizeof(took), a->wall_ns), PRIORITY_INFO, a->node,
		     a->group ? group : "", a->reason, a->backend, -a->error, a->tried_bytes,
		     a->applied_bytes, a->net_freed_bytes, a->wall_ns / NSEC_PER_USEC,
		     a->cpu_ns / NSEC_PER_USEC, left_out);
	return n < 0 ? 0 : MIN((size_t)n, size - 1);
}

bool journal_send_action(const struct journal *journal, struct journal_rate *rate,
			 const struct journal_action *action, uint64_t now_ns)
{
	/* The group stands in it twice. */
	char text[2 * GROUP_BYTES + 1024];
	size_t n;

	if (is_too_much(rate, now_ns)) {
		rate->left_out++;
		return false;
	}
	n = format_action(text, sizeof(text), action, rate->left_out);
	rate->records++;
	if (sendto(journal->fd, text, n, MSG_NOSIGNAL | MSG_DONTWAIT,
		   (const struct sockaddr *)&journal->address, sizeof(journal->address)) < 0) {
		rate->left_out++;
		return false;
	}
	rate->left_out = 0;
	return true;
}
