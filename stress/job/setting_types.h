/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of values settings have. Each says its field's C type. */
#pragma once

#include "stress/job/settings.h"

extern const struct setting_type type_number;	  /* uint64_t */
extern const struct setting_type type_size;	  /* uint64_t, bytes */
extern const struct setting_type type_amount;	  /* struct amount; 0 is below min but allowed */
extern const struct setting_type type_rate;	  /* uint64_t, bytes a second */
extern const struct setting_type type_per_second; /* uint64_t; SCHEDULE_UNLIMITED */
extern const struct setting_type type_duration;	  /* uint64_t, ns */
extern const struct setting_type type_share;	  /* uint64_t, permyriad */
extern const struct setting_type type_ratio;	  /* uint64_t, percent */
extern const struct setting_type type_bool;	  /* uint64_t, 0 or 1 */
extern const struct setting_type type_choice;	  /* uint64_t, index in setting.choices */
extern const struct setting_type type_text;	  /* char[setting.max] */
extern const struct setting_type type_group_path; /* char[setting.max]: "/a/b", "/" */
extern const struct setting_type type_nodes;	  /* int64_t, -1 for any */
extern const struct setting_type type_bound;	  /* uint64_t, bytes; UINT64_MAX: unlimited */
extern const struct setting_type type_set_point;  /* struct set_point */
extern const struct setting_type type_access;	  /* struct access_pattern */
extern const struct setting_type type_watch_pid;  /* struct watch_list, appended to */
extern const struct setting_type type_watch_name; /* struct watch_list, appended to */
