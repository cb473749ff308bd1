/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/damon_scene.h"

#include "agent/damon/use.h"
#include "base/kfile.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TREE	   "sys/" DAMON_KDAMONDS
#define PATH_BYTES 192

struct damon_kernel damon_kernel;

static void path_of(char path[PATH_BYTES], unsigned int i, const char *name)
{
	(void)snprintf(path, PATH_BYTES, TREE "/%u/%s", i, name);
}

void damon_scene_write(struct damon_scene *s, unsigned int i, const char *name, const char *text)
{
	char path[PATH_BYTES];

	path_of(path, i, name);
	fixture_write(s->fx, path, text);
}

void damon_scene_assert(struct damon_scene *s, unsigned int i, const char *name, const char *text)
{
	_cleanup_free_ char *found = NULL;
	char path[PATH_BYTES];

	path_of(path, i, name);
	found = fixture_read(s->fx, path);
	assert_string_equal(found, text);
}

void damon_scene_add_region(struct damon_scene *s, unsigned int i, const char *name,
			    const char *start, const char *end, const char *age)
{
	const struct {
		const char *name, *text;
	} files[] = {{"start", start}, {"end", end}, {"nr_accesses", "0\n"}, {"age", age}};
	char path[96];

	for (size_t at = 0; at < ARRAY_SIZE(files); at++) {
		(void)snprintf(path, sizeof(path), "contexts/0/schemes/0/tried_regions/%s/%s", name,
			       files[at].name);
		damon_scene_write(s, i, path, files[at].text);
	}
}

/* Which thread's state it is. */
static unsigned int thread_of(int fd)
{
	char link[64], path[PATH_MAX];
	const char *at;
	unsigned int i;
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	assert_true(n > 0);
	path[n] = '\0';
	at = strstr(path, "kdamonds/");
	assert_non_null(at);
	assert_int_equal(sscanf(at, "kdamonds/%u/state", &i), 1);
	return i;
}

static int make(const struct request *request)
{
	struct damon_kernel *k = &damon_kernel;

	assert_int_equal(request->backend, BACKEND_KDAMOND);
	switch ((enum kdamond_command)request->advice) {
	case KDAMOND_ON:
		k->n_on++;
		if (k->answer_on == 0)
			damon_scene_write(k->scene, thread_of(request->fd), "state", "on\n");
		return k->answer_on;
	case KDAMOND_OFF:
		k->n_off++;
		damon_scene_write(k->scene, thread_of(request->fd), "state", "off\n");
		return 0;
	case KDAMOND_TELL:
		k->n_tell++;
		return k->answer_tell;
	}
	return -EINVAL;
}

static const struct act_ops ops = {.name = "fake", .make = make};

/* As sysfs makes them when it is told how many there are to be: here all are there at once. */
static void add_thread(struct damon_scene *s, unsigned int i)
{
	static const char *const files[] = {
		"contexts/nr_contexts",
		"contexts/0/operations",
		"contexts/0/monitoring_attrs/intervals/sample_us",
		"contexts/0/monitoring_attrs/intervals/aggr_us",
		"contexts/0/monitoring_attrs/intervals/update_us",
		"contexts/0/monitoring_attrs/nr_regions/min",
		"contexts/0/monitoring_attrs/nr_regions/max",
		"contexts/0/targets/nr_targets",
		"contexts/0/targets/0/pid_target",
		"contexts/0/schemes/nr_schemes",
		"contexts/0/schemes/0/action",
		"contexts/0/schemes/0/apply_interval_us",
		"contexts/0/schemes/0/access_pattern/sz/min",
		"contexts/0/schemes/0/access_pattern/sz/max",
		"contexts/0/schemes/0/access_pattern/nr_accesses/min",
		"contexts/0/schemes/0/access_pattern/nr_accesses/max",
		"contexts/0/schemes/0/access_pattern/age/min",
		"contexts/0/schemes/0/access_pattern/age/max",
		"contexts/0/schemes/0/tried_regions/total_bytes",
	};

	for (size_t at = 0; at < ARRAY_SIZE(files); at++)
		damon_scene_write(s, i, files[at], "");
	damon_scene_write(s, i, "state", "off\n");
	damon_scene_write(s, i, "pid", "-1\n");
}

struct damon_scene *damon_scene_new(void)
{
	static const struct fixture_file files[] = {
		{"proc/", NULL},
		{TREE "/nr_kdamonds", "0\n"},
		{"sys/module/damon_stat/parameters/enabled", "N\n"},
	};
	struct damon_scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->fx = fixture_new(files, ARRAY_SIZE(files));
	for (unsigned int i = 0; i < KDAMONDS; i++)
		add_thread(s, i);
	s->proc_fd = kfile_open_dir(s->fx->fd, "proc");
	s->sys_fd = kfile_open_dir(s->fx->fd, "sys");
	assert_true(s->proc_fd >= 0 && s->sys_fd >= 0);
	(void)snprintf(s->note, sizeof(s->note), "%s/note", s->fx->path);
	assert_int_equal(hand_new(&s->hands, "test", &s->hand), 0);
	s->kdamonds = (struct kdamonds){
		.proc_fd = s->proc_fd,
		.sys_fd = s->sys_fd,
		.note = s->note,
		.hand = s->hand,
		.ops = &ops,
	};
	damon_kernel = (struct damon_kernel){.scene = s};
	return s;
}

struct damon_scene *damon_scene_free(struct damon_scene *s)
{
	if (!s)
		return NULL;
	hand_free(s->hand);
	fd_close(s->proc_fd);
	fd_close(s->sys_fd);
	fixture_free(s->fx);
	free(s);
	return NULL;
}
