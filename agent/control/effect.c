/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/control/effect.h"

#include "base/cleanup.h"

#include <inttypes.h>

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

static void write_signal(enum effect_signal signal, const struct effect *e, FILE *out)
{
	(void)fprintf(out, "  %s: ", effect_signal_words(signal));
	if (e->acted + e->held == 0) {
		(void)fprintf(out, "too little to tell\n");
		return;
	}
	(void)fprintf(out,
		      "%" PRIu64 " looked after, %" PRIu64 " left alone\n"
		      "    %s, between %s and %s; by chance in %" PRIu64 ".%02" PRIu64 " %%: %s\n",
		      e->acted_mean, e->held_mean, SHARE(e->difference), SHARE(e->low),
		      SHARE(e->high), e->chance / 100, e->chance % 100, judge(e));
}

static void write_node(const struct node_status *node, FILE *out)
{
	size_t acted = 0, held = 0;

	for (size_t i = 0; i < EFFECT_SIGNALS; i++) {
		acted = MAX(acted, node->effects[i].acted);
		held = MAX(held, node->effects[i].held);
	}
	if (node->holdout_permyriad == 0) {
		(void)fprintf(out, "Node %u: no group is left alone by lot (holdout.share)\n",
			      node->node);
		return;
	}
	(void)fprintf(out,
		      "Node %u: windows of its groups, %zu looked after, %zu left alone by lot\n",
		      node->node, acted, held);
	if (acted + held == 0) {
		(void)fprintf(out,
			      "  too few yet: it takes %d of each, of groups that want something\n",
			      EFFECT_MIN_WINDOWS);
		return;
	}
	for (enum effect_signal i = 0; i < EFFECT_SIGNALS; i++)
		write_signal(i, &node->effects[i], out);
	if (node->harmful)
		(void)fprintf(out,
			      "  Harm (%s): headroom and trim have stopped here, until the "
			      "configuration is read anew\n",
			      effect_signal_name(node->harm));
}

int effect_write(const struct agent_status *status, FILE *out)
{
	for (size_t i = 0; i < status->n_nodes; i++)
		if (status->nodes[i].answered)
			write_node(&status->nodes[i], out);
	return 0;
}
