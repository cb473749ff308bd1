/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/control/metrics.h"

#include "agent/control/group_name.h"
#include "agent/control/metrics_text.h"
#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define GAUGE	METRIC_GAUGE
#define COUNTER METRIC_COUNTER

/* A uint64_t of a struct, which counts in 10^-decimals of the unit that the name ends with. */
struct metric {
	const char *name;
	enum metric_type type;
	unsigned int decimals;
	size_t offset;
	const char *help;
};

/* A group, and what is written of it. */
struct shown {
	const struct group_status *group;
	struct series *series;
};

struct shown_groups {
	struct shown *all;
	size_t n;
	uint64_t left_out;
};

#define UNITS	  0
#define PERMYRIAD 4
#define US	  6
#define NS	  9

/* clang-format off */
#define LEDGER(prefix, type, member, whom) \
	{prefix "reclaim_requests_total", COUNTER, UNITS, offsetof(type, member.actions), \
	 "Requests sent to the kernel for " whom "."}, \
	{prefix "reclaim_short_requests_total", COUNTER, UNITS, offsetof(type, member.short_actions), \
	 "Of the requests for " whom ", those that came back with less than asked."}, \
	{prefix "reclaim_failed_requests_total", COUNTER, UNITS, offsetof(type, member.failed_actions), \
	 "Of the requests for " whom ", those that were refused."}, \
	{prefix "reclaim_asked_bytes_total", COUNTER, UNITS, offsetof(type, member.asked_bytes), \
	 "What policies wanted from " whom "."}, \
	{prefix "reclaim_tried_bytes_total", COUNTER, UNITS, offsetof(type, member.tried_bytes), \
	 "What the kernel was asked to take from " whom ", after protection."}, \
	{prefix "reclaim_applied_bytes_total", COUNTER, UNITS, offsetof(type, member.applied_bytes), \
	 "What usage fell by across the requests for " whom "."}, \
	{prefix "reclaim_net_freed_bytes_total", COUNTER, UNITS, offsetof(type, member.net_freed_bytes), \
	 "What the node had more of across the requests for " whom "."}, \
	{prefix "reclaim_swapped_bytes_total", COUNTER, UNITS, offsetof(type, member.swapped_bytes), \
	 "Of what was taken from " whom ", what went to swap."}, \
	{prefix "reclaim_swap_kept_bytes_total", COUNTER, UNITS, offsetof(type, member.swap_kept_bytes), \
	 "Of what went to swap from " whom ", what zram and zswap keep in memory."}, \
	{prefix "reclaim_demoted_bytes_total", COUNTER, UNITS, offsetof(type, member.demoted_bytes), \
	 "Moved to slower nodes across the requests for " whom ", which is no less usage of a group."}, \
	{prefix "reclaim_collateral_bytes_total", COUNTER, UNITS, offsetof(type, member.collateral_bytes), \
	 "Of what was taken for a node, what other nodes lost, by the shares of the groups asked."}, \
	{prefix "reclaim_refaulted_bytes_total", COUNTER, UNITS, offsetof(type, member.refaulted_bytes), \
	 "Of what was taken from " whom ", what was read back since."}, \
	{prefix "reclaim_cpu_seconds_total", COUNTER, NS, offsetof(type, member.cpu_ns), \
	 "CPU time in the requests for " whom "."}, \
	{prefix "reclaim_duration_seconds_total", COUNTER, NS, offsetof(type, member.wall_ns), \
	 "How long the requests for " whom " took."}, \
	{prefix "written_back_bytes_total", COUNTER, UNITS, offsetof(type, member.written_bytes), \
	 "Dirty file memory handed to its device, for " whom "."}, \
	{prefix "cleaned_bytes_total", COUNTER, UNITS, offsetof(type, member.cleaned_bytes), \
	 "Of what was written back for " whom ", what was clean afterwards."}, \
	{prefix "cleaned_taken_bytes_total", COUNTER, UNITS, offsetof(type, member.cleaned_taken_bytes), \
	 "Of what was cleaned for " whom ", what requests took since."}, \
	{prefix "dirtied_again_bytes_total", COUNTER, UNITS, offsetof(type, member.dirtied_again_bytes), \
	 "Of what was cleaned for " whom ", what was found dirty again soon after: a fault a page."}, \
	{prefix "pageout_tried_bytes_total", COUNTER, UNITS, offsetof(type, member.pageout_tried_bytes), \
	 "Resident in what was paged out for " whom ", of processes cold beyond doubt."}, \
	{prefix "pageout_applied_bytes_total", COUNTER, UNITS, offsetof(type, member.pageout_applied_bytes), \
	 "What the resident memory of these processes fell by."}, \
	{prefix "pageout_swapped_bytes_total", COUNTER, UNITS, offsetof(type, member.pageout_swapped_bytes), \
	 "What the swapped memory of these processes rose by."}

