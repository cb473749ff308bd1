/* SPDX-License-Identifier: Apache-2.0 */
#include "numa/zones.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define PAGE 4096

#define ZONE(node, name, free, low, managed, protection)                                      \
	"Node " node ", zone " name "\n  pages free " free "\n  boost 0\n  min 5\n  low " low \
	"\n  high 15\n  spanned 900\n  present 900\n  managed " managed                       \
	"\n  protection: " protection "\n"

/* One node of two zones, the second without memory. */
#define DMA	ZONE("0", "DMA", "100", "10", "800", "(0, 20)")
#define NORMAL	ZONE("0", "Normal", "0", "32", "0", "(0, 0)")

#define ON_6_1	"kernel/6.1/zoneinfo"
#define ON_6_12 "kernel/6.12/zoneinfo"
#define ON_6_18 "kernel/6.18/zoneinfo"
#define ON_7	"kernel/7/zoneinfo"

static const char *const captured[] = {ON_6_1, ON_6_12, ON_6_18, ON_7};

static void test_captured_kernels(void **state)
{
	/* free, min, low, high, managed, present, then the reserve against the highest zone. */
	static const struct {
		const char *file;
		unsigned int node;
		const char *name;
		size_t index;
		uint64_t free, min, low, high, managed, present, reserve;
	} rows[] = {
		{ON_6_1, 0, "DMA", 0, 3776, 180, 225, 270, 3840, 3998, 889},
		{ON_6_1, 0, "DMA32", 1, 166284, 7827, 9783, 11739, 176090, 192474, 239},
		{ON_6_1, 0, "Normal", 2, 42845, 2885, 3606, 4327, 61331, 65536, 0},
		{ON_6_1, 1, "Normal", 2, 210485, 11633, 14541, 17449, 249387, 262144, 0},
		{ON_6_12, 0, "DMA32", 1, 155889, 7309, 9136, 10963, 166676, 192474, 239},
		{ON_6_12, 1, "Normal", 2, 235534, 12144, 15180, 18216, 257482, 262144, 0},
		{ON_6_18, 0, "DMA", 0, 3776, 175, 218, 261, 3840, 3998, 991},
		{ON_6_18, 1, "Normal", 2, 215650, 11237, 14046, 16855, 247758, 262144, 0},
		{ON_7, 0, "Normal", 2, 47242, 2811, 3513, 4215, 61329, 65536, 0},
		{ON_7, 1, "Normal", 2, 210762, 11223, 14028, 16833, 246767, 262144, 0},
	};

	(void)state;
	for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
		_cleanup_free_ char *text = fixture_data(rows[r].file);
		const struct numa_zone *zone = NULL;
		struct numa_zones zones;

		assert_int_equal(zones_parse(text, rows[r].node, &zones, NULL), 0);
		assert_int_equal(zones.n_zones, rows[r].node == 0 ? 3 : 1);
		assert_int_equal(zones.highest, 2);
		for (size_t i = 0; i < zones.n_zones; i++)
			if (strcmp(zones.zones[i].name, rows[r].name) == 0)
				zone = &zones.zones[i];
		assert_non_null(zone);
		assert_int_equal(zone->index, rows[r].index);
		assert_int_equal(zone->free, rows[r].free);
		assert_int_equal(zone->min, rows[r].min);
		assert_int_equal(zone->low, rows[r].low);
		assert_int_equal(zone->high, rows[r].high);
		assert_int_equal(zone->managed, rows[r].managed);
		assert_int_equal(zone->present, rows[r].present);
		assert_int_equal(zone->reserve[zones.highest], rows[r].reserve);
		/* ZONE_MOVABLE, empty here: what user memory is really checked against. */
		assert_int_equal(zone->reserve[3], rows[r].reserve);
	}
}

