/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker makes of the ages of its groups' memory, where the kernel tells them. */
#pragma once

#include "agent/policy/trim.h"

struct group;
struct worker;

/* Reads the ages of all groups, now and then. */
void worker_read_ages(struct worker *worker, uint64_t now_ns);

/* The group's cold memory and working set; TRIM_AGE_UNKNOWN where its ages are not known. */
void worker_ages_of(const struct worker *worker, const struct group *group,
		    struct trim_sample *sample);
