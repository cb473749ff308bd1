/* SPDX-License-Identifier: Apache-2.0 */
/* What a job is planned for: this machine, and the room where its groups go. */
#pragma once

#include "numa/topology.h"
#include "stress/job/plan.h"
#include "stress/run/placement.h"

/* Memory, swap and nodes. -EOPNOTSUPP: can't run here; -errno; words in *ret_error. */
int machine_read(int proc_fd, int sys_fd, struct machine *ret, struct topology **ret_topology,
		 struct stress_error *ret_error);

/*
 * Opens the placement where the job has groups (else *ret_placement stays as it is) and notes the
 * limits above them in *machine. Errors as those of placement_open.
 */
int machine_place(const struct job *job, int proc_fd, struct machine *machine,
		  struct placement **ret_placement, struct stress_error *ret_error);
