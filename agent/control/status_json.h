/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's status as one line of JSON, schema "uswapd-status/1":
 *
 *	{"schema": "uswapd-status/1", "version": "0.1.0", "uptime_ns": 1, "dry_run": false,
 *	 "mode": "observe", "paused": false, "pause_left_ns": 0, "config_file": null, "degraded":
 *["..."], "nodes": [{"node": 0, "answered": true, "managed_bytes": 1, ..., "verdict": {...},
 *	            "last_action": {...}, "ledger": {...},
 *	            "wish": {...}}],
 *	 "groups": [{"path": "/a", "node": 0, "cgroup_id": 1, "limit": "max", "limit_bytes": 1, ...,
 *	             "verdict": {...}, "last_action": null, "ledger": {...}}]}
 *
 * Units are in the names. null stands for a limit, room or pause without bound, and for a last
 *action that never was. A node that did not answer has "node" and "answered" only. Paths begin with
 *'/'; bytes that are not UTF-8 are written \xNN. The line is ASCII: printing it to a terminal is
 *harmless.
 */
#pragma once

#include "agent/status.h"

#include <stdio.h>

/* With the newline. 0, -ENOMEM; -EIO when out can't be written. */
int status_write_json(const struct agent_status *status, FILE *out);
