/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/control/advise.h"

#include "agent/control/group_name.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* Texts for one fprintf: each call has its own place. */
#define BYTES(bytes)   format_size((char[FORMAT_SIZE_BYTES]){""}, FORMAT_SIZE_BYTES, bytes)
#define TIME(ns)       format_duration((char[FORMAT_DURATION_BYTES]){""}, FORMAT_DURATION_BYTES, ns)
#define PATH_OF(group) group_name_shown((char[GROUP_NAME_SHOWN_SIZE]){""}, group)

#define MUCH_REFAULTED 500 /* permyriad: worth a word of warning */

/* A counter that was reset by somebody counts from there. */
static uint64_t since(uint64_t now, uint64_t past)
{
	return now >= past ? now - past : now;
}

static void say_wish(const struct wish *wish, const struct verdict *verdict, FILE *out)
{
	if (wish_is(verdict))
		fprintf(out, "  would take: %s now", BYTES(verdict->bytes));
	else
		fputs("  would take: nothing now", out);
	fprintf(out, "; so far %s at most, %" PRIu64 " times, for %s in all\n",
		BYTES(wish->most_bytes), wish->times, TIME(wish->wanted_ns));
	fprintf(out, "  why: %s\n", verdict_words(verdict->reason));
	fprintf(out, "       room %s, margin %s, filling at %s/s\n", BYTES(verdict->room_bytes),
		BYTES(verdict->margin_bytes), BYTES(verdict->rate_bytes_per_s));
}

static void say_cold(uint64_t bytes, FILE *out)
{
	if (bytes > 0)
		fprintf(out,
			"  first: up to %s of processes that are frozen, stopped or named in "
			"[pageout]\n",
			BYTES(bytes));
}

/* What it is there to prevent, as far as it has happened while it was watched. */
static void say_without(const struct group_status *group, FILE *out)
{
	if (!group->past.known)
		return;
	fprintf(out, "  meanwhile: %" PRIu64 " times at its limit, stalled %s\n",
		group->limit_is_high ? since(group->events_high, group->past.events_high)
				     : since(group->events_max, group->past.events_max),
		TIME(MIN(since(group->stalled_us, group->past.stalled_us),
			 UINT64_MAX / NSEC_PER_USEC) *
		     NSEC_PER_USEC));
}

static void say_risk(const struct group_status *group, FILE *out)
{
	uint64_t back = group->verdict.refault_permyriad;

	fprintf(out, "  risk: it has %s file memory, read again from disk when used again,\n",
		BYTES(group->file_bytes));
	fprintf(out, "        and %s anonymous memory, which may go to swap\n",
		BYTES(group->anon_bytes));
	if (group->protected_bytes > 0)
		fprintf(out, "        %s are protected and stay\n", BYTES(group->protected_bytes));
	if (back >= MUCH_REFAULTED)
		fprintf(out,
			"        %" PRIu64 " %% of what was taken lately (by the kernel too) came "
			"back: it is in use\n",
			back / 100);
}

/* What trimming would begin with, and as far as ages are known, where it would end. */
static void say_trim(const struct group_status *group, FILE *out)
{
	const struct trim_status *trim = &group->trim;

	fprintf(out, "  cold memory: it would take %s now, and go on while it is not read back\n",
		BYTES(trim->wanted_bytes));
	fprintf(out, "  why: %s\n", trim_reason_words(trim->reason));
	if (trim->cold_bytes != TRIM_AGE_UNKNOWN)
		fprintf(out, "       %s of it have not been used for a while\n",
			BYTES(trim->cold_bytes));
}

static void advise_group(const struct group_status *group, FILE *out)
{
	if (group->owns_limit)
		fprintf(out, "\n%s (%s %s)\n", PATH_OF(group),
			group->limit_is_high ? "memory.high" : "memory.max",
			BYTES(group->limit_bytes));
	else
		fprintf(out, "\n%s (%s used)\n", PATH_OF(group), BYTES(group->current_bytes));
	if (group->wish.times > 0)
		say_wish(&group->wish, &group->verdict, out);
	if (group->trim.wish.times > 0)
		say_trim(group, out);
	say_cold(group->cold_most_bytes, out);
	if (group->owns_limit)
		say_without(group, out);
	say_risk(group, out);
}

