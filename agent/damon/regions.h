/* SPDX-License-Identifier: Apache-2.0 */
/* What a scheme of DAMON's has found (schemes/N/tried_regions): a directory for each region. */
#pragma once

#include "agent/policy/cold.h"

/*
 * dir_fd: the directory. Regions that were touched, or are younger than age, do not count.
 * -EBADMSG: a figure is missing or is none, or there are more than can be; *ret is then as before.
 */
int regions_read(int dir_fd, uint64_t age, struct cold_ranges *ret);
