/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/control/status_json.h"

#include "agent/control/group_name.h"
#include "agent/control/json.h"
#include "base/cleanup.h"

#include <stddef.h>
#include <sys/sysmacros.h>

/* A uint64_t member of a struct, by the name it has in JSON. */
struct number {
	const char *name;
	size_t offset;
};

/* clang-format off */
#define NUMBER(type, member)	  {#member, offsetof(type, member)}
#define NAMED(type, name, member) {name, offsetof(type, member)}
/* clang-format on */

static const struct number ledger_numbers[] = {
	NUMBER(struct ledger, actions),
	NUMBER(struct ledger, short_actions),
	NUMBER(struct ledger, failed_actions),
	NUMBER(struct ledger, asked_bytes),
	NUMBER(struct ledger, tried_bytes),
	NUMBER(struct ledger, applied_bytes),
	NUMBER(struct ledger, net_freed_bytes),
	NUMBER(struct ledger, swapped_bytes),
	NUMBER(struct ledger, swap_kept_bytes),
	NUMBER(struct ledger, demoted_bytes),
	NUMBER(struct ledger, collateral_bytes),
	NUMBER(struct ledger, refaulted_bytes),
	NUMBER(struct ledger, cpu_ns),
	NUMBER(struct ledger, wall_ns),
	NUMBER(struct ledger, cleanings),
	NUMBER(struct ledger, written_bytes),
	NUMBER(struct ledger, cleaned_bytes),
	NUMBER(struct ledger, cleaned_taken_bytes),
	NUMBER(struct ledger, dirtied_again_bytes),
	NUMBER(struct ledger, pageouts),
	NUMBER(struct ledger, pageout_tried_bytes),
	NUMBER(struct ledger, pageout_applied_bytes),
	NUMBER(struct ledger, pageout_swapped_bytes),
	NUMBER(struct ledger, cooled_bytes),
};

static const struct number verdict_numbers[] = {
	NAMED(struct verdict, "wanted_bytes", bytes), NUMBER(struct verdict, room_bytes),
	NUMBER(struct verdict, margin_bytes),	      NUMBER(struct verdict, rate_bytes_per_s),
	NUMBER(struct verdict, refault_permyriad),    NUMBER(struct verdict, look_again_ns),
};

static const struct number wish_numbers[] = {
	NUMBER(struct wish, times),
	NUMBER(struct wish, wanted_ns),
	NUMBER(struct wish, most_bytes),
};

static const struct number yield_numbers[] = {
	NAMED(struct yield_status, "swapped_bytes", judged.swapped_bytes),
	NAMED(struct yield_status, "kept_bytes", judged.kept_bytes),
	NAMED(struct yield_status, "left_alone_ns", left_ns),
};

static const struct number price_numbers[] = {
	NAMED(struct price_status, "swap_ns_per_mib", swap_ns),
	NAMED(struct price_status, "file_ns_per_mib", file_ns),
	NUMBER(struct price_status, swappiness),
};

static const struct number rest_numbers[] = {
	NAMED(struct group_rests, "for_limit_ns", limit.left_ns),
	NAMED(struct group_rests, "for_trim_ns", trim.left_ns),
	NAMED(struct group_rests, "for_node_ns", node.left_ns),
	NAMED(struct group_rests, "lru_gen_ns", evict.left_ns),
};

static const struct number node_numbers[] = {
	NAMED(struct node_status, "reclaim_left_alone_ns", reclaim_rest.left_ns),
	NAMED(struct node_status, "left_behind_bytes", left_bytes),
	NUMBER(struct node_status, evictions),
	NUMBER(struct node_status, evicted_bytes),
	NUMBER(struct node_status, slab_drops),
	NUMBER(struct node_status, slab_dropped_bytes),
	NUMBER(struct node_status, managed_bytes),
	NUMBER(struct node_status, free_bytes),
	NUMBER(struct node_status, low_bytes),
	NUMBER(struct node_status, high_bytes),
	NUMBER(struct node_status, wakeups),
	NUMBER(struct node_status, cpu_ns),
	NUMBER(struct node_status, groups_seen),
	NUMBER(struct node_status, cold_most_bytes),
};
_Static_assert(sizeof(size_t) == sizeof(uint64_t), "groups_seen is read as uint64_t");

static const struct number hands_numbers[] = {
	NAMED(struct agent_status, "stuck", hands_stuck),
	NAMED(struct agent_status, "stuck_ns", hands_stuck_ns),
	NAMED(struct agent_status, "lost", hands_lost),
};

static const struct number damon_numbers[] = {
	NUMBER(struct damon_state, watched),
	NUMBER(struct damon_state, cpu_ns),
};

static const struct number cleaner_numbers[] = {
	NUMBER(struct cleaner_state, writers),
	NAMED(struct cleaner_state, "devices_given_up", abandoned),
	NAMED(struct cleaner_state, "written_bytes", asked_bytes),
	NUMBER(struct cleaner_state, cleaned_bytes),
};

