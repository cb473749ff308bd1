/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/pattern/access.h"

#include "base/cleanup.h"
#include "base/parse.h"
#include "base/random.h"
#include "base/saturate.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define ZIPF_EXPONENT_DEFAULT 990
#define ZIPF_EXPONENT_MAX     10000

/* "0.99" as 990: to parse_percent "0.99%" is 99 hundredths of a percent. */
static int parse_exponent(const char *text, uint32_t *ret_permille)
{
	char percent[32];
	uint64_t hundredths;
	int n = snprintf(percent, sizeof(percent), "%s%%", text);
	int r;

	if (n < 0 || (size_t)n >= sizeof(percent))
		return -EINVAL;
	r = parse_percent(percent, &hundredths);
	if (r < 0)
		return r;
	if (hundredths == 0 || hundredths * 10 > ZIPF_EXPONENT_MAX)
		return -ERANGE;
	*ret_permille = (uint32_t)hundredths * 10;
	return 0;
}

static int parse_share(const char *text, size_t n, uint32_t *ret_permyriad)
{
	char share[16];
	uint64_t permyriad;
	int r;

	if (n >= sizeof(share))
		return -EINVAL;
	memcpy(share, text, n);
	share[n] = '\0';
	r = parse_percent(share, &permyriad);
	if (r < 0)
		return r;
	if (permyriad == 0 || permyriad > 10000)
		return -ERANGE;
	*ret_permyriad = (uint32_t)permyriad;
	return 0;
}

static int parse_hot(const char *text, struct access_pattern *ret)
{
	const char *colon = strchrnul(text, ':');
	struct access_pattern pattern = {.kind = ACCESS_HOT, .touches_permyriad = 10000};
	int r = parse_share(text, (size_t)(colon - text), &pattern.hot_permyriad);

	if (r == 0 && *colon)
		r = parse_share(colon + 1, strlen(colon + 1), &pattern.touches_permyriad);
	if (r == 0)
		*ret = pattern;
	return r;
}

static int parse_stride(const char *text, struct access_pattern *ret)
{
	uint64_t stride;
	int r = parse_u64(text, &stride);

	if (r < 0)
		return r;
	if (stride == 0 || stride > UINT32_MAX)
		return -ERANGE;
	*ret = (struct access_pattern){.kind = ACCESS_STRIDE, .stride = (uint32_t)stride};
	return 0;
}

int access_parse(const char *text, struct access_pattern *ret)
{
	static const struct {
		const char *name;
		enum access_kind kind;
	} plain[] = {
		{"none", ACCESS_NONE},
		{"sequential", ACCESS_SEQUENTIAL},
		{"uniform", ACCESS_UNIFORM},
		{"zipf", ACCESS_ZIPF},
	};
	struct access_pattern pattern = {.exponent_permille = ZIPF_EXPONENT_DEFAULT};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		if (strcmp(text, plain[i].name) == 0) {
			pattern.kind = plain[i].kind;
			*ret = pattern;
			return 0;
		}
	}
	if (strncmp(text, "hot:", 4) == 0)
		return parse_hot(text + 4, ret);
	if (strncmp(text, "stride:", 7) == 0)
		return parse_stride(text + 7, ret);
	if (strncmp(text, "zipf:", 5) != 0)
		return -EINVAL;
	r = parse_exponent(text + 5, &pattern.exponent_permille);
	if (r < 0)
		return r;
	pattern.kind = ACCESS_ZIPF;
	*ret = pattern;
	return 0;
}

static int format_percent(char *text, size_t n, uint32_t permyriad)
{
	return snprintf(text, n, "%" PRIu32 ".%02" PRIu32 "%%", permyriad / 100, permyriad % 100);
}

const char *access_format(char text[static ACCESS_TEXT_BYTES], const struct access_pattern *p)
{
	char share[16], touches[16];

	switch (p->kind) {
	case ACCESS_SEQUENTIAL:
		return strcpy(text, "sequential");
	case ACCESS_STRIDE:
		(void)snprintf(text, ACCESS_TEXT_BYTES, "stride:%" PRIu32, p->stride);
		return text;
	case ACCESS_UNIFORM:
		return strcpy(text, "uniform");
	case ACCESS_ZIPF:
		(void)snprintf(text, ACCESS_TEXT_BYTES, "zipf:%" PRIu32 ".%02" PRIu32,
			       p->exponent_permille / 1000, p->exponent_permille % 1000 / 10);
		return text;
	case ACCESS_HOT:
		(void)format_percent(share, sizeof(share), p->hot_permyriad);
		(void)format_percent(touches, sizeof(touches), p->touches_permyriad);
		(void)snprintf(text, ACCESS_TEXT_BYTES, "hot:%s:%s", share, touches);
		return text;
	case ACCESS_NONE:
		break;
	}
	return strcpy(text, "none");
}

/* Integral of x^-s, 0 at x = 1. expm1 keeps it exact around s = 1, where it becomes log(x). */
static double zipf_h(const struct access *access, double x)
{
	double power = (1.0 - access->exponent) * log(x);

	return fabs(power) < 1e-12 ? log(x) : log(x) * expm1(power) / power;
}

static double zipf_h_inverse(const struct access *access, double y)
{
	double t = MAX((1.0 - access->exponent) * y, -1.0);

	return fabs(t) < 1e-12 ? exp(y) : exp(y * log1p(t) / t);
}

static double zipf_weight(const struct access *access, double x)
{
	return exp(-access->exponent * log(x));
}

