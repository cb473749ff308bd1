/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/group_watch.h"

#include "base/cleanup.h"
#include "base/kfile.h"
#include "cgroup/reclaim.h"

#include <errno.h>
#include <fcntl.h>

int group_watch_open(int dir_fd, struct group_watch *ret)
{
	struct group_watch w = GROUP_WATCH_CLOSED;
	int r;

	w.current_fd = kfile_open(dir_fd, "memory.current", O_RDONLY);
	w.stat_fd = kfile_open(dir_fd, "memory.stat", O_RDONLY);
	w.events_fd = kfile_open(dir_fd, "memory.events.local", O_RDONLY);
	r = w.current_fd < 0 ? w.current_fd : w.stat_fd < 0 ? w.stat_fd : w.events_fd;
	if (r < 0) {
		group_watch_close(&w);
		return r;
	}
	w.pressure_fd = kfile_open(dir_fd, "memory.pressure", O_RDONLY);
	w.swap_fd = kfile_open(dir_fd, "memory.swap.current", O_RDONLY);
	w.reclaim_fd = group_reclaim_open(dir_fd);
	*ret = w;
	return 0;
}

void group_watch_close(struct group_watch *w)
{
	fd_close(w->current_fd);
	fd_close(w->stat_fd);
	fd_close(w->events_fd);
	fd_close(w->pressure_fd);
	fd_close(w->swap_fd);
	fd_close(w->reclaim_fd);
	*w = GROUP_WATCH_CLOSED;
}

int group_watch_read(const struct group_watch *w, struct group_sample *sample, const char **ret_bad)
{
	int r = memory_bytes_read(w->current_fd, &sample->current_bytes);

	if (r == 0)
		r = memory_stat_read(w->stat_fd, &sample->stat, ret_bad);
	if (r == 0)
		r = memory_events_read(w->events_fd, &sample->events, ret_bad);
	if (r == 0 && w->swap_fd >= 0)
		r = memory_bytes_read(w->swap_fd, &sample->swap_current_bytes);
	return r;
}
