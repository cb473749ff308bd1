/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a machine for uswapd --root (tests/unit/fake_root.h) with some groups, prints where, and
 * leaves it there. Usage: fake_root N [NAME]...     N groups called g0001 and so on, and those
 * named
 */
#include "tests/unit/fake_root.h"

#include "base/parse.h"

#include <stdio.h>

int main(int argc, char **argv)
{
	struct fixture *fx;
	uint64_t n;

	if (argc < 2 || parse_u64(argv[1], &n) < 0 || n > 9999) {
		(void)fputs("usage: fake_root N [NAME]...\n", stderr);
		return EXIT_FAILURE;
	}
	fx = fake_root_new();
	for (unsigned int i = 1; i <= n; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "g%04u", i);
		fake_root_add_group(fx, name);
	}
	for (int i = 2; i < argc; i++)
		fake_root_add_group(fx, argv[i]);
	(void)puts(fx->path);
	return EXIT_SUCCESS;
}
