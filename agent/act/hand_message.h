/* SPDX-License-Identifier: Apache-2.0 */
/* What a hand and its process say to each other, as packets of the host's own byte order. */
#pragma once

#include "cgroup/lru_gen.h"

#include <signal.h>
#include <stdint.h>

#define HAND_SOCKET_FD 3
/* Interrupts a request; blocked when the process is started. */
#define HAND_SIGNAL SIGUSR1
/* Raised with every change: the process may be of a newer package than the agent that starts it. */
#define HAND_MAGIC UINT32_C(0x75684103)

/* A struct request; its descriptor comes along. */
struct hand_order {
	uint32_t magic;
	int32_t backend, swappiness, advice;
	uint64_t bytes, start;
	struct lru_gen_eviction eviction;
};

/* A struct hand_result. */
struct hand_answer {
	uint32_t magic;
	int32_t error;
	uint64_t wall_ns, cpu_ns;
};
