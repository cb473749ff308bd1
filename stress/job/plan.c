/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/job/plan.h"

#include "base/random.h"
#include "stress/loads/load.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Files of a group that hold sizes: shares are resolved, the kernel gets bytes. */
static const char *const size_files[] = {
	"memory.min",	    "memory.low",      "memory.high",	   "memory.max",
	"memory.swap.high", "memory.swap.max", "memory.zswap.max",
};

static bool holds_size(const char *file)
{
	for (size_t i = 0; i < ARRAY_SIZE(size_files); i++)
		if (strcmp(size_files[i], file) == 0)
			return true;
	return false;
}

const struct machine_node *machine_find_node(const struct machine *machine, unsigned int id)
{
	for (size_t i = 0; i < machine->n_nodes; i++)
		if (machine->nodes[i].id == id)
			return &machine->nodes[i];
	return NULL;
}

struct plan *plan_free(struct plan *plan)
{
	if (!plan)
		return NULL;
	free(plan->groups);
	free(plan->loads);
	free(plan);
	return NULL;
}

/* *ret_is_max: "max", which is no amount. */
static int read_knob(const struct job_group *group, const struct job_knob *knob,
		     struct amount *ret_amount, bool *ret_is_max, struct stress_error *ret_error)
{
	int r;

	*ret_is_max = strcmp(knob->value, "max") == 0;
	if (*ret_is_max)
		return 0;
	r = amount_parse(knob->value, ret_amount);
	if (r < 0 || ret_amount->for_whom != AMOUNT_FOR_UNSAID)
		return job_fail(ret_error, &knob->place, "group", group->name,
				"%s: \"%s\" is not understood; it is max, bytes (128M) or a share "
				"(50%% of free, ... of memory, ... of limit: of the groups above)",
				knob->file, knob->value);
	return 0;
}

int plan_check_sizes(const struct job_group *group, struct stress_error *ret_error)
{
	struct amount amount;
	bool is_max;
	int r = 0;

	for (size_t i = 0; i < group->n_knobs && r == 0; i++)
		if (holds_size(group->knobs[i].file))
			r = read_knob(group, &group->knobs[i], &amount, &is_max, ret_error);
	return r;
}

/* The value of a file that holds a size, "max" included. */
static int resolve_knob(const struct job_group *group, const struct job_knob *knob,
			const struct amount_bases *bases, uint64_t *ret_bytes,
			struct stress_error *ret_error)
{
	const char *missing;
	struct amount amount;
	bool is_max;
	int r = read_knob(group, knob, &amount, &is_max, ret_error);

	if (r < 0 || is_max) {
		*ret_bytes = UINT64_MAX;
		return r;
	}
	r = amount_resolve(&amount, bases, ret_bytes, &missing);
	if (r < 0)
		return job_fail(ret_error, &knob->place, "group", group->name,
				"%s: \"%s\": there is no %s to take a share of", knob->file,
				knob->value, missing);
	return 0;
}

/* What the kernel would take for nodes, and then pass over those that are not there. */
static int read_mems(const struct job_group *group, const struct job_knob *knob,
		     const struct machine *machine, struct node_list *mems,
		     struct stress_error *ret_error)
{
	struct node_list list;

	/* What is no list of nodes is left to the kernel. */
	if (node_list_parse(knob->value, UINT32_MAX, &list) < 0)
		return 0;
	for (size_t i = 0; i < list.n; i++)
		if (!machine_find_node(machine, list.ids[i]))
			return job_fail(ret_error, &knob->place, "group", group->name,
					"cpuset.mems: this machine has no node %u with memory",
					list.ids[i]);
	*mems = list;
	return 0;
}

static int plan_group(const struct job *job, size_t index, const struct machine *machine,
		      struct plan *plan, struct stress_error *ret_error)
{
	const struct job_group *group = &job->groups[index];
	struct group_plan *to = &plan->groups[index];
	struct amount_bases bases = {machine->parent_limit, machine->parent_headroom, UINT64_MAX,
				     machine->available, machine->total};
	const char *slash = strrchr(group->name, '/');
	char above[STRESS_NAME_MAX];

