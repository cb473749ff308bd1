/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/replay/report.h"

#include "base/clock.h"
#include "base/escape.h"
#include "base/parse.h"
#include "base/saturate.h"

#include <inttypes.h>

/* Texts for one fprintf: each call has its own place. */
#define BYTES(bytes) format_size((char[FORMAT_SIZE_BYTES]){""}, FORMAT_SIZE_BYTES, bytes)
#define TIME(ns)     format_duration((char[FORMAT_DURATION_BYTES]){""}, FORMAT_DURATION_BYTES, ns)

static const char *const policies[RECORD_KINDS] = {
	[RECORD_HEADROOM] = "headroom", [RECORD_BALANCE] = "balance", [RECORD_TRIM] = "trim",
	[RECORD_CLEAN] = "clean",	[RECORD_ORDER] = "order",     [RECORD_PAGEOUT] = "pageout",
	[RECORD_EVICT] = "evict",	[RECORD_SLAB] = "slab",
};

/* Names of groups are hostile input. */
static void print_target(const struct play *p, const struct play_target *target, FILE *out)
{
	const char *name = play_name(p, target);
	char shown[ESCAPE_SIZE(RECORD_NAME_MAX)];

	if (name)
		(void)fprintf(out, "/%s", escape_ascii(shown, sizeof(shown), name));
	else
		(void)fprintf(out, "%s %" PRIu64, target->is_node ? "node" : "group", target->id);
}

void report_difference(const struct play *p, const struct play_difference *d, FILE *out)
{
	(void)fprintf(out, "  +%s %s ", TIME(minus(d->now_ns, p->begun_ns)),
		      policies[d->target->kind]);
	print_target(p, d->target, out);
	(void)fprintf(out, ": %s, %s -> %s, %s (%s)\n", d->recorded_reason,
		      BYTES(d->recorded_bytes), d->replayed_reason, BYTES(d->replayed_bytes),
		      d->field);
}

static void report_policies(const struct play *p, FILE *out)
{
	(void)fprintf(out, "\n%-10s %10s %10s %8s  %-12s %-12s %-12s %s\n", "POLICY", "DECISIONS",
		      "SAME", "OTHERS", "WANTED", "REPLAYED", "ASKED", "BROUGHT");
	for (enum record_kind kind = RECORD_HEADROOM; kind < RECORD_OUTCOME; kind++) {
		const struct policy_sum *sum = &p->policies[kind];

		(void)fprintf(out,
			      "%-10s %10" PRIu64 " %10" PRIu64 " %8" PRIu64
			      "  %-12s %-12s %-12s %s\n",
			      policies[kind], sum->decisions, sum->decisions - sum->differences,
			      sum->differences, BYTES(sum->recorded_bytes),
			      BYTES(sum->replayed_bytes), BYTES(p->outcomes[kind].asked_bytes),
			      BYTES(p->outcomes[kind].applied_bytes));
	}
}

/* Of policies that asked for something, or would have. */
static void report_outcomes(const struct play *p, FILE *out)
{
	bool begun = false;

	for (enum record_kind kind = RECORD_HEADROOM; kind < RECORD_OUTCOME; kind++) {
		const struct outcome_sum *sum = &p->outcomes[kind];

		if (sum->requests == 0 && sum->wished == 0)
			continue;
		if (!begun)
			(void)fprintf(out,
				      "\nWhat came of requests (net: by which the node's free "
				      "memory rose)\n%-10s %8s %8s  %-12s %-12s %-12s %-10s %s\n",
				      "OF", "REQUESTS", "FAILED", "BROUGHT", "NET", "SWAPPED",
				      "CPU TIME", "ONLY WISHED");
		begun = true;
		(void)fprintf(out,
			      "%-10s %8" PRIu64 " %8" PRIu64 "  %-12s %-12s %-12s %-10s %" PRIu64
			      ", %s\n",
			      policies[kind], sum->requests, sum->failed, BYTES(sum->applied_bytes),
			      BYTES(sum->net_bytes), BYTES(sum->swapped_bytes), TIME(sum->cpu_ns),
			      sum->wished, BYTES(sum->wished_bytes));
	}
}

