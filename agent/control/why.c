/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/control/why.h"

#include "agent/control/group_name.h"
#include "agent/sense/group_marks.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/saturate.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* Texts for one fprintf: each call has its own place. */
#define BYTES(bytes)   format_size((char[FORMAT_SIZE_BYTES]){""}, FORMAT_SIZE_BYTES, bytes)
#define TIME(ns)       format_duration((char[FORMAT_DURATION_BYTES]){""}, FORMAT_DURATION_BYTES, ns)
#define PATH_OF(group) group_name_shown((char[GROUP_NAME_SHOWN_SIZE]){""}, group)

/*
 * What a person could do, or what the agent waits for. Where a number belongs in it, follow_up()
 * has the words.
 */
static const char *const changes[VERDICT_REASONS] = {
	[VERDICT_NONE] = "The first look at it.",
	[VERDICT_NO_DEMAND] = "It acts once usage grows and the room gets smaller than the margin.",
	[VERDICT_ROOM_ENOUGH] = "A limit, or room that gets smaller than the margin.",
	[VERDICT_REFAULTS] =
		("Less of what is taken being read back. A higher limit would help more: this "
		 "memory is in use."),
	[VERDICT_NOTHING_SPARE] =
		("Dirty files written back, locked memory released, swap added, or memory.min and "
		 "memory.low lowered."),
	[VERDICT_ELSEWHERE] =
		("The other nodes filling up; Linux 6.18, which reclaims one node alone; "
		 "balance.lru_gen = yes, tuning.watermark_most, or balance.elsewhere raised."),
	[VERDICT_SWAP_ALLOWANCE] =
		("headroom.swap_allowance raised, protect.swap_free lowered, swap added, or (on "
		 "a disk) protect.swap_writes raised or protect.exclude_device shortened."),
	[VERDICT_SWAP_YIELD] = ("Data that compresses better, a disk to swap to, or "
				"protect.swap_yield lowered; it "
				"is tried again from time to time."),
	[VERDICT_SWAP_STUCK] = "Swap that answers again, or swapoff of the one that does not.",
	[VERDICT_EXCLUDED] = ("Its pattern removed from [protect], or user.uswapd.exclude from it "
			      "or one above it."),
	[VERDICT_NEIGHBOURS_HAVE_ROOM] =
		("The other nodes filling up, demand that can only be met here (cpusets, memory "
		 "policies), or balance.keep_local = yes."),
	[VERDICT_KSWAPD_ACTIVE] = "The kernel's own reclaim coming to its end.",
	[VERDICT_KSWAPD_SUFFICES] = "Tasks that have to reclaim for themselves.",
	[VERDICT_KSWAPD_EARLY] =
		"Tasks that have to reclaim for themselves, or tuning.watermark_most = 0.",
	[VERDICT_CPU_BUDGET] =
		"Time, which pays what was used beyond it; protect.cpu raises the budget.",
	[VERDICT_TIME_BUDGET] =
		"Time, which pays what was used beyond it; protect.time raises the budget.",
	[VERDICT_BYTE_BUDGET] = "The next second; protect.rate raises the budget.",
	[VERDICT_HELD_OUT] = "The next window's lot, a stall, or (of a group) its limit being hit.",
	[VERDICT_HARMFUL] =
		"The configuration read anew (uswapctl reload); uswapctl effect has the numbers.",
	[VERDICT_NO_BACKEND] =
		"A kernel with memory.reclaim (5.19 or newer), or permission to write it.",
	[VERDICT_NODE_GONE] = "Its memory coming online again: it is looked for every few seconds.",
	[VERDICT_LIMIT_NEAR] = "It stops when the room is larger than the margin again.",
	[VERDICT_NODE_LOW] = "It stops when the room is larger than the margin again.",
	[VERDICT_ORDERED] = "It stops when what was asked for has been taken or tried.",
	[VERDICT_COLD] = "It stops when what was taken is read back, or when its tasks stall.",
};

