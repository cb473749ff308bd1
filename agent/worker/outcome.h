/* SPDX-License-Identifier: Apache-2.0 */
/* What came of requests, for the recording. */
#pragma once

#include "agent/record/record.h"

struct flight;
struct group;
struct hand_result;
struct taken;
struct worker;

/* group: whose; NULL: the node's. target and of_node are filled in here. */
void worker_record_outcome(struct worker *worker, struct group *group,
			   struct outcome_record *outcome);
/* Of one that a worker's own hand has made; in a dry run only what was asked for counts. */
void worker_record_flight(struct worker *worker, const struct flight *flight,
			  const struct hand_result *result, const struct taken *taken,
			  uint64_t now_ns);
