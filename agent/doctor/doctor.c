/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/doctor/doctor.h"

#include "agent/act/backend.h"
#include "agent/damon/use.h"
#include "agent/doctor/examine.h"
#include "agent/memory_lock.h"
#include "agent/ring.h"
#include "agent/sense/cachestat.h"
#include "agent/sense/dirty.h"
#include "base/cleanup.h"
#include "base/kfile.h"
#include "base/ktext.h"
#include "base/parse.h"
#include "cgroup/live.h"
#include "cgroup/psi.h"
#include "cgroup/reclaim.h"
#include "numa/reclaim.h"
#include "numa/tiers.h"
#include "numa/topology.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

/* A process that is not ours: what may be done to it may be done to any. */
#define OTHER_PID 1

void doctor_tell(FILE *out, bool well, const char *what, const char *format, ...)
{
	va_list ap;

	fprintf(out, "%-4s%-18s", well ? "ok" : "no", what);
	va_start(ap, format);
	(void)vfprintf(out, format, ap);
	va_end(ap);
	fputc('\n', out);
}

static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = text; (at = strstr(at, word)); at += n)
		if ((at == text || strchr(" \n", at[-1])) && strchr(" \n", at[n]))
			return true;
	return false;
}

/* What to do about a file that can't be written, where rights are what mostly lacks. */
static const char *remedy(int r, const char *rights)
{
	return r == -EROFS ? "it must be mounted for writing here (in a container: a volume)"
			   : rights;
}

static void examine_cgroup(const struct doctor *d, FILE *out)
{
	char text[256];

	if (d->cgroup_fd < 0)
		doctor_tell(out, false, "cgroup v2", "%s: groups can't be looked after",
			    d->no_cgroup);
	else if (kfile_read_at(d->cgroup_fd, "cgroup.controllers", text, sizeof(text)) < 0 ||
		 !has_word(text, "memory"))
		doctor_tell(out, false, "cgroup v2",
			    "without the memory controller: boot with "
			    "systemd.unified_cgroup_hierarchy=1");
	else
		doctor_tell(out, true, "cgroup v2", "with the memory controller");
}

static bool examine_memory_reclaim(const struct doctor *d, FILE *out)
{
	struct group_reclaim_features features = {0};
	_cleanup_close_ int fd = -1;
	int r = -ENOENT;

	if (d->cgroup_fd >= 0)
		r = fd = group_reclaim_open(d->cgroup_fd);
	if (fd >= 0)
		r = group_reclaim_probe(fd, &features);
	if (r >= 0)
		doctor_tell(out, true, "memory.reclaim",
			    features.swappiness
				    ? "with swappiness="
				    : "without swappiness= (later kernels have it): file "
				      "memory can't be asked for alone");
	else if (r == -ENOENT)
		doctor_tell(out, false, "memory.reclaim", "needs Linux 5.19 and cgroup v2");
	else
		doctor_tell(out, false, "memory.reclaim", "%s: %s", strerrordesc_np(-r),
			    remedy(r, "needs root or CAP_DAC_OVERRIDE"));
	return r >= 0;
}

static bool examine_node_reclaim(const struct doctor *d, FILE *out)
{
	unsigned int n = 0;
	int r = -ENOENT;

	for (unsigned int node = 0; node < NUMA_NODES_MAX; node++) {
		_cleanup_close_ int fd = node_reclaim_open(d->sys_fd, node);

		n += fd >= 0;
		/* Of several reasons the one that something can be done about. */
		if (fd < 0 && fd != -ENOENT)
			r = fd;
	}
	if (n > 0)
		doctor_tell(out, true, "nodeN/reclaim", "of %u node%s", n, n == 1 ? "" : "s");
	else if (r == -ENOENT)
		doctor_tell(out, false, "nodeN/reclaim",
			    "needs Linux 6.17; nodes are relieved through their groups");
	else
		doctor_tell(out, false, "nodeN/reclaim", "%s: %s", strerrordesc_np(-r),
			    remedy(r, "needs root or CAP_DAC_OVERRIDE"));
	return n > 0;
}

/* Nothing is said of it where all memory is alike: on most machines. */
static void examine_demotion(const struct doctor *d, FILE *out)
{
	struct memory_tiers t;
	const char *bad = NULL;
	int r = memory_tiers_read(d->sys_fd, &t, &bad);

	if (r < 0)
		doctor_tell(out, false, "demotion", "%s: %s: it is taken to be off", bad,
			    strerrordesc_np(-r));
	else if (t.n > 1 && !t.enabled)
		doctor_tell(out, true, "demotion",
			    "nodes %s are slower than %s, and it is off: reclaim frees memory",
			    t.tiers[t.n - 1].nodes, t.tiers[0].nodes);
	else if (t.n > 1)
		doctor_tell(out, false, "demotion",
			    "is on: what is taken on nodes %s goes to slower ones first (last to "
			    "%s), stays charged, and keeps nobody from a limit; where groups are "
			    "to shrink: echo 0 >/sys/kernel/mm/numa/demotion_enabled",
			    t.tiers[0].nodes, t.tiers[t.n - 1].nodes);
}

