/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/writer/message.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

static const struct writer_order good = {
	.magic = WRITER_MAGIC,
	.version = WRITER_VERSION,
	.id = 7,
	.group = 8,
	.offset = 4096,
	.length = 8192,
	.target_ns = 50 * NSEC_PER_MSEC,
};

static const struct writer_answer done = {
	.magic = WRITER_MAGIC,
	.version = WRITER_VERSION,
	.kind = WRITER_DONE,
	.id = 7,
	.error = -EIO,
	.asked_bytes = 10,
	.cleaned_bytes = 9,
};

struct pair {
	int a, b;
};

static struct pair pair_new(void)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	return (struct pair){fds[0], fds[1]};
}

static void test_order(void **state)
{
	struct pair p = pair_new();
	_cleanup_close_ int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct writer_order order;
	struct stat sent, got;
	int fd = -1;

	(void)state;
	assert_int_equal(writer_order_receive(p.b, &order, &fd), -EAGAIN);
	assert_int_equal(writer_order_send(p.a, &good, -1), -EBADF);
	assert_int_equal(writer_order_send(p.a, &good, file), 0);
	assert_int_equal(writer_order_receive(p.b, &order, &fd), 1);
	assert_memory_equal(&order, &good, sizeof(good));
	assert_int_equal(fstat(file, &sent), 0);
	assert_int_equal(fstat(fd, &got), 0);
	assert_int_equal(sent.st_rdev, got.st_rdev);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	fd_close(fd);
	fd_close(p.a);
	assert_int_equal(writer_order_receive(p.b, &order, &fd), 0);
	assert_int_equal(writer_answer_send(p.b, &done), -EPIPE);
	fd_close(p.b);
}

static void test_answer(void **state)
{
	struct pair p = pair_new();
	struct writer_answer answer;

	(void)state;
	assert_int_equal(writer_answer_receive(p.a, &answer), -EAGAIN);
	assert_int_equal(writer_answer_send(p.b, &done), 0);
	assert_int_equal(writer_answer_receive(p.a, &answer), 1);
	assert_memory_equal(&answer, &done, sizeof(done));
	fd_close(p.b);
	assert_int_equal(writer_answer_receive(p.a, &answer), 0);
	fd_close(p.a);
}

/* A slow reader never blocks the sender. */
static void test_full(void **state)
{
	struct pair p = pair_new();
	int r, sent = 0;

	(void)state;
	while ((r = writer_answer_send(p.b, &done)) == 0)
		assert_true(++sent < 100000);
	assert_int_equal(r, -EAGAIN);
	fd_close(p.a);
	fd_close(p.b);
}

#define BAD_ORDER(field, value)                                                \
	{                                                                      \
		struct writer_order o = good;                                  \
		o.field = value;                                               \
		assert_int_equal(writer_order_check(&o, sizeof(o)), -EBADMSG); \
	}
#define BAD_ANSWER(field, value)                                                \
	{                                                                       \
		struct writer_answer a = done;                                  \
		a.field = value;                                                \
		assert_int_equal(writer_answer_check(&a, sizeof(a)), -EBADMSG); \
	}

static void test_checks(void **state)
{
	struct writer_order most = good;

	(void)state;
	assert_int_equal(writer_order_check(&good, sizeof(good)), 0);
	assert_int_equal(writer_order_check(&good, sizeof(good) - 1), -EBADMSG);
	BAD_ORDER(magic, 0)
	BAD_ORDER(version, WRITER_VERSION + 1)
	BAD_ORDER(length, 0)
	BAD_ORDER(length, UINT64_MAX)
	BAD_ORDER(length, INT64_MAX)
	BAD_ORDER(offset, UINT64_MAX)
	BAD_ORDER(target_ns, 0)
	BAD_ORDER(target_ns, UINT64_MAX)
	most.offset = 0;
	most.length = INT64_MAX;
	assert_int_equal(writer_order_check(&most, sizeof(most)), 0);
	assert_int_equal(writer_answer_check(&done, sizeof(done)), 0);
	BAD_ANSWER(magic, 1)
	BAD_ANSWER(version, 0)
	BAD_ANSWER(kind, 0)
	BAD_ANSWER(kind, 4)
	BAD_ANSWER(error, 1)
	BAD_ANSWER(error, INT64_MIN)
	BAD_ANSWER(cleaned_bytes, 11)
}

/* size bytes of an order and n descriptors. */
static void send_raw(int socket, size_t size, size_t n)
{
	char bytes[2 * sizeof(good)] = {0};
	struct iovec part = {bytes, size};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(16 * sizeof(int))];
	} control = {0};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	memcpy(bytes, &good, sizeof(good));
	if (n > 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(n * sizeof(int));
		control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(n * sizeof(int)),
						  .cmsg_level = SOL_SOCKET,
						  .cmsg_type = SCM_RIGHTS};
		for (size_t i = 0; i < n; i++)
			memcpy(CMSG_DATA(&control.header) + i * sizeof(int), &socket, sizeof(int));
	}
	assert_int_equal(sendmsg(socket, &message, 0), size);
}

/* Whatever comes, no descriptor stays behind. */
static void test_strangers(void **state)
{
	static const struct {
		size_t size, n;
	} packets[] = {
		{sizeof(good), 0},
		{sizeof(good), 2},
		{sizeof(good), 8},
		{sizeof(good), 16},
		{sizeof(good) - 1, 1},
		{sizeof(good) + 1, 1},
		{2 * sizeof(good), 1},
		{1, 1},
		{1, 0},
		{0, 1},
	};
	struct pair p = pair_new();
	struct writer_order order = good;
	size_t before = fixture_entries("/proc/self/fd");
	int fd = -1;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(packets); i++) {
		send_raw(p.a, packets[i].size, packets[i].n);
		assert_int_equal(writer_order_receive(p.b, &order, &fd), -EBADMSG);
		assert_int_equal(fd, -1);
		assert_int_equal(fixture_entries("/proc/self/fd"), before);
	}
	send_raw(p.a, sizeof(good), 1);
	assert_int_equal(writer_order_receive(p.b, &order, &fd), 1);
	fd_close(fd);
	fd_close(p.a);
	fd_close(p.b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),	  cmocka_unit_test(test_answer),
		cmocka_unit_test(test_full),	  cmocka_unit_test(test_checks),
		cmocka_unit_test(test_strangers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
