/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker's part in paging out: while its node or one of its groups wants memory, has one group
 * after another looked through for processes that are cold beyond doubt, and takes in what came of
 * it. The looking and the calls are the pager's.
 */
#pragma once

#include "agent/worker/internal.h"

/* Takes in what is done, and asks for the next group when policy wants memory. */
void worker_pageout(struct worker *worker, uint64_t now_ns);

/* The group is let go. */
void worker_pageout_forget(struct worker *worker, const struct group *group);
