/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of settings: one row each, from which come the defaults, the parser, the ranges, the
 * printed configuration, --help-settings and the manual.
 */
#pragma once

#include "agent/config/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum setting_kind {
	SETTING_SIZE,	  /* uint64_t bytes */
	SETTING_DURATION, /* uint64_t nanoseconds */
	SETTING_PERCENT,  /* uint64_t permyriad */
	SETTING_COUNT,	  /* uint64_t */
	SETTING_SYSCTL,	  /* uint64_t, TUNING_KEEP for "keep" */
	SETTING_BOOL,	  /* bool */
	SETTING_LEVEL,	  /* enum log_level */
	SETTING_MODE,	  /* enum agent_mode */
	SETTING_PATH,	  /* char[CONFIG_PATH_MAX], absolute */
	SETTING_PATTERNS, /* struct config_patterns, separated by blanks */
	SETTING_USERS,	  /* the same over the numbers of users */
};

struct setting {
	const char *section, *key;
	enum setting_kind kind;
	size_t offset;	       /* in struct config, mostly; of a field of the kind's type */
	const char *min, *max; /* both allowed; NULL where the kind has no order */
	const char *initial;   /* the default */
	const char *help;      /* sentences, with what the value is measured in */
};

/* "observe", "act" */
const char *agent_mode_name(enum agent_mode mode);

/* Grouped by section. */
extern const struct setting settings[];
extern const size_t n_settings;
#define SETTINGS_MAX 96

/*
 * The longest value. inih takes lines of 200 bytes; overrides have the same bound, so that every
 * configuration can be printed and read again.
 */
#define SETTING_VALUE_MAX 160

/* What is wrong with a value and what would be right, without the name and the place. */
struct setting_problem {
	char text[320];
};

bool settings_section_exists(const char *section);
const struct setting *setting_find(const char *section, const char *key);

/* The setting, or the section, that was likely meant; NULL: no idea. */
const struct setting *setting_nearest(const char *section, const char *key);
const char *settings_nearest_section(const char *section);

/* Of patterns, that may be said in several lines. */
bool setting_is_list(const struct setting *setting);

/*
 * Sets one setting from text in what its offset is in, a struct config; a list is replaced, or with
 * append joined to. -EINVAL (not such a value), -ERANGE (outside of min and max), -E2BIG (too long,
 * or too many patterns): then nothing is changed and ret_problem filled in.
 */
int setting_set(const struct setting *setting, const char *text, bool append, void *config,
		struct setting_problem *ret_problem);

/* Reads one pattern of n bytes, without its leading slash. -EINVAL: no path looks like that. */
int setting_read_pattern(const char *word, size_t n, char ret[CONFIG_PATTERN_MAX]);

/* False when a setting is more than one that must not be less (piece_min, piece_max). */
bool settings_in_order(const struct config *config, const struct setting **ret_lower,
		       const struct setting **ret_upper);

/*
 * "key = value" and a newline, read again by setting_set as the same value. A long list takes
 * several lines, which a file may have.
 */
void setting_print(const struct setting *setting, const void *config, FILE *out);

/* Text for --help-settings, at most 80 columns wide. */
void settings_print_help(FILE *out);

/* Words of text in lines of at most width columns, each begun with indent. */
void settings_print_wrapped(const char *text, const char *indent, size_t width, FILE *out);
