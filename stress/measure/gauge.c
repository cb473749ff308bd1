/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/measure/gauge.h"

#include "base/clock.h"
#include "base/kfile.h"
#include "base/parse.h"
#include "cgroup/memory.h"
#include "cgroup/psi.h"
#include "stress/measure/meminfo.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define TEXT_BYTES 16384

/* statm: "size resident shared ..." in pages. */
static int read_resident(const struct gauge *gauge, uint64_t *ret_bytes)
{
	char text[256], *word, *end;
	uint64_t pages;
	ssize_t n = kfile_read(gauge->fd, text, sizeof(text));

	if (n < 0)
		return (int)n;
	word = strchr(text, ' ');
	end = word ? strchr(word + 1, ' ') : NULL;
	if (!end || parse_u64_n(word + 1, (size_t)(end - word) - 1, &pages) < 0)
		return -EBADMSG;
	pages *= (uint64_t)sysconf(_SC_PAGESIZE);
	*ret_bytes = pages - MIN(gauge->base_bytes, pages);
	return 0;
}

static int read_free(const struct gauge *gauge, uint64_t *ret_bytes)
{
	struct node_meminfo node;
	struct meminfo machine;
	char text[TEXT_BYTES];
	ssize_t n = kfile_read(gauge->fd, text, sizeof(text));
	int r;

	if (n < 0)
		return (int)n;
	r = gauge->node < 0 ? meminfo_parse(text, &machine, NULL)
			    : node_meminfo_parse(text, &node, NULL);
	if (r == 0)
		*ret_bytes = gauge->node < 0 ? machine.free : node.free;
	return r;
}

static int read_pressure(struct gauge *gauge, uint64_t now_ns, uint64_t *ret_permyriad)
{
	uint64_t past_us = (now_ns - gauge->last_ns) / NSEC_PER_USEC, stalled_us;
	struct psi_totals totals;
	int r = psi_read(gauge->fd, &totals, NULL);

	if (r < 0)
		return r;
	stalled_us = totals.some_us - gauge->stalled_us;
	gauge->stalled_us = totals.some_us;
	gauge->last_ns = now_ns;
	*ret_permyriad = past_us ? MIN(stalled_us * 10000 / past_us, UINT64_C(10000)) : 0;
	return 0;
}

int gauge_read(struct gauge *gauge, uint64_t now_ns, uint64_t *ret_value)
{
	switch (gauge->signal) {
	case SETPOINT_RESIDENT:
		return read_resident(gauge, ret_value);
	case SETPOINT_CURRENT:
		return memory_bytes_read(gauge->fd, ret_value);
	case SETPOINT_FREE:
		return read_free(gauge, ret_value);
	case SETPOINT_PRESSURE:
		return read_pressure(gauge, now_ns, ret_value);
	case SETPOINT_NONE:
		break;
	}
	return -EINVAL;
}

static int open_node(int sys_fd, int64_t node)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "devices/system/node/node%" PRId64 "/meminfo", node);
	return kfile_open(sys_fd, path, O_RDONLY);
}

static int open_file(const struct gauge_sources *sources, enum setpoint_signal signal,
		     const char **ret_file)
{
	*ret_file = "";
	switch (signal) {
	case SETPOINT_RESIDENT:
		*ret_file = "/proc/self/statm";
		return kfile_open(sources->proc_fd, "self/statm", O_RDONLY);
	case SETPOINT_CURRENT:
		*ret_file = "memory.current";
		return kfile_open(sources->group_fd, *ret_file, O_RDONLY);
	case SETPOINT_FREE:
		*ret_file = "meminfo";
		return sources->node < 0 ? kfile_open(sources->proc_fd, "meminfo", O_RDONLY)
					 : open_node(sources->sys_fd, sources->node);
	case SETPOINT_PRESSURE:
		*ret_file = "memory.pressure";
		if (sources->group_fd >= 0)
			return kfile_open(sources->group_fd, *ret_file, O_RDONLY);
		*ret_file = "pressure/memory";
		return kfile_open(sources->proc_fd, *ret_file, O_RDONLY);
	case SETPOINT_NONE:
		break;
	}
	return -EINVAL;
}

int gauge_open(const struct gauge_sources *sources, enum setpoint_signal signal, uint64_t now_ns,
	       struct gauge *ret_gauge, const char **ret_file)
{
	struct gauge gauge = {.signal = signal, .node = sources->node, .last_ns = now_ns};
	uint64_t value;
	int r;

	gauge.fd = open_file(sources, signal, ret_file);
	if (gauge.fd < 0)
		return gauge.fd;
	/* Where the readings to come count from. */
	r = gauge_read(&gauge, now_ns, &value);
	if (r < 0) {
		(void)fd_close(gauge.fd);
		return r;
	}
	if (signal == SETPOINT_RESIDENT)
		gauge.base_bytes = value;
	*ret_gauge = gauge;
	return 0;
}

void gauge_close(struct gauge *gauge)
{
	gauge->fd = fd_close(gauge->fd);
}
