/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How job_text.c (files) and job_options.c (the command line) put a job together. Private to job/.
 */
#pragma once

#include "stress/job/job.h"

/* A new section at the end of job->loads or job->groups. name need not be NUL-ended. */
int job_open_load(struct job *job, const char *name, size_t n, const struct job_place *place,
		  struct stress_error *ret_error);
int job_open_group(struct job *job, const char *name, size_t n, const struct job_place *place,
		   struct stress_error *ret_error);

/*
 * Of a key that stands twice where everything is about one thing, one would be overlooked. begin:
 * in job->sayings, the first about that.
 */
int job_check_once(const struct job *job, size_t begin, const char *key,
		   const struct job_place *place, struct stress_error *ret_error);

int job_set_in_global(struct job *job, const char *key, const char *value,
		      const struct job_place *place, struct stress_error *ret_error);
int job_set_load(struct job *job, struct job_load *load, const char *key, const char *value,
		 const struct job_place *place, struct stress_error *ret_error);
/* Whether the load's type is one, said at place. job_check.c. */
int job_check_type(const struct job_load *load, const struct job_place *place,
		   struct stress_error *ret_error);
int job_set_group(struct job *job, struct job_group *group, const char *key, const char *value,
		  const struct job_place *place, struct stress_error *ret_error);