	to->name = group->name;
	to->parent = -1;
	to->limit_bytes = to->hard_limit_bytes = machine->parent_limit;
	to->headroom_bytes = machine->parent_headroom;
	to->swap_max_bytes = UINT64_MAX;
	if (slash) {
		(void)snprintf(above, sizeof(above), "%.*s", (int)(slash - group->name),
			       group->name);
		to->parent = job_find_group(job, above);
		bases.limit = to->limit_bytes = plan->groups[to->parent].limit_bytes;
		bases.headroom = to->headroom_bytes = plan->groups[to->parent].headroom_bytes;
		to->hard_limit_bytes = plan->groups[to->parent].hard_limit_bytes;
		to->swap_max_bytes = plan->groups[to->parent].swap_max_bytes;
		to->mems = plan->groups[to->parent].mems;
	}
	for (size_t i = 0; i < group->n_knobs; i++) {
		const struct job_knob *knob = &group->knobs[i];
		uint64_t bytes = 0;
		int r = 0;

		if (strcmp(knob->file, "cpuset.mems") == 0)
			r = read_mems(group, knob, machine, &to->mems, ret_error);
		if (r < 0)
			return r;
		if (!holds_size(knob->file)) {
			strcpy(to->values[i], knob->value);
			continue;
		}
		r = resolve_knob(group, knob, &bases, &bytes, ret_error);
		if (r < 0)
			return r;
		if (bytes == UINT64_MAX)
			strcpy(to->values[i], "max");
		else
			(void)snprintf(to->values[i], sizeof(to->values[i]), "%" PRIu64, bytes);
		if (strcmp(knob->file, "memory.max") == 0)
			to->hard_limit_bytes = MIN(to->hard_limit_bytes, bytes);
		if (strcmp(knob->file, "memory.max") == 0 || strcmp(knob->file, "memory.high") == 0)
			to->limit_bytes = MIN(to->limit_bytes, bytes);
		/* A new group has used nothing. */
		to->headroom_bytes = MIN(to->headroom_bytes, to->limit_bytes);
		if (strcmp(knob->file, "memory.swap.max") == 0)
			to->swap_max_bytes = MIN(to->swap_max_bytes, bytes);
	}
	return 0;
}

static int resolve_size(const struct job_load *load, const char *name, const struct amount *amount,
			const struct amount_bases *bases, uint64_t *ret_bytes,
			struct stress_error *ret_error)
{
	const struct job_place *place = job_said(load, stress_setting_find(&load_table, name));
	const char *missing;
	uint64_t bytes;

	if (amount_resolve(amount, bases, &bytes, &missing) < 0)
		return job_fail(ret_error, place, "load", load->name,
				"%s: there is no %s to take a share of%s", name, missing,
				strcmp(missing, "limit") == 0 || strcmp(missing, "headroom") == 0
					? ": give its group a memory.max or memory.high"
				: strcmp(missing, "node") == 0 ? ": say which with `node`"
							       : "");
	bytes -= bytes % CONTENT_PAGE_BYTES;
	if (bytes < CONTENT_PAGE_BYTES)
		return job_fail(ret_error, place, "load", load->name, "%s: less than a page", name);
	if (bytes > LOAD_BYTES_MAX)
		return job_fail(ret_error, place, "load", load->name, "%s: more than 64 TiB", name);
	*ret_bytes = bytes;
	return 0;
}

static int fail_above_peak(const struct job_load *load, const struct load_plan *plan,
			   const char *name, struct stress_error *ret_error)
{
	return job_fail(ret_error, job_said(load, stress_setting_find(&load_table, name)), "load",
			load->name, "%s: more than %s", name,
			plan->peak_bytes > plan->size_bytes ? "size times alive" : "size");
}

/* Whether the load can have its nodes, and the memory that is there as bases of its sizes. group:
 * NULL for none. */
static int plan_nodes(const struct job_load *load, const struct machine *machine,
		      const struct group_plan *group, struct amount_bases *bases,
		      struct stress_error *ret_error)
{
	const struct job_place *place = job_said(load, stress_setting_find(&load_table, "node"));
	const struct node_list *nodes = &load->settings.nodes;
	uint64_t total = 0, free = 0;
	char ids[NODE_LIST_BYTES];

	for (size_t i = 0; i < nodes->n; i++) {
		const struct machine_node *node = machine_find_node(machine, nodes->ids[i]);

		if (!node)
			return job_fail(ret_error, place, "load", load->name,
					"node: this machine has no node %u with memory",
					nodes->ids[i]);
		if (!node->allowed && load->settings.policy != TOPOLOGY_ANYWHERE)
			return job_fail(ret_error, place, "load", load->name,
					"node: the cpuset of this program does not allow node %u",
					nodes->ids[i]);
		total += node->total_bytes;
		free += node->free_bytes;
	}
	if (group && group->mems.n && load->settings.policy != TOPOLOGY_ANYWHERE &&
	    !node_list_is_within(nodes, &group->mems))
		return job_fail(ret_error, place, "load", load->name,
				"node: the cpuset.mems of [group %s] allows only node %s",
				group->name, node_list_format(ids, sizeof(ids), &group->mems));
	if (nodes->n) {
		bases->node = total;
		bases->free = free;
	}
	return 0;
}

