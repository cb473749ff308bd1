/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parse.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t scale;
};

static const struct unit size_units[] = {
	{"", 1},
	{"B", 1},
	{"K", UINT64_C(1) << 10},
	{"M", UINT64_C(1) << 20},
	{"G", UINT64_C(1) << 30},
	{"T", UINT64_C(1) << 40},
	{"P", UINT64_C(1) << 50},
	{"KiB", UINT64_C(1) << 10},
	{"MiB", UINT64_C(1) << 20},
	{"GiB", UINT64_C(1) << 30},
	{"TiB", UINT64_C(1) << 40},
	{"PiB", UINT64_C(1) << 50},
};

static const struct unit duration_units[] = {
	{"ns", 1},
	{"us", NSEC_PER_USEC},
	{"ms", NSEC_PER_MSEC},
	{"s", NSEC_PER_SEC},
	{"min", 60 * NSEC_PER_SEC},
	{"h", 3600 * NSEC_PER_SEC},
	{"d", 86400 * NSEC_PER_SEC},
};

static const struct unit percent_units[] = {{"%", 100}};

int parse_u64_n(const char *text, size_t n, uint64_t *ret)
{
	uint64_t value = 0;

	if (n == 0)
		return -EINVAL;
	for (size_t i = 0; i < n; i++)
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
	for (size_t i = 0; i < n; i++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return -ERANGE;
	*ret = value;
	return 0;
}

int parse_u64(const char *text, uint64_t *ret)
{
	return parse_u64_n(text, strlen(text), ret);
}

/* "12.5" and a unit. The fraction counts to nine digits; further ones are an error, not rounded. */
static int parse_with_unit(const char *text, const struct unit *units, size_t n_units,
			   uint64_t *ret)
{
	size_t whole_n = strspn(text, "0123456789");
	const char *rest = text + whole_n;
	uint64_t whole, value, fraction = 0, fraction_scale = 1;
	const struct unit *unit = NULL;
	unsigned __int128 part;
	int r;

	r = parse_u64_n(text, whole_n, &whole);
	if (r < 0)
		return r;
	if (*rest == '.') {
		size_t n = strspn(rest + 1, "0123456789");

		if (n == 0 || n > 9)
			return -EINVAL;
		r = parse_u64_n(rest + 1, n, &fraction);
		if (r < 0)
			return r;
		for (size_t i = 0; i < n; i++)
			fraction_scale *= 10;
		rest += 1 + n;
	}
	for (size_t i = 0; i < n_units; i++)
		if (strcmp(rest, units[i].name) == 0)
			unit = &units[i];
	if (!unit)
		return -EINVAL;
	part = (unsigned __int128)fraction * unit->scale / fraction_scale;
	if (__builtin_mul_overflow(whole, unit->scale, &value) ||
	    __builtin_add_overflow(value, (uint64_t)part, &value))
		return -ERANGE;
	*ret = value;
	return 0;
}

int parse_size(const char *text, uint64_t *ret_bytes)
{
	return parse_with_unit(text, size_units, ARRAY_SIZE(size_units), ret_bytes);
}

int parse_duration(const char *text, uint64_t *ret_ns)
{
	return parse_with_unit(text, duration_units, ARRAY_SIZE(duration_units), ret_ns);
}

int parse_percent(const char *text, uint64_t *ret_permyriad)
{
	uint64_t value;
	int r = parse_with_unit(text, percent_units, ARRAY_SIZE(percent_units), &value);

	if (r < 0)
		return r;
	if (value > 1000000)
		return -ERANGE;
	*ret_permyriad = value;
	return 0;
}

int parse_bool(const char *text, bool *ret)
{
	static const char *const yes[] = {"yes", "true", "on", "1"};
	static const char *const no[] = {"no", "false", "off", "0"};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
			*ret = strcmp(text, yes[i]) == 0;
			return 0;
		}
	}
	return -EINVAL;
}

int parse_limit(const char *text, uint64_t *ret_bytes)
{
	size_t n = strlen(text);

	if (n > 0 && text[n - 1] == '\n')
		n--;
	if (n == 3 && memcmp(text, "max", 3) == 0) {
		*ret_bytes = UINT64_MAX;
		return 0;
	}
	return parse_u64_n(text, n, ret_bytes);
}

char *format_size(char *text, size_t n, uint64_t bytes)
{
	static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	size_t unit = 0;
	uint64_t scale = 1;

	while (unit + 1 < ARRAY_SIZE(names) && bytes / scale >= 1024) {
		scale *= 1024;
		unit++;
	}
	if (unit == 0)
		(void)snprintf(text, n, "%ju B", (uintmax_t)bytes);
	else
		(void)snprintf(text, n, "%.1f %s", (double)bytes / (double)scale, names[unit]);
	return text;
}

char *format_duration(char *text, size_t n, uint64_t ns)
{
	size_t i = 0;
	uint64_t tenths;

	while (i + 1 < ARRAY_SIZE(duration_units) && ns >= duration_units[i + 1].scale)
		i++;
	tenths = ns / (duration_units[i].scale / 10 ?: 1);
	if (i > 0 && tenths < 100 && tenths % 10 > 0)
		(void)snprintf(text, n, "%ju.%ju %s", (uintmax_t)tenths / 10,
			       (uintmax_t)tenths % 10, duration_units[i].name);
	else
		(void)snprintf(text, n, "%ju %s", (uintmax_t)(ns / duration_units[i].scale),
			       duration_units[i].name);
	return text;
}