#define VERDICT(prefix, type) \
	{prefix "room_bytes", GAUGE, UNITS, offsetof(type, verdict.room_bytes), \
	 "Memory that can be used until tasks would have to reclaim for themselves."}, \
	{prefix "margin_bytes", GAUGE, UNITS, offsetof(type, verdict.margin_bytes), \
	 "Room that the agent wants to keep at the present rate."}, \
	{prefix "wanted_bytes", GAUGE, UNITS, offsetof(type, verdict.bytes), \
	 "What the policy wants back now."}, \
	{prefix "fill_bytes_per_second", GAUGE, UNITS, offsetof(type, verdict.rate_bytes_per_s), \
	 "How fast room is used up."}, \
	{prefix "refault_ratio", GAUGE, PERMYRIAD, offsetof(type, verdict.refault_permyriad), \
	 "Share of what was taken lately that came back."}, \
	{prefix "wishes_total", COUNTER, UNITS, offsetof(type, wish.times), \
	 "Times that the policy began to want memory, whether or not it was then asked for."}, \
	{prefix "wished_seconds_total", COUNTER, NS, offsetof(type, wish.wanted_ns), \
	 "For how long it wanted memory."}, \
	{prefix "wished_most_bytes", GAUGE, UNITS, offsetof(type, wish.most_bytes), \
	 "Most that it wanted at one moment."}

static const struct metric node_metrics[] = {
	{"uswapd_node_managed_bytes", GAUGE, UNITS, offsetof(struct node_status, managed_bytes),
	 "Memory of the node that the kernel can give out."},
	{"uswapd_node_free_bytes", GAUGE, UNITS, offsetof(struct node_status, free_bytes),
	 "Free memory of the node."},
	{"uswapd_node_low_watermark_bytes", GAUGE, UNITS, offsetof(struct node_status, low_bytes),
	 "The low watermarks of the node's zones, summed."},
	{"uswapd_node_high_watermark_bytes", GAUGE, UNITS, offsetof(struct node_status, high_bytes),
	 "The high watermarks of the node's zones, summed."},
	{"uswapd_node_seen_groups", GAUGE, UNITS, offsetof(struct node_status, groups_seen),
	 "Groups in the tree of the node's worker."},
	{"uswapd_node_reclaim_left_alone_seconds", GAUGE, NS,
	 offsetof(struct node_status, reclaim_rest.left_ns),
	 "How long nodeN/reclaim is not asked again, since it brought too little."},
	{"uswapd_node_wakeups_total", COUNTER, UNITS, offsetof(struct node_status, wakeups),
	 "Times that the node's worker woke."},
	{"uswapd_node_cpu_seconds_total", COUNTER, NS, offsetof(struct node_status, cpu_ns),
	 "CPU time of the node's worker, its requests too."},
	VERDICT("uswapd_node_", struct node_status),
	LEDGER("uswapd_node_", struct node_status, ledger, "the node"),
	LEDGER("uswapd_node_groups_", struct node_status, groups_ledger,
	       "all groups of the node's worker"),
};
_Static_assert(sizeof(size_t) == sizeof(uint64_t), "groups_seen is read as uint64_t");

