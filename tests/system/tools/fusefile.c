/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A FUSE file system that is one file, mounted over FILE until it is killed, and says on stdout
 * what is asked of it, a line each:
 *
 *	fusefile FILE
 *
 * "mounted" once it is; "open" with the flags in octal; "write OFFSET"; "statfs".
 */
#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>

#define SIZE_MAX_BYTES ((uint64_t)4 << 20)
#define WRITE_MAX      ((uint32_t)64 << 10)

static int fuse;
static uint64_t size;
static char content[SIZE_MAX_BYTES], request[WRITE_MAX + FUSE_MIN_READ_BUFFER];

static void die(const char *what)
{
	(void)fprintf(stderr, "fusefile: %s: %s\n", what, strerrordesc_np(errno));
	exit(EXIT_FAILURE);
}

static void answer(const struct fuse_in_header *in, int error, const void *payload, size_t n)
{
	const struct fuse_out_header out = {
		.len = (uint32_t)(sizeof(out) + n),
		.error = error,
		.unique = in->unique,
	};
	const struct iovec parts[] = {{(void *)&out, sizeof(out)}, {(void *)payload, n}};

	/* Who asked may be gone. */
	if (writev(fuse, parts, n > 0 ? 2 : 1) < 0 && errno != ENOENT)
		die("answer");
}

static void answer_attributes(const struct fuse_in_header *in)
{
	const struct fuse_attr_out out = {
		.attr = {.ino = FUSE_ROOT_ID,
			 .size = size,
			 .blocks = size / 512,
			 .mode = S_IFREG | 0600,
			 .nlink = 1,
			 .blksize = 4096},
	};

	answer(in, 0, &out, sizeof(out));
}

static void set_attributes(const struct fuse_in_header *in, const struct fuse_setattr_in *set)
{
	if (set->valid & FATTR_SIZE)
		size = MIN(set->size, SIZE_MAX_BYTES);
	answer_attributes(in);
}

static void take_write(const struct fuse_in_header *in, const struct fuse_write_in *write)
{
	const struct fuse_write_out out = {.size = write->size};

	if (write->offset > SIZE_MAX_BYTES || write->size > SIZE_MAX_BYTES - write->offset) {
		answer(in, -EFBIG, NULL, 0);
		return;
	}
	memcpy(content + write->offset, write + 1, write->size);
	size = MAX(size, write->offset + write->size);
	printf("write %ju\n", (uintmax_t)write->offset);
	answer(in, 0, &out, sizeof(out));
}

static void give_content(const struct fuse_in_header *in, const struct fuse_read_in *read)
{
	uint64_t begin = MIN(read->offset, size), end = MIN(read->offset + read->size, size);

	answer(in, 0, content + begin, end - begin);
}

static void serve(const struct fuse_in_header *in)
{
	static const struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = WRITE_MAX,
	};
	static const struct fuse_open_out open = {0};
	static const struct fuse_statfs_out statfs = {.st.bsize = 4096};
	const void *argument = in + 1;

	switch (in->opcode) {
	case FUSE_INIT:
		answer(in, 0, &init, sizeof(init));
		break;
	case FUSE_GETATTR:
		answer_attributes(in);
		break;
	case FUSE_SETATTR:
		set_attributes(in, argument);
		break;
	case FUSE_OPEN:
		printf("open %o\n", ((const struct fuse_open_in *)argument)->flags);
		answer(in, 0, &open, sizeof(open));
		break;
	case FUSE_READ:
		give_content(in, argument);
		break;
	case FUSE_WRITE:
		take_write(in, argument);
		break;
	case FUSE_STATFS:
		puts("statfs");
		answer(in, 0, &statfs, sizeof(statfs));
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	case FUSE_FLUSH:
	case FUSE_FSYNC:
	case FUSE_RELEASE:
		answer(in, 0, NULL, 0);
		break;
	default:
		answer(in, -ENOSYS, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	char options[128];
	ssize_t n;

	if (argc != 2) {
		(void)fputs("usage: fusefile FILE\n", stderr);
		return 2;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (fuse < 0)
		die("/dev/fuse");
	(void)snprintf(options, sizeof(options),
		       "fd=%d,rootmode=%o,user_id=0,group_id=0,allow_other", fuse,
		       (unsigned int)S_IFREG);
	if (mount("fusefile", argv[1], "fuse", MS_NODEV | MS_NOSUID, options) < 0)
		die(argv[1]);
	puts("mounted");
	while ((n = read(fuse, request, sizeof(request))) > 0 || errno == EINTR || errno == ENOENT)
		if (n > 0)
			serve((const void *)request);
	return 0;
}
