/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config/group_rules.h"

#include "base/spell.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

/* clang-format off */
const struct setting group_keys[] = {
	{"group", "exclude", SETTING_BOOL, offsetof(struct group_settings, exclude), NULL, NULL, "no",
	 "Take nothing from it, nor from the groups below it, as with protect.exclude."},
	{"group", "headroom", SETTING_BOOL, offsetof(struct group_settings, headroom), NULL, NULL, "",
	 "Keep room below its limit, or do not; unless said, as headroom.enabled has it."},
	{"group", "trim", SETTING_BOOL, offsetof(struct group_settings, trim), NULL, NULL, "",
	 "Give its cold memory back, or do not; unless said, as trim.enabled has it."},
	{"group", "weight", SETTING_COUNT, offsetof(struct group_settings, weight), "1", "10000", "100",
	 "Its share of what a node wants, beside its size; counts more than a mark (see below)."},
	{"group", "floor", SETTING_SIZE, offsetof(struct group_settings, floor_bytes), "0", "1T", "0",
	 "As many bytes of it, and of what is below it in all, are left alone, as if by memory.low."},
};
/* clang-format on */
const size_t n_group_keys = ARRAY_SIZE(group_keys);
_Static_assert(ARRAY_SIZE(group_keys) <= GROUP_KEYS_MAX, "GROUP_KEYS_MAX is too small");

const struct setting *group_key_find(const char *key)
{
	for (size_t i = 0; i < n_group_keys; i++)
		if (strcmp(group_keys[i].key, key) == 0)
			return &group_keys[i];
	return NULL;
}

const struct setting *group_key_nearest(const char *key)
{
	const char *names[GROUP_KEYS_MAX];
	size_t nearest;

	for (size_t i = 0; i < n_group_keys; i++)
		names[i] = group_keys[i].key;
	nearest = spell_nearest(key, names, n_group_keys);
	return nearest < n_group_keys ? &group_keys[nearest] : NULL;
}

int group_rule_add(struct config *config, const char *pattern, size_t n)
{
	struct group_rule *rule = &config->rules[config->n_rules];

	if (config->n_rules == CONFIG_RULES_MAX)
		return -E2BIG;
	*rule = (struct group_rule){0};
	if (setting_read_pattern(pattern, n, rule->pattern) < 0)
		return -EINVAL;
	config->n_rules++;
	return 0;
}

int group_rule_set(struct group_rule *rule, const struct setting *key, const char *text,
		   struct setting_problem *ret_problem)
{
	int r = setting_set(key, text, false, &rule->settings, ret_problem);

	if (r == 0)
		rule->said |= 1U << (key - group_keys);
	return r;
}

static bool says(const struct group_rule *rule, size_t key)
{
	return rule->said & 1U << key;
}

void group_rule_print(const struct group_rule *rule, FILE *out)
{
	fprintf(out, "[group /%s]\n", rule->pattern);
	for (size_t i = 0; i < n_group_keys; i++)
		if (says(rule, i))
			setting_print(&group_keys[i], &rule->settings, out);
}

static void apply(const struct group_rule *rule, struct group_settings *to)
{
	for (size_t i = 0; i < n_group_keys; i++) {
		size_t at = group_keys[i].offset;
		size_t n = group_keys[i].kind == SETTING_BOOL ? sizeof(bool) : sizeof(uint64_t);

		if (says(rule, i))
			memcpy((char *)to + at, (const char *)&rule->settings + at, n);
	}
}

struct group_settings config_of_group(const struct config *config, const char *path)
{
	struct group_settings group = {
		.headroom = config->headroom.margin.enabled,
		.trim = config->trim.enabled,
	};

	path += *path == '/';
	for (size_t i = 0; i < config->n_rules; i++) {
		const char *pattern = config->rules[i].pattern;
		uint64_t floor_bytes = group.floor_bytes;

		if (fnmatch(pattern, path, FNM_PATHNAME | FNM_LEADING_DIR) != 0)
			continue;
		apply(&config->rules[i], &group);
		/* One floor for the group with all that is below it, not one for each. */
		if (fnmatch(pattern, path, FNM_PATHNAME) != 0)
			group.floor_bytes = floor_bytes;
	}
	return group;
}

bool config_trims(const struct config *config)
{
	bool trims = config->trim.enabled;

	for (size_t i = 0; i < config->n_rules; i++)
		trims |= config->rules[i].settings.trim;
	return trims;
}
