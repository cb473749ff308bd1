/* SPDX-License-Identifier: Apache-2.0 */
/* The NUMA nodes a load is on, as they are said: "any", "1", "0,2-3". */
#pragma once

#include "numa/topology.h"

#include <stdbool.h>
#include <stddef.h>

struct node_list {
	size_t n;			  /* 0: any */
	unsigned int ids[NUMA_NODES_MAX]; /* the kernel's numbers, ascending */
};

/* 0, -EINVAL (not such a list, or not in order), -ERANGE (a number above max_id, too many). */
int node_list_parse(const char *text, unsigned int max_id, struct node_list *ret);

/* Whether all nodes of the inner list are in the outer one; of none at all that is true. */
bool node_list_is_within(const struct node_list *inner, const struct node_list *outer);

/* "0,2,3" into text, cut where it ends; returns text. */
#define NODE_LIST_BYTES 64
char *node_list_format(char *text, size_t n, const struct node_list *list);
