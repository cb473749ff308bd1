/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/control/effect.h"

#include "base/cleanup.h"

#include <inttypes.h>
#include <stdbool.h>

#define SHARE_BYTES 32

/* "-12.3 %" */
static const char *share_of(char text[SHARE_BYTES], int64_t permyriad)
{
	uint64_t size = permyriad < 0 ? -(uint64_t)permyriad : (uint64_t)permyriad;

	(void)snprintf(text, SHARE_BYTES, "%c%" PRIu64 ".%" PRIu64 " %%", permyriad < 0 ? '-' : '+',
		       size / 100, size % 100 / 10);
	return text;
}
#define SHARE(permyriad) share_of((char[SHARE_BYTES]){""}, permyriad)

static const char *judge(const struct effect *e)
{
	if (!effect_is_found(e))
		return "nothing that chance would not make";
	return e->difference < 0 ? "less where looked after" : "more where looked after";
}

/* What the signals are of the node itself (worker/holdout.c). */
static const char *const node_words[EFFECT_SIGNALS] = {
	[EFFECT_STALL] = "stalled on memory, on all nodes, us",
	[EFFECT_REFAULTS] = "read back, bytes",
	[EFFECT_EVENTS] = "tasks that had to reclaim for themselves, on all nodes, times",
	[EFFECT_CPU] = "CPU time of the machine, us",
	[EFFECT_MEMORY] = "free, bytes",
};

static void write_signal(const char *words, const struct effect *e, FILE *out)
{
	(void)fprintf(out, "  %s: ", words);
	if (e->acted + e->held == 0) {
		(void)fprintf(out, "too little to tell\n");
		return;
	}
	(void)fprintf(out, "%" PRIu64 " looked after, %" PRIu64 " left alone\n    ", e->acted_mean,
		      e->held_mean);
	if (e->without_base)
		(void)fprintf(out, "no share can be told of none at all");
	else
		(void)fprintf(out, "%s, between %s and %s", SHARE(e->difference), SHARE(e->low),
			      SHARE(e->high));
	(void)fprintf(out, "; by chance in %" PRIu64 ".%02" PRIu64 " %%: %s\n", e->chance / 100,
		      e->chance % 100, judge(e));
}

/* Returns false where there are too few windows. */
static bool write_windows(unsigned int node, const char *whose,
			  const struct effect effects[EFFECT_SIGNALS], FILE *out)
{
	size_t acted = 0, held = 0;

	for (size_t i = 0; i < EFFECT_SIGNALS; i++) {
		acted = MAX(acted, effects[i].acted);
		held = MAX(held, effects[i].held);
	}
	(void)fprintf(out, "Node %u: windows of %s, %zu looked after, %zu left alone by lot\n",
		      node, whose, acted, held);
	if (acted + held > 0)
		return true;
	(void)fprintf(out, "  too few yet: it takes %d of each, of what wants something\n",
		      EFFECT_MIN_WINDOWS);
	return false;
}

static void write_harm(enum effect_signal signal, const char *what, FILE *out)
{
	(void)fprintf(out, "  Harm (%s): %s stopped here, until the configuration is read anew\n",
		      effect_signal_name(signal), what);
}

static void write_node(const struct node_status *node, FILE *out)
{
	if (node->holdout_permyriad == 0) {
		(void)fprintf(out, "Node %u: nothing is left alone by lot (holdout.share)\n",
			      node->node);
		return;
	}
	if (write_windows(node->node, "its groups", node->effects, out))
		for (enum effect_signal i = 0; i < EFFECT_SIGNALS; i++)
			write_signal(effect_signal_words(i), &node->effects[i], out);
	if (node->harmful)
		write_harm(node->harm, "headroom and trim have", out);
	if (write_windows(node->node, "the node itself", node->node_effects, out))
		for (enum effect_signal i = 0; i < EFFECT_SIGNALS; i++)
			write_signal(node_words[i], &node->node_effects[i], out);
	if (node->node_harmful)
		write_harm(node->node_harm, "balance has", out);
}

int effect_write(const struct agent_status *status, FILE *out)
{
	for (size_t i = 0; i < status->n_nodes; i++)
		if (status->nodes[i].answered)
			write_node(&status->nodes[i], out);
	return 0;
}
