/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent works with: the roots it reads below, the nodes, what the kernel offers. */
#include "agent/agent_internal.h"

#include "agent/ring.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "cgroup/live.h"
#include "numa/reclaim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define NODES_NS (10 * NSEC_PER_SEC)

void agent_degrade(struct agent *a, const char *format, ...)
{
	char text[sizeof(a->degraded[0])];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	for (size_t i = 0; i < a->n_degraded; i++)
		if (strcmp(a->degraded[i], text) == 0)
			return;
	log_warning(&a->world.log, "%s", text);
	if (a->n_degraded < ARRAY_SIZE(a->degraded))
		memcpy(a->degraded[a->n_degraded++], text, sizeof(text));
}

static int open_root(struct agent *a, const char *what, const char *live, int *ret_fd)
{
	char path[4096];
	int fd;

	if (a->options.root)
		(void)snprintf(path, sizeof(path), "%s%s", a->options.root, live);
	else
		(void)snprintf(path, sizeof(path), "%s", live);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		int r = -errno;

		log_error(&a->world.log, "%s: can't open %s: %s", path, what, strerrordesc_np(-r));
		return r;
	}
	*ret_fd = fd;
	return 0;
}

static int open_cgroups(struct agent *a)
{
	struct live_mount mount = {.path = "/sys/fs/cgroup", .has_memory = true};
	const char *why = NULL;
	int r = 0;

	if (!a->options.root) {
		r = live_mount_find(&mount, &why);
		if (r < 0 && a->options.cgroup) {
			log_error(&a->world.log, "--cgroup %s: %s", a->options.cgroup,
				  why ? why : strerrordesc_np(-r));
			return r;
		}
		if (r < 0) {
			agent_degrade(a, "%s: groups are not looked after",
				      why ? why : strerrordesc_np(-r));
			return 0;
		}
	}
	if (!mount.has_memory)
		agent_degrade(a,
			      "cgroup v2 has no memory controller here (v1 has it): groups are not "
			      "looked "
			      "after; boot with systemd.unified_cgroup_hierarchy=1");
	a->world.recursive_protection = mount.recursive_protection;
	if (a->options.cgroup) {
		a->world.cgroup_fd = open(a->options.cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (a->world.cgroup_fd >= 0)
			return 0;
		r = -errno;
		log_error(&a->world.log, "--cgroup %s: %s", a->options.cgroup, strerrordesc_np(-r));
		return r;
	}
	return open_root(a, "the cgroup tree", mount.path, &a->world.cgroup_fd);
}

/* What the kernel's memory.reclaim can do is the same for all groups: the root's is asked. */
static void probe_memory_reclaim(struct agent *a)
{
	_cleanup_close_ int fd = -1;
	int r = -ENOENT;

	if (a->world.cgroup_fd >= 0)
		r = fd = group_reclaim_open(a->world.cgroup_fd);
	if (fd >= 0)
		r = group_reclaim_probe(fd, &a->world.reclaim_features);
	a->world.has_memory_reclaim = r >= 0;
	if (r == -ENOENT)
		agent_degrade(
			a, "no memory.reclaim (it needs Linux 5.19 and cgroup v2): nothing can be "
			   "taken "
			   "from groups");
	else if (r < 0)
		agent_degrade(
			a,
			"memory.reclaim can't be written (%s; it needs root or CAP_DAC_OVERRIDE): "
			"nothing can be taken from groups",
			strerrordesc_np(-r));
}

static bool probe_node_reclaim(const struct agent *a)
{
	bool any = false;

	if (!a->world.whole_machine)
		return false;
	for (size_t i = 0; i < a->topology->n_nodes; i++) {
		_cleanup_close_ int fd =
			node_reclaim_open(a->world.sys_fd, a->topology->nodes[i].id);

		any |= fd >= 0;
	}
	return any;
}

static void probe_swap(struct agent *a)
{
	_cleanup_close_ int fd = kfile_open(a->world.proc_fd, "swaps", O_RDONLY);
	char text[4096];
	ssize_t n = fd < 0 ? fd : kfile_read(fd, text, sizeof(text));

	/* A heading, and a line for each swap area. */
	if (n >= 0 && !strchr(strchrnul(text, '\n') + (strchr(text, '\n') ? 1 : 0), '\n'))
		agent_degrade(a, "no swap: only file memory can be taken");
}

static void probe_pressure(struct agent *a)
{
	_cleanup_close_ int fd = kfile_open(a->world.proc_fd, "pressure/memory", O_RDONLY);
	char text[256];
	ssize_t n = fd < 0 ? fd : kfile_read(fd, text, sizeof(text));

	if (n < 0)
		agent_degrade(
			a,
			"no PSI (%s; boot with psi=1): stalls are not seen, only limits and free "
			"memory",
			strerrordesc_np((int)-n));
}

/* Not said when poll(2) was asked for. */
static void probe_io_uring(struct agent *a)
{
	_cleanup_(ring_freep) struct ring *ring = NULL;

	if (a->options.try_uring && ring_open(true, &ring) == 0 && !ring_is_uring(ring))
		agent_degrade(
			a,
			"io_uring is refused here (kernel.io_uring_disabled, or a seccomp filter): "
			"waiting with poll(2)");
}

/* As "0-1"; "": they are not told (a kernel without NUMA). */
static void read_nodes(const struct agent *a, char text[NODES_TEXT_BYTES])
{
	if (kfile_read_line_at(a->world.sys_fd, "devices/system/node/has_memory", text,
			       NODES_TEXT_BYTES) < 0)
		*text = '\0';
}

/* What can't be read is none; that it was on or off is said where it makes a difference. */
static void read_tiers(struct agent *a)
{
	bool before = memory_tiers_demote(&a->tiers), now;

	if (memory_tiers_read(a->world.sys_fd, &a->tiers, NULL) < 0)
		a->tiers = (struct memory_tiers){0};
	now = memory_tiers_demote(&a->tiers);
	shared_set_demotes(a->world.shared, now);
	if (now != before)
		log_notice(&a->world.log, "demotion to slower nodes is %s: what is taken is %s",
			   now ? "on" : "off",
			   now ? "moved there before any is freed" : "freed from now on");
}

uint64_t agent_watch_nodes(struct agent *a, uint64_t now_ns)
{
	char now[NODES_TEXT_BYTES];

	if (*a->nodes_at_start == '\0')
		return UINT64_MAX;
	if (now_ns < a->nodes_due_ns)
		return a->nodes_due_ns;
	a->nodes_due_ns = now_ns + NODES_NS;
	read_tiers(a);
	read_nodes(a, now);
	/* The memory of a node comes block by block, and nodes one after the other. */
	a->nodes_have_come = strcmp(now, a->nodes_seen) == 0 &&
			     !node_list_holds(a->nodes_at_start, now);
	memcpy(a->nodes_seen, now, sizeof(now));
	return a->nodes_due_ns;
}

static int load_topology(struct agent *a)
{
	const char *wanted = a->options.topology;
	enum topology_source source = TOPOLOGY_LIVE;
	const char *colon = wanted ? strchr(wanted, ':') : NULL;
	int r;

	if (wanted && strncmp(wanted, "xml:", 4) == 0)
		source = TOPOLOGY_XML;
	else if (wanted && strncmp(wanted, "synthetic:", 10) == 0)
		source = TOPOLOGY_SYNTHETIC;
	else if (wanted)
		return -EINVAL;
	r = topology_load(source, colon ? colon + 1 : NULL, &a->topology);
	if (r < 0)
		log_error(&a->world.log, "%s: can't read the machine's topology: %s",
			  wanted ? wanted : "hwloc", strerrordesc_np(-r));
	return r;
}

int agent_open_world(struct agent *a)
{
	int r = open_root(a, "/proc", "/proc", &a->world.proc_fd);

	if (r == 0)
		r = open_root(a, "/sys", "/sys", &a->world.sys_fd);
	if (r == 0)
		r = load_topology(a);
	if (r == 0)
		r = open_cgroups(a);
	if (r < 0)
		return r;
	read_nodes(a, a->nodes_at_start);
	probe_memory_reclaim(a);
	probe_swap(a);
	probe_pressure(a);
	probe_io_uring(a);
	if (!a->world.has_memory_reclaim && !probe_node_reclaim(a) && !a->options.dry_run) {
		log_error(&a->world.log, "nothing to reclaim through: neither memory.reclaim nor a "
					 "node's reclaim file "
					 "can be written; run as root on Linux 5.19 or later with "
					 "cgroup v2, or with "
					 "--dry-run");
		return -EOPNOTSUPP;
	}
	return 0;
}

void agent_close_world(struct agent *a)
{
	topology_free(a->topology);
	fd_close(a->world.proc_fd);
	fd_close(a->world.sys_fd);
	fd_close(a->world.cgroup_fd);
}
