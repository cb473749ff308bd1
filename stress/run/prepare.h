/* SPDX-License-Identifier: Apache-2.0 */
/* A load of a job, made ready in the supervisor for its worker to be started. */
#pragma once

#include "stress/loads/load.h"

/*
 * Load i of the job that the plan is of. After an error, too, what *load has is to be given back:
 * load_release. -EINVAL: the machine can't do what a setting asks for; -errno; words in *ret_error.
 */
int load_prepare(const struct job_load *said, const struct plan *plan, size_t i, int proc_fd,
		 int sys_fd, struct load *load, struct stress_error *ret_error);
void load_release(struct load *load);
