/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/loads/level.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/saturate.h"

#include <stdlib.h>

bool level_is_said(const struct load_settings *settings)
{
	return settings->schedule != SCHEDULE_STEADY || settings->set_point.signal != SETPOINT_NONE;
}

const char *level_check_unmapped(const struct load_settings *settings)
{
	return settings->set_point.signal == SETPOINT_RESIDENT
		       ? "set-point: resident is memory that a process has mapped, and this load "
			 "maps none; memory.current is what its group has"
		       : NULL;
}

static uint64_t whole(uint64_t bytes, uint64_t unit_bytes)
{
	return bytes - bytes % unit_bytes;
}

int level_prepare(struct level *level, const struct load *load, uint64_t unit_bytes,
		  const char **ret_why)
{
	const struct load_settings *settings = load->settings;
	uint64_t peak = MAX(whole(load->plan->peak_bytes, unit_bytes), unit_bytes);
	uint64_t burst = MAX(whole(load->plan->burst_bytes, unit_bytes), unit_bytes);
	int r;

	*level = (struct level){
		.unit_bytes = unit_bytes,
		.schedule =
			{
				.kind = (enum schedule_kind)settings->schedule,
				.rate_bytes = settings->rate_bytes,
				.size_bytes = peak,
				.burst_bytes = burst,
				.low_bytes = whole(load->plan->low_bytes, unit_bytes),
				.period_ns = settings->period_ns,
				.n_steps = settings->n_steps,
			},
		.setpoint =
			{
				.signal = settings->set_point.signal,
				.target = load->plan->set_point,
				.max_bytes = peak,
				.rate_bytes = settings->rate_bytes,
			},
		.gauge = {.fd = -1},
	};
	if (level->schedule.kind != SCHEDULE_REPLAY)
		return 0;
	*ret_why = level->why;
	r = replay_read(load, &level->recording, &level->schedule.n_points, level->why);
	level->schedule.points = level->recording;
	return r;
}

int level_begin(struct level *level, const struct load *load, const char **ret_why)
{
	const struct node_list *nodes = &load->settings->nodes;
	const struct gauge_sources sources = {load->proc_fd, load->sys_fd, load->group_fd,
					      nodes->n ? (int64_t)nodes->ids[0] : -1};

	if (level->setpoint.signal == SETPOINT_NONE)
		return 0;
	return gauge_open(&sources, level->setpoint.signal, clock_now_ns(), &level->gauge, ret_why);
}

struct pace level_pace(struct level *level, const struct load *load)
{
	struct pace pace = load_pace(load);

	if (!level_is_said(load->settings) || level->schedule.kind == SCHEDULE_HOLD)
		level->schedule.rate_bytes = SCHEDULE_UNLIMITED;
	else if (!load->ops->io_rate)
		pace.rate_bytes = PACE_UNLIMITED;
	return pace;
}

uint64_t level_peak_bytes(const struct level *level)
{
	return schedule_peak_bytes(&level->schedule);
}

/* What the set point asks for, looked at every so often. */
static int by_setpoint(struct level *level, struct load *load, uint64_t have_bytes, uint64_t now_ns,
		       uint64_t *ret_bytes, uint64_t *ret_due_ns)
{
	struct setpoint *setpoint = &level->setpoint;
	uint64_t value;
	int r;

	if (now_ns >= level->look_ns) {
		r = gauge_read(&level->gauge, now_ns, &value);
		if (r < 0)
			return r;
		level->goal_bytes = setpoint_step(setpoint, have_bytes, value,
						  now_ns - MAX(level->looked_ns, load->started_ns));
		level->looked_ns = now_ns;
		level->look_ns = now_ns + (setpoint->signal == SETPOINT_PRESSURE
						   ? SETPOINT_PRESSURE_STEP_NS
						   : SETPOINT_STEP_NS);
		block_add(&load->block->looks, 1);
		if (setpoint_is_near(setpoint, value, LOAD_NEAR_PERMYRIAD))
			block_add(&load->block->looks_near, 1);
	}
	*ret_bytes = level->goal_bytes;
	*ret_due_ns = level->look_ns;
	return 0;
}

