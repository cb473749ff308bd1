/* SPDX-License-Identifier: Apache-2.0 */
/* The engine on files of one's own: what the kernel says of them afterwards is what counts. */
#include "agent/writer/engine.h"

#include "agent/sense/file_check.h"
#include "agent/writer/device_stat.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#define MIB   (UINT64_C(1) << 20)
#define BYTES (8 * MIB)

struct answers {
	size_t n, n_progress;
	bool full; /* the socket is */
	struct writer_answer last;
	struct writer_answer by_id[4]; /* the kernel's workers end in any order */
};

static int keep(void *context, const struct writer_answer *answer)
{
	struct answers *answers = context;

	if (answers->full)
		return -EAGAIN;
	if (answer->kind == WRITER_PROGRESS) {
		answers->n_progress++;
		return 0;
	}
	answers->n++;
	answers->last = *answer;
	if (answer->id < ARRAY_SIZE(answers->by_id))
		answers->by_id[answer->id] = *answer;
	return 0;
}

struct scene {
	struct fixture *fx;
	struct answers answers;
	struct engine *engine;
	bool on_disk, has_cachestat;
	uint64_t longest_wait_ns; /* that the engine asked for */
};

static struct scene *scene_on(int device_fd, bool try_uring, bool count)
{
	struct scene *s = calloc(1, sizeof(*s));
	struct page_counts pages;
	struct statfs fs;

	assert_non_null(s);
	s->fx = fixture_new(NULL, 0);
	assert_int_equal(fstatfs(s->fx->fd, &fs), 0);
	s->on_disk = file_system_check((uint64_t)fs.f_type, false) == FILE_PASSED;
	s->has_cachestat = cachestat_read(s->fx->fd, 0, 1, &pages) != -ENOSYS;

	const struct engine_options options = {
		.try_uring = try_uring,
		.count = count && s->has_cachestat ? cachestat_read : NULL,
		.device_fd = device_fd,
		.disk_fd = device_fd,
		.answer = keep,
		.context = &s->answers,
	};

	assert_int_equal(engine_open(&options, &s->engine), 0);
	return s;
}

static struct scene *scene_new(bool try_uring, bool count)
{
	return scene_on(-1, try_uring, count);
}

static void scene_free(struct scene *s)
{
	engine_free(s->engine);
	fixture_free(s->fx);
	free(s);
}