static const struct metric group_metrics[] = {
	{"uswapd_group_current_bytes", GAUGE, UNITS, offsetof(struct group_status, current_bytes),
	 "Memory of the group (memory.current)."},
	{"uswapd_group_limit_bytes", GAUGE, UNITS, offsetof(struct group_status, limit_bytes),
	 "The lower of memory.high and memory.max."},
	{"uswapd_group_protected_bytes", GAUGE, UNITS, offsetof(struct group_status, protected_bytes),
	 "Effective memory.min or memory.low, the larger."},
	{"uswapd_group_file_bytes", GAUGE, UNITS, offsetof(struct group_status, file_bytes),
	 "Evictable file memory, at the last look near the limit."},
	{"uswapd_group_anon_bytes", GAUGE, UNITS, offsetof(struct group_status, anon_bytes),
	 "Evictable anonymous memory, at the last look near the limit."},
	{"uswapd_group_dirty_bytes", GAUGE, UNITS, offsetof(struct group_status, dirty_bytes),
	 "File memory that is dirty or under write-back, at the last look near the limit."},
	{"uswapd_group_max_events_total", COUNTER, UNITS, offsetof(struct group_status, events_max),
	 "Times the group ran into memory.max (memory.events.local)."},
	{"uswapd_group_high_events_total", COUNTER, UNITS, offsetof(struct group_status, events_high),
	 "Times the group ran into memory.high (memory.events.local)."},
	{"uswapd_group_stalled_seconds_total", COUNTER, US, offsetof(struct group_status, stalled_us),
	 "Time that tasks of the group waited for memory (PSI some)."},
	VERDICT("uswapd_group_", struct group_status),
	LEDGER("uswapd_group_", struct group_status, ledger, "the group"),
	{"uswapd_group_trim_wanted_bytes", GAUGE, UNITS, offsetof(struct group_status, trim.wanted_bytes),
	 "Step of cold memory that trimming wanted last."},
	{"uswapd_group_trim_applied_bytes_total", COUNTER, UNITS,
	 offsetof(struct group_status, trim.ledger.applied_bytes),
	 "Cold memory of the group that was given back."},
	{"uswapd_group_trim_net_freed_bytes_total", COUNTER, UNITS,
	 offsetof(struct group_status, trim.ledger.net_freed_bytes),
	 "What the node had more of across these steps."},
	{"uswapd_group_trim_refaulted_bytes_total", COUNTER, UNITS,
	 offsetof(struct group_status, trim.ledger.refaulted_bytes),
	 "Of the cold memory that was given back, what was read back since."},
	{"uswapd_group_trim_cpu_seconds_total", COUNTER, NS, offsetof(struct group_status, trim.ledger.cpu_ns),
	 "CPU time in these steps."},
};
/* clang-format on */

/*
 * The page has all groups for each metric, but the groups were written by other CPUs: read in that
 * order, each of these values would be a cache miss.
 */
struct series {
	uint64_t values[ARRAY_SIZE(group_metrics)];
	size_t labels_n;
	char labels[]; /* between the braces of a sample */
};

/* node="4294967295" */
#define NODE_LABELS_SIZE 24

static char *node_labels(char labels[NODE_LABELS_SIZE], const struct node_status *node)
{
	(void)snprintf(labels, NODE_LABELS_SIZE, "node=\"%u\"", node->node);
	return labels;
}

static uint64_t value_of(const struct metric *metric, const void *from)
{
	const void *member = (const char *)from + metric->offset;

	return *(const uint64_t *)member;
}

static void write_single(struct page *page, const char *name, enum metric_type type,
			 const char *help, uint64_t value)
{
	metrics_text_head(page, name, type, help);
	metrics_text_sample(page, name, NULL, value, UNITS);
}

