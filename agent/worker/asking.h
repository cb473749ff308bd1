/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.reclaim does not spare what its own target protects, so nobody may ask for more than is
 * unprotected; and of one group, or of one and those below it, several workers may ask at once.
 * Each announces what it is about to ask for, and takes off what others announced.
 */
#pragma once

#include "agent/worker/shared.h"

struct group;
struct worker;

/* How many of the bytes may be asked of the group now; others know of it until that is done. */
uint64_t worker_announce(struct worker *worker, const struct group *group, enum asker asker,
			 uint64_t bytes);
void worker_is_done_asking(struct worker *worker, enum asker asker);
