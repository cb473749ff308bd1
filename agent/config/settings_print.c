/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config/group_rules.h"

#include "base/clock.h"

#include <inttypes.h>
#include <string.h>

struct unit {
	const char *name;
	uint64_t scale;
};

static const struct unit size_units[] = {
	{"T", UINT64_C(1) << 40},
	{"G", UINT64_C(1) << 30},
	{"M", UINT64_C(1) << 20},
	{"K", UINT64_C(1) << 10},
	{"", 1},
};

static const struct unit duration_units[] = {
	{"d", 86400 * NSEC_PER_SEC},
	{"h", 3600 * NSEC_PER_SEC},
	{"min", 60 * NSEC_PER_SEC},
	{"s", NSEC_PER_SEC},
	{"ms", NSEC_PER_MSEC},
	{"us", NSEC_PER_USEC},
	{"ns", 1},
};

/* In the largest unit that leaves no fraction. The last unit is 1. */
static void print_in_unit(uint64_t value, const struct unit *unit, FILE *out)
{
	while (unit->scale > 1 && (value == 0 || value % unit->scale != 0))
		unit++;
	fprintf(out, "%" PRIu64 "%s", value / unit->scale, unit->name);
}

static void print_percent(uint64_t permyriad, FILE *out)
{
	uint64_t hundredths = permyriad % 100;

	fprintf(out, "%" PRIu64, permyriad / 100);
	if (hundredths % 10)
		fprintf(out, ".%02" PRIu64, hundredths);
	else if (hundredths)
		fprintf(out, ".%" PRIu64, hundredths / 10);
	fputc('%', out);
}

/* As many to a line as a value may be long. */
static void print_patterns(const char *key, const struct config_patterns *patterns, FILE *out)
{
	size_t used = 0;

	fprintf(out, "%s =", key);
	for (size_t i = 0; i < patterns->n; i++) {
		const char *pattern = patterns->pattern[i];
		/* Without a slash it would look like a comment; it was given with one. */
		const char *slash = *pattern == '#' || *pattern == ';' ? "/" : "";
		size_t n = 1 + strlen(slash) + strlen(pattern);

		if (used > 0 && used + n > SETTING_VALUE_MAX) {
			fprintf(out, "\n%s =", key);
			used = 0;
		}
		fprintf(out, " %s%s", slash, pattern);
		used += n;
	}
	fputc('\n', out);
}

void setting_print(const struct setting *setting, const void *config, FILE *out)
{
	const void *field = (const char *)config + setting->offset;

	if (setting_is_list(setting)) {
		print_patterns(setting->key, field, out);
		return;
	}
	fprintf(out, "%s = ", setting->key);
	switch (setting->kind) {
	case SETTING_SIZE:
		print_in_unit(*(const uint64_t *)field, size_units, out);
		break;
	case SETTING_DURATION:
		print_in_unit(*(const uint64_t *)field, duration_units, out);
		break;
	case SETTING_PERCENT:
		print_percent(*(const uint64_t *)field, out);
		break;
	case SETTING_COUNT:
		fprintf(out, "%" PRIu64, *(const uint64_t *)field);
		break;
	case SETTING_SYSCTL:
		if (*(const uint64_t *)field == TUNING_KEEP)
			fputs("keep", out);
		else
			fprintf(out, "%" PRIu64, *(const uint64_t *)field);
		break;
	case SETTING_BOOL:
		fputs(*(const bool *)field ? "yes" : "no", out);
		break;
	case SETTING_MODE:
		fputs(agent_mode_name(*(const enum agent_mode *)field), out);
		break;
	case SETTING_LEVEL:
		fputs(log_level_name(*(const enum log_level *)field), out);
		break;
	default:
		fputs(field, out);
		break;
	}
	fputc('\n', out);
}

void settings_print_wrapped(const char *text, const char *indent, size_t width, FILE *out)
{
	size_t column = 0;

	while (*(text += strspn(text, " "))) {
		size_t n = strcspn(text, " ");

		if (column > 0 && column + 1 + n > width) {
			fputc('\n', out);
			column = 0;
		}
		fprintf(out, "%s%.*s", column > 0 ? " " : indent, (int)n, text);
		column += n + (column > 0 ? 1 : strlen(indent));
		text += n;
	}
	if (column > 0)
		fputc('\n', out);
}

static void print_help(const struct setting *setting, FILE *out)
{
	fprintf(out, "  %s = %s", setting->key, *setting->initial ? setting->initial : "(none)");
	if (setting->min)
		fprintf(out, "    (%s to %s)", setting->min, setting->max);
	fputc('\n', out);
	settings_print_wrapped(setting->help, "      ", 78, out);
}

void settings_print_help(FILE *out)
{
	const char *section = "";

	for (size_t i = 0; i < n_settings; i++) {
		if (strcmp(settings[i].section, section) != 0)
			fprintf(out, "%s[%s]\n", i > 0 ? "\n" : "", settings[i].section);
		section = settings[i].section;
		print_help(&settings[i], out);
	}
	fputs("\n[group PATTERN]\n", out);
	for (size_t i = 0; i < n_group_keys; i++)
		print_help(&group_keys[i], out);
}
