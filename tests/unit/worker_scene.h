/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole worker on a fake tree: real thread, real ring, real hand; behind the ops table a kernel
 * that writes requests down and makes the fake group smaller.
 */
#pragma once

#include "agent/worker.h"
#include "tests/unit/fixture.h"

#include <pthread.h>

#define MIB (UINT64_C(1) << 20)

/* What the fake kernel was asked for. */
struct asked {
	pthread_mutex_t lock;
	const struct fixture *fx;
	const char *current; /* the file that shrinks */
	/* Or memory.stat, and a node's vmstat, where it is counted as demoted; both may be NULL. */
	const char *demoted_stat, *demoted_vmstat;
	uint64_t requests, bytes;
	int last_swappiness;
	enum backend last_backend;
	int answer; /* what it returns instead of reclaiming */
};

extern struct asked asked;

struct scene {
	struct fixture *fx;
	struct topology *topology;
	struct worker_world world;
	struct hands hands;
	struct config config;
	struct worker *worker;
};

struct scene *new_scene(bool uring);
void start_scene(struct scene *scene);
void end_scene(struct scene *scene);

/* A group of 128 MiB that holds 100 MiB of clean file memory. */
void add_group(const struct fixture *fx, const char *path);

/* The file as it was captured from a kernel. */
void copy_captured(const struct fixture *fx, const char *path, const char *captured);

uint64_t number_in(const struct fixture *fx, const char *path);
/* False when the file is gone. */
bool set_number(const struct fixture *fx, const char *path, uint64_t value);

uint64_t requests_made(void);
/* Of the last of them. */
int last_swappiness(void);
enum backend last_backend(void);
/* Grows the file by rate until the fake kernel was asked or the time is up. */
bool grow_until_asked(struct scene *scene, const char *path, uint64_t rate, uint64_t for_ns);

struct node_status status_of(struct scene *scene);