static void write_agent(const struct agent_status *status, uint64_t left_out, struct page *page)
{
	const struct cleaner_state *cleaner = &status->cleaner;
	char version[METRICS_LABEL_SIZE(64)], labels[sizeof(version) + sizeof("version=\"\"")];
	uint64_t degraded = 0;

	while (degraded < ARRAY_SIZE(status->degraded) && *status->degraded[degraded])
		degraded++;
	(void)snprintf(labels, sizeof(labels), "version=\"%s\"",
		       metrics_label(version, sizeof(version), status->version));
	metrics_text_head(page, "uswapd_build_info", GAUGE, "The agent's version.");
	metrics_text_sample(page, "uswapd_build_info", labels, 1, UNITS);
	metrics_text_head(page, "uswapd_uptime_seconds", GAUGE,
			  "Time since the agent was started.");
	metrics_text_sample(page, "uswapd_uptime_seconds", NULL, status->uptime_ns, NS);
	write_single(page, "uswapd_acting", GAUGE,
		     "1: takes memory; 0: only observes, or is paused.",
		     !status->observes && !status->paused);
	write_single(page, "uswapd_degradations", GAUGE,
		     "Things the agent can't do on this machine (uswapctl status has them).",
		     degraded);
	write_single(page, "uswapd_groups_left_out", GAUGE,
		     "Groups that are looked after but not named here (metrics.groups_max).",
		     left_out);
	write_single(page, "uswapd_stuck_requests", GAUGE,
		     "Requests that the kernel keeps, as when swap does not answer.",
		     status->hands_stuck);
	write_single(page, "uswapd_hands_lost_total", COUNTER,
		     "Processes that made requests and were left behind, or ended.",
		     status->hands_lost);
	write_single(page, "uswapd_write_back_processes", GAUGE,
		     "Processes that write back, one a disk.", cleaner->writers);
	write_single(page, "uswapd_write_back_abandoned_devices", GAUGE,
		     "Devices that do not answer and are left alone.", cleaner->abandoned);
	write_single(page, "uswapd_write_back_asked_bytes_total", COUNTER,
		     "Dirty memory handed to devices.", cleaner->asked_bytes);
	write_single(page, "uswapd_write_back_cleaned_bytes_total", COUNTER,
		     "Of that, what was clean afterwards.", cleaner->cleaned_bytes);
}

static void write_node(const struct metric *metric, const struct node_status *node,
		       struct page *page)
{
	char labels[NODE_LABELS_SIZE];

	metrics_text_sample(page, metric->name, node_labels(labels, node), value_of(metric, node),
			    metric->decimals);
}

/* The reason is a label: each has a series of its own. */
static void write_verdict(const char *name, const char *labels, const struct verdict *verdict,
			  struct page *page)
{
	page_put(page, name);
	page_put(page, "{");
	page_put(page, labels);
	page_put(page, ",reason=\"");
	page_put(page, verdict_name(verdict->reason));
	page_put(page, "\"} 1\n");
}

static void write_nodes(const struct agent_status *status, struct page *page)
{
	const struct node_status *end = status->nodes + status->n_nodes;
	char labels[NODE_LABELS_SIZE];

	metrics_text_head(page, "uswapd_node_answered", GAUGE,
			  "1: the node's worker answered in time.");
	for (const struct node_status *node = status->nodes; node < end; node++)
		metrics_text_sample(page, "uswapd_node_answered", node_labels(labels, node),
				    node->answered, UNITS);
	metrics_text_head(page, "uswapd_node_verdict", GAUGE,
			  "What was decided last, as the reason.");
	for (const struct node_status *node = status->nodes; node < end; node++)
		if (node->answered)
			write_verdict("uswapd_node_verdict", node_labels(labels, node),
				      &node->verdict, page);
	for (size_t i = 0; i < ARRAY_SIZE(node_metrics); i++) {
		const struct metric *metric = &node_metrics[i];

		metrics_text_head(page, metric->name, metric->type, metric->help);
		for (const struct node_status *node = status->nodes; node < end; node++)
			if (node->answered)
				write_node(metric, node, page);
	}
}

static void write_group_metric(const struct shown_groups *groups, size_t i, struct page *page)
{
	const struct metric *metric = &group_metrics[i];
	const size_t name_n = strlen(metric->name);

	metrics_text_head(page, metric->name, metric->type, metric->help);
	for (const struct shown *shown = groups->all; shown < groups->all + groups->n; shown++) {
		const struct series *series = shown->series;

		page_put_n(page, metric->name, name_n);
		page_put(page, "{");
		page_put_n(page, series->labels, series->labels_n);
		page_put(page, "} ");
		metrics_text_value(page, series->values[i], metric->decimals);
	}
}

static void write_groups(const struct shown_groups *groups, struct page *page)
{
	const struct shown *end = groups->all + groups->n;

	metrics_text_head(page, "uswapd_group_verdict", GAUGE,
			  "What was decided last, as the reason.");
	for (const struct shown *shown = groups->all; shown < end; shown++)
		write_verdict("uswapd_group_verdict", shown->series->labels, &shown->group->verdict,
			      page);
	for (size_t i = 0; i < ARRAY_SIZE(group_metrics); i++)
		write_group_metric(groups, i, page);
}

