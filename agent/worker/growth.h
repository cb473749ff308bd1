/* SPDX-License-Identifier: Apache-2.0 */
/* Watching how groups grow, for uswapctl growth: a few groups a turn, all of them each interval. */
#pragma once

#include "agent/worker/internal.h"

void worker_growth(struct worker *worker, uint64_t now_ns);

/* When the next groups are due; UINT64_MAX: never. */
uint64_t worker_growth_due_ns(const struct worker *worker);