static void examine_pressure(const struct doctor *d, FILE *out)
{
	_cleanup_close_ int fd = psi_trigger_open(d->proc_fd, "pressure/memory", 150000, 1000000);
	char text[256];
	ssize_t r = kfile_read_at(d->proc_fd, "pressure/memory", text, sizeof(text));

	if (r < 0)
		doctor_tell(out, false, "PSI", "%s: boot with psi=1; stalls are not seen",
			    strerrordesc_np((int)-r));
	else
		doctor_tell(out, true, "PSI", "stalls are seen");
	if (fd >= 0)
		doctor_tell(out, true, "PSI triggers", "of windows below 2 s");
	else if (r >= 0)
		doctor_tell(out, false, "PSI triggers", "%s: %s", strerrordesc_np(-fd),
			    remedy(fd, "windows below 2 s need CAP_SYS_RESOURCE"));
}

static const char *swap_kind(struct ktext_line name, struct ktext_line type)
{
	if (name.length > 9 && memcmp(name.text, "/dev/zram", 9) == 0)
		return "zram: what goes there stays in memory, compressed";
	return ktext_word_is(type, "file") ? "a file" : "a disk: counts against its endurance";
}

static void examine_swap(const struct doctor *d, FILE *out)
{
	char text[4096], zswap[8] = "";
	const char *rest = text;
	struct ktext_line line, name, type, size;
	uint64_t kib;
	bool any = false;

	if (kfile_read_at(d->proc_fd, "swaps", text, sizeof(text)) < 0)
		*text = '\0';
	/* Lines whose third word is no number are the heading, or none of ours. */
	while (ktext_next_line(&rest, &line)) {
		if (!ktext_next_word(&line, &name) || !ktext_next_word(&line, &type) ||
		    !ktext_next_word(&line, &size) || parse_u64_n(size.text, size.length, &kib) < 0)
			continue;
		doctor_tell(out, true, "swap", "%.*s, %" PRIu64 " MiB, %s", (int)name.length,
			    name.text, kib / 1024, swap_kind(name, type));
		any = true;
	}
	if (!any)
		doctor_tell(out, false, "swap",
			    "none: only file memory can be taken; add zram or a disk for the rest");
	if (kfile_read_at(d->sys_fd, "module/zswap/parameters/enabled", zswap, sizeof(zswap)) > 0 &&
	    *zswap == 'Y')
		doctor_tell(out, true, "zswap", "is on: swap is compressed in memory first");
}

static void examine_ring(FILE *out)
{
	_cleanup_(ring_freep) struct ring *ring = NULL;
	int r = ring_open(true, &ring);

	if (r == 0 && ring_is_uring(ring))
		doctor_tell(out, true, "io_uring", "workers wait with it");
	else
		doctor_tell(out, false, "io_uring",
			    "refused (kernel.io_uring_disabled, or a seccomp filter): workers wait "
			    "with "
			    "poll(2)");
}

/* Of a file that belongs to root. */
static void examine_cachestat(const struct doctor *d, FILE *out)
{
	_cleanup_close_ int fd = openat(d->proc_fd, "self/exe", O_RDONLY | O_CLOEXEC);
	struct page_counts counts;
	int r = fd < 0 ? -errno : cachestat_read(fd, 0, 4096, &counts);

	if (r == 0)
		doctor_tell(out, true, "cachestat", "dirty file memory can be found");
	else if (r == -ENOSYS)
		doctor_tell(out, false, "cachestat",
			    "needs Linux 6.5, and no filter that refuses it; smaps stands in");
	else
		doctor_tell(out, false, "cachestat", "%s: needs CAP_DAC_OVERRIDE",
			    strerrordesc_np(-r));
}

static void examine_smaps(const struct doctor *d, FILE *out)
{
	char path[32], text[4096];
	ssize_t r;

	(void)snprintf(path, sizeof(path), "%d/smaps_rollup", OTHER_PID);
	r = kfile_read_at(d->proc_fd, path, text, sizeof(text));
	if (r >= 0)
		doctor_tell(out, true, "smaps", "of other processes");
	else
		doctor_tell(out, false, "smaps", "%s: other processes' need CAP_SYS_PTRACE",
			    strerrordesc_np((int)-r));
}

static void examine_map_files(const struct doctor *d, FILE *out)
{
	int r = dirty_try_mapping(d->proc_fd, OTHER_PID);

	if (r == 0)
		doctor_tell(out, true, "map_files", "mapped files can be written back");
	else
		doctor_tell(out, false, "map_files",
			    "%s: needs CAP_SYS_PTRACE, CAP_CHECKPOINT_RESTORE and CAP_DAC_OVERRIDE",
			    strerrordesc_np(-r));
}

