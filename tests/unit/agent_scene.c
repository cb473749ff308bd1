/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/agent_scene.h"

#include "base/clock.h"
#include "base/kfile.h"

#include <poll.h>
#include <string.h>
#include <sys/mman.h>

struct scene scene_new(void)
{
	struct scene s = {
		.fx = fake_root_new(),
		.log = {.fd = memfd_create("log", MFD_CLOEXEC), .level = LOG_LEVEL_INFO},
	};

	s.options = (struct agent_options){.topology = FAKE_TOPOLOGY,
					   .hand_program = FIXTURE_PATH(USWAP_HAND),
					   .stop_ns = 60 * NSEC_PER_SEC,
					   .try_uring = true};
	config_defaults(&s.config);
	/* Nothing announces that a plain file changed: have it look often. */
	s.config.agent.tick_max_ns = 100 * NSEC_PER_MSEC;
	assert_true(s.log.fd >= 0);
	return s;
}

int scene_start(struct scene *s)
{
	s->options.root = s->fx->path;
	return agent_start(&s->options, &s->config, s->log, &s->agent);
}

void scene_end(struct scene *s)
{
	if (s->agent)
		assert_int_equal(agent_stop(s->agent), 0);
	fd_close(s->log.fd);
	fixture_free(s->fx);
}

size_t scene_logged(const struct scene *s, const char *text)
{
	static char all[65536];
	size_t n = 0;

	assert_true(kfile_read(s->log.fd, all, sizeof(all)) >= 0);
	for (const char *at = all; (at = strstr(at, text)); at++)
		n++;
	return n;
}

size_t scene_lines_logged(const struct scene *s)
{
	return scene_logged(s, "\n");
}

bool scene_wait_logged(const struct scene *s, const char *text)
{
	for (int i = 0; i < 1000 && scene_logged(s, text) == 0; i++)
		(void)poll(NULL, 0, 10);
	return scene_logged(s, text) > 0;
}

struct agent_status scene_status(struct scene *s)
{
	struct agent_status status;

	/* A worker that gets no processor for a while answers late, and its node is left out. */
	for (int tries = 20; tries > 0; tries--) {
		size_t answered = 0;

		assert_int_equal(agent_status(s->agent, &status), 0);
		for (size_t i = 0; i < status.n_nodes; i++)
			answered += status.nodes[i].answered;
		if (answered == status.n_nodes)
			return status;
	}
	fail_msg("a worker does not answer");
	return status;
}

bool scene_is_degraded(struct scene *s, const char *words)
{
	struct agent_status status = scene_status(s);

	for (size_t i = 0; i < ARRAY_SIZE(status.degraded); i++)
		if (strstr(status.degraded[i], words))
			return true;
	return false;
}

const struct group_status *scene_find_group(const struct agent_status *status, const char *path)
{
	for (size_t i = 0; i < status->n_nodes; i++)
		for (size_t j = 0; j < status->nodes[i].n_groups; j++)
			if (strcmp(status->nodes[i].groups[j].path, path) == 0)
				return &status->nodes[i].groups[j];
	return NULL;
}

uint64_t scene_actions_on(struct scene *s, const char *name)
{
	struct agent_status status = scene_status(s);
	const struct group_status *group = scene_find_group(&status, name);

	return group ? group->ledger.actions : 0;
}

bool scene_grow_rounds(struct scene *s, const char *name, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		for (uint64_t bytes = 100 * MIB; bytes < 126 * MIB; bytes += MIB / 4) {
			fake_root_set_current(s->fx, name, bytes);
			(void)poll(NULL, 0, 5);
		}
		fake_root_set_current(s->fx, name, 100 * MIB);
		if (scene_actions_on(s, name) > 0)
			return true;
	}
	return false;
}

bool scene_grow(struct scene *s, const char *name)
{
	return scene_grow_rounds(s, name, 40);
}
