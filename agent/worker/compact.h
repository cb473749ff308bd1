/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Free memory of the node in larger pieces, through nodeN/compact: a compaction may take seconds
 * and only a fatal signal ends it, so it has a hand of its own, which is ended for it: when it
 * takes too long, and when nothing may be asked of the kernel any more.
 */
#pragma once

#include "agent/worker/internal.h"

int worker_compact_open(struct worker *worker);
/* A compaction that is under way gets so long to end, and is then left behind. */
void worker_compact_close(struct worker *worker, uint64_t timeout_ns);

void worker_compact(struct worker *worker, uint64_t now_ns);
uint64_t worker_compact_due_ns(const struct worker *worker);

/* What is wanted now: what was asked for by uswapctl wake, or else by the configuration. */
struct order_want worker_order_want(const struct worker *worker);