/* 6.1, node 0: (3776-225-889) + (166284-9783-239) + (42845-3606) pages. */
static void test_room_of_a_captured_node(void **state)
{
	_cleanup_free_ char *text = fixture_data(ON_6_1);
	struct zones_sums sums;
	struct numa_zones zones;

	(void)state;
	assert_int_equal(zones_parse(text, 0, &zones, NULL), 0);
	assert_int_equal(zones_room_bytes(&zones, PAGE), UINT64_C(198163) * PAGE);
	sums = zones_sum(&zones, PAGE);
	assert_int_equal(sums.free_bytes, UINT64_C(212905) * PAGE);
	assert_int_equal(sums.min_bytes, UINT64_C(10892) * PAGE);
	assert_int_equal(sums.low_bytes, UINT64_C(13614) * PAGE);
	assert_int_equal(sums.high_bytes, UINT64_C(16336) * PAGE);
	assert_int_equal(sums.managed_bytes, UINT64_C(241261) * PAGE);
}

static void test_malformed(void **state)
{
	static const struct {
		const char *text, *bad; /* NULL: -ENOENT */
	} rows[] = {
		{"", NULL},
		{"Node 1, zone Normal\n", NULL},
		{ZONE("0", "DMA", "0", "0", "0", "(0)"), NULL},
		{"Node 0 zone DMA\n", "Node"},
		{"Node 00 zone DMA\n", "Node"},
		{"Node 0, zone\n", "Node"},
		{"Node 0, zone DMA more\n", "Node"},
		{"Node 0, cell DMA\n", "Node"},
		{"Node -1, zone DMA\n", "Node"},
		{"Node , zone DMA\n", "Node"},
		{"Node\n", "Node"},
		{"Node 0, zone A_name_that_is_far_too_long\n", "zone"},
		{DMA, "zone"},
		{DMA DMA, "zone"},
		{DMA NORMAL ZONE("0", "Movable", "0", "0", "0", "(0, 0)"), "zone"},
		{DMA ZONE("0", "Normal", "0", "32", "0", "(0, 0, 0)"), "protection:"},
		{"Node 0, zone DMA\n", "pages"},
		{ZONE("0", "DMA", "", "10", "800", "(0)"), "pages"},
		{ZONE("0", "DMA", "x", "10", "800", "(0)"), "pages"},
		{ZONE("0", "DMA", "1 2", "10", "800", "(0)"), "pages"},
		{ZONE("0", "DMA", "-1", "10", "800", "(0)"), "pages"},
		{ZONE("0", "DMA", "1", "10", "17592186044417", "(0)"), "managed"},
		{ZONE("0", "DMA", "1", "18446744073709551616", "8", "(0)"), "low"},
		{ZONE("0", "DMA", "1", "10\n  low 10", "8", "(0)"), "low"},
		{ZONE("0", "DMA", "1", "10\n  boost 10", "8", "(0)"), "boost"},
		{ZONE("0", "DMA", "1", "10", "8", "(0)\n  protection: (0)"), "protection:"},
		{ZONE("0", "DMA", "1", "10", "8", ""), "protection:"},
		{ZONE("0", "DMA", "1", "10", "8", "("), "protection:"},
		{ZONE("0", "DMA", "1", "10", "8", "()"), "protection:"},
		{ZONE("0", "DMA", "1", "10", "8", "0"), "protection:"},
		{ZONE("0", "DMA", "1", "10", "8", "(0"), "protection:"},
		{ZONE("0", "DMA", "1", "10", "8", "(0,"), "protection:"},
		{ZONE("0", "DMA", "1", "10", "8", "(0, 1"), "protection:"},
		{ZONE("0", "DMA", "1", "10", "8", "(0, )"), "protection:"},
		{ZONE("0", "DMA", "1", "10", "8", "(0 1)"), "protection:"},
		{ZONE("0", "DMA", "1", "10", "8", "(0, 1) 2"), "protection:"},
		{ZONE("0", "DMA", "1", "10", "8", "(0, 0, 0, 0, 0, 0, 0, 0, 0)"), "protection:"},
		{"Node 0, zone DMA\n  pages free 1\n  min 1\n  high 1\n", "low"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct numa_zones zones = {.n_zones = 77};
		const char *bad = NULL;
		int r = zones_parse(rows[i].text, 0, &zones, &bad);

		assert_int_equal(r, rows[i].bad ? -EBADMSG : -ENOENT);
		if (rows[i].bad)
			assert_string_equal(bad, rows[i].bad);
		assert_int_equal(zones.n_zones, 77);
		assert_int_equal(zones_parse(rows[i].text, 0, &zones, NULL), r);
	}
}

static void test_other_nodes_and_unknown_lines_do_not_matter(void **state)
{
	struct numa_zones zones;

	(void)state;
	assert_int_equal(zones_parse("Node 3, zone DMA\n  pages free x\n" DMA
				     "  new_in_8 (1 2 x\n\n\t\n      nr_free_pages 5\n" NORMAL
				     "  pagesets\n    cpu: 0\n      high: 7\nNode 4, zone DMA\n",
				     0, &zones, NULL),
			 0);
	assert_int_equal(zones.n_zones, 1);
	assert_int_equal(zones.zones[0].free, 100);
	assert_int_equal(zones.zones[0].high, 15);
	assert_int_equal(zones.zones[0].reserve[1], 20);
	assert_int_equal(zones.highest, 0);
}

/* Cut anywhere, a node's figures are all there or it is refused. */
static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(captured); f++) {
		_cleanup_free_ char *text = fixture_data(captured[f]);
		struct numa_zones whole[2], zones;

		assert_int_equal(zones_parse(text, 0, &whole[0], NULL), 0);
		assert_int_equal(zones_parse(text, 1, &whole[1], NULL), 0);
		for (size_t length = strlen(text); length-- > 0;) {
			text[length] = '\0';
			for (unsigned int node = 0; node < 2; node++) {
				int r = zones_parse(text, node, &zones, NULL);

				assert_true(r == 0 || r == -EBADMSG || r == -ENOENT);
				if (r == 0)
					assert_memory_equal(&zones, &whole[node], sizeof(zones));
			}
		}
	}
}

