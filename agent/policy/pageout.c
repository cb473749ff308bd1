/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/pageout.h"

#include "base/cleanup.h"
#include "base/saturate.h"

#include <inttypes.h>
#include <stdio.h>

#define PART_PIECES 16
#define PARTS_MAX   65536

const char *pageout_reason_name(enum pageout_reason reason)
{
	static const char *const names[PAGEOUT_REASONS] = {
		[PAGEOUT_RUNS] = "runs",	   [PAGEOUT_SMALL] = "small",
		[PAGEOUT_NOT_YET] = "not-yet",	   [PAGEOUT_RESTS] = "rests",
		[PAGEOUT_FROZEN] = "frozen",	   [PAGEOUT_STOPPED] = "stopped",
		[PAGEOUT_NAMED] = "named",	   [PAGEOUT_SECOND_CHANCE] = "second-chance",
		[PAGEOUT_UNWATCHED] = "unwatched", [PAGEOUT_COLD] = "cold",
	};

	return names[reason];
}

const char *pageout_mapping_name(enum pageout_mapping mapping)
{
	static const char *const names[PAGEOUT_MAPPINGS] = {
		[PAGEOUT_MAPPING_TAKEN] = "taken",
		[PAGEOUT_MAPPING_EMPTY] = "empty",
		[PAGEOUT_MAPPING_EXECUTABLE] = "executable",
		[PAGEOUT_MAPPING_SHARED] = "shared",
		[PAGEOUT_MAPPING_LOCKED] = "locked",
		[PAGEOUT_MAPPING_HUGE] = "huge",
		[PAGEOUT_MAPPING_DEVICE] = "device",
		[PAGEOUT_MAPPING_EXCLUDED] = "excluded",
		[PAGEOUT_MAPPING_ELSEWHERE] = "elsewhere",
		[PAGEOUT_MAPPING_NO_SWAP] = "no-swap",
	};

	return names[mapping];
}

/* Every criterion that is set must be met; without any nobody is named. */
static bool is_named(const struct pageout_settings *s, const struct pageout_process *p)
{
	char uid[24];

	if (s->name.n == 0 && s->uid.n == 0 && s->group.n == 0)
		return false;
	(void)snprintf(uid, sizeof(uid), "%" PRIu64, p->uid);
	return (s->name.n == 0 || config_patterns_match(&s->name, p->name)) &&
	       (s->uid.n == 0 || config_patterns_match(&s->uid, uid)) &&
	       (s->group.n == 0 || p->group_named);
}

static enum pageout_reason reason_of(const struct pageout_settings *s,
				     const struct pageout_sample *sample)
{
	if (sample->named && s->cold_age_ns == 0)
		return PAGEOUT_NAMED;
	if (sample->frozen)
		return PAGEOUT_FROZEN;
	if (sample->stopped)
		return PAGEOUT_STOPPED;
	if (sample->named)
		return PAGEOUT_COLD;
	return s->second_chance && !sample->cold_only ? PAGEOUT_SECOND_CHANCE : PAGEOUT_RUNS;
}

static struct pageout_past *find(struct pageout_history *history, uint64_t pid)
{
	for (size_t i = 0; i < PAGEOUT_HISTORY; i++)
		if (history->processes[i].pid == pid)
			return &history->processes[i];
	return NULL;
}

/* The process's entry, or the one used longest ago, which is then its. */
static struct pageout_past *remember(struct pageout_history *history, uint64_t pid, uint64_t now_ns)
{
	struct pageout_past *past = find(history, pid);

	if (!past) {
		past = &history->processes[0];
		for (size_t i = 1; i < PAGEOUT_HISTORY; i++)
			if (history->processes[i].used_ns < past->used_ns)
				past = &history->processes[i];
		*past = (struct pageout_past){.pid = pid};
	}
	past->used_ns = now_ns;
	return past;
}

/* Half of what was taken is resident again, and more: it is in use after all. */
static void judge_return(struct pageout_past *past, uint64_t resident_bytes, uint64_t now_ns)
{
	uint64_t back = minus(resident_bytes, past->left_bytes);

	if (past->taken_bytes == 0)
		return;
	if (back >= past->taken_bytes / 2 + 1) {
		past->rest_ns = CLAMP(2 * past->rest_ns, PAGEOUT_REST_NS, PAGEOUT_REST_MAX_NS);
		past->rest_until_ns = now_ns + past->rest_ns;
	} else {
		past->rest_ns = 0;
	}
	past->taken_bytes = 0;
}

