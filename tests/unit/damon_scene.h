/* SPDX-License-Identifier: Apache-2.0 */
/* A fake /sys with DAMON's files, and operations that do to them what the kernel does. */
#pragma once

#include "agent/damon/kdamonds.h"
#include "tests/unit/fixture.h"

struct damon_scene {
	struct fixture *fx; /* sys and proc in it */
	int proc_fd, sys_fd;
	char note[96];
	struct hands hands;
	struct hand *hand;
	struct kdamonds kdamonds;
};

/* What the kernel was told, and how it answers. One scene at a time. */
struct damon_kernel {
	struct damon_scene *scene;
	size_t n_on, n_off, n_tell;
	int answer_on, answer_tell; /* 0: does as told */
};
extern struct damon_kernel damon_kernel;

/* Files of a kernel that has DAMON, used by nobody. */
struct damon_scene *damon_scene_new(void);
struct damon_scene *damon_scene_free(struct damon_scene *scene);
DEFINE_CLEANUP(struct damon_scene *, damon_scene_free)

/* A file of thread i, as "state". */
void damon_scene_write(struct damon_scene *scene, unsigned int i, const char *name,
		       const char *text);
void damon_scene_assert(struct damon_scene *scene, unsigned int i, const char *name,
			const char *text);
/* A region that thread i's scheme has found. */
void damon_scene_add_region(struct damon_scene *scene, unsigned int i, const char *name,
			    const char *start, const char *end, const char *age);
