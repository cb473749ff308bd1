/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/control/status_json.h"

#include "agent/control/group_name.h"
#include "base/cleanup.h"
#include "base/escape.h"

#include <errno.h>
#include <jansson.h>
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

static const struct number rest_numbers[] = {
	NAMED(struct group_rests, "for_limit_ns", limit.left_ns),
	NAMED(struct group_rests, "for_trim_ns", trim.left_ns),
	NAMED(struct group_rests, "for_node_ns", node.left_ns),
};

static const struct number node_numbers[] = {
	NAMED(struct node_status, "reclaim_left_alone_ns", reclaim_rest.left_ns),

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

static const struct number group_numbers[] = {
	NAMED(struct group_status, "cgroup_id", id), NUMBER(struct group_status, current_bytes),
	NUMBER(struct group_status, limit_bytes),    NUMBER(struct group_status, protected_bytes),
	NUMBER(struct group_status, weight),	     NUMBER(struct group_status, events_max),
	NUMBER(struct group_status, events_high),    NUMBER(struct group_status, stalled_us),
	NUMBER(struct group_status, file_bytes),     NUMBER(struct group_status, anon_bytes),
	NUMBER(struct group_status, dirty_bytes),    NUMBER(struct group_status, cold_most_bytes),
};

/* JSON's integers are signed here; the one value of ours beyond them means "no bound". */
static json_t *number_json(uint64_t value)
{
	if (value == UINT64_MAX)
		return json_null();
	return json_integer((json_int_t)MIN(value, (uint64_t)INT64_MAX));
}

static int add_numbers(json_t *object, const void *from, const struct number *numbers, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		const void *member = (const char *)from + numbers[i].offset;

		r |= json_object_set_new(object, numbers[i].name,
					 number_json(*(const uint64_t *)member));
	}
	return r;
}

static json_t *text_json(const char *text)
{
	char escaped[ESCAPE_SIZE(GROUP_NAME_SIZE)];

	return json_string(escape_utf8(escaped, sizeof(escaped), text));
}

