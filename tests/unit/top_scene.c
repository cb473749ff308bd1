/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/top_scene.h"

#include "base/clock.h"

#include <inttypes.h>

static json_t *verdict(const char *reason)
{
	return json_pack("{ss,sI,sI,sI}", "reason", reason, "room_bytes", (json_int_t)(30 * MIB),
			 "margin_bytes", (json_int_t)(4 * MIB), "rate_bytes_per_s",
			 (json_int_t)MIB);
}

static json_t *ledger(uint64_t taken_mib, uint64_t back_mib, uint64_t cpu_ms)
{
	return json_pack("{sI,sI,sI}", "applied_bytes", (json_int_t)(taken_mib * MIB),
			 "refaulted_bytes", (json_int_t)(back_mib * MIB), "cpu_ns",
			 (json_int_t)(cpu_ms * NSEC_PER_MSEC));
}

static json_t *trim(const struct scene_group *g)
{
	if (!g->trim)
		return json_null();
	return json_pack("{ss,sI,so}", "reason", g->trim, "cold_bytes",
			 (json_int_t)(g->cold_mib * MIB), "ledger", ledger(2, 1, 9));
}

char *scene_status(uint64_t uptime_s, uint64_t free_mib, const struct scene_group *groups)
{
	json_auto_t *status = NULL;
	json_t *array = json_array();
	char *text;

	for (const struct scene_group *g = groups; g->path; g++)
		assert_int_equal(
			json_array_append_new(
				array, json_pack("{ss,sI,sI,sI,sI,so,so,sb,so}", "path", g->path,
						 "cgroup_id", (json_int_t)g->id, "current_bytes",
						 (json_int_t)(g->current_mib * MIB), "limit_bytes",
						 (json_int_t)(g->limit_mib * MIB), "stalled_us",
						 (json_int_t)(g->stalled_ms * 1000), "verdict",
						 verdict(g->reason), "ledger",
						 ledger(g->taken_mib, g->back_mib, g->cpu_ms),
						 "owns_limit", !g->trim, "trim", trim(g))),
			0);
	status = json_pack("{ss,ss,sI,sb,ss,sb,s[{sI,sb,sI,sI,sI,so,so},{sI,sb}],so}", "schema",
			   "uswapd-status/1", "version", "0.1.0", "uptime_ns",
			   (json_int_t)(uptime_s * NSEC_PER_SEC), "dry_run", 0, "mode", "act",
			   "paused", 0, "nodes", "node", (json_int_t)0, "answered", 1, "free_bytes",
			   (json_int_t)(free_mib * MIB), "low_bytes", (json_int_t)(10 * MIB),
			   "high_bytes", (json_int_t)(20 * MIB), "verdict", verdict("node-low"),
			   "ledger", ledger(100, 1, 50), "node", (json_int_t)1, "answered", 0,
			   "groups", array);
	assert_non_null(status);
	text = json_dumps(status, 0);
	assert_non_null(text);
	return text;
}

int scene_feed(struct top_model *model, const char *status, uint64_t now_s)
{
	json_auto_t *json = json_loads(status, 0, NULL);

	assert_non_null(json);
	return top_feed(model, json, now_s * NSEC_PER_SEC);
}
