/* SPDX-License-Identifier: Apache-2.0 */
/* What sections [group PATTERN] may say: a table as that of the other settings. */
#pragma once

#include "agent/config/settings.h"

/* Their offsets are in struct group_settings. */
extern const struct setting group_keys[];
extern const size_t n_group_keys;
#define GROUP_KEYS_MAX 8

/* NULL: there is no such key. */
const struct setting *group_key_find(const char *key);
const struct setting *group_key_nearest(const char *key);

/*
 * Adds a rule that says nothing yet. pattern has n bytes, with or without its leading slash.
 * -EINVAL: not a pattern; -E2BIG: one rule too many.
 */
int group_rule_add(struct config *config, const char *pattern, size_t n);

/* Errors as of setting_set. */
int group_rule_set(struct group_rule *rule, const struct setting *key, const char *text,
		   struct setting_problem *ret_problem);

/* As it can be read again. */
void group_rule_print(const struct group_rule *rule, FILE *out);
