/* SPDX-License-Identifier: Apache-2.0 */
/* The agent under test of a trial: its command line, and how it ended. */
#include "stress/check/trial.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* "@A@" is the path of group A in the hierarchy. -ENOENT: there is no such group. */
static int expand_word(const struct trial *trial, const char *word, char **ret)
{
	const char *begin = strchr(word, '@'), *end = begin ? strchr(begin + 1, '@') : NULL;
	char name[STRESS_NAME_MAX];
	int group;

	if (!end || (size_t)(end - begin) > sizeof(name)) {
		*ret = strdup(word);
		return *ret ? 0 : -ENOMEM;
	}
	(void)snprintf(name, sizeof(name), "%.*s", (int)(end - begin - 1), begin + 1);
	group = job_find_group(trial->scenario->job, name);
	if (group < 0)
		return -ENOENT;
	return asprintf(ret, "%.*s%s%s", (int)(begin - word), word,
			placement_group_path(trial->placement, (size_t)group), end + 1) < 0
		       ? -ENOMEM
		       : 0;
}

#define AGENT_WORDS_MAX 64

static void run_own(const void *context)
{
	const struct trial *trial = context;

	trial->ground.run_agent(trial);
}

int trial_start_subject(struct trial *trial, struct stress_error *ret_error)
{
	char text[JOB_VALUE_MAX], *words[AGENT_WORDS_MAX + 1] = {NULL}, *rest = text, *word;
	size_t n = 0;
	int r = 0;

	if (trial->ground.run_agent)
		return subject_fork(&trial->subject, run_own, trial, ret_error);
	strcpy(text, trial->scenario->agent.command);
	while (r == 0 && n < AGENT_WORDS_MAX && (word = strsep(&rest, " \t")))
		if (*word)
			r = expand_word(trial, word, &words[n++]);
	if (r == 0 && n)
		r = subject_start(&trial->subject, words, ret_error);
	else if (r < 0)
		r = stress_fail(ret_error, -EINVAL, "[agent] command: %s",
				r == -ENOENT ? "there is no such group between two @"
					     : strerror(-r));
	for (size_t i = 0; i < n; i++)
		free(words[i]);
	return r;
}

void trial_stop_subject(struct trial *trial)
{
	bool ended_early = subject_has_ended(&trial->subject);
	int status, r = subject_stop(&trial->subject, &status);
	char text[TRIAL_WORDS_BYTES / 2], *line;

	if (r == 0 || (r == -ECHILD && !ended_early && trial->scenario->agent.may_end_anyhow))
		return;
	(void)subject_last_words(&trial->subject, text, sizeof(text));
	line = strrchr(text, '\n') ? strrchr(text, '\n') + 1 : text;
	if (r == -ETIMEDOUT)
		trial_fail(trial, "[agent] does not end when told: %s", line);
	else if (WIFSIGNALED(status))
		trial_fail(trial, "[agent] was killed by signal %d: %s", WTERMSIG(status), line);
	else
		trial_fail(trial, "[agent] ended with status %d: %s", WEXITSTATUS(status), line);
}