static void examine_process_madvise(FILE *out)
{
	int r = act_try_advise(OTHER_PID);

	if (r == 0)
		doctor_tell(out, true, "process_madvise", "on other processes");
	else
		doctor_tell(out, false, "process_madvise",
			    "%s: on others it needs Linux 5.10, CAP_SYS_PTRACE and CAP_SYS_NICE",
			    strerrordesc_np(-r));
}

static void examine_mglru(const struct doctor *d, FILE *out)
{
	char text[16];
	_cleanup_close_ int fd = -1;
	ssize_t r = kfile_read_at(d->sys_fd, "kernel/mm/lru_gen/enabled", text, sizeof(text));

	if (r < 0) {
		doctor_tell(out, false, "MGLRU", "this kernel has none: ages are not known");
		return;
	}
	fd = kfile_open(d->sys_fd, "kernel/debug/lru_gen", O_RDONLY);
	if (strcmp(text, "0x0000\n") == 0)
		doctor_tell(out, false, "MGLRU", "is off: ages are not known (lru_gen/enabled)");
	else if (fd < 0)
		doctor_tell(out, false, "MGLRU", "is on, its ages can't be read: mount debugfs");
	else
		doctor_tell(out, true, "MGLRU", "is on, and its ages can be read");
	if (fd >= 0) {
		_cleanup_close_ int writable = lru_gen_open_writable(d->sys_fd);

		if (writable >= 0)
			doctor_tell(out, true, "lru_gen", "can be written (balance.lru_gen)");
		else
			doctor_tell(out, false, "lru_gen",
				    "can't be written: %s; balance.lru_gen is of no use",
				    strerrordesc_np(-writable));
	}
}

static void examine_damon(const struct doctor *d, FILE *out)
{
	enum damon_use use = damon_use_of(d->sys_fd);

	doctor_tell(out, use == DAMON_FREE, "DAMON", "%s%s",
		    use == DAMON_FREE ? "can tell what of a process is cold (pageout.cold_age): "
				      : "pageout.cold_age is of no use: ",
		    damon_use_words(use));
}

static void examine_locking(FILE *out)
{
	int r = memory_lock();

	(void)munlockall();
	if (r == 0)
		doctor_tell(out, true, "locked memory", "the agent is not paged out");
	else
		doctor_tell(out, false, "locked memory", "%s: " MEMORY_LOCK_ADVICE,
			    strerrordesc_np(-r));
}

int doctor_examine(const struct doctor *d, FILE *out)
{
	struct utsname kernel = {0};
	bool groups, nodes;

	(void)uname(&kernel);
	fprintf(out, "uswapd %s on Linux %s\n", USWAP_VERSION, kernel.release);
	examine_cgroup(d, out);
	groups = examine_memory_reclaim(d, out);
	nodes = examine_node_reclaim(d, out);
	examine_demotion(d, out);
	examine_pressure(d, out);
	examine_swap(d, out);
	examine_ring(out);
	examine_locking(out);
	examine_cachestat(d, out);
	examine_smaps(d, out);
	examine_map_files(d, out);
	examine_process_madvise(out);
	examine_mglru(d, out);
	examine_damon(d, out);
	doctor_examine_sysctls(d, out);
	doctor_examine_disks(d, out);
	doctor_examine_others(d, out);
	if (groups || nodes)
		return 0;
	fputs("Nothing can be reclaimed here: run as root, on Linux 5.19 or later with cgroup "
	      "v2.\n",
	      out);
	return -EOPNOTSUPP;
}

static int open_below(const char *root, const char *path)
{
	char full[4096];
	int fd;

	(void)snprintf(full, sizeof(full), "%s%s", root ? root : "", path);
	fd = open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int doctor_run(const char *root, FILE *out)
{
	struct live_mount mount = {.path = "/sys/fs/cgroup"};
	const char *why = NULL;
	_cleanup_close_ int proc_fd = open_below(root, "/proc"), sys_fd = open_below(root, "/sys");
	_cleanup_close_ int cgroup_fd = -1;
	struct doctor doctor;
	int r = root ? 0 : live_mount_find(&mount, &why);

	if (proc_fd < 0 || sys_fd < 0) {
		fprintf(out, "%s%s can't be opened: %s\n", root ? root : "",
			proc_fd < 0 ? "/proc" : "/sys",
			strerrordesc_np(proc_fd < 0 ? -proc_fd : -sys_fd));
		return proc_fd < 0 ? proc_fd : sys_fd;
	}
	if (r == 0)
		r = cgroup_fd = open_below(root, mount.path);
	doctor = (struct doctor){
		.proc_fd = proc_fd,
		.sys_fd = sys_fd,
		.cgroup_fd = cgroup_fd,
		.no_cgroup = why ? why : strerrordesc_np(r < 0 ? -r : 0),
	};
	return doctor_examine(&doctor, out);
}