static void zipf_init(struct access *access)
{
	access->exponent = access->pattern.exponent_permille / 1000.0;
	access->h_first = zipf_h(access, 1.5) - 1.0;
	access->h_last = zipf_h(access, (double)access->capacity + 0.5);
	access->squeeze = 2.0 -
			  zipf_h_inverse(access, zipf_h(access, 2.5) - zipf_weight(access, 2.0));
}

/* A rank in [0, capacity), 0 the most frequent. */
static uint64_t zipf_rank(struct access *access)
{
	for (;;) {
		double u = access->h_last +
			   random_unit(&access->random) * (access->h_first - access->h_last);
		double x = zipf_h_inverse(access, u);
		double k = CLAMP(floor(x + 0.5), 1.0, (double)access->capacity);

		if (k - x <= access->squeeze ||
		    u >= zipf_h(access, k + 0.5) - zipf_weight(access, k))
			return (uint64_t)k - 1;
	}
}

/*
 * A permutation of [0, capacity): invertible steps on the next power of two, repeated until the
 * result lies within (cycle walking), so that every index is reached by exactly one rank.
 */
static uint64_t scatter(const struct access *access, uint64_t value)
{
	uint64_t mask = (UINT64_C(1) << access->scatter_bits) - 1;
	unsigned int half = (access->scatter_bits + 1) / 2;

	do {
		for (unsigned int round = 0; round < 3; round++) {
			value = (value + access->scatter_key) & mask;
			value = (value * (RANDOM_STRIDE | 1)) & mask;
			value ^= value >> half;
		}
	} while (value >= access->capacity);
	return value;
}

uint64_t access_page(const struct access *access, uint64_t rank)
{
	uint64_t from_end = access->capacity - access->drift;

	return scatter(access, rank < from_end ? rank + access->drift : rank - from_end);
}

static uint64_t hot_at_first(const struct access *access)
{
	return MAX(share(access->capacity, access->pattern.hot_permyriad), UINT64_C(1));
}

void access_init(struct access *access, const struct access_pattern *pattern, uint64_t capacity,
		 uint64_t seed)
{
	uint64_t state = seed;

	*access = (struct access){.pattern = *pattern, .capacity = capacity, .visit = capacity};
	access->scatter_key = access->seed_key = random_next(&state);
	access->random = random_next(&state);
	access->scatter_bits = capacity > 1 ? 64U - (unsigned int)__builtin_clzll(capacity - 1) : 1;
	access->hot = hot_at_first(access);
	if (pattern->kind == ACCESS_ZIPF)
		zipf_init(access);
}

void access_move(struct access *access, uint64_t elapsed_ns)
{
	const struct access_changes *changes = &access->changes;
	bool hot = access->pattern.kind == ACCESS_HOT;
	uint64_t first = hot_at_first(access);

	if (!hot && access->pattern.kind != ACCESS_ZIPF)
		return;
	if (changes->drift_ns)
		access->drift = (uint64_t)((unsigned __int128)elapsed_ns *
					   (hot ? first : access->capacity) / changes->drift_ns %
					   access->capacity);
	if (changes->phase_ns) {
		access->phase = elapsed_ns / changes->phase_ns;
		access->scatter_key = access->seed_key + access->phase * RANDOM_STRIDE;
	}
	if (hot && changes->spread_ns)
		access->hot = first + scale(access->capacity - first,
					    MIN(elapsed_ns, changes->spread_ns),
					    changes->spread_ns);
	if (changes->revisit_ns && elapsed_ns / changes->revisit_ns > access->visits) {
		access->visits = elapsed_ns / changes->revisit_ns;
		access->visit = hot ? access->hot : 0;
	}
}

static uint64_t hot_draw(struct access *access)
{
	uint64_t cold = access->capacity - access->hot;
	bool hot = random_below(&access->random, 10000) < access->pattern.touches_permyriad;

	if (hot || cold == 0)
		return random_below(&access->random, access->hot);
	return access->hot + random_below(&access->random, cold);
}

/* After so many draws that all fell beyond n, few of the hot pages exist yet: take any. */
#define DRAWS_MAX 64

static uint64_t next_by_rank(struct access *access, uint64_t n)
{
	for (int draws = 0; draws < DRAWS_MAX; draws++) {
		uint64_t rank = access->visit, index;

		if (rank < access->capacity)
			access->visit++;
		else
			rank = access->pattern.kind == ACCESS_HOT ? hot_draw(access)
								  : zipf_rank(access);
		index = access_page(access, rank);
		if (index < n)
			return index;
	}
	return random_below(&access->random, n);
}

/* n may have changed since the last one. */
static uint64_t next_stride(struct access *access, uint64_t n)
{
	uint64_t stride = MIN(access->pattern.stride, n);
	uint64_t index = access->position < n ? access->position : 0;

	/* At the end of a column on to the next one. */
	access->position = index + stride < n ? index + stride : (index % stride + 1) % stride;
	return index;
}

uint64_t access_next(struct access *access, uint64_t n)
{
	switch (access->pattern.kind) {
	case ACCESS_NONE:
	case ACCESS_SEQUENTIAL:
		if (access->position >= n)
			access->position = 0;
		return access->position++;
	case ACCESS_STRIDE:
		return next_stride(access, n);
	case ACCESS_UNIFORM:
		return random_below(&access->random, n);
	case ACCESS_ZIPF:
	case ACCESS_HOT:
		break;
	}
	return next_by_rank(access, n);
}
