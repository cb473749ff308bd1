/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Data that waits in the kernel: pipes, or sockets whose receiver does not read. A page is written
 * at a time, into a new channel when the last one takes no more. What is given back is read from
 * the last one, which is closed when it is empty.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "stress/loads/level.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* As much as one channel is asked to take; the kernel may allow less. */
#define CHANNEL_BYTES (1 << 20)

/* A datagram that has not arrived after so long never will. */
#define ARRIVAL_NS (10 * NSEC_PER_SEC)

struct channel {
	int in, out;
	uint64_t first, n_pages; /* that wait in it: [first, first + n_pages) */
};

struct buffers {
	struct level level;
	uint64_t n_pages;  /* the most there will be */
	uint64_t waiting;  /* there are now */
	size_t n_channels; /* open; the last one is being filled */
	struct channel *channels;
	size_t channels_max;
	char *page;
	struct pace pace;
};

static int open_pipe(struct channel *channel)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	*channel = (struct channel){.in = fds[1], .out = fds[0]};
	/* Without privilege it may stay as small as it is. */
	(void)fcntl(channel->in, F_SETPIPE_SZ, CHANNEL_BYTES);
	return 0;
}

static void ask_for_room(const struct channel *channel)
{
	const int bytes = CHANNEL_BYTES;

	(void)setsockopt(channel->in, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	(void)setsockopt(channel->out, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}

static int open_unix(struct channel *channel)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		return -errno;
	*channel = (struct channel){.in = fds[1], .out = fds[0]};
	ask_for_room(channel);
	return 0;
}

static int open_udp(struct channel *channel)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	_cleanup_close_ int out = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	_cleanup_close_ int in = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t n = sizeof(address);

	if (in < 0 || out < 0 || bind(out, (struct sockaddr *)&address, n) < 0 ||
	    getsockname(out, (struct sockaddr *)&address, &n) < 0 ||
	    connect(in, (struct sockaddr *)&address, n) < 0)
		return -errno;
	*channel = (struct channel){.in = TAKE_FD(in), .out = TAKE_FD(out)};
	ask_for_room(channel);
	return 0;
}

static int open_channel(const struct load_settings *settings, struct channel *channel)
{
	switch ((enum channel_kind)settings->channel) {
	case CHANNEL_PIPE:
		return open_pipe(channel);
	case CHANNEL_UNIX:
		return open_unix(channel);
	default:
		return open_udp(channel);
	}
}

static void close_channel(struct channel *channel)
{
	channel->in = fd_close(channel->in);
	channel->out = fd_close(channel->out);
}

/* What became of the datagrams that were sent to the receiver. */
struct arrivals {
	uint32_t waiting_bytes, n_dropped;
};

static struct arrivals arrivals(const struct channel *channel)
{
	uint32_t memory[SK_MEMINFO_VARS] = {0};
	socklen_t n = sizeof(memory);

	(void)getsockopt(channel->out, SOL_SOCKET, SO_MEMINFO, memory, &n);
	return (struct arrivals){memory[SK_MEMINFO_RMEM_ALLOC], memory[SK_MEMINFO_DROPS]};
}

/*
 * 1: one more datagram waits than before; 0: there was no room, and it was dropped without a word.
 * On a busy machine either takes its time: the loopback may be left to ksoftirqd.
 */
static int wait_for_arrival(const struct channel *channel, struct arrivals before)
{
	const struct timespec pause = {.tv_nsec = 20 * NSEC_PER_USEC};
	uint64_t until_ns = clock_now_ns() + ARRIVAL_NS;

	do {
		struct arrivals now = arrivals(channel);

		if (now.waiting_bytes > before.waiting_bytes)
			return 1;
		if (now.n_dropped != before.n_dropped)
			return 0;
		(void)nanosleep(&pause, NULL);
	} while (clock_now_ns() < until_ns);
	return -ETIMEDOUT;
}

/* 1: it waits in the channel now; 0: the channel is full; -errno. */
static int put_page(const struct load_settings *settings, struct channel *channel, const char *page)
{
	bool udp = settings->channel == CHANNEL_UDP;
	struct arrivals before = udp ? arrivals(channel) : (struct arrivals){0};
	ssize_t n = write(channel->in, page, CONTENT_PAGE_BYTES);

	if (n < 0 && (errno == EAGAIN || errno == ENOBUFS))
		return 0;
	if (n < 0)
		return -errno;
	if (n != CONTENT_PAGE_BYTES)
		return -EIO;
	return udp ? wait_for_arrival(channel, before) : 1;
}

