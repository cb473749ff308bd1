/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a plan fits: into limits, nodes, and the machine. */
#include "stress/job/plan.h"

#include "base/parse.h"
#include "base/saturate.h"
#include "stress/loads/load.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

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

/* The setting that something does not fit into. */
struct tight {
	const struct job_place *place;
	const char *section, *name, *key;
	const char *who; /* "its loads" */
};

/* Says that need does not fit into room and how it is made up. */
static int refuse(struct stress_error *ret_error, const struct tight *tight, uint64_t need_bytes,
		  uint64_t room_bytes, const char *room_words, uint64_t swap_bytes)
{
	char need[FORMAT_SIZE_BYTES], room[FORMAT_SIZE_BYTES], swap[FORMAT_SIZE_BYTES];

	return job_fail(ret_error, tight->place, tight->section, tight->name,
			"%s: does not fit: %s want %s of anonymous memory; there is %s (%s) + "
			"%s swap (--check-fit no runs it all the same)",
			tight->key, tight->who, format_size(need, sizeof(need), need_bytes),
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
	const struct job_load *load = &job->loads[index];
	char ids[NODE_LIST_BYTES], who[NODE_LIST_BYTES + 32];
	uint64_t need = 0, room = 0;

	if (!is_bound(&job->loads[index]))
		return 0;
	for (size_t i = 0; i < plan->n_loads; i++)
		if (is_bound(&job->loads[i]) &&
		    node_list_is_within(&job->loads[i].settings.nodes, nodes))
			need = plus(need, anonymous_bytes(job, plan, i));
	for (size_t i = 0; i < nodes->n; i++)
		room += machine_find_node(machine, nodes->ids[i])->free_bytes;
	if (need <= plus(room, machine->swap_free))
		return 0;
	(void)snprintf(who, sizeof(who), "loads bound to node %s",
		       node_list_format(ids, sizeof(ids), nodes));
	return refuse(ret_error,
		      &(struct tight){job_said(load, stress_setting_find(&load_table, "node")),
				      "load", load->name, "node", who},
		      need, room, "free there", machine->swap_free);
}

static int check_group(const struct job *job, const struct machine *machine,
		       const struct plan *plan, size_t index, struct stress_error *ret_error)
{
	const struct group_plan *group = &plan->groups[index];
	uint64_t swap = MIN(group->swap_max_bytes, machine->swap_free), need = 0;

	for (size_t i = 0; i < plan->n_loads; i++)
		if (is_within(plan, plan->loads[i].group, (int)index))
			need = plus(need, anonymous_bytes(job, plan, i));
	if (need <= plus(group->hard_limit_bytes, swap))
		return 0;
	return refuse(ret_error,
		      &(struct tight){limit_place(&job->groups[index]), "group",
				      job->groups[index].name, "memory.max", "its loads"},
		      need, group->hard_limit_bytes, "its own or of a group above", swap);
}

/* All loads, or those without a group: theirs is the one this program is in. */
static int check_all(const struct job *job, const struct machine *machine, const struct plan *plan,
		     bool ungrouped, struct stress_error *ret_error)
{
	uint64_t room = ungrouped ? machine->own_limit
				  : minus(machine->available, plan->floor_bytes);
	const struct job_load *largest = NULL;
	uint64_t need = 0, most = 0;

	for (size_t i = 0; i < plan->n_loads; i++) {
		uint64_t bytes = anonymous_bytes(job, plan, i);

		if (ungrouped && plan->loads[i].group >= 0)
			continue;
		need = plus(need, bytes);
		if (bytes > most)
			largest = &job->loads[i];
		most = MAX(most, bytes);
	}
	if (need <= plus(room, machine->swap_free))
		return 0;
	return refuse(ret_error,
		      &(struct tight){job_said(largest, stress_setting_find(&load_table, "size")),
				      "load", largest->name, "size",
				      ungrouped ? "loads without a group" : "all loads"},
		      need, room,
		      ungrouped ? "the limit of the group this program is in"
				: "available memory less the floor",
		      machine->swap_free);
}

int plan_check_fit(const struct job *job, const struct machine *machine, const struct plan *plan,
		   struct stress_error *ret_error)
{
	int r = 0;

	for (size_t g = 0; g < plan->n_groups && r == 0; g++)
		r = check_floor(job, plan, (int)g, ret_error);
	for (size_t g = 0; g < plan->n_groups && r == 0; g++)
		r = check_group(job, machine, plan, g, ret_error);
	for (size_t i = 0; i < plan->n_loads && r == 0; i++)
		r = check_nodes(job, machine, plan, i, ret_error);
	if (r == 0)
		r = check_all(job, machine, plan, true, ret_error);
	return r == 0 ? check_all(job, machine, plan, false, ret_error) : r;
}