/* The same for trimming. */
static const char *const trim_changes[TRIM_REASONS] = {
	[TRIM_OFF] = "trim.enabled = yes.",
	[TRIM_EXCLUDED] = ("Its pattern removed from [protect], or user.uswapd.exclude from it or "
			   "one above it."),
	[TRIM_WAITING] = "The next step.",
	[TRIM_TRIGGERED] = "The end of the pause (trim.pause) without another stall.",
	[TRIM_PRESSURE] = "Less stalling within a minute, or trim.pressure raised.",
	[TRIM_REFAULTS] = "Less being read back within a minute, or trim.refault raised.",
	[TRIM_PROMOTIONS] = "Less being read back within a minute, or trim.promotion raised.",
	[TRIM_NO_COLD] = "Memory that is left alone for longer.",
	[TRIM_SMALL] = "The next intervals: the step grows.",
	[TRIM_NOTHING_SPARE] =
		("More memory than trim.floor and protection leave it, clean files, swap, or "
		 "memory.min and memory.low lowered."),
	[TRIM_SWAP_ALLOWANCE] =
		("trim.swap_allowance raised, protect.swap_free lowered, swap added, or (on a "
		 "disk) protect.swap_writes raised or protect.exclude_device shortened."),
	[TRIM_SWAP_YIELD] = ("Data that compresses better, a disk to swap to, or "
			     "protect.swap_yield lowered; it "
			     "is tried again from time to time."),
	[TRIM_SWAP_STUCK] = "Swap that answers again, or swapoff of the one that does not.",
	[TRIM_BACK_OFF] = "The end of the wait.",
	[TRIM_DAMON_RECLAIM] =
		("DAMON_RECLAIM switched off (damon_reclaim/parameters/enabled), or taking "
		 "nothing for a minute."),
	[TRIM_HELD_OUT] = "The next window's lot, or a stall.",
	[TRIM_HARMFUL] =
		"The configuration read anew (uswapctl reload); uswapctl effect has the numbers.",
	[TRIM_NO_BACKEND] =
		"A kernel with memory.reclaim (5.19 or newer), or permission to write it.",
	[TRIM_STEP] = "It stops when what was taken is read back, or when its tasks stall.",
};

static void say_numbers(const struct verdict *verdict, FILE *out)
{
	if (verdict->room_bytes == UINT64_MAX)
		fputs("  room without bound", out);
	else
		fprintf(out, "  room %s", BYTES(verdict->room_bytes));
	fprintf(out, ", margin %s, filling at %s/s", BYTES(verdict->margin_bytes),
		BYTES(verdict->rate_bytes_per_s));
	fprintf(out, "; %" PRIu64 ".%02" PRIu64 " %% of what was taken lately came back\n",
		verdict->refault_permyriad / 100, verdict->refault_permyriad % 100);
	if (verdict->bytes > 0)
		fprintf(out, "  wanted back: %s\n", BYTES(verdict->bytes));
}

/* The advice, with the time it will take where that can be told. */
static void say_change(const struct verdict *verdict, FILE *out)
{
	const char *change = verdict->reason < VERDICT_REASONS ? changes[verdict->reason] : NULL;
	uint64_t spare = minus(verdict->room_bytes, verdict->margin_bytes);

	fputs("What would change it: ", out);
	if (verdict->reason == VERDICT_ROOM_ENOUGH && verdict->room_bytes != UINT64_MAX) {
		fprintf(out, "It acts when %s more are used", BYTES(spare));
		if (verdict->rate_bytes_per_s > 0)
			fprintf(out, ", at this rate in %s",
				TIME(scale(spare, NSEC_PER_SEC, verdict->rate_bytes_per_s)));
		fputs(".\n", out);
	} else if (verdict->reason == VERDICT_HOPELESS || verdict->reason == VERDICT_BACK_OFF) {
		fprintf(out, "It tries again in %s.\n", TIME(verdict->look_again_ns));
	} else {
		fprintf(out, "%s\n", change ? change : "The next look at it.");
	}
	if (verdict->look_again_ns > 0)
		fprintf(out, "Next look: within %s of that decision, or at the next event.\n",
			TIME(verdict->look_again_ns));
}

static void say_account(const struct ledger *ledger, FILE *out)
{
	if (ledger->actions == 0) {
		fputs("So far: no requests.\n", out);
		return;
	}
	fprintf(out,
		"So far: %" PRIu64 " requests (%" PRIu64 " came back short, %" PRIu64
		" were refused)\n",
		ledger->actions, ledger->short_actions, ledger->failed_actions);
	fprintf(out, "  asked for %s, tried %s, taken %s, of that read back %s\n",
		BYTES(ledger->asked_bytes), BYTES(ledger->tried_bytes),
		BYTES(ledger->applied_bytes), BYTES(ledger->refaulted_bytes));
	if (ledger->swapped_bytes > 0)
		fprintf(out, "  %s went to swap, of which %s stayed in memory (zram, zswap)\n",
			BYTES(ledger->swapped_bytes), BYTES(ledger->swap_kept_bytes));
	if (ledger->demoted_bytes > 0)
		fprintf(out,
			"  %s were demoted: moved to slower nodes, and charged to their groups as "
			"before\n",
			BYTES(ledger->demoted_bytes));
	if (ledger->collateral_bytes > 0)
		fprintf(out, "  %s of what was taken were on other nodes, and no gain here\n",
			BYTES(ledger->collateral_bytes));
	fprintf(out, "  the node gained %s net, for %s of CPU time in %s\n",
		BYTES(ledger->net_freed_bytes), TIME(ledger->cpu_ns), TIME(ledger->wall_ns));
}

