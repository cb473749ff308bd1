/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's sysctls, as the configuration wants them while the agent acts. */
#include "agent/agent_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static uint64_t wanted(const struct tuning_settings *s, enum tuning_knob knob)
{
	const uint64_t values[TUNING_KNOBS] = {
		[TUNING_SWAPPINESS] = s->swappiness,
		[TUNING_VFS_CACHE_PRESSURE] = s->vfs_cache_pressure,
		[TUNING_PAGE_CLUSTER] = s->page_cluster,
		[TUNING_WATERMARK_SCALE_FACTOR] = s->watermark_scale_factor,
		[TUNING_DIRTY_RATIO] = s->dirty_ratio,
		[TUNING_DIRTY_BACKGROUND_RATIO] = s->dirty_background_ratio,
	};

	return values[knob];
}

static void set(struct agent *a, enum tuning_knob knob, uint64_t value)
{
	const char *name = tuning_name(knob);
	int r = tuning_set(&a->tuning, knob, value);

	if (r == -EBUSY)
		agent_degrade(a, "vm.%s is left alone: its counterpart in bytes is set", name);
	else if (r == -EACCES || r == -EPERM)
		agent_degrade(a, "vm.%s is left alone: only uid 0 may write it", name);
	else if (r < 0)
		agent_degrade(a, "vm.%s is left alone: %s", name, strerrordesc_np(-r));
	else if (a->tuning.knobs[knob].held)
		log_notice(&a->world.log, "vm.%s: %" PRIu64 " now, %" PRIu64 " before", name, value,
			   a->tuning.knobs[knob].before);
}

static void restore(struct agent *a, enum tuning_knob knob)
{
	const char *name = tuning_name(knob);
	int r = tuning_restore(&a->tuning, knob);

	if (r == -ESTALE)
		log_notice(&a->world.log, "vm.%s stays: somebody else has changed it", name);
	else if (r < 0)
		log_warning(&a->world.log, "vm.%s can't be given back: %s", name,
			    strerrordesc_np(-r));
	else
		log_notice(&a->world.log, "vm.%s: %" PRIu64 " again", name,
			   a->tuning.knobs[knob].before);
}

static bool may_tune(const struct agent *a)
{
	return a->options.tuning_file && !a->options.dry_run && a->world.whole_machine;
}

void agent_restore_tuning(struct agent *a)
{
	for (enum tuning_knob i = 0; i < TUNING_KNOBS; i++)
		if (a->tuning.knobs[i].held)
			restore(a, i);
}

void agent_tune(struct agent *a)
{
	if (!may_tune(a) || a->config->agent.mode != MODE_ACT)
		return;
	for (enum tuning_knob i = 0; i < TUNING_KNOBS; i++) {
		uint64_t value = wanted(&a->config->tuning, i);

		if (value != TUNING_KEEP && !a->tuning.knobs[i].held)
			set(a, i, value);
	}
}

void agent_take_over_tuning(struct agent *a)
{
	int r;

	a->tuning = (struct tuning){.proc_fd = a->world.proc_fd, .path = a->options.tuning_file};
	if (!may_tune(a))
		return;
	r = tuning_load(&a->tuning);
	if (r < 0)
		log_warning(&a->world.log,
			    "%s: what an agent before has tuned is not known: %s; look at it, and "
			    "remove it",
			    a->tuning.path, strerrordesc_np(-r));
	agent_restore_tuning(a);
}