static bool is_complete(const struct level *level, uint64_t have_bytes)
{
	return have_bytes + level->unit_bytes > level_peak_bytes(level);
}

/* What the rounds until this one should have had and did not is lost. */
static void begin_round(struct level *level, struct load *load, uint64_t have_bytes, uint64_t round)
{
	uint64_t peak = level_peak_bytes(level), bottom = schedule_bottom_bytes(&level->schedule);
	uint64_t missed = level->released || is_complete(level, have_bytes) ? 0 : peak - have_bytes;

	load->block->lost_bytes += missed + (round - level->round - 1) * (peak - bottom);
	level->round = round;
	level->complete_ns = 0;
	level->released = false;
	level->floor_checked = 0;
}

/* Of a burst everything is given back at once, when it was complete for long enough. */
static void hold_burst(struct level *level, const struct load *load, uint64_t have_bytes,
		       uint64_t now_ns, uint64_t *ret_bytes, uint64_t *ret_due_ns)
{
	uint64_t end_ns;

	if (is_complete(level, have_bytes) && level->complete_ns == 0)
		level->complete_ns = now_ns;
	end_ns = level->complete_ns + load->settings->hold_ns;
	if (level->complete_ns && now_ns >= end_ns)
		level->released = true;
	else if (level->complete_ns)
		*ret_due_ns = MIN(*ret_due_ns, end_ns);
	if (level->released)
		*ret_bytes = 0;
}

int level_look(struct level *level, struct load *load, uint64_t have_bytes, uint64_t now_ns,
	       uint64_t *ret_bytes, uint64_t *ret_due_ns)
{
	enum schedule_kind kind = level->schedule.kind;
	struct schedule_level now;

	if (level->setpoint.signal != SETPOINT_NONE)
		return by_setpoint(level, load, have_bytes, now_ns, ret_bytes, ret_due_ns);
	now = schedule_at(&level->schedule, now_ns - load->started_ns);
	if (kind == SCHEDULE_BURST || kind == SCHEDULE_SAWTOOTH)
		block_set(&load->block->rounds, now.round + 1);
	if (now.round != level->round) {
		begin_round(level, load, have_bytes, now.round);
		*ret_bytes = schedule_bottom_bytes(&level->schedule);
		*ret_due_ns = 0;
		return 0;
	}
	*ret_bytes = now.bytes;
	*ret_due_ns = now.next_ns == UINT64_MAX ? UINT64_MAX : load->started_ns + now.next_ns;
	if (kind == SCHEDULE_BURST)
		hold_burst(level, load, have_bytes, now_ns, ret_bytes, ret_due_ns);
	return 0;
}

uint64_t level_debt_bytes(const struct level *level, uint64_t have_bytes, uint64_t level_bytes)
{
	bool timed = level->setpoint.signal == SETPOINT_NONE &&
		     (level->schedule.kind > SCHEDULE_LEAK ||
		      level->schedule.rate_bytes != SCHEDULE_UNLIMITED);

	return timed ? whole(minus(level_bytes, have_bytes), level->unit_bytes) : 0;
}

void level_note_debt(const struct level *level, struct load *load, uint64_t have_bytes,
		     uint64_t level_bytes, const struct pace *pace)
{
	load_note_debt(load, level_debt_bytes(level, have_bytes, level_bytes) + pace->debt_bytes);
}

bool level_may_grow(struct level *level, struct load *load, uint64_t have_bytes)
{
	if (have_bytes && have_bytes < level->floor_checked + LOAD_FLOOR_STEP_BYTES)
		return true;
	if (!load_may_grow(load))
		return false;
	level->floor_checked = have_bytes;
	return true;
}

void level_finish(struct level *level)
{
	gauge_close(&level->gauge);
	free(level->recording);
	level->recording = NULL;
}
