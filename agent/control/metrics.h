/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's status as metrics, in Prometheus' text format 0.0.4, which node_exporter's text files
 * have and every reader of OpenMetrics knows:
 *https://prometheus.io/docs/instrumenting/exposition_formats
 *
 *	# HELP uswapd_node_free_bytes Free memory.
 *	# TYPE uswapd_node_free_bytes gauge
 *	uswapd_node_free_bytes{node="0"} 4096
 *	uswapd_group_room_bytes{group="/system.slice/a.service"} 1048576
 *	# EOF
 *
 * Units are in the names, counters end with _total, what has no bound is +Inf. All samples of a
 * name stand together. The last line (of OpenMetrics; a comment in the text format) says that the
 * text is whole. Pure.
 */
#pragma once

#include "agent/status.h"

#include <stdio.h>

/*
 * At most groups_max groups are named, those first that most was asked of or wished from; never two
 * by the same name, which readers would refuse with all the rest (names are cut and escaped, so
 * that different ones can look alike). uswapd_groups_left_out has how many are missing; a node's
 * sums (uswapd_node_groups_...) have them all. 0, -ENOMEM; -EIO when out can't be written.
 */
int metrics_write(const struct agent_status *status, size_t groups_max, FILE *out);
