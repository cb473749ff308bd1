/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker's part in the hold-out: draws a lot for each of its groups at each window's beginning,
 * measures the window at its end, and sees what looking after groups does for them.
 */
#pragma once

#include "agent/worker/internal.h"

void worker_holdout(struct worker *worker, uint64_t now_ns);

/* Its lot, or harm that was found, says that the group is left alone. */
bool worker_leaves_alone(const struct worker *worker, const struct group *group);