/* By what only grows, then by age: the choice should not change from one scrape to the next. */
static int compare_importance(const void *a, const void *b)
{
	const struct group_status *left = ((const struct shown *)a)->group;
	const struct group_status *right = ((const struct shown *)b)->group;

	if (left->ledger.asked_bytes != right->ledger.asked_bytes)
		return left->ledger.asked_bytes > right->ledger.asked_bytes ? -1 : 1;
	if (left->wish.most_bytes != right->wish.most_bytes)
		return left->wish.most_bytes > right->wish.most_bytes ? -1 : 1;
	return (left->id > right->id) - (left->id < right->id);
}

static int compare_labels(const void *a, const void *b)
{
	const struct shown *left = a, *right = b;
	int order = strcmp(left->series->labels, right->series->labels);

	return order != 0 ? order : compare_importance(a, b);
}

static void shown_groups_free(struct shown_groups *groups)
{
	for (size_t i = 0; groups->all && i < groups->n; i++)
		free(groups->all[i].series);
	free(groups->all);
}

/* Of those by the same name the most important stays. */
static void drop_doubles(struct shown_groups *groups)
{
	size_t kept = 0;

	qsort(groups->all, groups->n, sizeof(*groups->all), compare_labels);
	for (size_t i = 0; i < groups->n; i++) {
		struct shown shown = groups->all[i];

		if (kept > 0 &&
		    strcmp(groups->all[kept - 1].series->labels, shown.series->labels) == 0)
			free(shown.series);
		else
			groups->all[kept++] = shown;
	}
	groups->left_out += groups->n - kept;
	groups->n = kept;
}

static size_t collect_groups(const struct agent_status *status, struct shown *ret_all)
{
	size_t n = 0;

	for (size_t i = 0; i < status->n_nodes; i++) {
		const struct node_status *node = &status->nodes[i];

		for (size_t j = 0; node->answered && j < node->n_groups; j++, n++)
			if (ret_all)
				ret_all[n] = (struct shown){.group = &node->groups[j]};
	}
	return n;
}

static struct series *series_of(const struct group_status *group)
{
	static const char before[] = "group=\"", after[] = "\"";
	char name[GROUP_NAME_SIZE], label[METRICS_LABEL_SIZE(GROUP_NAME_SIZE)];
	struct series *series;

	metrics_label(label, sizeof(label), group_name(name, group));
	series = malloc(sizeof(*series) + sizeof(before) + strlen(label) + sizeof(after));
	if (!series)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(group_metrics); i++)
		series->values[i] = value_of(&group_metrics[i], group);
	series->labels_n = (size_t)(stpcpy(stpcpy(stpcpy(series->labels, before), label), after) -
				    series->labels);
	return series;
}

/* Freed by the caller, on errors too. */
static int choose_groups(const struct agent_status *status, size_t groups_max,
			 struct shown_groups *groups)
{
	size_t n = collect_groups(status, NULL);

	if (n == 0)
		return 0;
	groups->all = calloc(n, sizeof(*groups->all));
	if (!groups->all)
		return -ENOMEM;
	(void)collect_groups(status, groups->all);
	qsort(groups->all, n, sizeof(*groups->all), compare_importance);
	groups->n = MIN(n, groups_max);
	groups->left_out = n - groups->n;
	for (size_t i = 0; i < groups->n; i++) {
		groups->all[i].series = series_of(groups->all[i].group);
		if (!groups->all[i].series)
			return -ENOMEM;
	}
	drop_doubles(groups);
	return 0;
}

int metrics_write(const struct agent_status *status, size_t groups_max, FILE *out)
{
	_cleanup_(shown_groups_free) struct shown_groups groups = {0};
	struct page page = {.out = out};
	int r = choose_groups(status, groups_max, &groups);

	if (r < 0)
		return r;
	write_agent(status, groups.left_out, &page);
	write_nodes(status, &page);
	write_groups(&groups, &page);
	return metrics_text_end(&page);
}
