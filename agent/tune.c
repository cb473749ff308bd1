/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's sysctls, as the configuration wants them while the agent acts. */
#include "agent/agent_internal.h"

#include "base/clock.h"
#include "base/kfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#define STEER_NS NSEC_PER_SEC

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

static bool may_steer(const struct agent *a)
{
	return may_tune(a) && a->tuning_known && a->config->agent.mode == MODE_ACT &&
	       a->config->tuning.watermark_most > 0 && !agent_is_paused(a);
}

/* What stands there when nothing is to be kept free. */
static uint64_t base_factor(const struct agent *a, uint64_t factor)
{
	const struct tuned *tuned = &a->tuning.knobs[TUNING_WATERMARK_SCALE_FACTOR];

	if (a->config->tuning.watermark_scale_factor != TUNING_KEEP)
		return a->config->tuning.watermark_scale_factor;
	return tuned->held ? tuned->before : factor;
}

static int steer(struct agent *a, uint64_t now_ns)
{
	const enum tuning_knob knob = TUNING_WATERMARK_SCALE_FACTOR;
	const struct tuned *tuned = &a->tuning.knobs[knob];
	struct watermarks_bounds bounds = {.most = a->config->tuning.watermark_most};
	uint64_t factor, next;
	int r = tuning_read(&a->tuning, knob, &factor);

	if (r < 0)
		return r;
	bounds.base = base_factor(a, factor);
	next = watermarks_next(&a->watermarks, &bounds, factor,
			       shared_watermark_factor(a->world.shared), now_ns);
	if (next == factor)
		return 0;
	if (!tuned->held)
		r = tuning_set(&a->tuning, knob, next);
	else if (next == tuned->before)
		r = tuning_restore(&a->tuning, knob);
	else
		r = tuning_change(&a->tuning, knob, next);
	if (r == 0)
		log_info(&a->world.log, "vm.%s: %" PRIu64 " now, %" PRIu64 " a moment ago",
			 tuning_name(knob), next, factor);
	return r;
}

uint64_t agent_steer_watermarks(struct agent *a, uint64_t now_ns)
{
	int r;

	if (!may_steer(a))
		return UINT64_MAX;
	if (now_ns < a->watermarks_due_ns)
		return a->watermarks_due_ns;
	r = steer(a, now_ns);
	a->watermarks_due_ns = r < 0 ? UINT64_MAX : now_ns + STEER_NS;
	if (r == -ESTALE)
		log_notice(
			&a->world.log,
			"vm.watermark_scale_factor is steered no more: somebody else has changed "
			"it");
	else if (r < 0)
		agent_degrade(a, "vm.watermark_scale_factor is not steered: %s%s",
			      strerrordesc_np(-r),
			      r == -EACCES ? " (only uid 0 may write it)" : "");
	return a->watermarks_due_ns;
}

void agent_restore_tuning(struct agent *a)
{
	a->watermarks_due_ns = 0;
	for (enum tuning_knob i = 0; i < TUNING_KNOBS; i++)
		if (a->tuning.knobs[i].held)
			restore(a, i);
}

/* What an agent before has left is given back. Known or not: its file would be replaced by ours. */
static bool take_over(struct agent *a)
{
	int r;

	a->tuning = (struct tuning){.proc_fd = a->world.proc_fd, .path = a->options.tuning_file};
	r = tuning_load(&a->tuning);
	if (r < 0) {
		agent_degrade(a,
			      "sysctls are left alone: %s: what they were can't be read: %s; look "
			      "at it, remove it, and have uswapd reload",
			      a->tuning.path, strerrordesc_np(-r));
		return false;
	}
	agent_restore_tuning(a);
	return true;
}

/* Said when it is wished for, not only when it would be needed. */
static void try_drop(struct agent *a)
{
	_cleanup_close_ int fd = -1;

	if (a->config->balance.drop_slab == 0 || a->config->agent.mode != MODE_ACT ||
	    a->options.dry_run || !a->world.whole_machine)
		return;
	fd = kfile_open(a->world.proc_fd, "sys/vm/drop_caches", O_WRONLY);
	if (fd < 0)
		agent_degrade(a, "slab is not dropped: vm.drop_caches can't be written: %s%s",
			      strerrordesc_np(-fd),
			      fd == -EACCES ? " (only uid 0 may write it)" : "");
}

void agent_tune(struct agent *a)
{
	try_drop(a);
	if (!may_tune(a))
		return;
	if (!a->tuning_known)
		a->tuning_known = take_over(a);
	if (!a->tuning_known || a->config->agent.mode != MODE_ACT)
		return;
	for (enum tuning_knob i = 0; i < TUNING_KNOBS; i++) {
		uint64_t value = wanted(&a->config->tuning, i);

		if (value != TUNING_KEEP && !a->tuning.knobs[i].held)
			set(a, i, value);
	}
}