static const char *const buffers_settings[] = {"channel", LOAD_PACE_SETTINGS, LEVEL_SETTINGS, NULL};

/* Nothing can take it from there. */
static uint64_t buffers_bytes(const struct load_settings *settings, const struct load_plan *plan)
{
	return settings->schedule == SCHEDULE_BURST ? plan->burst_bytes : plan->size_bytes;
}

static int buffers_prepare(struct load *load, const char **ret_why)
{
	struct buffers *buffers = calloc(1, sizeof(*buffers));
	struct channel trial = {.in = -1, .out = -1};
	int r;

	*ret_why = "no memory for book-keeping";
	if (!buffers)
		return -ENOMEM;
	load->state = buffers;
	r = level_prepare(&buffers->level, load, CONTENT_PAGE_BYTES, ret_why);
	if (r < 0)
		return r;
	r = open_channel(load->settings, &trial);
	*ret_why = "channel: it can't be opened here; UDP needs the loopback interface to be up";
	if (r < 0)
		return -EOPNOTSUPP;
	close_channel(&trial);
	buffers->n_pages = level_peak_bytes(&buffers->level) / CONTENT_PAGE_BYTES;
	buffers->pace = level_pace(&buffers->level, load);
	/* If each takes one page only, which none does. */
	buffers->channels_max = buffers->n_pages;
	*ret_why = "no memory for book-keeping";
	buffers->channels = load_shared_alloc(buffers->channels_max * sizeof(*buffers->channels));
	buffers->page = load_shared_alloc(CONTENT_PAGE_BYTES);
	return buffers->channels && buffers->page ? 0 : -ENOMEM;
}

static int buffers_begin(struct load *load, const char **ret_why)
{
	return level_begin(&((struct buffers *)load->state)->level, load, ret_why);
}

static struct channel *last_channel(const struct buffers *buffers)
{
	return buffers->n_channels ? &buffers->channels[buffers->n_channels - 1] : NULL;
}

/* The number of the next page: none that waits has it. */
static uint64_t next_page(const struct buffers *buffers)
{
	const struct channel *last = last_channel(buffers);

	return last ? last->first + last->n_pages : 0;
}

/* Into the last channel, or a new one. */
static int put(struct load *load, struct buffers *buffers)
{
	struct channel *channel = last_channel(buffers);
	uint64_t page = next_page(buffers);
	int r = channel ? put_page(load->settings, channel, buffers->page) : 0;

	if (r == 0) {
		if (buffers->n_channels == buffers->channels_max)
			return load_fail(load, -ENOBUFS, "channels take nothing");
		channel = &buffers->channels[buffers->n_channels];
		r = open_channel(load->settings, channel);
		if (r == -EMFILE || r == -ENFILE)
			return load_fail(load, r, "open channel %zu: raise the limit on open files",
					 buffers->n_channels);
		if (r < 0)
			return load_fail(load, r, "open channel %zu", buffers->n_channels);
		channel->first = page;
		buffers->n_channels++;
		r = put_page(load->settings, channel, buffers->page);
	}
	if (r <= 0)
		return r < 0 ? r : load_fail(load, -ENOBUFS, "a new channel takes nothing");
	channel->n_pages++;
	return 0;
}

static int write_pages(struct load *load, struct buffers *buffers, uint64_t n)
{
	uint64_t then;
	int r = 0;

	for (uint64_t i = 0; i < n && r == 0; i++) {
		content_fill(&load->content, next_page(buffers), 1, buffers->page);
		then = clock_now_ns();
		r = put(load, buffers);
		histogram_record(&load->block->first, clock_now_ns() - then);
		buffers->waiting += r == 0;
	}
	load_took(load, &buffers->pace, n, n * CONTENT_PAGE_BYTES);
	block_set(&load->block->resident_pages, buffers->waiting);
	return r;
}

/* Reads the first page of the last channel for good. */
static int take_page(struct buffers *buffers)
{
	struct channel *channel = last_channel(buffers);
	ssize_t n = read(channel->out, buffers->page, CONTENT_PAGE_BYTES);

	if (n < 0)
		return -errno;
	if (n != CONTENT_PAGE_BYTES)
		return -EIO;
	channel->first++;
	channel->n_pages--;
	buffers->waiting--;
	if (channel->n_pages == 0) {
		close_channel(channel);
		buffers->n_channels--;
	}
	return 0;
}