static void report_alarms(const char *what, const char *word, const char *harm,
			  const struct alarm_score *s, FILE *out)
{
	uint64_t closed = s->came_true + s->false_alarms;

	(void)fprintf(out, "%s: said %" PRIu64 " times that %s; ", what, s->announcements, word);
	if (closed == 0)
		(void)fprintf(out, "none is over yet; ");
	else
		(void)fprintf(out, "%s within 10 s after %" PRIu64 " of %" PRIu64 "; ", harm,
			      s->came_true, closed);
	(void)fprintf(out, "unannounced %" PRIu64 " times\n", s->not_announced);
}

static void report_scores(const struct play *p, FILE *out)
{
	(void)fprintf(out, "\nPredictions (an agent that acts averts what it predicts):\n");
	report_alarms("  groups", "room runs out", "their limit was hit", &p->groups, out);
	report_alarms("  nodes", "room runs out", "kswapd ran, or tasks reclaimed for themselves,",
		      &p->nodes, out);
	if (p->policies[RECORD_CLEAN].decisions > 0)
		report_alarms("  dirty files", "they will be in the way", "they were", &p->dirty,
			      out);
	if (p->pieces.still + p->pieces.by_itself > 0)
		(void)fprintf(
			out,
			"  larger pieces: not compacted for, they were there at the next look "
			"%" PRIu64 " of %" PRIu64 " times\n",
			p->pieces.by_itself, p->pieces.still + p->pieces.by_itself);
	if (p->cold.judged_bytes > 0)
		(void)fprintf(out,
			      "  cold memory: of %s said to be cold, %s were so a minute later\n",
			      BYTES(p->cold.judged_bytes), BYTES(p->cold.right_bytes));
	if (p->cold.unknown_steps > 0)
		(void)fprintf(out,
			      "  cold memory: %" PRIu64
			      " steps can't be judged, ages were not known\n",
			      p->cold.unknown_steps);
	if (p->policies[RECORD_TRIM].decisions > 0)
		(void)fprintf(out,
			      "  of groups that were trimmed %s were taken, by anybody, and %s "
			      "read back\n",
			      BYTES(p->taken_bytes), BYTES(p->refaulted_bytes));
}

static void report_laws(const struct play *p, FILE *out)
{
	static const char *const names[PLAY_LAWS] = {
		[LAW_OURS] = "uswapd",
		[LAW_TMO] = "TMO",
		[LAW_SENPAI] = "Senpai",
	};

	if (p->policies[RECORD_TRIM].decisions == 0)
		return;
	(void)fprintf(
		out,
		"\nTrimming by other laws, on the same samples: what each would have asked for\n"
		"%-8s %8s  %-12s %-12s %-18s %s\n",
		"LAW", "STEPS", "ASKED", "LARGEST", "WHILE READ BACK", "MORE THAN WAS COLD");
	for (enum play_law law = LAW_OURS; law < PLAY_LAWS; law++) {
		const struct law_sum *sum = &p->laws[law];

		(void)fprintf(out, "%-8s %8" PRIu64 "  %-12s %-12s %-18s %s\n", names[law],
			      sum->steps, BYTES(sum->bytes), BYTES(sum->most_bytes),
			      BYTES(sum->returning_bytes), BYTES(sum->beyond_bytes));
	}
}

void report_play(const struct play *p, const struct record_reader *reader, FILE *out)
{
	(void)fprintf(out, "\n%s of decisions", TIME(minus(p->ended_ns, p->begun_ns)));
	if (p->lost > 0)
		(void)fprintf(out, "; %" PRIu64 " records found no place and are missing", p->lost);
	if (p->unplayed > 0)
		(void)fprintf(out,
			      "; %" PRIu64 " have no settings before them in this file and were "
			      "passed over",
			      p->unplayed);
	if (reader->left_bytes > 0)
		(void)fprintf(out,
			      "; the last %" PRIu64 " bytes, from byte %" PRIu64
			      " on, are no whole record and were dropped",
			      reader->left_bytes, reader->offset);
	(void)fputc('\n', out);
	report_policies(p, out);
	report_outcomes(p, out);
	report_scores(p, out);
	report_laws(p, out);
}
