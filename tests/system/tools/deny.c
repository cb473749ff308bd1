/* SPDX-License-Identifier: Apache-2.0 */
/* deny io_uring COMMAND...: runs COMMAND with io_uring_setup(2) refused (EPERM), as containers do.
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

int main(int argc, char **argv)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	if (argc < 3 || strcmp(argv[1], "io_uring") != 0) {
		(void)fputs("usage: deny io_uring COMMAND...\n", stderr);
		return EXIT_FAILURE;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
		(void)fprintf(stderr, "deny: %s\n", strerror(errno));
		return EXIT_FAILURE;
	}
	(void)execvp(argv[2], argv + 2);
	(void)fprintf(stderr, "deny: %s: %s\n", argv[2], strerror(errno));
	return EXIT_FAILURE;
}