static void advise_node(const struct node_status *node, FILE *out)
{
	fprintf(out, "\nnode %u\n", node->node);
	say_wish(&node->wish, &node->verdict, out);
	say_cold(node->cold_most_bytes, out);
	fprintf(out,
		"  risk: through %s, from whichever of its groups has most that is not "
		"protected\n",
		node->backend ? node->backend : "nothing");
}

static void say_mode(const struct agent_status *status, FILE *out)
{
	if (status->dry_run)
		fprintf(out,
			"uswapd runs with --dry-run, for %s: it asks the kernel for "
			"nothing.\n",
			TIME(status->uptime_ns));
	else if (status->observes)
		fprintf(out,
			"uswapd observes, running for %s: it asks the kernel for nothing until "
			"\"uswapctl enable\".\n",
			TIME(status->uptime_ns));
	else if (status->paused)
		fputs("uswapd is paused: it asks the kernel for nothing until \"uswapctl "
		      "resume\".\n",
		      out);
	else
		fputs("uswapd acts: this is what it wishes for, and takes as far as it can.\n",
		      out);
}

static uint64_t most_wished(const struct group_status *group)
{
	return MAX(group->wish.most_bytes, group->trim.wish.most_bytes);
}

static int by_wish(const void *a, const void *b)
{
	uint64_t one = most_wished(*(const struct group_status *const *)a);
	uint64_t other = most_wished(*(const struct group_status *const *)b);

	return (one < other) - (one > other);
}

/* Those of all nodes that something was wished for of, as many as there is room for in ret. */
static size_t find_wishes(const struct agent_status *status, const struct group_status **ret,
			  size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < status->n_nodes; i++) {
		const struct node_status *node = &status->nodes[i];

		for (size_t j = 0; node->answered && j < node->n_groups && n < max; j++)
			if (node->groups[j].wish.times > 0 || node->groups[j].trim.wish.times > 0)
				ret[n++] = &node->groups[j];
	}
	return n;
}

static size_t count_groups(const struct agent_status *status)
{
	size_t n = 0;

	for (size_t i = 0; i < status->n_nodes; i++)
		n += status->nodes[i].answered ? status->nodes[i].n_groups : 0;
	return n;
}

static int advise_groups(const struct agent_status *status, FILE *out)
{
	size_t all = count_groups(status), n;
	_cleanup_free_ const struct group_status **wished = calloc(all + 1, sizeof(*wished));
	uint64_t now_bytes = 0;

	if (!wished)
		return -ENOMEM;
	n = find_wishes(status, wished, all);
	qsort(wished, n, sizeof(struct group_status *), by_wish);
	for (size_t i = 0; i < n; i++) {
		if (wish_is(&wished[i]->verdict))
			now_bytes += wished[i]->verdict.bytes;
		now_bytes += wished[i]->trim.wanted_bytes;
		if (i < ADVISE_GROUPS_MAX)
			advise_group(wished[i], out);
	}
	if (n > ADVISE_GROUPS_MAX)
		fprintf(out, "\n%zu more, smaller ones: uswapctl --json status\n",
			n - ADVISE_GROUPS_MAX);
	fprintf(out, "\nFrom %zu of %zu groups that are looked after; now %s in all.\n", n, all,
		BYTES(now_bytes));
	return 0;
}

int advise(const struct agent_status *status, FILE *out)
{
	say_mode(status, out);
	for (size_t i = 0; i < status->n_nodes; i++) {
		const struct node_status *node = &status->nodes[i];

		if (!node->answered)
			fprintf(out, "\nnode %u: its worker did not answer in time\n", node->node);
		else if (node->wish.times > 0)
			advise_node(node, out);
		else
			fprintf(out, "\nnode %u: it would take nothing\n", node->node);
	}
	return advise_groups(status, out);
}
