/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deny io_uring|clone3 COMMAND...: runs COMMAND with io_uring_setup(2) or clone3(2) refused (EPERM,
 * ENOSYS), as containers do.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	unsigned int number;
	unsigned int error;
} calls[] = {
	{"io_uring", SYS_io_uring_setup, EPERM},
	{"clone3", SYS_clone3, ENOSYS},
};

static int find_call(const char *name)
{
	for (int i = 0; i < (int)(sizeof(calls) / sizeof(calls[0])); i++)
		if (strcmp(name, calls[i].name) == 0)
			return i;
	return -1;
}

static int refuse(unsigned int number, unsigned int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return -errno;
	return 0;
}

int main(int argc, char **argv)
{
	int call = argc < 3 ? -1 : find_call(argv[1]);
	int r;

	if (call < 0) {
		(void)fputs("usage: deny io_uring|clone3 COMMAND...\n", stderr);
		return EXIT_FAILURE;
	}
	r = refuse(calls[call].number, calls[call].error);
	if (r < 0) {
		(void)fprintf(stderr, "deny: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	(void)execvp(argv[2], argv + 2);
	(void)fprintf(stderr, "deny: %s: %s\n", argv[2], strerror(errno));
	return EXIT_FAILURE;
}