/* Of the numbers that it was judged by. */
static void say_yield(const struct yield_status *yield, FILE *out)
{
	uint64_t permyriad = yield_permyriad(&yield->judged);

	if (yield->left_ns == 0)
		return;
	fprintf(out,
		"  swap is left alone for %s more: of the last %s that went there %s stayed in "
		"memory (zram, zswap): %" PRIu64 ".%02" PRIu64 " %% gained\n",
		TIME(yield->left_ns), BYTES(yield->judged.swapped_bytes),
		BYTES(yield->judged.kept_bytes), permyriad / 100, permyriad % 100);
}

static void say_thrash(const struct thrash_status *anon, const struct thrash_status *file,
		       FILE *out)
{
	if (anon->left_ns > 0)
		fprintf(out,
			"  its anonymous memory thrashes: %" PRIu64
			" %% of what had gone to swap came back; for %s more files are asked for "
			"alone, active ones too, while there are enough that do not thrash\n",
			anon->permyriad / 100, TIME(anon->left_ns));
	if (file->left_ns > 0)
		fprintf(out,
			"  its files thrash: %" PRIu64
			" %% of what was taken of them came back; for %s more they are not asked "
			"for alone\n",
			file->permyriad / 100, TIME(file->left_ns));
}

static void say_prices(const struct price_status *prices, FILE *out)
{
	if (prices->swappiness > 0)
		fprintf(out,
			"  a MiB read back takes %s from swap, %s from other disks: asked with "
			"swappiness %" PRIu64 "\n",
			TIME(prices->swap_ns), TIME(prices->file_ns), prices->swappiness);
}

/* What is not asked for a while, and for what. */
static void say_rest(const char *what, const struct rest *rest, FILE *out)
{
	if (rest->left_ns == 0)
		return;
	fprintf(out, "  %s is left alone for %s more: ", what, TIME(rest->left_ns));
	if (rest->dear)
		fprintf(out, "%s cost %s of CPU time, more than protect.price allows\n",
			BYTES(rest->judged.gained_bytes), TIME(rest->judged.cpu_ns));
	else
		fprintf(out, "the last requests, %" PRIu64 " in a row, brought too little\n",
			rest->fruitless);
}

static void say_cleaning(const struct ledger *ledger, FILE *out)
{
	if (ledger->cleanings > 0)
		fprintf(out,
			"Dirty files written back so that there is something to take: %" PRIu64
			" times, %s, of which %s were clean afterwards; of those %s were taken "
			"since, %s dirtied again\n",
			ledger->cleanings, BYTES(ledger->written_bytes),
			BYTES(ledger->cleaned_bytes), BYTES(ledger->cleaned_taken_bytes),
			BYTES(ledger->dirtied_again_bytes));
}

static void say_pageout(const struct ledger *ledger, FILE *out)
{
	if (ledger->pageouts == 0)
		return;
	fprintf(out,
		"Processes that are cold beyond doubt paged out: %" PRIu64
		" times, %s tried, %s taken, of that %s to swap",
		ledger->pageouts, BYTES(ledger->pageout_tried_bytes),
		BYTES(ledger->pageout_applied_bytes), BYTES(ledger->pageout_swapped_bytes));
	if (ledger->cooled_bytes > 0)
		fprintf(out, "; %s of others made cold", BYTES(ledger->cooled_bytes));
	fputc('\n', out);
}

static void say_doings(const struct verdict *verdict, uint64_t verdict_age_ns,
		       const struct verdict *action, uint64_t action_age_ns,
		       const struct ledger *ledger, FILE *out)
{
	if (verdict->reason == VERDICT_NONE) {
		fprintf(out, "Decided: %s\n", verdict_words(verdict->reason));
	} else {
		fprintf(out, "Decided %s ago: %s\n", TIME(verdict_age_ns),
			verdict_words(verdict->reason));
		say_numbers(verdict, out);
	}
	if (action->reason == VERDICT_NONE) {
		fputs("Never acted.\n", out);
	} else {
		fprintf(out, "Last acted %s ago: %s\n", TIME(action_age_ns),
			verdict_words(action->reason));
		say_numbers(action, out);
	}
	say_account(ledger, out);
	say_cleaning(ledger, out);
	say_pageout(ledger, out);
	say_change(verdict, out);
}

