/* SPDX-License-Identifier: Apache-2.0 */
/* Time in nanoseconds. Rates use the monotonic clock, which stands still while suspended. */
#pragma once

#include <stdint.h>

#define NSEC_PER_USEC UINT64_C(1000)
#define NSEC_PER_MSEC UINT64_C(1000000)
#define NSEC_PER_SEC  UINT64_C(1000000000)
#define USEC_PER_SEC  UINT64_C(1000000)

uint64_t clock_now_ns(void);

/* Also counts the time the machine was suspended: for ages and time-outs people see. */
uint64_t clock_boottime_ns(void);

/* CPU time used so far by the calling thread. */
uint64_t clock_thread_cpu_ns(void);
