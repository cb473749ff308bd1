/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ctl/top/model.h"

#include "agent/ctl/reader.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/parse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MIB	    (UINT64_C(1) << 20)
#define INTERVAL_NS (2 * NSEC_PER_SEC)
#define SLOWEST_NS  (30 * NSEC_PER_SEC)
#define CPU_PART    125 /* a little below 1 %: drawing, too, takes some */

static void free_groups(struct top_group *groups, size_t n)
{
	for (size_t i = 0; groups && i < n; i++)
		free(groups[i].path);
	free(groups);
}

void top_model_clear(struct top_model *m)
{
	free_groups(m->groups, m->n_groups);
	free(m->nodes);
	free(m->shown);
	free(m->lines);
	*m = (struct top_model){0};
}

/* What is counted up, a second; 0 when the counter began anew. */
static uint64_t per_second(uint64_t now, uint64_t before, uint64_t elapsed_ns)
{
	if (now <= before || elapsed_ns == 0)
		return 0;
	return (uint64_t)((unsigned __int128)(now - before) * NSEC_PER_SEC / elapsed_ns);
}

/* Adds what one of the agent's laws did. */
static void read_ledger(struct reader *object, struct top_doings *doings)
{
	struct reader ledger = reader_member(object, "ledger");

	doings->taken_bytes += reader_number(&ledger, "applied_bytes");
	doings->back_bytes += reader_number(&ledger, "refaulted_bytes");
	doings->cpu_ns += reader_number(&ledger, "cpu_ns");
	object->bad |= ledger.bad;
}

static void read_verdict(struct reader *object, struct top_doings *doings)
{
	struct reader verdict = reader_member(object, "verdict");

	escape_ascii(doings->why, sizeof(doings->why), reader_text(&verdict, "reason"));
	object->bad |= verdict.bad;
}

/* before: NULL when there is no older picture to compare with. */
static void rate_doings(struct top_doings *doings, const struct top_doings *before,
			uint64_t elapsed_ns)
{
	doings->price_us_per_mib = UINT64_MAX;
	if (doings->taken_bytes >= MIB)
		doings->price_us_per_mib = doings->cpu_ns / NSEC_PER_USEC /
					   (doings->taken_bytes / MIB);
	if (before)
		doings->back_bytes_per_s =
			per_second(doings->back_bytes, before->back_bytes, elapsed_ns);
}

static const struct top_node *find_node(const struct top_model *m, uint64_t id)
{
	for (size_t i = 0; i < m->n_nodes; i++)
		if (m->nodes[i].node == id)
			return &m->nodes[i];
	return NULL;
}

static void remember(struct top_node *node)
{
	if (node->n_history == TOP_HISTORY) {
		memmove(node->history, node->history + 1,
			(TOP_HISTORY - 1) * sizeof(node->history[0]));
		node->n_history--;
	}
	node->history[node->n_history++] = node->free_bytes;
}

static int read_node(const json_t *object, const struct top_model *m, uint64_t elapsed_ns,
		     struct top_node *ret)
{
	struct reader node = {object, false};
	const struct top_node *before = find_node(m, reader_number(&node, "node"));
	struct reader verdict;

	if (before) {
		ret->n_history = before->n_history;
		memcpy(ret->history, before->history, sizeof(ret->history));
	}
	ret->node = reader_number(&node, "node");
	ret->answered = reader_flag(&node, "answered");
	if (node.bad || !ret->answered)
		return node.bad ? -EPROTO : 0;
	ret->free_bytes = reader_number(&node, "free_bytes");
	ret->low_bytes = reader_number(&node, "low_bytes");
	ret->high_bytes = reader_number(&node, "high_bytes");
	verdict = reader_member(&node, "verdict");
	ret->room_bytes = reader_number(&verdict, "room_bytes");
	ret->margin_bytes = reader_number(&verdict, "margin_bytes");
	ret->rate_bytes_per_s = reader_number(&verdict, "rate_bytes_per_s");
	read_verdict(&node, &ret->doings);
	read_ledger(&node, &ret->doings);
	rate_doings(&ret->doings, before && before->answered ? &before->doings : NULL, elapsed_ns);
	remember(ret);
	return node.bad || verdict.bad ? -EPROTO : 0;
}

static int compare_ids(const void *a, const void *b)
{
	uint64_t left = ((const struct top_group *)a)->id;
	uint64_t right = ((const struct top_group *)b)->id;

	return (left > right) - (left < right);
}

/* null: the group is not trimmed. What has no limit is there only to be trimmed. */
static void read_trim(struct reader *group, struct top_group *ret)
{
	struct reader trim;

	ret->cold_bytes = UINT64_MAX;
	if (json_is_null(json_object_get(group->object, "trim")))
		return;
	trim = reader_member(group, "trim");
	ret->cold_bytes = reader_number(&trim, "cold_bytes");
	read_ledger(&trim, &ret->doings);
	if (!reader_flag(group, "owns_limit"))
		escape_ascii(ret->doings.why, sizeof(ret->doings.why),
			     reader_text(&trim, "reason"));
	group->bad |= trim.bad;
}

static int read_group(const json_t *object, const struct top_model *m, uint64_t elapsed_ns,
		      struct top_group *ret)
{
	struct reader group = {object, false};
	const struct top_group key = {.id = reader_number(&group, "cgroup_id")};
	const struct top_group *before = NULL;