static const struct number device_numbers[] = {
	NUMBER(struct device_account, orders),
	NAMED(struct device_account, "written_bytes", asked_bytes),
	NUMBER(struct device_account, cleaned_bytes),
	NUMBER(struct device_account, slowest_ns),
	NAMED(struct device_account, "bound_bytes_per_s", bytes_per_s),
	NUMBER(struct device_account, given_up),
};

static const struct number trim_numbers[] = {
	NUMBER(struct trim_status, age_ns),
	NUMBER(struct trim_status, wanted_bytes),
	NUMBER(struct trim_status, ratio_permyriad),
	NUMBER(struct trim_status, cold_bytes),
	NAMED(struct trim_status, "pressure_permyriad", terms.pressure),
	NAMED(struct trim_status, "refault_permyriad", terms.refault),
	NAMED(struct trim_status, "promotion_permyriad", terms.promotion),
};

static const struct number order_numbers[] = {
	NAMED(struct order_status, "wanted_bytes", want.bytes),
	NUMBER(struct order_status, fitting_bytes),
	NUMBER(struct order_status, compactions),
	NUMBER(struct order_status, wall_ns),
	NUMBER(struct order_status, cpu_ns),
};

static const struct number group_numbers[] = {
	NAMED(struct group_status, "cgroup_id", id), NUMBER(struct group_status, current_bytes),
	NUMBER(struct group_status, limit_bytes),    NUMBER(struct group_status, protected_bytes),
	NUMBER(struct group_status, weight),	     NUMBER(struct group_status, events_max),
	NUMBER(struct group_status, events_high),    NUMBER(struct group_status, stalled_us),
	NUMBER(struct group_status, file_bytes),     NUMBER(struct group_status, anon_bytes),
	NUMBER(struct group_status, dirty_bytes),    NUMBER(struct group_status, cold_most_bytes),
};

static void put_numbers(struct json *json, const void *from, const struct number *numbers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const void *member = (const char *)from + numbers[i].offset;

		json_put_number(json, numbers[i].name, *(const uint64_t *)member);
	}
}

/* An object of numbers alone. */
static void put_object(struct json *json, const char *key, const void *from,
		       const struct number *numbers, size_t n)
{
	json_open(json, key, '{');
	put_numbers(json, from, numbers, n);
	json_close(json, '}');
}

static void put_ledger(struct json *json, const char *key, const struct ledger *ledger)
{
	put_object(json, key, ledger, ledger_numbers, ARRAY_SIZE(ledger_numbers));
}

static void put_wish(struct json *json, const struct wish *wish)
{
	put_object(json, "wish", wish, wish_numbers, ARRAY_SIZE(wish_numbers));
}

static const struct number thrash_numbers[] = {
	NUMBER(struct thrash_status, permyriad),
	NUMBER(struct thrash_status, left_ns),
};

static void put_yield(struct json *json, const struct yield_status *yield)
{
	put_object(json, "swap_yield", yield, yield_numbers, ARRAY_SIZE(yield_numbers));
}

static void put_prices(struct json *json, const struct price_status *prices)
{
	put_object(json, "prices", prices, price_numbers, ARRAY_SIZE(price_numbers));
}

static void put_verdict(struct json *json, const char *key, const struct verdict *verdict,
			uint64_t age_ns)
{
	json_open(json, key, '{');
	json_put_word(json, "reason", verdict_name(verdict->reason));
	json_put_number(json, "age_ns", age_ns);
	put_numbers(json, verdict, verdict_numbers, ARRAY_SIZE(verdict_numbers));
	json_close(json, '}');
}

/* What nodes and groups have in common. */
static void put_doings(struct json *json, const struct verdict *verdict, uint64_t verdict_age_ns,
		       const struct verdict *action, uint64_t action_age_ns,
		       const struct ledger *ledger)
{
	put_verdict(json, "verdict", verdict, verdict_age_ns);
	if (action->reason == VERDICT_NONE)
		json_put_word(json, "last_action", NULL);
	else
		put_verdict(json, "last_action", action, action_age_ns);
	put_ledger(json, "ledger", ledger);
}

static void put_order(struct json *json, const struct order_status *order)
{
	json_open(json, "order", '{');
	json_put_word(json, "reason", order_reason_name(order->reason));
	json_put_number(json, "order", order->want.order);
	put_numbers(json, order, order_numbers, ARRAY_SIZE(order_numbers));
	json_close(json, '}');
}

static void put_node(struct json *json, const struct node_status *node)
{
	json_open(json, NULL, '{');
	json_put_number(json, "node", node->node);
	json_put_flag(json, "answered", node->answered);
	if (node->answered) {
		put_numbers(json, node, node_numbers, ARRAY_SIZE(node_numbers));
		json_put_flag(json, "bound_demand", node->bound_demand);
		json_put_word(json, "backend", node->backend);
		json_put_word(json, "waits_with", node->io_uring ? "io_uring" : "poll");
		put_doings(json, &node->verdict, node->verdict_age_ns, &node->action,
			   node->action_age_ns, &node->ledger);
		put_wish(json, &node->wish);
		put_order(json, &node->order);
		put_yield(json, &node->swap_yield);
		put_prices(json, &node->prices);
		put_ledger(json, "groups_ledger", &node->groups_ledger);
	}
	json_close(json, '}');
}

