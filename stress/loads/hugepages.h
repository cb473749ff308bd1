/* SPDX-License-Identifier: Apache-2.0 */
/* Huge pages set aside for a load and given back after it: vm.nr_hugepages. */
#pragma once

#include "stress/run/janitor.h"

#include <stdint.h>

struct hugepages {
	int proc_fd;
	uint64_t added;
	struct janitor janitor;
};

/*
 * Adds n to vm.nr_hugepages. A janitor takes as many away again, whatever ends this program.
 * proc_fd stays the caller's. -ENOMEM: the kernel finds not so many; nothing has changed then.
 */
int hugepages_add(struct hugepages *pages, int proc_fd, uint64_t n);
void hugepages_end(struct hugepages *pages);