static int take_pages(struct load *load, struct buffers *buffers, uint64_t n)
{
	uint64_t before = buffers->waiting;
	int r = 0;

	for (uint64_t i = 0; i < n && r == 0; i++)
		r = take_page(buffers);
	load->block->skipped_pages += before - buffers->waiting;
	block_set(&load->block->resident_pages, buffers->waiting);
	return r;
}

static int buffers_step(struct load *load, uint64_t now_ns, uint64_t *ret_due_ns)
{
	struct buffers *buffers = load->state;
	uint64_t have = buffers->waiting * CONTENT_PAGE_BYTES, bytes, pace_ns, n;
	int r = level_look(&buffers->level, load, have, now_ns, &bytes, ret_due_ns);

	if (r < 0)
		return r;
	level_note_debt(&buffers->level, load, have, bytes, &buffers->pace);
	n = bytes / CONTENT_PAGE_BYTES;
	if (n < buffers->waiting)
		return take_pages(load, buffers, buffers->waiting - n);
	n = MIN(n - buffers->waiting, (uint64_t)LOAD_BATCH);
	if (n == 0)
		return 0;
	if (!level_may_grow(&buffers->level, load, have)) {
		*ret_due_ns = now_ns + 10 * LOAD_SLEEP_NS;
		return 0;
	}
	n = load_take(load, &buffers->pace, now_ns, CONTENT_PAGE_BYTES, n, &pace_ns);
	*ret_due_ns = n ? 0 : MIN(*ret_due_ns, pace_ns);
	r = n ? write_pages(load, buffers, n) : 0;
	level_note_debt(&buffers->level, load, have + n * CONTENT_PAGE_BYTES, bytes,
			&buffers->pace);
	return r;
}

/*
 * Reads the channel's next page without taking it away: of a socket by looking at it, of a pipe by
 * putting it back behind all others, so that they are in order again once each was read.
 */
static ssize_t look_at_page(const struct load_settings *settings, const struct channel *channel,
			    char *page)
{
	ssize_t n;

	if (settings->channel != CHANNEL_PIPE)
		return recv(channel->out, page, CONTENT_PAGE_BYTES, MSG_PEEK);
	n = read(channel->out, page, CONTENT_PAGE_BYTES);
	return n == CONTENT_PAGE_BYTES ? write(channel->in, page, CONTENT_PAGE_BYTES) : n;
}

/* The next look is at the channel's first page. */
static int look_from_first(const struct load_settings *settings, const struct channel *channel)
{
	const int offset = 0;

	if (settings->channel == CHANNEL_PIPE)
		return 0;
	return setsockopt(channel->out, SOL_SOCKET, SO_PEEK_OFF, &offset, sizeof(offset)) < 0
		       ? -errno
		       : 0;
}

/* Everything that waits, in the order it went in. */
static int buffers_verify(struct load *load)
{
	struct buffers *buffers = load->state;
	int r;

	for (size_t i = 0; i < buffers->n_channels; i++) {
		const struct channel *channel = &buffers->channels[i];

		r = look_from_first(load->settings, channel);
		if (r < 0)
			return load_fail(load, r, "look into channel %zu", i);
		for (uint64_t n = 0; n < channel->n_pages; n++) {
			ssize_t got = look_at_page(load->settings, channel, buffers->page);
			uint64_t page = channel->first + n;

			if (got != CONTENT_PAGE_BYTES)
				return load_fail(load, got < 0 ? -errno : -EIO,
						 "read page %ju of channel %zu", (uintmax_t)n, i);
			if (load_verify_wants(load, page))
				load_verify_page(load, page, 1, buffers->page, false);
			else
				load->block->skipped_pages++;
		}
	}
	return 0;
}

static void buffers_finish(struct load *load)
{
	struct buffers *buffers = load->state;

	if (!buffers)
		return;
	/* Those of the worker went with it; the number of them is the worker's own. */
	for (size_t i = 0; i < buffers->n_channels; i++)
		close_channel(&buffers->channels[i]);
	level_finish(&buffers->level);
	load_shared_free(buffers->channels, buffers->channels_max * sizeof(*buffers->channels));
	load_shared_free(buffers->page, CONTENT_PAGE_BYTES);
	free(buffers);
	load->state = NULL;
}

const struct load_ops load_buffers = {
	.name = "buffers",
	.help = "data that waits in pipes or sockets nobody reads from",
	.settings = buffers_settings,
	.anonymous_bytes = buffers_bytes,
	.unswappable = true,
	.check = level_check_unmapped,
	.prepare = buffers_prepare,
	.begin = buffers_begin,
	.step = buffers_step,
	.verify = buffers_verify,
	.finish = buffers_finish,
};
