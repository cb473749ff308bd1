/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why the agent did or did not act, in plain words for a person: what was decided last and with
 * which numbers, what was done last and what all of it brought, and what would change it. Names are
 * escaped for a terminal.
 */
#pragma once

#include "agent/status.h"

#include <stdio.h>

void why_group(const struct group_status *group, unsigned int node, FILE *out);
void why_node(const struct node_status *node, FILE *out);

/* What holds everywhere: swap that does not answer, an agent that only observes. */
void why_agent(const struct agent_status *status, FILE *out);

/* A line for each node, and for each group that is acted on or that something holds back. */
void why_all(const struct agent_status *status, FILE *out);
