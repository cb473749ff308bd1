/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/node_watch.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct node_watch {
	unsigned int node;
	int proc_fd;
	uint64_t page_size;
	struct node_reader *reader;
	struct numa_zones zones;
	uint64_t zones_ns; /* when they were read; 0: not yet */
	char text[4096];   /* zoneinfo streams through it */
};

struct node_watch *node_watch_free(struct node_watch *w)
{
	if (!w)
		return NULL;
	node_reader_free(w->reader);
	fd_close(w->proc_fd);
	free(w);
	return NULL;
}

int node_watch_open(int proc_fd, int sys_fd, unsigned int node, struct node_watch **ret_watch)
{
	_cleanup_(node_watch_freep) struct node_watch *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	w->node = node;
	w->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	w->proc_fd = dup(proc_fd);
	if (w->proc_fd < 0)
		return -errno;
	r = node_reader_open(sys_fd, node, &w->reader);
	if (r < 0)
		return r;
	*ret_watch = TAKE_PTR(w);
	return 0;
}

int node_watch_read(struct node_watch *w, uint64_t now_ns, uint64_t max_age_ns,
		    struct node_view *ret, const char **ret_bad)
{
	struct node_view view;
	int r = node_reader_read(w->reader, &view.counters, ret_bad);

	if (r < 0)
		return r;
	if (w->zones_ns == 0 || now_ns - w->zones_ns >= max_age_ns) {
		r = zones_read(w->proc_fd, w->node, w->text, sizeof(w->text), &w->zones, ret_bad);
		if (r < 0)
			return r;
		w->zones_ns = now_ns;
	}
	view.sums = zones_sum(&w->zones, w->page_size);
	view.room_bytes = zones_room_now_bytes(&w->zones, view.counters.free_pages, w->page_size);
	*ret = view;
	return 0;
}
