/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/job/setting_types.h"

#include "base/cleanup.h"
#include "base/parse.h"
#include "cgroup/path.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int store_in_range(const struct setting *setting, uint64_t value, void *field)
{
	if (value < setting->min || (setting->max && value > setting->max))
		return -ERANGE;
	*(uint64_t *)field = value;
	return 0;
}

/* For the kinds that are one number read by a function of base/parse.h. */
static int read_number(int (*parse)(const char *, uint64_t *), const struct setting *setting,
		       const char *text, void *field)
{
	uint64_t value;
	int r = parse(text, &value);

	return r < 0 ? r : store_in_range(setting, value, field);
}

static int read_plain(const struct setting *setting, const char *text, void *field)
{
	return read_number(parse_u64, setting, text, field);
}

static int read_size(const struct setting *setting, const char *text, void *field)
{
	return read_number(parse_size, setting, text, field);
}

static int read_duration(const struct setting *setting, const char *text, void *field)
{
	return read_number(parse_duration, setting, text, field);
}

static int read_share(const struct setting *setting, const char *text, void *field)
{
	return read_number(parse_percent, setting, text, field);
}

static int read_amount(const struct setting *setting, const char *text, void *field)
{
	struct amount amount;
	int r = amount_parse(text, &amount);

	if (r < 0)
		return r;
	if (!amount_is_zero(&amount) && amount.of == AMOUNT_BYTES &&
	    (amount.value < setting->min || (setting->max && amount.value > setting->max)))
		return -ERANGE;
	*(struct amount *)field = amount;
	return 0;
}

static int read_rate(const struct setting *setting, const char *text, void *field)
{
	size_t n = strlen(text);
	char size[32];
	uint64_t bytes;
	int r;

	if (strcmp(text, "unlimited") == 0) {
		*(uint64_t *)field = SCHEDULE_UNLIMITED;
		return 0;
	}
	if (n < 3 || n >= sizeof(size) || strcmp(text + n - 2, "/s") != 0)
		return -EINVAL;
	memcpy(size, text, n - 2);
	size[n - 2] = '\0';
	r = parse_size(size, &bytes);
	return r < 0 ? r : store_in_range(setting, bytes, field);
}

static int read_bound(const struct setting *setting, const char *text, void *field)
{
	if (strcmp(text, "unlimited") == 0) {
		*(uint64_t *)field = UINT64_MAX;
		return 0;
	}
	return read_size(setting, text, field);
}

static const struct {
	const char *name;
	enum setpoint_signal signal;
} signals[] = {
	{"resident", SETPOINT_RESIDENT},
	{"memory.current", SETPOINT_CURRENT},
	{"free", SETPOINT_FREE},
	{"pressure", SETPOINT_PRESSURE},
};

static int read_set_point(const struct setting *setting, const char *text, void *field)
{
	const char *value = strchrnul(text, ' ');
	struct set_point point = {0};
	int r;

	(void)setting;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (strlen(signals[i].name) == (size_t)(value - text) &&
		    memcmp(signals[i].name, text, (size_t)(value - text)) == 0)
			point.signal = signals[i].signal;
	if (point.signal == SETPOINT_NONE || !*value)
		return -EINVAL;
	if (point.signal == SETPOINT_PRESSURE)
		r = parse_percent(value + 1, &point.pressure_permyriad);
	else
		r = amount_parse(value + 1, &point.amount);
	if (r < 0)
		return r;
	if (point.signal == SETPOINT_PRESSURE
		    ? point.pressure_permyriad == 0 || point.pressure_permyriad > 10000
		    : point.amount.value == 0)
		return -ERANGE;
	*(struct set_point *)field = point;
	return 0;
}

/* "2.5" as 250: parse_percent reads "2.5%" so. */
static int read_ratio(const struct setting *setting, const char *text, void *field)
{
	char percent[16];
	int n = snprintf(percent, sizeof(percent), "%s%%", text);

	if (n < 0 || (size_t)n >= sizeof(percent))
		return -EINVAL;
	return read_number(parse_percent, setting, percent, field);
}

static int read_bool(const struct setting *setting, const char *text, void *field)
{
	bool value;
	int r = parse_bool(text, &value);

	(void)setting;
	if (r == 0)
		*(uint64_t *)field = value;
	return r;
}

static int read_choice(const struct setting *setting, const char *text, void *field)
{
	for (uint64_t i = 0; setting->choices[i]; i++) {
		if (strcmp(text, setting->choices[i]) == 0) {
			*(uint64_t *)field = i;
			return 0;
		}
	}
	return -EINVAL;
}