static void test_read_streams_through_a_small_buffer(void **state)
{
	static const size_t sizes[] = {48, 97, 1000, 4096, 65536};
	char buffer[65536];

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(captured); f++) {
		_cleanup_free_ char *text = fixture_data(captured[f]);
		const struct fixture_file files[] = {{"zoneinfo", text}};
		_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, 1);

		for (unsigned int i = 0; i < 2 * ARRAY_SIZE(sizes); i++) {
			unsigned int node = i % 2;
			struct numa_zones expected, zones;

			assert_int_equal(zones_parse(text, node, &expected, NULL), 0);
			assert_int_equal(
				zones_read(fx->fd, node, buffer, sizes[i / 2], &zones, NULL), 0);
			assert_memory_equal(&zones, &expected, sizeof(zones));
		}
	}
}

static void test_read_errors(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	struct numa_zones zones;
	char buffer[128];
	const char *bad = NULL;

	(void)state;
	assert_int_equal(zones_read(fx->fd, 0, buffer, sizeof(buffer), &zones, &bad), -ENOENT);
	assert_string_equal(bad, "zoneinfo");
	fixture_write(fx, "zoneinfo", DMA NORMAL);
	assert_int_equal(zones_read(fx->fd, 1, buffer, sizeof(buffer), &zones, &bad), -ENOENT);
	assert_int_equal(zones_read(fx->fd, 0, buffer, 16, &zones, &bad), -EOVERFLOW);
	assert_int_equal(zones_read(fx->fd, 0, buffer, 0, &zones, &bad), -EOVERFLOW);
	assert_string_equal(bad, "zoneinfo");
	fixture_write(fx, "zoneinfo", ZONE("0", "DMA", "100", "ten", "800", "(0)"));
	assert_int_equal(zones_read(fx->fd, 0, buffer, sizeof(buffer), &zones, &bad), -EBADMSG);
	assert_string_equal(bad, "zoneinfo: node 0 zone DMA: low");
	/* A last line without its end. */
	fixture_write(fx, "zoneinfo", DMA "Node 0, zone Normal");
	assert_int_equal(zones_read(fx->fd, 0, buffer, sizeof(buffer), &zones, &bad), -EBADMSG);
	assert_string_equal(bad, "zoneinfo: node 0 zone Normal: pages");
	/* A file that can be opened and not read. */
	fixture_remove(fx, "zoneinfo");
	fixture_write(fx, "zoneinfo/", NULL);
	assert_int_equal(zones_read(fx->fd, 0, buffer, sizeof(buffer), &zones, &bad), -EISDIR);
}

