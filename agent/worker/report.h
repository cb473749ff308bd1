/* SPDX-License-Identifier: Apache-2.0 */
/* What people learn of a worker: its state, and what went wrong. */
#pragma once

#include <stdint.h>

struct worker;

void worker_answer_status(struct worker *worker, uint64_t now_ns);
/* One warning in 10 s about what could not be read; -ENODEV is normal and not warned about. */
void worker_complain(struct worker *worker, uint64_t now_ns, const char *object, int error,
		     const char *what);
