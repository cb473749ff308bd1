/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker's part in write-back: says of which groups dirty files are in the way, and takes in what
 * came of it. The writing is the cleaner's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct group;
struct request;
struct taken;
struct worker;

/* After a full look at the group: asks for write-back when policy wants it, and for what was
 * written back to be taken first. */
void worker_clean(struct worker *worker, struct group *group, uint64_t now_ns);

/* After a look at the node, which wants bytes: the same for the group with most dirty file memory
 * here, when dirty files are in the node's way. */
void worker_clean_node(struct worker *worker, uint64_t wanted_bytes, uint64_t now_ns);
/*
 * The group has next to nothing here that is clean, and is being written back, or can be: a request
 * before that would have the kernel write all its dirty pages (6.18) or wait for them (6.1, 7).
 */
bool worker_clean_comes_first(const struct worker *worker, const struct group *group,
			      uint64_t now_ns);
/* Bytes that are being written back for the node. */
uint64_t worker_clean_coming(const struct worker *worker);

/* Takes in a finished one; the group is then looked at again at once. */
void worker_clean_collect(struct worker *worker, struct group *group, uint64_t now_ns);

/* What a request took of the group: counts what write-back has made possible. */
void worker_clean_took(struct group *group, const struct request *request,
		       const struct taken *taken);

/* The group is let go. */
void worker_clean_forget(struct worker *worker, struct group *group);
