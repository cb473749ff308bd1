/* SPDX-License-Identifier: Apache-2.0 */
/* Which groups are shown, and in what order. */
#include "agent/ctl/top/model.h"

#include <string.h>

static const char *const sort_names[TOP_SORTS] = {
	[TOP_BY_STALL] = "stall", [TOP_BY_USED] = "used", [TOP_BY_ROOM] = "room",
	[TOP_BY_COLD] = "cold",	  [TOP_BY_BACK] = "back", [TOP_BY_TAKEN] = "taken",
	[TOP_BY_PRICE] = "price", [TOP_BY_NAME] = "name",
};

const char *top_sort_name(enum top_sort sort)
{
	return sort_names[sort];
}

/* What is not known comes last. */
static uint64_t known(uint64_t value)
{
	return value == UINT64_MAX ? 0 : value;
}

/* The larger, the further up. */
static uint64_t weight(const struct top_group *group, enum top_sort sort)
{
	switch (sort) {
	case TOP_BY_STALL:
		return group->stalled_permyriad;
	case TOP_BY_USED:
		return group->current_bytes;
	case TOP_BY_ROOM:
		return group->limit_bytes > group->current_bytes
			       ? UINT64_MAX - (group->limit_bytes - group->current_bytes)
			       : UINT64_MAX;
	case TOP_BY_COLD:
		return known(group->cold_bytes);
	case TOP_BY_BACK:
		return group->doings.back_bytes_per_s;
	case TOP_BY_TAKEN:
		return group->doings.taken_bytes;
	case TOP_BY_PRICE:
		return known(group->doings.price_us_per_mib);
	default:
		return 0;
	}
}

/* Equal ones by name, or they would change places from one picture to the next. */
static int compare(const void *a, const void *b, void *context)
{
	const struct top_model *m = context;
	const struct top_group *left = &m->groups[*(const size_t *)a];
	const struct top_group *right = &m->groups[*(const size_t *)b];
	uint64_t l = weight(left, m->sort), r = weight(right, m->sort);
	int order = (l < r) - (l > r);

	if (order == 0)
		order = strcmp(left->path, right->path);
	return m->reversed ? -order : order;
}

void top_arrange(struct top_model *m)
{
	m->n_shown = 0;
	for (size_t i = 0; i < m->n_groups; i++)
		if (strcasestr(m->groups[i].path, m->filter))
			m->shown[m->n_shown++] = i;
	if (m->n_shown > 0)
		qsort_r(m->shown, m->n_shown, sizeof(*m->shown), compare, m);
}

const struct top_group *top_selected(const struct top_model *m, size_t *ret_index)
{
	size_t index = 0;

	if (m->n_shown == 0)
		return NULL;
	for (size_t i = 0; i < m->n_shown; i++)
		if (m->groups[m->shown[i]].id == m->selected_id)
			index = i;
	if (ret_index)
		*ret_index = index;
	return &m->groups[m->shown[index]];
}
