/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/job/settings.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/spell.h"
#include "stress/job/setting_types.h"

#include <string.h>

#define GLOBAL(field) .offset = offsetof(struct global_settings, field)

#define DAY	      (86400 * NSEC_PER_SEC)

static const struct setting global_settings[] = {
	{.name = "duration",
	 .type = &type_duration,
	 GLOBAL(duration_ns),
	 .min = NSEC_PER_MSEC,
	 .max = 365 * DAY,
	 .default_text = "10s",
	 .help = "how long the measured phase lasts"},
	{.name = "seed",
	 .type = &type_number,
	 GLOBAL(seed),
	 .max = INT64_MAX,
	 .default_text = "1",
	 .help = "contents and access patterns are computed from it; same seed, same run"},
	{.name = "interval",
	 .type = &type_duration,
	 GLOBAL(interval_ns),
	 .min = NSEC_PER_MSEC,
	 .max = DAY,
	 .default_text = "100ms",
	 .help = "how often memory of groups and nodes is sampled"},
	{.name = "grace",
	 .type = &type_duration,
	 GLOBAL(grace_ns),
	 .min = NSEC_PER_MSEC,
	 .max = 365 * DAY,
	 .default_text = "120s",
	 .help = "workers still busy (verifying, or stuck) so long after the measured phase are "
		 "killed and the run fails"},
	{.name = "floor",
	 .type = &type_amount,
	 GLOBAL(floor),
	 .default_text = "5% of memory",
	 .help = "loads stop growing while available memory and free swap together are below it; "
		 "0 switches it off"},
	{.name = "check-fit",
	 .type = &type_bool,
	 GLOBAL(check_fit),
	 .default_text = "yes",
	 .help = "refuse a job whose sizes can't fit into its limits, its nodes or the machine; "
		 "'no' is for provoking an OOM kill"},
	{.name = "parent",
	 .type = &type_group_path,
	 GLOBAL(parent),
	 .max = PATH_MAX,
	 .help = "cgroup the job's groups are made in, relative to the cgroup2 mount; default: the "
		 "one this program runs in"},
	{.name = "watch-pid",
	 .type = &type_watch_pid,
	 GLOBAL(watches),
	 .many = true,
	 .help = "also measure CPU time, memory and wake-ups of this process; may be repeated"},
	{.name = "watch",
	 .type = &type_watch_name,
	 GLOBAL(watches),
	 .many = true,
	 .help = "the same for every process with this name (as in /proc/PID/comm)"},
	{.name = "json",
	 .type = &type_text,
	 GLOBAL(json),
	 .max = PATH_MAX,
	 .help = "write the whole report to this file, '-' for standard output (then the table "
		 "goes to standard error)"},
	{.name = "csv",
	 .type = &type_text,
	 GLOBAL(csv),
	 .max = PATH_MAX,
	 .help = "write the samples to this file, a line each; '-' as for json, not both"},
};

_Static_assert(ARRAY_SIZE(global_settings) <= N_GLOBAL_SETTINGS_MAX, "raise the bound");

const struct setting_table global_table = {"global", global_settings, ARRAY_SIZE(global_settings)};

const struct setting *stress_setting_find(const struct setting_table *table, const char *name)
{
	for (size_t i = 0; i < table->n; i++)
		if (strcmp(table->settings[i].name, name) == 0)
			return &table->settings[i];
	return NULL;
}

const char *stress_setting_nearest(const struct setting_table *table, const char *name)
{
	const char *names[N_LOAD_SETTINGS_MAX];
	size_t i;

	for (i = 0; i < table->n; i++)
		names[i] = table->settings[i].name;
	i = spell_nearest(name, names, table->n);
	return i < table->n ? names[i] : NULL;
}

int stress_setting_read(const struct setting *setting, const char *text, void *base)
{
	return setting->type->parse(setting, text, (char *)base + setting->offset);
}

void stress_settings_default(const struct setting_table *table, void *base)
{
	for (size_t i = 0; i < table->n; i++)
		if (table->settings[i].default_text)
			(void)stress_setting_read(&table->settings[i],
						  table->settings[i].default_text, base);
}

#define LINE_COLUMNS 80

/* Word by word, in lines that begin with so many blanks. */
static void print_wrapped(const char *text, unsigned int indent, FILE *to)
{
	size_t column = 0;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (column == 0 || column + 1 + n > LINE_COLUMNS) {
			(void)fprintf(to, "%s%*s", column ? "\n" : "", (int)indent, "");
			column = indent;
		} else {
			(void)fputc(' ', to);
			column++;
		}
		(void)fprintf(to, "%.*s", (int)n, text);
		column += n;
		text += n;
		text += strspn(text, " ");
	}
	(void)fputc('\n', to);
}

void stress_setting_print(const struct setting *setting, FILE *to)
{
	(void)fprintf(to, "  %s = ", setting->name);
	if (setting->choices)
		for (size_t i = 0; setting->choices[i]; i++)
			(void)fprintf(to, "%s%s", i ? " | " : "", setting->choices[i]);
	else
		(void)fputs(setting->type->words, to);
	if (setting->default_text)
		(void)fprintf(to, "  (default %s)", setting->default_text);
	(void)fputc('\n', to);
	print_wrapped(setting->help, 6, to);
}
