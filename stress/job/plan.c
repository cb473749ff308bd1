/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/job/plan.h"

#include "base/parse.h"
#include "base/random.h"
#include "base/saturate.h"
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

struct plan *plan_free(struct plan *plan)
{
	if (!plan)
		return NULL;
	free(plan->groups);
	free(plan->loads);
	free(plan);
	return NULL;
}

static const struct machine_node *find_node(const struct machine *machine, unsigned int id)
{
	for (size_t i = 0; i < machine->n_nodes; i++)
		if (machine->nodes[i].id == id)
			return &machine->nodes[i];
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
	}
	for (size_t i = 0; i < group->n_knobs; i++) {
		const struct job_knob *knob = &group->knobs[i];
		uint64_t bytes = 0;
		int r;

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

/* Whether the load can have its nodes, and the memory that is there as bases of its sizes. */
static int plan_nodes(const struct job_load *load, const struct machine *machine,
		      struct amount_bases *bases, struct stress_error *ret_error)
{
	const struct job_place *place = job_said(load, stress_setting_find(&load_table, "node"));
	const struct node_list *nodes = &load->settings.nodes;
	uint64_t total = 0, free = 0;

	for (size_t i = 0; i < nodes->n; i++) {
		const struct machine_node *node = find_node(machine, nodes->ids[i]);

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
	int r = plan_nodes(load, machine, &bases, ret_error);

	if (r < 0)
		return r;
	to->group = settings->group[0] ? job_find_group(job, settings->group) : -1;
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

/* Memory of a load that can't be dropped, only swapped. */
static uint64_t anonymous_bytes(const struct job *job, const struct plan *plan, size_t index)
{
	const struct load_settings *settings = &job->loads[index].settings;
	const struct load_ops *ops = load_find_type(settings->type);

	return ops->anonymous_bytes ? ops->anonymous_bytes(settings, &plan->loads[index]) : 0;
}

static bool is_within(const struct plan *plan, int group, int ancestor)
{
	while (group >= 0 && group != ancestor)
		group = plan->groups[group].parent;
	return group == ancestor;
}

/* Says that need does not fit into room and how it is made up. */
static int refuse(struct stress_error *ret_error, const struct job_place *place,
		  const char *section, const char *name, uint64_t need_bytes, uint64_t room_bytes,
		  const char *room_words, uint64_t swap_bytes)
{
	char need[FORMAT_SIZE_BYTES], room[FORMAT_SIZE_BYTES], swap[FORMAT_SIZE_BYTES];

	return job_fail(ret_error, place, section, name,
			"does not fit: its loads want %s of anonymous memory; there is %s (%s) + "
			"%s swap (--check-fit no runs it all the same)",
			format_size(need, sizeof(need), need_bytes),
			format_size(room, sizeof(room), room_bytes), room_words,
			format_size(swap, sizeof(swap), swap_bytes));
}

/* Where the group's own memory.max was said, else the group's place. */
static const struct job_place *limit_place(const struct job_group *group)
{
	for (size_t i = 0; i < group->n_knobs; i++)
		if (strcmp(group->knobs[i].file, "memory.max") == 0)
			return &group->knobs[i].place;
	return &group->place;
}

/* What loads can't do without, whatever is reclaimed and however much swap there is. */
static int check_floor(const struct job *job, const struct plan *plan, int group,
		       struct stress_error *ret_error)
{
	uint64_t limit = plan->groups[group].hard_limit_bytes, need = 0, n = 0;
	char floor[FORMAT_SIZE_BYTES], has[FORMAT_SIZE_BYTES];

	for (size_t i = 0; i < plan->n_loads; i++) {
		if (!is_within(plan, plan->loads[i].group, group))
			continue;
		n++;
		need = plus(need, WORKER_FLOOR_BYTES);
		/* A page table of a page for 512 pages. */
		need = plus(need, anonymous_bytes(job, plan, i) / 512);
		if (load_find_type(job->loads[i].settings.type)->unswappable)
			need = plus(need, anonymous_bytes(job, plan, i));
	}
	if (n == 0 || need <= limit)
		return 0;
	return job_fail(
		ret_error, limit_place(&job->groups[group]), "group", plan->groups[group].name,
		"memory.max: %s is less than its loads can live with: %" PRIu64
		" workers need %s that can't be reclaimed (--check-fit no runs it all the same)",
		format_size(has, sizeof(has), limit), n, format_size(floor, sizeof(floor), need));
}

static bool is_bound(const struct job_load *load)
{
	return load->settings.nodes.n && load->settings.policy == TOPOLOGY_BIND;
}

/* Whether the nodes that a load is bound to have room for it and all that can go nowhere else. */
static int check_nodes(const struct job *job, const struct machine *machine,
		       const struct plan *plan, size_t index, struct stress_error *ret_error)
{
	const struct node_list *nodes = &job->loads[index].settings.nodes;
	uint64_t need = 0, room = 0;
	char ids[NODE_LIST_BYTES];

	if (!is_bound(&job->loads[index]))
		return 0;
	for (size_t i = 0; i < plan->n_loads; i++)
		if (is_bound(&job->loads[i]) &&
		    node_list_is_within(&job->loads[i].settings.nodes, nodes))
			need = plus(need, anonymous_bytes(job, plan, i));
	for (size_t i = 0; i < nodes->n; i++)
		room += find_node(machine, nodes->ids[i])->free_bytes;
	if (need <= plus(room, machine->swap_free))
		return 0;
	return refuse(ret_error, NULL, "node", node_list_format(ids, sizeof(ids), nodes), need,
		      room, nodes->n == 1 ? "free on the node" : "free on these nodes",
		      machine->swap_free);
}

static int check_fit(const struct job *job, const struct machine *machine, const struct plan *plan,
		     struct stress_error *ret_error)
{
	uint64_t total = 0, room;
	int r;

	for (size_t i = 0; i < plan->n_loads; i++)
		total = plus(total, anonymous_bytes(job, plan, i));
	for (size_t g = 0; g < plan->n_groups; g++) {
		r = check_floor(job, plan, (int)g, ret_error);
		if (r < 0)
			return r;
	}
	for (size_t g = 0; g < plan->n_groups; g++) {
		uint64_t swap = MIN(plan->groups[g].swap_max_bytes, machine->swap_free), need = 0;

		for (size_t i = 0; i < plan->n_loads; i++)
			if (is_within(plan, plan->loads[i].group, (int)g))
				need = plus(need, anonymous_bytes(job, plan, i));
		if (need > plus(plan->groups[g].hard_limit_bytes, swap))
			return refuse(ret_error, &job->groups[g].place, "group",
				      job->groups[g].name, need, plan->groups[g].hard_limit_bytes,
				      "memory.max, its own or of a group above", swap);
	}
	for (size_t i = 0; i < plan->n_loads; i++) {
		r = check_nodes(job, machine, plan, i, ret_error);
		if (r < 0)
			return r;
	}
	room = minus(machine->available, plan->floor_bytes);
	if (total > plus(room, machine->swap_free))
		return refuse(ret_error, NULL, "global", NULL, total, room,
			      "available memory less the floor", machine->swap_free);
	return 0;
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
		return job_fail(ret_error, job_said_globally(job, "floor"), "global", NULL,
				"floor: it is bytes, a share of memory or of free");
	for (size_t i = 0; i < job->n_groups && r == 0; i++)
		r = plan_group(job, i, machine, plan, ret_error);
	for (size_t i = 0; i < job->n_loads && r == 0; i++)
		r = plan_load(job, i, machine, plan, ret_error);
	if (r == 0 && job->global.check_fit)
		r = check_fit(job, machine, plan, ret_error);
	if (r == 0)
		*ret_plan = TAKE_PTR(plan);
	return r;
}