/* Zones of 1000 pages; low 100 in each; the reserve of the lower against the higher. */
static struct numa_zones two_zones(uint64_t lower_free, uint64_t reserve, uint64_t upper_free)
{
	return (struct numa_zones){
		.n_zones = 2,
		.highest = 2,
		.zones = {{.free = lower_free, .low = 100, .managed = 1000, .reserve[2] = reserve},
			  {.free = upper_free, .low = 100, .managed = 1000, .index = 2}},
	};
}

static void test_room(void **state)
{
	static const struct {
		uint64_t lower_free, reserve, upper_free, room;
	} rows[] = {
		{500, 0, 500, 800},    {500, 50, 500, 750}, /* the lower zone keeps 50 more */
		{500, 5000, 500, 400}, /* and here it is not for such requests at all */
		{100, 0, 100, 0},      /* at the marks */
		{20, 0, 500, 400},     /* what one lacks is not taken from the other */
		{140, 50, 40, 0},      /* both below */
		{0, UINT32_MAX, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct numa_zones zones =
			two_zones(rows[i].lower_free, rows[i].reserve, rows[i].upper_free);

		assert_int_equal(zones_room_bytes(&zones, PAGE), rows[i].room * PAGE);
		assert_int_equal(
			zones_room_now_bytes(&zones, rows[i].lower_free + rows[i].upper_free, PAGE),
			rows[i].room * PAGE);
	}
}

static void test_room_after_a_change(void **state)
{
	static const struct {
		uint64_t lower_free, reserve, upper_free, free_now, room;
	} rows[] = {
		{500, 0, 500, 900, 700},     /* less by what is gone */
		{500, 0, 500, 200, 0},	     /* all of the room gone */
		{500, 0, 500, 0, 0},	     /* and more */
		{500, 0, 500, 1100, 900},    /* nothing is missing: all that came is room */
		{20, 0, 500, 560, 400},	     /* 80 are missing below: 40 more may go there */
		{20, 0, 500, 620, 420},	     /* of 100 more 20 are left */
		{500, 5000, 500, 1100, 500}, /* a zone out of reach needs no filling */
		{50, 0, 50, 180, 0},	     /* both below: 100 are missing, 80 came */
		{50, 0, 50, 250, 50},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct numa_zones zones =
			two_zones(rows[i].lower_free, rows[i].reserve, rows[i].upper_free);

		assert_int_equal(zones_room_now_bytes(&zones, rows[i].free_now, PAGE),
				 rows[i].room * PAGE);
	}
}

static void test_extremes(void **state)
{
	struct numa_zones zones = {0};

	(void)state;
	assert_int_equal(zones_room_bytes(&zones, PAGE), 0);
	assert_int_equal(zones_room_now_bytes(&zones, UINT64_MAX, PAGE), UINT64_MAX);
	zones = two_zones(0, 0, 0);
	zones.n_zones = ZONES_MAX;
	for (size_t i = 0; i < ZONES_MAX; i++)
		zones.zones[i] = (struct numa_zone){.free = UINT64_C(1) << 44,
						    .managed = UINT64_C(1) << 44,
						    .high = UINT64_C(1) << 44};
	assert_int_equal(zones_room_bytes(&zones, 65536), UINT64_C(1) << 63);
	assert_int_equal(zones_room_now_bytes(&zones, 0, 65536), 0);
	assert_int_equal(zones_sum(&zones, 65536).high_bytes, UINT64_C(1) << 63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_captured_kernels),
		cmocka_unit_test(test_room_of_a_captured_node),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_other_nodes_and_unknown_lines_do_not_matter),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_read_streams_through_a_small_buffer),
		cmocka_unit_test(test_read_errors),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_room_after_a_change),
		cmocka_unit_test(test_extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
