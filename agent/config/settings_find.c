/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config/settings.h"

#include "base/cleanup.h"
#include "base/spell.h"

#include <string.h>

bool settings_section_exists(const char *section)
{
	for (size_t i = 0; i < n_settings; i++)
		if (strcmp(settings[i].section, section) == 0)
			return true;
	return false;
}

const struct setting *setting_find(const char *section, const char *key)
{
	for (size_t i = 0; i < n_settings; i++)
		if (strcmp(settings[i].section, section) == 0 && strcmp(settings[i].key, key) == 0)
			return &settings[i];
	return NULL;
}

const char *settings_nearest_section(const char *section)
{
	const char *names[SETTINGS_MAX] = {NULL};
	size_t nearest;

	for (size_t i = 0; i < n_settings; i++)
		names[i] = settings[i].section;
	nearest = spell_nearest(section, names, n_settings);
	return nearest < n_settings ? names[nearest] : NULL;
}

/* Among the keys of one section, or of all with NULL. */
static const struct setting *nearest_key(const char *section, const char *key)
{
	const struct setting *candidates[SETTINGS_MAX];
	const char *names[SETTINGS_MAX] = {NULL};
	size_t n = 0, nearest;

	for (size_t i = 0; i < n_settings; i++) {
		if (section && strcmp(settings[i].section, section) != 0)
			continue;
		candidates[n] = &settings[i];
		names[n++] = settings[i].key;
	}
	nearest = spell_nearest(key, names, n);
	return nearest < n ? candidates[nearest] : NULL;
}

const struct setting *setting_nearest(const char *section, const char *key)
{
	const char *meant = settings_nearest_section(section);
	const struct setting *setting = meant ? nearest_key(meant, key) : NULL;

	return setting ? setting : nearest_key(NULL, key);
}

static const void *field(const struct config *config, const struct setting *setting)
{
	return (const char *)config + setting->offset;
}

bool settings_in_order(const struct config *config, const struct setting **ret_lower,
		       const struct setting **ret_upper)
{
	static const struct {
		const char *section, *lower, *upper;
	} orders[] = {
		{"agent", "tick_min", "tick_max"},
		{"reclaim", "piece_min", "piece_max"},
		{"reclaim", "piece", "deadline"},
		{"trim", "ratio_min", "ratio_max"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		const struct setting *lower = setting_find(orders[i].section, orders[i].lower);
		const struct setting *upper = setting_find(orders[i].section, orders[i].upper);
		const uint64_t *low = field(config, lower), *high = field(config, upper);

		if (*low > *high) {
			*ret_lower = lower;
			*ret_upper = upper;
			return false;
		}
	}
	return true;
}