static int read_text(const struct setting *setting, const char *text, void *field)
{
	size_t n = strlen(text);

	if (n == 0)
		return -EINVAL;
	if (n >= setting->max)
		return -ERANGE;
	memcpy(field, text, n + 1);
	return 0;
}

/* Not as it was said, so that there is one way to say each, and "" is none. */
static int read_group_path(const struct setting *setting, const char *text, void *field)
{
	char path[PATH_MAX];
	int r = *text ? cgroup_path_parse(text, path, sizeof(path)) : -EINVAL;

	if (r < 0 || strlen(path) + 1 >= setting->max)
		return r == -EINVAL ? r : -ERANGE;
	(void)snprintf(field, setting->max, "/%s", path);
	return 0;
}

static int read_nodes(const struct setting *setting, const char *text, void *field)
{
	return node_list_parse(text, (unsigned int)setting->max, field);
}

static int read_access(const struct setting *setting, const char *text, void *field)
{
	(void)setting;
	return access_parse(text, field);
}

static int read_watch_pid(const struct setting *setting, const char *text, void *field)
{
	struct watch_list *list = field;
	uint64_t pid;
	int r = parse_u64(text, &pid);

	(void)setting;
	if (r < 0)
		return r;
	if (pid == 0 || pid > INT32_MAX)
		return -ERANGE;
	if (list->n == WATCHES_MAX)
		return -E2BIG;
	list->entries[list->n++].pid = pid;
	return 0;
}

static int read_watch_name(const struct setting *setting, const char *text, void *field)
{
	struct watch_list *list = field;
	size_t n = strlen(text);

	(void)setting;
	/* The kernel keeps 15 bytes of a process's name. */
	if (n == 0)
		return -EINVAL;
	if (n > 15)
		return -ERANGE;
	if (list->n == WATCHES_MAX)
		return -E2BIG;
	memcpy(list->entries[list->n++].name, text, n + 1);
	return 0;
}

static char *show_number(char *text, size_t n, uint64_t bound)
{
	(void)snprintf(text, n, "%" PRIu64, bound);
	return text;
}

static char *show_share(char *text, size_t n, uint64_t bound)
{
	(void)snprintf(text, n, "%" PRIu64 ".%02" PRIu64 "%%", bound / 100, bound % 100);
	return text;
}

#define SIZE_WORDS "bytes (64M, 1.5G)"

const struct setting_type type_number = {
	.words = "a number",
	.parse = read_plain,
	.show = show_number,
};
const struct setting_type type_size = {
	.words = SIZE_WORDS,
	.parse = read_size,
	.show = format_size,
};
const struct setting_type type_amount = {
	.words = SIZE_WORDS " or a share (88% of limit, ... of headroom, ... of node, ... of free, "
			    "... of memory)",
	.parse = read_amount,
	.show = format_size,
};
const struct setting_type type_rate = {
	.words = "bytes a second (8M/s) or 'unlimited'",
	.parse = read_rate,
};
const struct setting_type type_per_second = {
	.words = "a number a second (100/s) or 'unlimited'",
	.parse = read_rate,
};
const struct setting_type type_duration = {
	.words = "a time with its unit (20s, 100ms, 2min)",
	.parse = read_duration,
	.show = format_duration,
};
const struct setting_type type_share = {
	.words = "a percentage (20%)",
	.parse = read_share,
	.show = show_share,
};
const struct setting_type type_ratio = {
	.words = "a ratio from 1 to 100 (2.0)",
	.parse = read_ratio,
};
const struct setting_type type_bool = {
	.words = "yes or no",
	.parse = read_bool,
};
const struct setting_type type_choice = {
	.words = "one of its choices",
	.parse = read_choice,
};
const struct setting_type type_text = {
	.words = "text, not empty",
	.parse = read_text,
};
const struct setting_type type_group_path = {
	.words = "a cgroup's path below the mount (/batch/tests), without '.' and '..'",
	.parse = read_group_path,
};
const struct setting_type type_nodes = {
	.words = "nodes' numbers in order (1 or 0,2-3) or 'any'",
	.parse = read_nodes,
};
const struct setting_type type_bound = {
	.words = SIZE_WORDS " or 'unlimited'",
	.parse = read_bound,
	.show = format_size,
};
const struct setting_type type_set_point = {
	.words = "resident SIZE, memory.current SIZE, free SIZE or pressure PERCENT",
	.parse = read_set_point,
};
const struct setting_type type_access = {
	.words = "none, sequential, stride:N, uniform, zipf[:EXPONENT] or hot:SHARE%[:TOUCHES%]",
	.parse = read_access,
};
const struct setting_type type_watch_pid = {
	.words = "a process number",
	.parse = read_watch_pid,
};
const struct setting_type type_watch_name = {
	.words = "a process name of at most 15 bytes",
	.parse = read_watch_name,
};