static void say_trim(const struct trim_status *trim, FILE *out)
{
	const struct trim_terms *terms = &trim->terms;

	fprintf(out, "Trimming, decided %s ago: %s\n", TIME(trim->age_ns),
		trim_reason_words(trim->reason));
	fprintf(out,
		"  a step is %" PRIu64 ".%02" PRIu64 " %% of its memory; of that pressure leaves "
		"%" PRIu64 " %%, refaults %" PRIu64 " %%, promotions %" PRIu64 " %%\n",
		trim->ratio_permyriad / 100, trim->ratio_permyriad % 100, terms->pressure / 100,
		terms->refault / 100, terms->promotion / 100);
	if (trim->cold_bytes != TRIM_AGE_UNKNOWN)
		fprintf(out, "  cold by its age: %s\n", BYTES(trim->cold_bytes));
	if (trim->wanted_bytes > 0)
		fprintf(out, "  wanted back: %s\n", BYTES(trim->wanted_bytes));
	say_account(&trim->ledger, out);
	say_pageout(&trim->ledger, out);
	fprintf(out, "What would change it: %s\n",
		(unsigned int)trim->reason < TRIM_REASONS ? trim_changes[trim->reason]
							  : "The next look at it.");
}

void why_group(const struct group_status *group, unsigned int node, FILE *out)
{
	fprintf(out, "Group %s (looked after on node %u)\n", PATH_OF(group), node);
	if (group->limit_bytes == UINT64_MAX)
		fprintf(out, "  %s used, no limit", BYTES(group->current_bytes));
	else
		fprintf(out, "  %s used of %s (%s)", BYTES(group->current_bytes),
			BYTES(group->limit_bytes),
			group->limit_is_high ? "memory.high" : "memory.max");
	if (group->protected_bytes > 0)
		fprintf(out, ", %s protected", BYTES(group->protected_bytes));
	if (group->weight != GROUP_WEIGHT_DEFAULT && group->weight > 0)
		fprintf(out, ", weight %" PRIu64, group->weight);
	fprintf(out, "\n  events: max %" PRIu64 ", high %" PRIu64 "; stalled %s\n",
		group->events_max, group->events_high,
		TIME(MIN(group->stalled_us, UINT64_MAX / NSEC_PER_USEC) * NSEC_PER_USEC));
	say_yield(&group->swap_yield, out);
	say_thrash(&group->anon_thrash, &group->file_thrash, out);
	say_prices(&group->prices, out);
	if (group->harmful)
		fputs("  headroom and trim are stopped here: groups that were looked after did "
		      "worse (uswapctl effect)\n",
		      out);
	say_rest("memory.reclaim for room below its limit", &group->rests.limit, out);
	say_rest("memory.reclaim of cold memory", &group->rests.trim, out);
	say_rest("memory.reclaim for its node", &group->rests.node, out);
	say_rest("lru_gen for its node", &group->rests.evict, out);
	if (group->dirty_bytes > 0)
		fprintf(out, "  %s of its files are dirty: %s\n", BYTES(group->dirty_bytes),
			clean_reason_words(group->clean));
	if (group->owns_limit)
		say_doings(&group->verdict, group->verdict_age_ns, &group->action,
			   group->action_age_ns, &group->ledger, out);
	else
		fputs("  It has no limit of its own: headroom has nothing to keep here.\n", out);
	if (group->trim.on)
		say_trim(&group->trim, out);
}

/* Of the window of a second that is going on, with what those before it used too much. */
static void say_budget(const struct spending *spent, const struct spending *budget, FILE *out)
{
	fprintf(out, "  its worker's budget for this second: %s of %s of CPU time used",
		TIME(spent->cpu_ns), TIME(budget->cpu_ns));
	if (budget->request_ns > 0)
		fprintf(out, ", %s of %s in requests", TIME(spent->request_ns),
			TIME(budget->request_ns));
	if (budget->taken_bytes > 0)
		fprintf(out, ", %s of %s taken", BYTES(spent->taken_bytes),
			BYTES(budget->taken_bytes));
	fputc('\n', out);
}

static void say_order(const struct order_status *order, FILE *out)
{
	if (order->want.order > 0)
		fprintf(out, "  %s of %s free in pieces of order %u: %s\n",
			BYTES(order->fitting_bytes), BYTES(order->want.bytes), order->want.order,
			order_reason_words(order->reason));
	if (order->compactions > 0)
		fprintf(out, "  %" PRIu64 " compactions, %s, %s of CPU time\n", order->compactions,
			TIME(order->wall_ns), TIME(order->cpu_ns));
}

