/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Against SIGKILL the supervisor can do nothing. A small process of its own session waits for its
 * death and then removes the job's groups, as the supervisor would have. Whatever kills both leaves
 * the groups to the next run.
 */
#pragma once

#include "base/cleanup.h"
#include "stress/run/placement.h"

struct janitor;

/*
 * Once the groups are made; the process is born where the supervisor is and knows what it knows
 * about them. -errno.
 */
int janitor_start(struct placement *placement, struct janitor **ret_janitor);

/* Sends it away, its work being done, and waits for it. */
struct janitor *janitor_free(struct janitor *janitor);
DEFINE_CLEANUP(struct janitor *, janitor_free)
