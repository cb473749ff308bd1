/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/control/growth.h"

#include "agent/control/group_name.h"
#include "base/cleanup.h"
#include "base/parse.h"
#include "base/saturate.h"

#include <inttypes.h>

#define BYTES(n) format_size((char[FORMAT_SIZE_BYTES]){""}, FORMAT_SIZE_BYTES, n)
#define TIME(n)	 format_duration((char[FORMAT_DURATION_BYTES]){""}, FORMAT_DURATION_BYTES, n)

static void write_growing(const struct growth *g, FILE *out)
{
	uint64_t watched_ns = g->last.now_ns - g->begun_ns;

	(void)fprintf(out, "    %s anonymous, %s more than %s ago",
		      BYTES(plus(g->last.anon_bytes, g->last.swapped_bytes)),
		      BYTES(growth_bytes(g)), TIME(watched_ns));
	(void)fprintf(out, "; %s not used again%s\n", BYTES(growth_unused_bytes(g)),
		      g->last.cold_anon_bytes == GROWTH_UNKNOWN ? " (by swap alone)" : "");
}

static void write_cache(const struct growth *g, FILE *out)
{
	(void)fprintf(out, "    %s of files' memory, %s of it not used for long, none read back\n",
		      BYTES(g->last.file_bytes), BYTES(g->last.cold_file_bytes));
}

static size_t write_kind(const struct agent_status *status, enum growth_kind kind,
			 const char *heading, FILE *out)
{
	char name[GROUP_NAME_SHOWN_SIZE];
	size_t n = 0;

	for (size_t i = 0; i < status->n_nodes; i++) {
		const struct node_status *node = &status->nodes[i];

		for (size_t j = 0; node->answered && j < node->n_groups; j++) {
			const struct group_status *group = &node->groups[j];

			if (growth_judge(&group->growth) != kind)
				continue;
			if (n++ == 0)
				(void)fprintf(out, "%s\n", heading);
			(void)fprintf(out, "  %s\n", group_name_shown(name, group));
			if (kind == GROWTH_UNREAD_CACHE)
				write_cache(&group->growth, out);
			else
				write_growing(&group->growth, out);
		}
	}
	return n;
}

int growth_write(const struct agent_status *status, FILE *out)
{
	size_t n = 0;

	if (!status->watches_growth) {
		(void)fputs("Growth is not watched (growth.enabled)\n", out);
		return 0;
	}
	n += write_kind(status, GROWTH_LEAK, "Only grow and are hardly used again: leaks, perhaps",
			out);
	n += write_kind(status, GROWTH_GROWS, "Only grow", out);
	n += write_kind(status, GROWTH_UNREAD_CACHE, "Caches that nobody reads", out);
	if (n == 0)
		(void)fprintf(out,
			      "Nothing is known to only grow; something is said after %d looks\n",
			      GROWTH_LOOKS);
	return 0;
}