static json_t *verdict_json(const struct verdict *verdict, uint64_t age_ns)
{
	json_t *object = json_object();
	int r = json_object_set_new(object, "reason", json_string(verdict_name(verdict->reason)));

	r |= json_object_set_new(object, "age_ns", number_json(age_ns));
	r |= add_numbers(object, verdict, verdict_numbers, ARRAY_SIZE(verdict_numbers));
	if (r != 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static int add_ledger(json_t *object, const char *name, const struct ledger *ledger)
{
	json_auto_t *account = json_object();
	int r = add_numbers(account, ledger, ledger_numbers, ARRAY_SIZE(ledger_numbers));

	return r | json_object_set(object, name, account);
}

static int add_wish(json_t *object, const struct wish *wish)
{
	json_auto_t *numbers = json_object();
	int r = add_numbers(numbers, wish, wish_numbers, ARRAY_SIZE(wish_numbers));

	return r | json_object_set(object, "wish", numbers);
}

static int add_yield(json_t *object, const struct yield_status *yield)
{
	json_auto_t *numbers = json_object();
	int r = add_numbers(numbers, yield, yield_numbers, ARRAY_SIZE(yield_numbers));

	return r | json_object_set(object, "swap_yield", numbers);
}

static int add_rests(json_t *object, const struct group_rests *rests)
{
	json_auto_t *numbers = json_object();
	int r = add_numbers(numbers, rests, rest_numbers, ARRAY_SIZE(rest_numbers));

	return r | json_object_set(object, "left_alone", numbers);
}

/* What nodes and groups have in common. */
static int add_doings(json_t *object, const struct verdict *verdict, uint64_t verdict_age_ns,
		      const struct verdict *action, uint64_t action_age_ns,
		      const struct ledger *ledger)
{
	int r = json_object_set_new(object, "verdict", verdict_json(verdict, verdict_age_ns));

	r |= json_object_set_new(
		object, "last_action",
		action->reason == VERDICT_NONE ? json_null() : verdict_json(action, action_age_ns));
	return r | add_ledger(object, "ledger", ledger);
}

static int add_node(json_t *nodes, const struct node_status *node)
{
	json_auto_t *object = json_object();
	int r = json_object_set_new(object, "node", json_integer((json_int_t)node->node));

	r |= json_object_set_new(object, "answered", json_boolean(node->answered));
	if (node->answered) {
		r |= add_numbers(object, node, node_numbers, ARRAY_SIZE(node_numbers));
		r |= json_object_set_new(object, "bound_demand", json_boolean(node->bound_demand));
		r |= json_object_set_new(object, "backend",
					 node->backend ? text_json(node->backend) : json_null());
		r |= json_object_set_new(object, "waits_with",
					 json_string(node->io_uring ? "io_uring" : "poll"));
		r |= add_doings(object, &node->verdict, node->verdict_age_ns, &node->action,
				node->action_age_ns, &node->ledger);
		r |= add_wish(object, &node->wish);
		r |= add_yield(object, &node->swap_yield);
		r |= add_ledger(object, "groups_ledger", &node->groups_ledger);
	}
	return r | json_array_append(nodes, object);
}

static int add_device(json_t *devices, const struct device_account *device)
{
	json_auto_t *object = json_object();
	int r = json_object_set_new(
		object, "device",
		json_sprintf("%u:%u", major(device->number), minor(device->number)));

	r |= add_numbers(object, device, device_numbers, ARRAY_SIZE(device_numbers));
	r |= json_object_set_new(object, "abandoned", json_boolean(device->abandoned));
	return r | json_array_append(devices, object);
}

static int add_write_back(json_t *head, const struct cleaner_state *state)
{
	json_auto_t *write_back = json_object(), *devices = json_array();
	int r = add_numbers(write_back, state, cleaner_numbers, ARRAY_SIZE(cleaner_numbers));

	for (size_t i = 0; i < state->n_devices; i++)
		r |= add_device(devices, &state->devices[i]);
	r |= json_object_set(write_back, "devices", devices);
	return r | json_object_set(head, "write_back", write_back);
}

static json_t *head_json(const struct agent_status *status)
{
	json_t *head = json_object(), *degraded = json_array(), *nodes = json_array();
	int r = json_object_set_new(head, "schema", json_string("uswapd-status/1"));

	r |= json_object_set_new(head, "version", text_json(status->version));
	r |= json_object_set_new(head, "uptime_ns", number_json(status->uptime_ns));
	r |= json_object_set_new(head, "dry_run", json_boolean(status->dry_run));
	r |= json_object_set_new(head, "mode", json_string(status->observes ? "observe" : "act"));
	r |= json_object_set_new(head, "config_file",
				 status->config_file ? text_json(status->config_file)
						     : json_null());
	for (size_t i = 0; i < ARRAY_SIZE(status->degraded) && *status->degraded[i]; i++)
		r |= json_array_append_new(degraded, text_json(status->degraded[i]));
	for (size_t i = 0; i < status->n_nodes; i++)
		r |= add_node(nodes, &status->nodes[i]);
	r |= add_write_back(head, &status->cleaner);
	r |= json_object_set_new(head, "degraded", degraded);
	r |= json_object_set_new(head, "nodes", nodes);
	if (r != 0) {
		json_decref(head);
		return NULL;
	}
	return head;
}

static int add_trim(json_t *object, const struct trim_status *trim)
{
	json_auto_t *numbers = json_object();
	int r;

	if (!trim->on)
		return json_object_set_new(object, "trim", json_null());
	r = json_object_set_new(numbers, "reason", json_string(trim_reason_name(trim->reason)));
	r |= add_numbers(numbers, trim, trim_numbers, ARRAY_SIZE(trim_numbers));
	r |= add_ledger(numbers, "ledger", &trim->ledger);
	r |= add_wish(numbers, &trim->wish);
	return r | json_object_set(object, "trim", numbers);
}

static json_t *group_json(const struct group_status *group, unsigned int node)
{
	char path[GROUP_NAME_SIZE];
	json_t *object = json_object();
	int r;

	r = json_object_set_new(object, "path", text_json(group_name(path, group)));
	r |= json_object_set_new(object, "node", json_integer((json_int_t)node));
	r |= json_object_set_new(object, "owns_limit", json_boolean(group->owns_limit));
	r |= json_object_set_new(object, "limit",
				 json_string(group->limit_is_high ? "high" : "max"));
	r |= json_object_set_new(object, "write_back",
				 json_string(clean_reason_name(group->clean)));
	r |= add_numbers(object, group, group_numbers, ARRAY_SIZE(group_numbers));
	r |= add_doings(object, &group->verdict, group->verdict_age_ns, &group->action,
			group->action_age_ns, &group->ledger);
	r |= add_wish(object, &group->wish);
	r |= add_yield(object, &group->swap_yield);
	r |= add_rests(object, &group->rests);
	r |= add_trim(object, &group->trim);
	if (r != 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

/*
 * One group at a time: the tree of objects for thousands of groups would be larger than all else
 * the agent has in memory.
 */
static int write_groups(const struct agent_status *status, FILE *out)
{
	const char *separator = "";

	for (size_t i = 0; i < status->n_nodes; i++) {
		const struct node_status *node = &status->nodes[i];

		for (size_t j = 0; node->answered && j < node->n_groups; j++) {
			json_auto_t *object = group_json(&node->groups[j], node->node);

			if (!object)
				return -ENOMEM;
			fputs(separator, out);
			if (json_dumpf(object, out, JSON_LINE) < 0)
				return -EIO;
			separator = ",";
		}
	}
	return 0;
}

int status_write_json(const struct agent_status *status, FILE *out)
{
	json_auto_t *head = head_json(status);
	int r;

	if (!head)
		return -ENOMEM;
	fputc('{', out);
	if (json_dumpf(head, out, JSON_LINE | JSON_EMBED) < 0)
		return -EIO;
	fputs(",\"groups\":[", out);
	r = write_groups(status, out);
	fputs("]}\n", out);
	if (r == 0 && ferror(out))
		r = -EIO;
	return r;
}
