/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses as the agent writes them, for the tests of uswapctl top. */
#pragma once

#include "agent/ctl/top/model.h"
#include "tests/unit/fixture.h"

#define MIB UINT64_C(1048576)

struct scene_group {
	const char *path; /* NULL ends the list */
	uint64_t id, current_mib, limit_mib, taken_mib, back_mib, cpu_ms, stalled_ms;
	const char *reason;
	const char *trim; /* its reason; NULL: not trimmed, and it has a limit */
	uint64_t cold_mib;
};

/* One node that answers and has free_mib with watermarks of 10 and 20 MiB, and one that does not.
 */
char *scene_status(uint64_t uptime_s, uint64_t free_mib, const struct scene_group *groups);

/* What top_feed says to it. */
int scene_feed(struct top_model *model, const char *status, uint64_t now_s);