static int plan_load(const struct job *job, size_t index, const struct machine *machine,
		     struct plan *plan, struct stress_error *ret_error)
{
	const struct job_load *load = &job->loads[index];
	const struct load_settings *settings = &load->settings;
	const struct load_ops *ops = load_find_type(settings->type);
	struct load_plan *to = &plan->loads[index];
	struct amount_bases bases = {machine->own_limit, machine->own_headroom, UINT64_MAX,
				     machine->available, machine->total};
	int r;

	to->group = settings->group[0] ? job_find_group(job, settings->group) : -1;
	r = plan_nodes(load, machine, to->group >= 0 ? &plan->groups[to->group] : NULL, &bases,
		       ret_error);
	if (r < 0)
		return r;
	if (to->group >= 0) {
		bases.limit = plan->groups[to->group].limit_bytes;
		bases.headroom = plan->groups[to->group].headroom_bytes;
	}
	to->seed = settings->seed ? settings->seed
				  : random_mix(job->global.seed + (index + 1) * RANDOM_STRIDE) >> 1;
	r = ops->sizeless ? 0
			  : resolve_size(load, "size", &settings->size, &bases, &to->size_bytes,
					 ret_error);
	if (r == 0)
		to->peak_bytes = ops->peak_bytes ? ops->peak_bytes(settings, to) : to->size_bytes;
	to->burst_bytes = to->peak_bytes;
	if (r == 0 && (settings->burst.of != AMOUNT_BYTES || settings->burst.value))
		r = resolve_size(load, "burst", &settings->burst, &bases, &to->burst_bytes,
				 ret_error);
	if (r == 0 && (settings->low.of != AMOUNT_BYTES || settings->low.value))
		r = resolve_size(load, "low", &settings->low, &bases, &to->low_bytes, ret_error);
	if (r == 0 && settings->set_point.signal == SETPOINT_PRESSURE)
		to->set_point = settings->set_point.pressure_permyriad;
	else if (r == 0 && settings->set_point.signal != SETPOINT_NONE)
		r = resolve_size(load, "set-point", &settings->set_point.amount, &bases,
				 &to->set_point, ret_error);
	if (r == 0 && to->burst_bytes > to->peak_bytes)
		r = fail_above_peak(load, to, "burst", ret_error);
	if (r == 0 && to->low_bytes > to->peak_bytes)
		r = fail_above_peak(load, to, "low", ret_error);
	return r;
}

int plan_make(const struct job *job, const struct machine *machine, struct plan **ret_plan,
	      struct stress_error *ret_error)
{
	const struct amount_bases bases = {UINT64_MAX, UINT64_MAX, UINT64_MAX, machine->available,
					   machine->total};
	_cleanup_(plan_freep) struct plan *plan = calloc(1, sizeof(*plan));
	const char *missing;
	int r;

	if (!plan)
		return -ENOMEM;
	r = job_check(job, ret_error);
	if (r < 0)
		return r;
	plan->n_groups = job->n_groups;
	plan->n_loads = job->n_loads;
	plan->groups = calloc(job->n_groups + 1, sizeof(*plan->groups));
	plan->loads = calloc(job->n_loads + 1, sizeof(*plan->loads));
	if (!plan->groups || !plan->loads)
		return -ENOMEM;
	if (amount_resolve(&job->global.floor, &bases, &plan->floor_bytes, &missing) < 0)
		return job_fail(ret_error, job_said_globally(job, "floor", NULL), "global", NULL,
				"floor: it is bytes, a share of memory or of free");
	for (size_t i = 0; i < job->n_groups && r == 0; i++)
		r = plan_group(job, i, machine, plan, ret_error);
	for (size_t i = 0; i < job->n_loads && r == 0; i++)
		r = plan_load(job, i, machine, plan, ret_error);
	if (r == 0 && job->global.check_fit)
		r = plan_check_fit(job, machine, plan, ret_error);
	if (r == 0)
		*ret_plan = TAKE_PTR(plan);
	return r;
}
