/* SPDX-License-Identifier: Apache-2.0 */
/* mark DIR NAME VALUE: sets an extended attribute; what setfattr does, which not every machine has.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

int main(int argc, char **argv)
{
	if (argc != 4) {
		(void)fputs("usage: mark DIR NAME VALUE\n", stderr);
		return EXIT_FAILURE;
	}
	if (setxattr(argv[1], argv[2], argv[3], strlen(argv[3]), 0) < 0) {
		(void)fprintf(stderr, "mark: %s: %s: %s\n", argv[1], argv[2], strerror(errno));
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