/* How it is asked for through its groups. */
static void say_groups(const struct node_status *node, FILE *out)
{
	if (node->left_bytes > 0)
		fprintf(out,
			"  %s of files here were left behind by removed groups, or are charged to "
			"groups above others: these are asked for it\n",
			BYTES(node->left_bytes));
	if (node->evictions > 0)
		fprintf(out,
			"  of its groups' files, %" PRIu64 " requests through lru_gen took %s, and "
			"none from other nodes\n",
			node->evictions, BYTES(node->evicted_bytes));
	if (node->slab_drops > 0)
		fprintf(out,
			"  nothing else gave what it lacked: the machine's slab was dropped "
			"%" PRIu64 " times (balance.drop_slab), %s of it here\n",
			node->slab_drops, BYTES(node->slab_dropped_bytes));
}

void why_node(const struct node_status *node, FILE *out)
{
	fprintf(out, "Node %u\n", node->node);
	if (!node->answered) {
		fputs("Its worker did not answer in time: it may be held up in the kernel. "
		      "Ask again.\n",
		      out);
		return;
	}
	fprintf(out, "  %s free of %s; the kernel's watermarks: low %s, high %s\n",
		BYTES(node->free_bytes), BYTES(node->managed_bytes), BYTES(node->low_bytes),
		BYTES(node->high_bytes));
	fprintf(out, "  reclaimed by %s; demand that can only be met here: %s\n",
		node->backend ? node->backend : "nothing", node->bound_demand ? "yes" : "no");
	say_groups(node, out);
	say_budget(&node->spent, &node->budget, out);
	say_order(&node->order, out);
	say_yield(&node->swap_yield, out);
	say_prices(&node->prices, out);
	say_rest("nodeN/reclaim", &node->reclaim_rest, out);
	say_doings(&node->verdict, node->verdict_age_ns, &node->action, node->action_age_ns,
		   &node->ledger, out);
}

/* Acted on, or held back although room is short. */
static bool stands_out(const struct group_status *group)
{
	switch (group->verdict.reason) {
	case VERDICT_NONE:
	case VERDICT_NO_DEMAND:
	case VERDICT_ROOM_ENOUGH:
	case VERDICT_EXCLUDED:
		return group->action.reason != VERDICT_NONE;
	default:
		return true;
	}
}

void why_all(const struct agent_status *status, FILE *out)
{
	size_t quiet = 0;

	for (size_t i = 0; i < status->n_nodes; i++) {
		const struct node_status *node = &status->nodes[i];

		fprintf(out, "node %u: %s\n", node->node,
			node->answered ? verdict_words(node->verdict.reason)
				       : "its worker did not answer in time");
		for (size_t j = 0; node->answered && j < node->n_groups; j++) {
			const struct group_status *group = &node->groups[j];

			if (group->owns_limit && stands_out(group))
				fprintf(out, "%s: %s\n", PATH_OF(group),
					verdict_words(group->verdict.reason));
			else if (group->trim.ledger.actions > 0 || group->trim.wish.times > 0)
				fprintf(out, "%s: trimming: %s\n", PATH_OF(group),
					trim_reason_words(group->trim.reason));
			else
				quiet++;
		}
	}
	fprintf(out, "%zu other groups: quiet\n", quiet);
}

/* Who named processes for what of them is cold wants to know whether that is told. */
static void say_damon(const struct agent_status *status, FILE *out)
{
	const struct damon_state *damon = &status->damon;

	if (status->damon_use != DAMON_FREE)
		fprintf(out, "Nothing is paged out by pageout.cold_age: %s.\n",
			damon_use_words(status->damon_use));
	else if (damon->error < 0)
		fprintf(out, "Nothing is paged out by pageout.cold_age: DAMON failed: %s.\n",
			strerrordesc_np(-damon->error));
	else
		fprintf(out,
			"DAMON watches %" PRIu64
			" processes for pageout.cold_age, and took %s of CPU "
			"time for it.\n",
			damon->watched, TIME(damon->cpu_ns));
}

void why_agent(const struct agent_status *status, FILE *out)
{
	if (status->wants_damon)
		say_damon(status, out);
	if (status->hands_stuck > 0)
		fprintf(out,
			"Swap does not answer: the kernel keeps %" PRIu64
			" of the agent's requests, the first for %s. Nothing is swapped out until "
			"their processes (uswapd-hand) have ended.\n",
			status->hands_stuck, TIME(status->hands_stuck_ns));
	if (status->observes)
		fputs("uswapd only observes: it asks the kernel for nothing.\n", out);
	else if (status->paused)
		fputs("uswapd is paused: it asks the kernel for nothing (uswapctl resume).\n", out);
}
