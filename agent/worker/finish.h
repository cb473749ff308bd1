/* SPDX-License-Identifier: Apache-2.0 */
/* What came of a request: measured, accounted for, learned from. */
#pragma once

#include "agent/worker/flight.h"

struct worker;

/* Whether its descriptor was opened for the one request. */
bool worker_owns_descriptor(const struct flight *flight);
void worker_take_off_order(struct worker *worker, uint64_t bytes);
/* The node has no more to give, or may not be asked, but for what is being written back for it: the
 * order waits for so much. */
void worker_end_order(struct worker *worker);
/* Takes the result of a request that is done. */
void worker_finish(struct worker *worker, uint64_t now_ns);
