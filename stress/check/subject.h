/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent under test: any command that runs while a scenario does. It dies with us; what it has
 * started and left in its process group ends after it.
 */
#pragma once

#include "stress/job/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct subject {
	pid_t pid; /* 0: none */
	int pidfd;
	int output_fd; /* what it prints; -1: none */
};

/* words: NULL-ended. subject_free after an error, too. -errno with words. */
int subject_start(struct subject *subject, char *const *words, struct stress_error *ret_error);

/* The same of a function, in a process of its own; signals that are blocked stay so. */
int subject_fork(struct subject *subject, void (*run)(const void *context), const void *context,
		 struct stress_error *ret_error);

/* Whether it has printed text; "" is printed at once. -ECHILD: it has ended. */
int subject_printed(const struct subject *subject, const char *text);

/* By itself. */
bool subject_has_ended(const struct subject *subject);

/*
 * Ends it by SIGTERM. 0: it ended with status 0; -ETIMEDOUT: it had to be killed; -ECHILD: it ended
 * otherwise, how in *ret_status (as of waitpid).
 */
int subject_stop(struct subject *subject, int *ret_status);
void subject_free(struct subject *subject);

/* The end of what it printed, without the final line break. Returns text. */
char *subject_last_words(const struct subject *subject, char *text, size_t n);
