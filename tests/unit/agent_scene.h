/* SPDX-License-Identifier: Apache-2.0 */
/* The whole agent on a fake root, with a log that can be read. What goes wrong fails the test. */
#pragma once

#include "agent/agent.h"
#include "base/log.h"
#include "tests/unit/fake_root.h"

#define MIB (UINT64_C(1) << 20)

struct scene {
	struct fixture *fx;
	struct config config;
	struct agent_options options;
	struct log log; /* into a file in memory */
	struct agent *agent;
};

struct scene scene_new(void);
/* What agent_start returns. */
int scene_start(struct scene *s);
/* Stops the agent, where it still runs. */
void scene_end(struct scene *s);

/* How often text stands in the log. */
size_t scene_logged(const struct scene *s, const char *text);
size_t scene_lines_logged(const struct scene *s);
bool scene_wait_logged(const struct scene *s, const char *text);

struct agent_status scene_status(struct scene *s);
bool scene_is_degraded(struct scene *s, const char *words);
/* NULL: the agent does not watch it. */
const struct group_status *scene_find_group(const struct agent_status *status, const char *path);
uint64_t scene_actions_on(struct scene *s, const char *name);

/*
 * Lets the group grow by about 40 MiB/s, up to 126 of its 128 MiB, again and again until it was
 * asked for memory. False: it never was, in as many rounds (of half a second and more).
 */
bool scene_grow_rounds(struct scene *s, const char *name, int rounds);
bool scene_grow(struct scene *s, const char *name);