/* A file of BYTES, all of it dirty; returns a descriptor for reading. */
static int make_file(struct scene *s, const char *name)
{
	_cleanup_free_ char *bytes = malloc(BYTES);
	_cleanup_close_ int fd = openat(s->fx->fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	int reader;

	assert_non_null(bytes);
	memset(bytes, 'x', BYTES);
	assert_int_equal(write(fd, bytes, BYTES), BYTES);
	reader = openat(s->fx->fd, name, O_RDONLY | O_CLOEXEC);
	assert_true(reader >= 0);
	return reader;
}

static void order(struct scene *s, int fd, uint64_t id, uint64_t bytes_per_s)
{
	const struct writer_order o = {
		.id = id,
		.group = 1,
		.length = BYTES,
		.target_ns = 50 * NSEC_PER_MSEC,
		.bytes_per_s = bytes_per_s,
	};

	assert_int_equal(engine_take(s->engine, &o, fd, clock_now_ns()), 0);
}

static void run(struct scene *s, size_t n_answers)
{
	uint64_t end_ns = clock_now_ns() + 30 * NSEC_PER_SEC;

	while (s->answers.n < n_answers) {
		struct pollfd ring = {.fd = engine_fd(s->engine), .events = POLLIN};
		uint64_t now_ns = clock_now_ns(), wait_ns = engine_turn(s->engine, now_ns);

		assert_true(now_ns < end_ns);
		if (wait_ns != UINT64_MAX)
			s->longest_wait_ns = MAX(s->longest_wait_ns, wait_ns);
		if (wait_ns > 0 && s->answers.n < n_answers)
			(void)poll(&ring, 1, (int)(MIN(wait_ns, NSEC_PER_SEC) / NSEC_PER_MSEC));
	}
}

static void test_cleans(void **state)
{
	for (int try_uring = 0; try_uring < 2; try_uring++) {
		struct scene *s = scene_new(try_uring, true);
		struct page_counts pages;
		int fd = make_file(s, "f");
		_cleanup_close_ int look = dup(fd);

		(void)state;
		if (!s->on_disk || !s->has_cachestat) {
			fd_close(fd);
			scene_free(s);
			skip();
		}
		assert_true(try_uring || !engine_is_uring(s->engine));
		order(s, fd, 42, 0);
		run(s, 1);
		assert_int_equal(s->answers.last.id, 42);
		assert_int_equal(s->answers.last.kind, WRITER_DONE);
		assert_int_equal(s->answers.last.error, 0);
		/* The kernel may have begun itself. */
		assert_in_range(s->answers.last.asked_bytes, 0, BYTES);
		assert_int_equal(s->answers.last.cleaned_bytes, s->answers.last.asked_bytes);
		assert_true(s->answers.last.asked_bytes == 0 || s->answers.last.pieces > 1);
		assert_int_equal(cachestat_read(look, 0, BYTES, &pages), 0);
		assert_int_equal(pages.dirty, 0);
		/* The descriptor was given back to the kernel. */
		assert_int_equal(fcntl(fd, F_GETFD), -1);
		scene_free(s);
	}
}

/* Nothing is dirty: nothing is asked of the kernel. */
static void test_clean_already(void **state)
{
	struct scene *s = scene_new(true, true);
	int fd = make_file(s, "f");

	(void)state;
	assert_int_equal(fsync(fd), 0);
	order(s, fd, 1, 0);
	run(s, 1);
	if (s->on_disk && s->has_cachestat) {
		assert_int_equal(s->answers.last.pieces, 0);
		assert_int_equal(s->answers.last.asked_bytes, 0);
	}
	scene_free(s);
}

static void test_without_cachestat(void **state)
{
	struct scene *s = scene_new(true, false);

	(void)state;
	order(s, make_file(s, "f"), 1, 0);
	run(s, 1);
	assert_int_equal(s->answers.last.error, 0);
	assert_int_equal(s->answers.last.asked_bytes, BYTES);
	assert_true(s->answers.last.pieces > 1);
	scene_free(s);
}

static void test_budget(void **state)
{
	struct scene *s = scene_new(true, false);

	(void)state;
	/* A second's worth at once, the rest takes half a second. */
	order(s, make_file(s, "f"), 1, BYTES * 2 / 3);
	run(s, 1);
	assert_true(s->answers.last.wall_ns >= 300 * NSEC_PER_MSEC);
	assert_int_equal(s->answers.last.bytes_per_s, BYTES * 2 / 3);
	/* A piece is some 50 ms of that: it is not asked every millisecond whether they are over.
	 */
	assert_int_equal(s->longest_wait_ns, 10 * NSEC_PER_MSEC);
	scene_free(s);
}

/* With somebody reading, eight a round, it begins at GIVE_WAY_LEAST_BYTES and becomes faster. */
static void test_gives_way(void **state)
{
	struct writer_order o = {.length = BYTES, .target_ns = 50 * NSEC_PER_MSEC, .give_way = 1};
	char template[] = "/tmp/uswap-test-XXXXXX";
	_cleanup_close_ int stat_fd = mkostemp(template, O_CLOEXEC);
	struct scene *s = scene_on(stat_fd, true, false);
	uint64_t begun_ns = clock_now_ns();

	(void)state;
	assert_int_equal(unlink(template), 0);
	(void)dprintf(stat_fd, "%020ju 0 0 0 0 0 0 0 0\n", (uintmax_t)0);
	assert_int_equal(engine_take(s->engine, &o, make_file(s, "f"), begun_ns), 0);
	while (s->answers.n == 0) {
		uint64_t now_ns = clock_now_ns();
		char reads[32];

		assert_true(now_ns < begun_ns + 30 * NSEC_PER_SEC);
		(void)snprintf(reads, sizeof(reads), "%020ju",
			       (uintmax_t)((now_ns - begun_ns) / (10 * NSEC_PER_MSEC)));
		assert_int_equal(pwrite(stat_fd, reads, 20, 0), 20);
		(void)engine_turn(s->engine, now_ns);
		(void)poll(NULL, 0, 1);
	}
	/* An eighth more each round of a tenth of a second: 8 MiB are more than nine rounds. */
	assert_true(s->answers.last.wall_ns >= 900 * NSEC_PER_MSEC);
	assert_true(s->answers.last.bytes_per_s >= 4 * MIB);
	scene_free(s);
}

/* What is over within the first round was written with caution; of readers that says nothing. */
static void test_no_word_of_readers_at_first(void **state)
{
	struct writer_order o = {.length = MIB / 16, .target_ns = NSEC_PER_SEC, .give_way = 1};
	char template[] = "/tmp/uswap-test-XXXXXX";
	_cleanup_close_ int stat_fd = mkostemp(template, O_CLOEXEC);
	struct scene *s = scene_on(stat_fd, true, false);
	uint64_t rates[] = {0, 512 * MIB};

	(void)state;
	assert_int_equal(unlink(template), 0);
	(void)dprintf(stat_fd, "9 0 0 0 0 0 0 0 0\n");
	for (size_t i = 0; i < ARRAY_SIZE(rates); i++) {
		o.bytes_per_s = rates[i];
		assert_int_equal(engine_take(s->engine, &o, make_file(s, "f"), clock_now_ns()), 0);
		while (s->answers.n == i) {
			/* The same moment, so that no round ends. */
			(void)engine_turn(s->engine, NSEC_PER_SEC);
			(void)poll(NULL, 0, 1);
		}
		assert_int_equal(s->answers.last.bytes_per_s, rates[i]);
	}
	scene_free(s);
}

static void test_error(void **state)
{
	for (int try_uring = 0; try_uring < 2; try_uring++) {
		struct scene *s = scene_new(try_uring, false);
		int pipe_fds[2];

		(void)state;
		assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
		order(s, pipe_fds[0], 1, 0);
		order(s, make_file(s, "f"), 2, 0);
		run(s, 2);
		/* One order's error is not the other's. */
		assert_int_equal(s->answers.n, 2);
		assert_int_equal(s->answers.by_id[1].error, -ESPIPE);
		assert_int_equal(s->answers.by_id[2].id, 2);
		assert_int_equal(s->answers.by_id[2].error, 0);
		order(s, dup(pipe_fds[1]), 3, 0);
		run(s, 3);
		assert_int_equal(s->answers.last.error, -ESPIPE);
		assert_int_equal(s->answers.last.cleaned_bytes, 0);
		fd_close(pipe_fds[1]);
		scene_free(s);
	}
}

static void test_many_orders(void **state)
{
	struct scene *s = scene_new(true, true);
	struct writer_order o = {.length = 1, .target_ns = NSEC_PER_MSEC};
	int fd = make_file(s, "f");

	(void)state;
	s->answers.full = true;
	for (uint64_t i = 0; i < WRITER_ORDERS_MAX; i++) {
		o.id = o.group = i;
		assert_true(engine_has_room(s->engine));
		assert_int_equal(engine_take(s->engine, &o, dup(fd), clock_now_ns()), 0);
	}
	assert_false(engine_has_room(s->engine));
	assert_int_equal(engine_take(s->engine, &o, fd, clock_now_ns()), -EBUSY);
	/* An answer that can't be sent yet is kept. */
	for (int i = 0; i < 100; i++)
		(void)engine_turn(s->engine, clock_now_ns());
	assert_int_equal(s->answers.n, 0);
	s->answers.full = false;
	run(s, WRITER_ORDERS_MAX);
	assert_true(engine_has_room(s->engine));
	assert_true(engine_turn(s->engine, clock_now_ns()) == UINT64_MAX);
	fd_close(fd);
	scene_free(s);
}

/* From here on the ring takes nothing, as when there is no memory for requests. */
static bool let_ring_fail(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_enter, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {.len = ARRAY_SIZE(code), .filter = code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* In a process of its own, which the filter stays with. */
static int turn_without_ring(void)
{
	struct scene *s = scene_new(true, false);
	uint64_t wait_ns;

	if (!engine_is_uring(s->engine))
		return 77;
	order(s, make_file(s, "f"), 1, 0);
	if (!let_ring_fail())
		return 77;
	wait_ns = engine_turn(s->engine, clock_now_ns());
	scene_free(s);
	return wait_ns > NSEC_PER_SEC;
}

/* What the ring did not take is offered again soon, not when something else happens. */
static void test_ring_takes_nothing(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(turn_without_ring());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_device_stat(void **state)
{
	struct device_stat stat = {0};

	(void)state;
	assert_int_equal(device_stat_parse("     392       91    25130      261      147       26"
					   "     3440      372        5      168      651\n",
					   &stat),
			 0);
	assert_int_equal(stat.written_sectors, 3440);
	assert_int_equal(stat.in_flight, 5);
	assert_int_equal(stat.reads, 392);
	assert_int_equal(stat.read_ns, 261 * NSEC_PER_MSEC);
	assert_int_equal(device_stat_parse("", &stat), -EBADMSG);
	assert_int_equal(device_stat_parse("1 2 3 4 5 6 7 8\n", &stat), -EBADMSG);
	assert_int_equal(device_stat_parse("1 2 3 4 5 6 x 8 9 10\n", &stat), -EBADMSG);
	assert_int_equal(stat.written_sectors, 3440);
}

/* Who else reads is seen on the whole disk, whichever partition of it they read from. */
static void test_disk_of_partition(void **state)
{
	const struct {
		uint64_t device;
		const char *its, *disks;
	} cases[] = {
		{makedev(8, 1), "1 partition\n", "2 disk\n"},
		{makedev(8, 0), "2 disk\n", "2 disk\n"},
		{makedev(0, 40), NULL, NULL},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);

	(void)state;
	fixture_write(fx, "devices/sda/stat", "2 disk\n");
	fixture_write(fx, "devices/sda/sda1/stat", "1 partition\n");
	fixture_write(fx, "devices/sda/sda1/partition", "1\n");
	fixture_write(fx, "dev/block/none", "");
	assert_int_equal(symlinkat("../../devices/sda", fx->fd, "dev/block/8:0"), 0);
	assert_int_equal(symlinkat("../../devices/sda/sda1", fx->fd, "dev/block/8:1"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_close_ int own = device_stat_open(fx->fd, cases[i].device);
		_cleanup_close_ int disk = device_stat_open_disk(fx->fd, cases[i].device);
		char text[64] = "";

		if (!cases[i].its) {
			assert_int_equal(own, -ENOENT);
			assert_int_equal(disk, -ENOENT);
			continue;
		}
		assert_true(kfile_read(own, text, sizeof(text)) > 0);
		assert_string_equal(text, cases[i].its);
		assert_true(kfile_read(disk, text, sizeof(text)) > 0);
		assert_string_equal(text, cases[i].disks);
	}
}

/* A kernel whose flushers have a file under write-back from there on. */
static uint64_t flushing_from;

static int count_flushing(int fd, uint64_t offset, uint64_t length, struct page_counts *ret)
{
	(void)fd;
	*ret = (struct page_counts){.cached = length / 4096, .writeback = offset >= flushing_from};
	return 0;
}

static void test_waits_for_others(void **state)
{
	struct answers answers = {0};
	const struct engine_options options = {
		.count = count_flushing,
		.device_fd = -1,
		.disk_fd = -1,
		.answer = keep,
		.context = &answers,
	};
	const struct writer_order o = {.id = 1, .length = BYTES, .target_ns = NSEC_PER_MSEC};
	struct engine *engine;

	(void)state;
	flushing_from = 0;
	assert_int_equal(engine_open(&options, &engine), 0);
	assert_int_equal(engine_take(engine, &o, open("/dev/null", O_RDONLY), NSEC_PER_SEC), 0);
	for (uint64_t i = 0; i < 100; i++)
		(void)engine_turn(engine, NSEC_PER_SEC + i * NSEC_PER_MSEC);
	assert_int_equal(answers.n, 0);
	/* What goes on is said, now and then. */
	(void)engine_turn(engine, 5 * NSEC_PER_SEC);
	assert_int_equal(answers.n_progress, 0);
	flushing_from = BYTES / 2;
	for (uint64_t i = 0; i < 100; i++)
		(void)engine_turn(engine, 5 * NSEC_PER_SEC + i * NSEC_PER_MSEC);
	assert_int_equal(answers.n_progress, 1);
	assert_int_equal(answers.n, 0);
	flushing_from = BYTES;
	(void)engine_turn(engine, 6 * NSEC_PER_SEC);
	assert_int_equal(answers.n_progress, 1);
	assert_int_equal(answers.n, 1);
	/* It was not ours. */
	assert_int_equal(answers.last.asked_bytes, 0);
	assert_int_equal(answers.last.pieces, 0);
	assert_int_equal(answers.last.slowest_ns, 0);
	engine_free(engine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_waits_for_others),
		cmocka_unit_test(test_cleans),
		cmocka_unit_test(test_clean_already),
		cmocka_unit_test(test_without_cachestat),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_gives_way),
		cmocka_unit_test(test_no_word_of_readers_at_first),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_many_orders),
		cmocka_unit_test(test_device_stat),
		cmocka_unit_test(test_disk_of_partition),
		cmocka_unit_test(test_ring_takes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