	if (m->n_groups > 0)
		before = bsearch(&key, m->groups, m->n_groups, sizeof(key), compare_ids);
	*ret = (struct top_group){
		.id = key.id,
		.path = strdup(reader_text(&group, "path")),
		.current_bytes = reader_number(&group, "current_bytes"),
		.limit_bytes = reader_number(&group, "limit_bytes"),
		.stalled_us = reader_number(&group, "stalled_us"),
	};
	read_verdict(&group, &ret->doings);
	read_ledger(&group, &ret->doings);
	read_trim(&group, ret);
	rate_doings(&ret->doings, before ? &before->doings : NULL, elapsed_ns);
	if (before)
		ret->stalled_permyriad =
			MIN(UINT64_C(10000),
			    per_second(ret->stalled_us, before->stalled_us, elapsed_ns) / 100);
	if (!ret->path)
		return -ENOMEM;
	return group.bad ? -EPROTO : 0;
}

static int read_head(const json_t *status, struct top_model *m, uint64_t *ret_uptime_ns)
{
	struct reader head = {status, false};
	const char *mode = reader_text(&head, "mode");
	char up[FORMAT_DURATION_BYTES], version[32];
	uint64_t uptime_ns = reader_number(&head, "uptime_ns");
	bool dry_run = reader_flag(&head, "dry_run"), paused = reader_flag(&head, "paused");

	escape_ascii(version, sizeof(version), reader_text(&head, "version"));
	if (head.bad || strcmp(reader_text(&head, "schema"), "uswapd-status/1") != 0)
		return -EPROTO;
	if (dry_run)
		mode = "dry run";
	else if (strcmp(mode, "act") != 0)
		mode = "observes";
	else
		mode = paused ? "paused" : "acts";
	(void)snprintf(m->agent, sizeof(m->agent), "uswapd %s  %s  up %s", version, mode,
		       format_duration(up, sizeof(up), uptime_ns));
	*ret_uptime_ns = uptime_ns;
	return 0;
}

/* The next picture beside the last one: either all of it takes its place, or nothing does. */
struct picture {
	struct top_node *nodes;
	struct top_group *groups;
	size_t *shown;
	size_t n_nodes, n_groups;
};

static void picture_free(struct picture *p)
{
	free_groups(p->groups, p->n_groups);
	free(p->nodes);
	free(p->shown);
}

static int read_picture(const json_t *status, const struct top_model *m, uint64_t elapsed_ns,
			struct picture *p)
{
	const json_t *nodes = json_object_get(status, "nodes");
	const json_t *groups = json_object_get(status, "groups");
	int r = 0;

	if (!json_is_array(nodes) || !json_is_array(groups))
		return -EPROTO;
	p->nodes = calloc(json_array_size(nodes) + 1, sizeof(*p->nodes));
	p->groups = calloc(json_array_size(groups) + 1, sizeof(*p->groups));
	p->shown = calloc(json_array_size(groups) + 1, sizeof(*p->shown));
	if (!p->nodes || !p->groups || !p->shown)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < json_array_size(nodes); i++)
		r = read_node(json_array_get(nodes, i), m, elapsed_ns, &p->nodes[p->n_nodes++]);
	for (size_t i = 0; r == 0 && i < json_array_size(groups); i++)
		r = read_group(json_array_get(groups, i), m, elapsed_ns, &p->groups[p->n_groups++]);
	if (r == 0 && p->n_groups > 0)
		qsort(p->groups, p->n_groups, sizeof(*p->groups), compare_ids);
	return r;
}

int top_feed(struct top_model *m, const json_t *status, uint64_t now_ns)
{
	_cleanup_(picture_free) struct picture next = {0};
	uint64_t uptime_ns = 0, elapsed_ns = 0;
	struct picture last;
	int r = read_head(status, m, &uptime_ns);

	/* Counters of an agent that was started anew have nothing to do with the last ones. */
	if (r == 0 && m->seen && uptime_ns >= m->uptime_ns && now_ns > m->picture_ns)
		elapsed_ns = now_ns - m->picture_ns;
	if (r == 0)
		r = read_picture(status, m, elapsed_ns, &next);
	if (r < 0)
		return r;
	last = (struct picture){m->nodes, m->groups, m->shown, m->n_nodes, m->n_groups};
	m->nodes = next.nodes;
	m->groups = next.groups;
	m->shown = next.shown;
	m->n_nodes = next.n_nodes;
	m->n_groups = next.n_groups;
	next = last;
	m->seen = true;
	m->picture_ns = now_ns;
	m->uptime_ns = uptime_ns;
	m->trouble[0] = '\0';
	top_arrange(m);
	return 0;
}

uint64_t top_interval_ns(uint64_t cpu_ns)
{
	if (cpu_ns >= SLOWEST_NS / CPU_PART)
		return SLOWEST_NS;
	return MAX(INTERVAL_NS, cpu_ns * CPU_PART);
}

void top_notice(struct top_model *m, const char *text)
{
	escape_ascii(m->notice, sizeof(m->notice), text);
}

void top_trouble(struct top_model *m, const char *text)
{
	escape_ascii(m->trouble, sizeof(m->trouble), text);
}

void top_show_lines(struct top_model *m, char *lines)
{
	free(m->lines);
	m->lines = lines;
	m->first_line = 0;
	m->view = TOP_LINES;
}
