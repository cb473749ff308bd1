/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/measure/watch.h"

#include <errno.h>
#include <string.h>

struct search {
	struct watch *watch;
	bool kernel;
	bool failed;
	size_t n_found;
};

static void add_process(void *context, pid_t pid, const struct procstat *stat)
{
	struct search *search = context;
	struct watch *watch = search->watch;
	struct watched *larger;

	/* Kernel threads have no memory; a program may call itself kswapd0. */
	if (search->kernel && stat->resident_pages)
		return;
	search->n_found++;
	for (size_t i = 0; i < watch->n; i++)
		if (watch->processes[i].pid == pid)
			return;
	larger = reallocarray(watch->processes, watch->n + 1, sizeof(*larger));
	if (!larger) {
		search->failed = true;
		return;
	}
	watch->processes = larger;
	larger[watch->n] = (struct watched){
		.pid = pid, .start_ticks = stat->start_ticks, .kernel = search->kernel};
	strcpy(larger[watch->n].name, stat->name);
	watch->n++;
}

static int add_listed(struct watch *watch, pid_t pid, const char *name)
{
	struct search search = {.watch = watch};
	struct procstat stat;
	int r;

	if (pid > 0) {
		r = procstat_read(watch->proc_fd, pid, &stat);
		if (r < 0)
			return -ESRCH;
		add_process(&search, pid, &stat);
	} else {
		r = proc_find(watch->proc_fd, name, false, add_process, &search);
		if (r < 0)
			return r;
	}
	if (search.failed)
		return -ENOMEM;
	return search.n_found ? 0 : -ESRCH;
}

int watch_open(int proc_fd, const struct watch_list *list, struct watch **ret_watch,
	       size_t *ret_missing)
{
	_cleanup_(watch_freep) struct watch *watch = calloc(1, sizeof(*watch));
	struct search kernel = {.watch = watch, .kernel = true};
	int r;

	if (!watch)
		return -ENOMEM;
	watch->proc_fd = proc_fd;
	r = proc_find(proc_fd, "kswapd", true, add_process, &kernel);
	for (size_t i = 0; i < list->n && r == 0; i++) {
		*ret_missing = i;
		r = add_listed(watch, (pid_t)list->entries[i].pid, list->entries[i].name);
	}
	if (r == 0 && kernel.failed)
		r = -ENOMEM;
	if (r == 0)
		*ret_watch = TAKE_PTR(watch);
	return r;
}

struct watch *watch_free(struct watch *watch)
{
	if (!watch)
		return NULL;
	free(watch->processes);
	free(watch);
	return NULL;
}

/* False when the process is gone, or another one has its number now. */
static bool read_cost(const struct watch *watch, const struct watched *process,
		      struct proc_cost *ret)
{
	struct procstat stat;

	return procstat_read(watch->proc_fd, process->pid, &stat) == 0 &&
	       stat.start_ticks == process->start_ticks &&
	       proc_cost_read(watch->proc_fd, process->pid, ret) == 0;
}

void watch_begin(struct watch *watch)
{
	for (size_t i = 0; i < watch->n; i++)
		watch->processes[i].gone =
			!read_cost(watch, &watch->processes[i], &watch->processes[i].begin);
}

void watch_end(struct watch *watch)
{
	for (size_t i = 0; i < watch->n; i++)
		if (!watch->processes[i].gone)
			watch->processes[i].gone =
				!read_cost(watch, &watch->processes[i], &watch->processes[i].end);
}
