/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's own settings, against what this machine is. What they do: the kernel's
 * Documentation/admin-guide/sysctl/vm.rst.
 */
#include "agent/doctor/examine.h"

#include "agent/sense/machine.h"
#include "base/cleanup.h"
#include "base/kfile.h"
#include "base/ktext.h"
#include "base/parse.h"
#include "base/saturate.h"

#include <inttypes.h>

#define WATERMARK_SCALE_BURSTS 50   /* 10,000ths: from here on bursts have some room */
#define WATERMARK_SCALE_LARGE  1000 /* two such steps are a fifth of memory */
#define CACHE_PRESSURE_LARGE   1000
#define DIRTY_LARGE_BYTES      (UINT64_C(8) << 30) /* minutes, for a disk */
#define DIRTY_DISK_BYTES_PER_S (UINT64_C(200) << 20)

struct machine {
	int proc_fd;
	uint64_t memory_bytes;
	bool swap, swap_in_memory; /* there is some; all of it, or before it (zswap), compressed */
	bool zram_only;
	bool stalled; /* tasks had to reclaim for themselves */
};

static bool read_sysctl(const struct machine *m, const char *name, uint64_t *ret)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "sys/vm/%s", name);
	return kfile_read_number_at(m->proc_fd, path, ret) == 0;
}

static void examine_swappiness(const struct machine *m, uint64_t value, FILE *out)
{
	const char *advice = "";

	if (m->swap && value == 0)
		advice = ": the kernel swaps when there is nearly nothing else left; 1 or more";
	else if (m->swap_in_memory && value < 100)
		advice = ": what is compressed in memory is read back faster than files from a "
			 "disk; 100 to 180";
	else if (m->swap && !m->swap_in_memory && value > 100)
		advice = ": above 100 is for swap that is faster than the disks of files";
	doctor_tell(out, *advice == '\0', "sysctl", "vm.swappiness is %" PRIu64 "%s", value,
		    advice);
}

static void examine_page_cluster(const struct machine *m, uint64_t value, FILE *out)
{
	bool in_vain = m->zram_only && value > 0;

	doctor_tell(out, !in_vain, "sysctl", "vm.page-cluster is %" PRIu64 "%s", value,
		    in_vain ? ": more pages than the one that is wanted are read from zram, which "
			      "gains nothing by it; 0"
			    : "");
}

static void examine_watermark_scale(const struct machine *m, uint64_t value, FILE *out)
{
	const char *name = "vm.watermark_scale_factor";

	if (value < WATERMARK_SCALE_BURSTS && m->stalled)
		doctor_tell(out, false, "sysctl",
			    "%s is %" PRIu64 ", and tasks had to reclaim for themselves since boot "
			    "(allocstall): %d to 200 lets kswapd begin earlier",
			    name, value, WATERMARK_SCALE_BURSTS);
	else if (value >= WATERMARK_SCALE_LARGE)
		doctor_tell(out, false, "sysctl",
			    "%s is %" PRIu64 ": kswapd keeps %" PRIu64 " %% of memory free; 200",
			    name, value, 2 * value / 100);
	else
		doctor_tell(out, true, "sysctl", "%s is %" PRIu64, name, value);
}

/*
 * The kernel's choice is 4 * sqrt(memory in KiB), up to 256 MiB (calculate_min_free_kbytes()),
 * or more with huge pages, up to a twentieth of memory (set_recommended_min_free_kbytes()).
 */
static void examine_min_free(const struct machine *m, uint64_t value, FILE *out)
{
	uint64_t memory_kib = m->memory_bytes / 1024;
	const char *advice = "";

	if (memory_kib > 0 && value < 131072 && value * value < 4 * memory_kib)
		advice = ": less than half of the kernel's own choice; allocations that can't wait "
			 "may fail, as those of the network";
	else if (memory_kib > 0 && value > memory_kib / 20)
		advice = ": more than a twentieth of memory is kept from everybody";
	doctor_tell(out, *advice == '\0', "sysctl", "vm.min_free_kbytes is %" PRIu64 "%s", value,
		    advice);
}

static void examine_cache_pressure(const struct machine *m, uint64_t value, FILE *out)
{
	const char *advice = "";

	(void)m;
	if (value == 0)
		advice = ": dentries and inodes are never taken, and may fill memory; 50 to 100";
	else if (value >= CACHE_PRESSURE_LARGE)
		advice = ": dentries and inodes go long before pages; 100";
	doctor_tell(out, *advice == '\0', "sysctl", "vm.vfs_cache_pressure is %" PRIu64 "%s", value,
		    advice);
}