enum pageout_reason pageout_decide(const struct pageout_settings *s,
				   const struct pageout_sample *sample, struct pageout_past *past)
{
	enum pageout_reason reason = reason_of(s, sample);
	uint64_t now_ns = sample->now_ns;

	if (!pageout_acts(reason)) {
		past->still_ns = 0;
		return reason;
	}
	if (sample->resident_bytes < s->rss_min_bytes)
		return PAGEOUT_SMALL;
	past->used_ns = now_ns;
	if (!sample->frozen && !sample->stopped)
		past->still_ns = 0;
	else if (past->still_ns == 0)
		past->still_ns = now_ns;
	if (past->rest_until_ns > now_ns)
		return PAGEOUT_RESTS;
	judge_return(past, sample->resident_bytes, now_ns);
	if (past->rest_until_ns > now_ns)
		return PAGEOUT_RESTS;
	if ((reason == PAGEOUT_FROZEN || reason == PAGEOUT_STOPPED) &&
	    now_ns - past->still_ns < s->still_for_ns)
		return PAGEOUT_NOT_YET;
	return reason;
}

struct pageout_decision pageout_choose(const struct pageout_settings *s,
				       struct pageout_history *history,
				       const struct pageout_process *p, uint64_t now_ns)
{
	struct pageout_past *known = find(history, p->pid);
	struct pageout_past past = known ? *known : (struct pageout_past){.pid = p->pid};
	struct pageout_decision d = {
		.past = past,
		.sample = {.now_ns = now_ns,
			   .resident_bytes = p->resident_bytes,
			   .frozen = p->frozen,
			   .stopped = p->stopped,
			   .named = is_named(s, p),
			   .cold_only = p->cold_only},
	};

	d.reason = pageout_decide(s, &d.sample, &past);
	if (!known && d.reason != PAGEOUT_RUNS && d.reason != PAGEOUT_SMALL)
		known = remember(history, p->pid, now_ns);
	if (known)
		*known = past;
	return d;
}

void pageout_learn(struct pageout_history *history, uint64_t pid, uint64_t taken_bytes,
		   uint64_t left_bytes, uint64_t now_ns)
{
	struct pageout_past *past = remember(history, pid, now_ns);

	past->taken_bytes = taken_bytes;
	past->left_bytes = left_bytes;
	past->rest_until_ns = now_ns + MAX(past->rest_ns, PAGEOUT_REST_NS);
}

static bool is_excluded(const struct pageout_settings *s, enum pageout_reason reason,
			const struct mapping *m)
{
	bool named = reason == PAGEOUT_NAMED || reason == PAGEOUT_COLD;
	bool listed = named && s->mapping.n > 0;

	/* What can't be compared as a whole is not taken where names decide. */
	if (m->name_cut)
		return listed || s->exclude_mapping.n > 0;
	return (listed && !config_patterns_match(&s->mapping, m->name)) ||
	       config_patterns_match(&s->exclude_mapping, m->name);
}

enum pageout_mapping pageout_choose_mapping(const struct pageout_settings *s,
					    const struct pageout_bounds *bounds,
					    const struct mapping *m, uint64_t here_bytes,
					    uint64_t elsewhere_bytes)
{
	if (m->device)
		return PAGEOUT_MAPPING_DEVICE;
	if (m->huge)
		return PAGEOUT_MAPPING_HUGE;
	if (m->locked)
		return PAGEOUT_MAPPING_LOCKED;
	if (m->shared)
		return PAGEOUT_MAPPING_SHARED;
	if (m->executable)
		return PAGEOUT_MAPPING_EXECUTABLE;
	if (is_excluded(s, bounds->reason, m))
		return PAGEOUT_MAPPING_EXCLUDED;
	if (m->resident_bytes == 0)
		return PAGEOUT_MAPPING_EMPTY;
	if (bounds->one_node && here_bytes <= elsewhere_bytes)
		return PAGEOUT_MAPPING_ELSEWHERE;
	/* What is made cold would be swapped by the next reclaim only if that may. */
	if (m->anon_bytes > 0 && !bounds->may_swap)
		return PAGEOUT_MAPPING_NO_SWAP;
	return PAGEOUT_MAPPING_TAKEN;
}

uint64_t pageout_part_bytes(const struct mapping *m, uint64_t piece_bytes, uint64_t page_size)
{
	uint64_t length = m->end - m->start;
	uint64_t piece = MAX(piece_bytes, page_size);
	uint64_t parts = m->resident_bytes / piece + (m->resident_bytes % piece > 0);
	uint64_t part = length / MAX(parts, UINT64_C(1));

	if (part / PART_PIECES > piece)
		part = piece * PART_PIECES;
	part = MAX(part, length / PARTS_MAX);
	part -= part % page_size;
	return CLAMP(part, page_size, length);
}