static void put_device(struct json *json, const struct device_account *device)
{
	char number[32];

	(void)snprintf(number, sizeof(number), "%u:%u", major(device->number),
		       minor(device->number));
	json_open(json, NULL, '{');
	json_put_word(json, "device", number);
	put_numbers(json, device, device_numbers, ARRAY_SIZE(device_numbers));
	json_put_flag(json, "abandoned", device->abandoned);
	json_close(json, '}');
}

static void put_write_back(struct json *json, const struct cleaner_state *state)
{
	json_open(json, "write_back", '{');
	put_numbers(json, state, cleaner_numbers, ARRAY_SIZE(cleaner_numbers));
	json_open(json, "devices", '[');
	for (size_t i = 0; i < state->n_devices; i++)
		put_device(json, &state->devices[i]);
	json_close(json, ']');
	json_close(json, '}');
}

static void put_head(struct json *json, const struct agent_status *status)
{
	json_put_word(json, "schema", "uswapd-status/1");
	json_put_text(json, "version", status->version);
	json_put_number(json, "uptime_ns", status->uptime_ns);
	json_put_flag(json, "dry_run", status->dry_run);
	json_put_word(json, "mode", status->observes ? "observe" : "act");
	json_put_flag(json, "paused", status->paused);
	json_put_number(json, "pause_left_ns", status->pause_left_ns);
	json_put_number(json, "swap_writes_left_bytes", status->swap_writes_left_bytes);
	json_put_flag(json, "demotes", status->demotes);
	json_put_number(json, "memory_tiers", status->memory_tiers);
	json_put_text(json, "config_file", status->config_file);
	json_open(json, "degraded", '[');
	for (size_t i = 0; i < ARRAY_SIZE(status->degraded) && *status->degraded[i]; i++)
		json_put_text(json, NULL, status->degraded[i]);
	json_close(json, ']');
	put_object(json, "hands", status, hands_numbers, ARRAY_SIZE(hands_numbers));
	put_object(json, "damon", &status->damon, damon_numbers, ARRAY_SIZE(damon_numbers));
	put_write_back(json, &status->cleaner);
}

static void put_trim(struct json *json, const struct trim_status *trim)
{
	if (!trim->on) {
		json_put_word(json, "trim", NULL);
		return;
	}
	json_open(json, "trim", '{');
	json_put_word(json, "reason", trim_reason_name(trim->reason));
	put_numbers(json, trim, trim_numbers, ARRAY_SIZE(trim_numbers));
	put_ledger(json, "ledger", &trim->ledger);
	put_wish(json, &trim->wish);
	json_close(json, '}');
}

static void put_group(struct json *json, const struct group_status *group, unsigned int node)
{
	char path[GROUP_NAME_SIZE];

	json_open(json, NULL, '{');
	json_put_text(json, "path", group_name(path, group));
	json_put_number(json, "node", node);
	json_put_flag(json, "owns_limit", group->owns_limit);
	json_put_word(json, "limit", group->limit_is_high ? "high" : "max");
	json_put_word(json, "write_back", clean_reason_name(group->clean));
	put_numbers(json, group, group_numbers, ARRAY_SIZE(group_numbers));
	put_doings(json, &group->verdict, group->verdict_age_ns, &group->action,
		   group->action_age_ns, &group->ledger);
	put_wish(json, &group->wish);
	put_yield(json, &group->swap_yield);
	put_object(json, "anon_thrash", &group->anon_thrash, thrash_numbers,
		   ARRAY_SIZE(thrash_numbers));
	put_object(json, "file_thrash", &group->file_thrash, thrash_numbers,
		   ARRAY_SIZE(thrash_numbers));
	put_prices(json, &group->prices);
	put_object(json, "left_alone", &group->rests, rest_numbers, ARRAY_SIZE(rest_numbers));
	put_trim(json, &group->trim);
	json_close(json, '}');
}

int status_write_json(const struct agent_status *status, FILE *out)
{
	struct json json = {.page = {.out = out}};

	json_open(&json, NULL, '{');
	put_head(&json, status);
	json_open(&json, "nodes", '[');
	for (size_t i = 0; i < status->n_nodes; i++)
		put_node(&json, &status->nodes[i]);
	json_close(&json, ']');
	json_open(&json, "groups", '[');
	for (size_t i = 0; i < status->n_nodes; i++) {
		const struct node_status *node = &status->nodes[i];

		for (size_t j = 0; node->answered && j < node->n_groups; j++)
			put_group(&json, &node->groups[j], node->node);
	}
	json_close(&json, ']');
	json_close(&json, '}');
	page_put(&json.page, "\n");
	return json_end(&json);
}
