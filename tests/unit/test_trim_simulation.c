/* SPDX-License-Identifier: Apache-2.0 */
/* What the law comes to within minutes and hours. */
#include "tests/unit/trim_scene.h"

/*
 * A simulated group: cold memory that never returns once taken, hot memory that is read again
 * within the interval. The kernel's lists tell them apart but not perfectly: a byte of hot memory
 * is taken blur times less readily than one of cold memory.
 */
struct simulation {
	struct scene scene;
	uint64_t cold, hot;
	uint64_t blur;		   /* 0: the lists are exact */
	uint64_t stall_us_per_mib; /* read back: next to nothing from zram */
	uint64_t taken, refaulted, largest_step;
};

static struct simulation simulate(uint64_t cold, uint64_t hot, uint64_t blur,
				  uint64_t stall_us_per_mib)
{
	struct simulation m = {
		.scene = well(),
		.cold = cold,
		.hot = hot,
		.blur = blur,
		.stall_us_per_mib = stall_us_per_mib,
	};

	memset(&m.scene.history, 0, sizeof(m.scene.history));
	return m;
}

static uint64_t take(struct simulation *m, uint64_t bytes)
{
	uint64_t as_hot = m->blur > 0 ? m->hot / m->blur : 0;
	uint64_t from_cold = m->cold > 0 ? bytes * m->cold / (m->cold + as_hot) : 0;

	from_cold = from_cold < m->cold ? from_cold : m->cold;
	m->cold -= from_cold;
	m->taken += bytes;
	return bytes - from_cold; /* hot */
}

static void run(struct simulation *m, uint64_t seconds)
{
	struct scene *s = &m->scene;

	for (uint64_t t = 0; t < seconds * NSEC_PER_SEC; t += INTERVAL) {
		struct trim_plan plan;
		uint64_t hot;

		s->group.current_bytes = s->group.stat.inactive_anon = m->cold + m->hot;
		s->group.stat.inactive_file = 0;
		learn_after(s, INTERVAL);
		plan = decide(s);
		hot = take(m, plan.bytes);
		m->refaulted += hot;
		m->largest_step = plan.bytes > m->largest_step ? plan.bytes : m->largest_step;
		s->group.taken_bytes = plan.bytes;
		s->group.refaulted_bytes = hot;
		s->trim.stall_total_us += hot * m->stall_us_per_mib / MIB;
	}
}

/* What may come back in so many seconds: 1 MiB a minute here; the floor, as 0.2 % of it are less.
 */
static uint64_t allowed(uint64_t seconds)
{
	return 2 * TRIM_NOISE_BYTES * seconds / 60;
}

static void test_takes_the_cold_and_then_stops(void **state)
{
	struct simulation m = simulate(320 * MIB, 80 * MIB, 0, 0);

	(void)state;
	run(&m, 90);
	assert_true(m.cold <= 32 * MIB);
	run(&m, 60);
	/* The end is felt by one step too many; from then on it only feels its way. */
	assert_int_equal(m.cold, 0);
	assert_true(m.refaulted <= 2 * m.largest_step + allowed(60));
	m.refaulted = 0;
	run(&m, 3600);
	assert_true(m.refaulted > 0);
	assert_true(m.refaulted <= allowed(3600));
}

static void test_feels_its_way_where_the_lists_are_blurred(void **state)
{
	struct simulation m = simulate(320 * MIB, 80 * MIB, 64, 0);

	(void)state;
	run(&m, 3600);
	assert_true(m.cold < 320 * MIB / 2);
	assert_true(m.refaulted <= m.largest_step + allowed(3600));
}

static void test_goes_on_when_more_becomes_cold(void **state)
{
	struct simulation m = simulate(0, 400 * MIB, 0, 0);

	(void)state;
	run(&m, 600);
	m.hot -= 320 * MIB;
	m.cold += 320 * MIB;
	run(&m, 300);
	assert_true(m.cold <= 32 * MIB);
}

/* Back from zram without a stall: a law on PSI alone takes what is in use, for ever. */
static void test_pressure_alone_is_blind_with_zram(void **state)
{
	struct simulation law = simulate(40 * MIB, 360 * MIB, 0, 10);
	struct simulation psi = law;

	(void)state;
	psi.scene.settings.refault_permyriad = UINT64_MAX;
	psi.scene.settings.promotion_permyriad = UINT64_MAX;
	run(&psi, 600);
	run(&law, 600);
	/* It sees less than half of what it allows, and so goes on at the full ratio. */
	assert_true(trim_terms(&psi.scene.history, &psi.scene.settings, &psi.scene.group,
			       &psi.scene.trim)
			    .pressure >= TRIM_GOOD_PERMYRIAD);
	assert_int_equal(psi.scene.history.ratio_permyriad, psi.scene.settings.ratio_max_permyriad);
	assert_true(psi.refaulted > 10 * 360 * MIB);
	assert_true(law.refaulted <= law.largest_step + allowed(600));
	assert_int_equal(law.cold, 0);
}

/* And the other way round: few refaults, but dear ones. */
static void test_refaults_alone_are_blind_with_a_slow_disk(void **state)
{
	struct simulation m = simulate(40 * MIB, 360 * MIB, 0, 1000 * 1000);
	uint64_t stall_us;

	(void)state;
	m.scene.settings.refault_permyriad = UINT64_MAX;
	m.scene.settings.promotion_permyriad = UINT64_MAX;
	run(&m, 120);
	stall_us = m.scene.trim.stall_total_us;
	run(&m, 3600);
	/* 0.1 % of an hour, of which 60 ms at a time are felt only after they were caused. */
	assert_int_equal(m.cold, 0);
	assert_true(m.scene.trim.stall_total_us - stall_us <= 2 * 3600 * 1000);
}

static void test_never_below_protection_or_floor(void **state)
{
	(void)state;
	for (uint64_t guard = 0; guard <= 416 * MIB; guard += 13 * MIB) {
		struct simulation protected = simulate(400 * MIB, 0, 0, 0);
		struct simulation floored = protected;

		protected.scene.group.protected_bytes = guard;
		protected.scene.settings.floor_bytes = 0;
		floored.scene.settings.floor_bytes = guard;
		run(&protected, 1800);
		run(&floored, 1800);
		assert_true(protected.cold >= (guard < 400 * MIB ? guard : 400 * MIB));
		assert_true(floored.cold >= (guard < 400 * MIB ? guard : 400 * MIB));
		/* But close to it, or these would say nothing. */
		assert_true(floored.cold <= guard + 8 * MIB || floored.cold == 400 * MIB);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_takes_the_cold_and_then_stops),
		cmocka_unit_test(test_feels_its_way_where_the_lists_are_blurred),
		cmocka_unit_test(test_goes_on_when_more_becomes_cold),
		cmocka_unit_test(test_pressure_alone_is_blind_with_zram),
		cmocka_unit_test(test_refaults_alone_are_blind_with_a_slow_disk),
		cmocka_unit_test(test_never_below_protection_or_floor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