static const struct {
	const char *name;
	void (*examine)(const struct machine *machine, uint64_t value, FILE *out);
} sysctls[] = {
	{"swappiness", examine_swappiness},
	{"page-cluster", examine_page_cluster},
	{"watermark_scale_factor", examine_watermark_scale},
	{"min_free_kbytes", examine_min_free},
	{"vfs_cache_pressure", examine_cache_pressure},
};

/* Of a ratio and its counterpart in bytes one is 0 (mm/page-writeback.c). */
static bool read_dirty(const struct machine *m, const char *bytes_name, const char *ratio_name,
		       uint64_t *ret_bytes)
{
	uint64_t bytes, percent;

	if (!read_sysctl(m, bytes_name, &bytes) || !read_sysctl(m, ratio_name, &percent))
		return false;
	*ret_bytes = bytes > 0 ? bytes : scale(m->memory_bytes, percent, 100);
	return true;
}

/* Of free memory and that of files, which may be all. */
static void examine_dirty(const struct machine *m, FILE *out)
{
	char size[FORMAT_SIZE_BYTES], background_size[FORMAT_SIZE_BYTES];
	uint64_t limit, background;

	if (m->memory_bytes == 0 || !read_dirty(m, "dirty_bytes", "dirty_ratio", &limit) ||
	    !read_dirty(m, "dirty_background_bytes", "dirty_background_ratio", &background))
		return;
	format_size(size, sizeof(size), limit);
	format_size(background_size, sizeof(background_size), background);
	if (background >= limit)
		doctor_tell(out, false, "sysctl",
			    "vm.dirty_background_* (%s) is not below vm.dirty_* (%s): writers are "
			    "held up as soon as the kernel begins to write; half of it",
			    background_size, size);
	else if (limit > DIRTY_LARGE_BYTES || limit > m->memory_bytes * 3 / 10)
		doctor_tell(out, false, "sysctl",
			    "vm.dirty_ratio or dirty_bytes lets %s be dirty, which can't be taken "
			    "before it is written: %" PRIu64 " s on a disk of 200 MiB/s; less",
			    size, limit / DIRTY_DISK_BYTES_PER_S);
	else
		doctor_tell(out, true, "sysctl", "vm.dirty_*: up to %s may be dirty", size);
}

/* 0: not known. */
static uint64_t parse_memory_total(const char *text)
{
	struct ktext_line line, word;
	uint64_t kib;

	while (ktext_next_line(&text, &line))
		if (ktext_next_word(&line, &word) && ktext_word_is(word, "MemTotal:") &&
		    ktext_next_word(&line, &word) && parse_u64_n(word.text, word.length, &kib) == 0)
			return kib > UINT64_MAX / 1024 ? 0 : kib * 1024;
	return 0;
}

static struct machine look_at_machine(const struct doctor *d)
{
	char text[32768], zswap[8] = "";
	struct machine m = {.proc_fd = d->proc_fd};
	struct machine_counters counters;
	struct swap_sample swap;
	struct swap_store store;

	if (kfile_read_at(d->proc_fd, "meminfo", text, sizeof(text)) >= 0) {
		m.memory_bytes = parse_memory_total(text);
		m.swap = swap_parse(text, &swap, &store, NULL) == 0 && swap.total_bytes > 0;
	}
	if (kfile_read_at(d->proc_fd, "vmstat", text, sizeof(text)) >= 0 &&
	    machine_counters_parse(text, &counters, NULL) == 0)
		m.stalled = counters.allocstall > 0;
	(void)kfile_read_at(d->sys_fd, "module/zswap/parameters/enabled", zswap, sizeof(zswap));
	m.zram_only = m.swap && !machine_swaps_to_disk(d->proc_fd);
	m.swap_in_memory = m.zram_only || (m.swap && *zswap == 'Y');
	return m;
}

void doctor_examine_sysctls(const struct doctor *d, FILE *out)
{
	const struct machine machine = look_at_machine(d);
	uint64_t value;

	for (size_t i = 0; i < ARRAY_SIZE(sysctls); i++)
		if (read_sysctl(&machine, sysctls[i].name, &value))
			sysctls[i].examine(&machine, value, out);
	examine_dirty(&machine, out);
}
