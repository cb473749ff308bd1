/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/demand.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/saturate.h"

/* Moves value towards goal by elapsed / constant of the way. */
static uint64_t approach(uint64_t value, uint64_t goal, uint64_t elapsed_ns, uint64_t constant_ns)
{
	if (goal >= value)
		return goal;
	return goal + decay(value - goal, elapsed_ns, constant_ns);
}

static void close_window(struct demand *d, const struct demand_sample *s)
{
	d->window_start_ns = s->now_ns;
	d->window_used_bytes = s->used_bytes;
	d->window_taken_bytes = 0;
	d->window_others_took = false;
}

/* Growth since the window began that the target made itself. */
static uint64_t window_growth(const struct demand *d, const struct demand_sample *s)
{
	__int128 growth = (__int128)s->used_bytes - d->window_used_bytes + d->window_taken_bytes;

	return growth <= 0 ? 0 : growth > INT64_MAX ? INT64_MAX : (uint64_t)growth;
}

static uint64_t rate_of(uint64_t bytes, uint64_t elapsed_ns)
{
	return elapsed_ns ? scale(bytes, NSEC_PER_SEC, elapsed_ns) : 0;
}

/* What is given back takes off as much as it added. */
static void learn_part(struct demand_part *part, uint64_t bytes, uint64_t elapsed_ns)
{
	uint64_t up, down, rate;

	if (bytes == DEMAND_UNKNOWN || part->bytes == DEMAND_UNKNOWN) {
		part->bytes = bytes;
		part->rate_bytes_per_s =
			decay(part->rate_bytes_per_s, elapsed_ns, DEMAND_RATE_DECAY_NS);
		return;
	}
	up = rate_of(minus(bytes, part->bytes), elapsed_ns);
	down = rate_of(minus(part->bytes, bytes), elapsed_ns);
	rate = decay(part->rate_bytes_per_s, elapsed_ns, DEMAND_PART_NS);
	rate = plus(rate, up - decay(up, elapsed_ns, DEMAND_PART_NS));
	part->rate_bytes_per_s = minus(rate, down - decay(down, elapsed_ns, DEMAND_PART_NS));
	part->bytes = bytes;
}

static void learn_rate(struct demand *d, const struct demand_sample *s, uint64_t elapsed_ns)
{
	uint64_t age_ns = s->now_ns - d->window_start_ns;
	/* An open window is judged as if it were a whole one: a batch of charges is not a rate. */
	uint64_t rate = scale(window_growth(d, s), NSEC_PER_SEC, MAX(age_ns, DEMAND_WINDOW_NS));

	if (rate > d->rate_bytes_per_s) {
		if (d->rate_bytes_per_s == 0)
			d->growing_since_ns = s->now_ns;
		d->rate_bytes_per_s = rate;
	}
	d->peak_bytes_per_s = approach(d->peak_bytes_per_s, d->rate_bytes_per_s, elapsed_ns,
				       2 * DEMAND_PEAK_HALF_NS);
	if (d->peak_bytes_per_s < DEMAND_RATE_NOISE)
		d->peak_bytes_per_s = d->rate_bytes_per_s;
	if (age_ns < DEMAND_WINDOW_NS)
		return;
	if (!d->window_others_took)
		d->rate_bytes_per_s =
			approach(d->rate_bytes_per_s, rate, age_ns, DEMAND_RATE_DECAY_NS);
	if (d->rate_bytes_per_s < DEMAND_RATE_NOISE)
		d->rate_bytes_per_s = d->growing_since_ns = 0;
	close_window(d, s);
}

static void learn_gain(struct demand *d, const struct demand_sample *s)
{
	if (s->stalls > d->stalls && d->rate_bytes_per_s > 0) {
		d->gain = MIN(2 * d->gain, DEMAND_GAIN_MAX);
		d->gain_ns = s->now_ns;
	} else if (s->now_ns - d->gain_ns >= DEMAND_GAIN_REST_NS) {
		d->gain = MAX(d->gain - d->gain / 10, DEMAND_GAIN_ONE);
		d->gain_ns = s->now_ns;
	}
	d->stalls = s->stalls;
}

void demand_learn(struct demand *d, const struct demand_sample *s)
{
	uint64_t elapsed_ns, back;

	if (d->seen_ns == 0 || s->now_ns < d->seen_ns) {
		if (d->gain == 0)
			d->gain = DEMAND_GAIN_ONE;
		d->gain_ns = s->now_ns;
		d->stalls = s->stalls;
		d->seen_ns = s->now_ns;
		d->used_bytes = s->used_bytes;
		d->file.bytes = s->file_bytes;
		d->nonfile.bytes = s->nonfile_bytes;
		close_window(d, s);
		return;
	}
	elapsed_ns = s->now_ns - d->seen_ns;
	back = refaults_learn(&d->refaults, s->now_ns, elapsed_ns, s->taken_bytes,
			      s->refaulted_bytes);
	d->window_taken_bytes += (int64_t)MIN(s->taken_bytes, (uint64_t)INT64_MAX / 4);
	d->window_taken_bytes -= (int64_t)MIN(back, (uint64_t)INT64_MAX / 4);
	d->window_others_took |= s->others_took;
	learn_rate(d, s, elapsed_ns);
	learn_part(&d->file, s->file_bytes, elapsed_ns);
	learn_part(&d->nonfile, s->nonfile_bytes, elapsed_ns);
	learn_gain(d, s);
	d->seen_ns = s->now_ns;
	d->used_bytes = s->used_bytes;
}

bool demand_is_for_files(const struct demand *d)
{
	return d->file.rate_bytes_per_s >= DEMAND_RATE_NOISE &&
	       d->file.rate_bytes_per_s > d->nonfile.rate_bytes_per_s;
}

uint64_t demand_margin(const struct demand *d, const struct margin_settings *settings,
		       uint64_t size_bytes, uint64_t rate_bytes_per_s)
{
	uint64_t refault = refaults_permyriad(&d->refaults);
	uint64_t most = scale(size_bytes, settings->margin_max_permyriad, 10000);
	uint64_t need;

	if (rate_bytes_per_s == 0 || refault >= DEMAND_REFAULT_FULL)
		return 0;
	need = scale(rate_bytes_per_s, settings->reaction_ns, NSEC_PER_SEC);
	need = scale(need, MAX(d->gain, DEMAND_GAIN_ONE), DEMAND_GAIN_ONE);
	need = MIN(MAX(need, settings->margin_min_bytes), most);
	return scale(need, DEMAND_REFAULT_FULL - refault, DEMAND_REFAULT_FULL);
}

uint64_t demand_look_again(const struct demand *d, uint64_t room_bytes, uint64_t margin_bytes,
			   uint64_t min_ns, uint64_t rest_ns, uint64_t max_ns)
{
	uint64_t rate = MAX(d->rate_bytes_per_s, d->peak_bytes_per_s);
	uint64_t spare = room_bytes > margin_bytes ? room_bytes - margin_bytes : 0;

	if (rate == 0) {
		rate = DEMAND_UNKNOWN_RATE;
		min_ns = MAX(rest_ns, NSEC_PER_SEC);
	} else if (d->rate_bytes_per_s == 0) {
		min_ns = rest_ns;
	}
	spare = plus(spare, margin_bytes / 8);
	return CLAMP(scale(spare, NSEC_PER_SEC, rate), min_ns, max_ns);
}
