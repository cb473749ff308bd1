/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/job/settings.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "base/spell.h"
#include "stress/job/setting_types.h"
#include "stress/pattern/content.h"

#include <string.h>

static const char *const policies[] = {"bind", "preferred", "none", NULL};
static const char *const verifies[] = {"end", "sample", "none", NULL};
static const char *const page_sizes[] = {"4K", "thp", "hugetlb", NULL};
static const char *const locks[] = {"onfault", "mlock", NULL};
static const char *const backings[] = {"memfd", "anonymous", NULL};
static const char *const mappings[] = {"shared", "private", NULL};
static const char *const objects[] = {"dentries", "files", NULL};
static const char *const channels[] = {"pipe", "unix", "udp", NULL};
static const char *const syncs[] = {"none", "writeback", "data", NULL};
static const char *const contents_names[] = {"full", "word", NULL};
/* As enum schedule_kind. */
static const char *const schedules[] = {"steady", "burst", "hold",     "leak", "ramp",
					"step",	  "sine",  "sawtooth", NULL};
static const char *const releases[] = {"munmap", "dontneed", NULL};
static const char *const reuse_whens[] = {"parallel", "after", NULL};
static const char *const vias[] = {"read", "mmap", NULL};
static const char *const modes[] = {"loop", "stream", NULL};

#define GLOBAL(field) .offset = offsetof(struct global_settings, field)
#define LOAD(field)   .offset = offsetof(struct load_settings, field)

#define DAY	      (86400 * NSEC_PER_SEC)

static const struct setting global_settings[] = {
	{.name = "duration",
	 .type = &type_duration,
	 GLOBAL(duration_ns),
	 .min = NSEC_PER_MSEC,
	 .max = 365 * DAY,
	 .default_text = "10s",
	 .help = "how long the measured phase lasts"},
	{.name = "seed",
	 .type = &type_number,
	 GLOBAL(seed),
	 .max = INT64_MAX,
	 .default_text = "1",
	 .help = "contents and access patterns are computed from it; same seed, same run"},
	{.name = "interval",
	 .type = &type_duration,
	 GLOBAL(interval_ns),
	 .min = NSEC_PER_MSEC,
	 .max = DAY,
	 .default_text = "100ms",
	 .help = "how often memory of groups and nodes is sampled"},
	{.name = "grace",
	 .type = &type_duration,
	 GLOBAL(grace_ns),
	 .min = NSEC_PER_MSEC,
	 .max = 365 * DAY,
	 .default_text = "120s",
	 .help = "workers still busy (verifying, or stuck) so long after the measured phase are "
		 "killed and the run fails"},
	{.name = "floor",
	 .type = &type_amount,
	 GLOBAL(floor),
	 .default_text = "5% of memory",
	 .help = "loads stop growing while available memory and free swap together are below it; "
		 "0 switches it off"},
	{.name = "check-fit",
	 .type = &type_bool,
	 GLOBAL(check_fit),
	 .default_text = "yes",
	 .help = "refuse a job whose sizes can't fit into its limits, its nodes or the machine; "
		 "'no' is for provoking an OOM kill"},
	{.name = "parent",
	 .type = &type_text,
	 GLOBAL(parent),
	 .max = PATH_MAX,
	 .help = "cgroup the job's groups are made in, relative to the cgroup2 mount; default: the "
		 "one this program runs in"},
	{.name = "watch-pid",
	 .type = &type_watch_pid,
	 GLOBAL(watches),
	 .help = "also measure CPU time, memory and wake-ups of this process; may be repeated"},
	{.name = "watch",
	 .type = &type_watch_name,
	 GLOBAL(watches),
	 .help = "the same for every process with this name (as in /proc/PID/comm)"},
	{.name = "json",
	 .type = &type_text,
	 GLOBAL(json),
	 .max = PATH_MAX,
	 .help = "write the whole report to this file, '-' for standard output (then the table "
		 "goes to standard error)"},
	{.name = "csv",
	 .type = &type_text,
	 GLOBAL(csv),
	 .max = PATH_MAX,
	 .help = "write the samples to this file, a line each; '-' as for json, not both"},
};

static const struct setting load_settings[] = {
	{.name = "type",
	 .type = &type_text,
	 LOAD(type),
	 .max = STRESS_NAME_MAX,
	 .common = true,
	 .help = "what the load does: see `uswap-stress help loads`"},
	{.name = "group",
	 .type = &type_text,
	 LOAD(group),
	 .max = STRESS_NAME_MAX,
	 .common = true,
	 .help = "the job's group its worker is born in; default: none"},
	{.name = "node",
	 .type = &type_node,
	 LOAD(node),
	 .max = 1023,
	 .default_text = "any",
	 .common = true,
	 .help = "NUMA node it runs on; `policy` says how strictly its memory"},
	{.name = "policy",
	 .type = &type_choice,
	 LOAD(policy),
	 .choices = policies,
	 .default_text = "bind",
	 .common = true,
	 .help = "with a node: its memory only, its memory first, or only its CPUs"},
	{.name = "workers",
	 .type = &type_number,
	 LOAD(n_workers),
	 .min = 1,
	 .max = 256,
	 .default_text = "1",
	 .common = true,
	 .help = "so many workers do the same, each with contents and order of its own; sizes then "
		 "say whether they are for `each` or in `total` (64M each); rates are each one's"},
	{.name = "size",
	 .type = &type_amount,
	 LOAD(size),
	 .min = CONTENT_PAGE_BYTES,
	 .common = true,
	 .help = "how much memory, or how large the set of files; a share is of the lowest limit "
		 "of its "
		 "group and those above (limit), of what these leave (headroom), or of what is "
		 "named"},
	{.name = "rate",
	 .type = &type_rate,
	 LOAD(rate_bytes),
	 .min = 1,
	 .default_text = "unlimited",
	 .common = true,
	 .help = "bytes a second of growth of memory, of reading, writing or dirtying of files"},
	{.name = "start",
	 .type = &type_duration,
	 LOAD(start_ns),
	 .max = 365 * DAY,
	 .default_text = "0s",
	 .common = true,
	 .help = "waits so long after the run began"},
	{.name = "duration",
	 .type = &type_duration,
	 LOAD(duration_ns),
	 .max = 365 * DAY,
	 .default_text = "0s",
	 .common = true,
	 .help = "stops (and keeps its memory) so long after its start; 0s: runs to the end"},
	{.name = "seed",
	 .type = &type_number,
	 LOAD(seed),
	 .max = INT64_MAX,
	 .default_text = "0",
	 .common = true,
	 .help = "its own seed; 0: from the run's seed and its place in the job"},
	{.name = "ratio",
	 .type = &type_ratio,
	 LOAD(ratio_percent),
	 .min = CONTENT_RATIO_MIN,
	 .max = CONTENT_RATIO_MAX,
	 .default_text = "2.0",
	 .common = true,
	 .help = "how well the contents compress, page by page; what LZ4 makes of them is "
		 "reported"},
	{.name = "verify",
	 .type = &type_choice,
	 LOAD(verify),
	 .choices = verifies,
	 .default_text = "end",
	 .common = true,
	 .help = "after the measured phase read back every page, one of 16, or none"},
	{.name = "verify-every",
	 .type = &type_duration,
	 LOAD(verify_every_ns),
	 .max = 365 * DAY,
	 .default_text = "0s",
	 .common = true,
	 .help = "also verify in the measured phase, so often (it touches the pages, as `verify` "
		 "says); 0s: only when the program is sent SIGUSR1. Files are verified at the end"},
	{.name = "slow",
	 .type = &type_duration,
	 LOAD(slow_ns),
	 .max = DAY,
	 .default_text = "10ms",
	 .common = true,
	 .help = "touches that took longer are counted as slow"},
	{.name = "pages",
	 .type = &type_choice,
	 LOAD(pages),
	 .choices = page_sizes,
	 .default_text = "4K",
	 .help = "small pages, transparent huge pages (MADV_HUGEPAGE), or huge pages of 2M from "
		 "those set aside by vm.nr_hugepages"},
	{.name = "reserve",
	 .type = &type_bool,
	 LOAD(reserve),
	 .default_text = "no",
	 .help = "with pages=hugetlb: add to vm.nr_hugepages what the size takes, and take it away "
		 "again at the end, even if this program is killed"},
	{.name = "lock",
	 .type = &type_choice,
	 LOAD(lock),
	 .choices = locks,
	 .default_text = "onfault",
	 .help = "lock the whole mapping before its pages come, or each once it is there"},
	{.name = "backing",
	 .type = &type_choice,
	 LOAD(backing),
	 .choices = backings,
	 .default_text = "memfd",
	 .help = "a file of memfd_create(2), or a mapping that is MAP_SHARED and MAP_ANONYMOUS"},
	{.name = "contents",
	 .type = &type_choice,
	 LOAD(contents),
	 .choices = contents_names,
	 .default_text = "full",
	 .help = "write whole pages, or one word each, which costs least and compresses 98:1"},
	{.name = "schedule",
	 .type = &type_choice,
	 LOAD(schedule),
	 .choices = schedules,
	 .default_text = "steady",
	 .help = "how much memory there is when: steady grows at `rate` to `size`; burst does so "
		 "to "
		 "`burst` from nothing every `period`; hold has `size` at once; leak has `low` at "
		 "once and grows on at `rate`; ramp rises evenly from `low` to `size` within "
		 "`period`; step in `steps` steps, one every `period`; sine goes up and down "
		 "between the two once a `period`; sawtooth rises evenly and falls at once"},
	{.name = "low",
	 .type = &type_amount,
	 LOAD(low),
	 .min = CONTENT_PAGE_BYTES,
	 .default_text = "0",
	 .help = "the least memory of a leak, ramp, step, sine or sawtooth"},
	{.name = "steps",
	 .type = &type_number,
	 LOAD(n_steps),
	 .min = 1,
	 .max = 1000000,
	 .default_text = "4",
	 .help = "number of steps from `low` to `size`"},
	{.name = "set-point",
	 .type = &type_set_point,
	 LOAD(set_point),
	 .help = "instead of a schedule: grow and give back (at most `size`, growing at most at "
		 "`rate`) so that this stays: `resident 64M` (of the load), `memory.current 80% of "
		 "limit` (of its group), `free 512M` (of its node, or the machine), `pressure 10%` "
		 "(time some task of its group stalls for memory)"},
	{.name = "burst",
	 .type = &type_amount,
	 LOAD(burst),
	 .min = CONTENT_PAGE_BYTES,
	 .default_text = "0",
	 .help = "memory of one burst; default: size"},
	{.name = "period",
	 .type = &type_duration,
	 LOAD(period_ns),
	 .min = NSEC_PER_MSEC,
	 .max = DAY,
	 .default_text = "1s",
	 .help = "from the beginning of one burst, wave, tooth or step to the next; how long a "
		 "ramp "
		 "takes"},
	{.name = "hold",
	 .type = &type_duration,
	 LOAD(hold_ns),
	 .max = DAY,
	 .default_text = "0s",
	 .help = "a complete burst keeps its memory so long, at most until the next begins"},
	{.name = "release",
	 .type = &type_choice,
	 LOAD(release),
	 .choices = releases,
	 .default_text = "munmap",
	 .help = "how a burst's memory is given back"},
	{.name = "reuse",
	 .type = &type_access,
	 LOAD(reuse),
	 .default_text = "none",
	 .help = "touch what is there again; none leaves it to grow cold"},
	{.name = "reuse-when",
	 .type = &type_choice,
	 LOAD(reuse_when),
	 .choices = reuse_whens,
	 .default_text = "parallel",
	 .help = "beside the growth, or only once it is complete"},
	{.name = "reuse-rate",
	 .type = &type_rate,
	 LOAD(reuse_rate_bytes),
	 .min = 1,
	 .default_text = "unlimited",
	 .help = "bytes a second touched again; a touch counts as 4 KiB"},
	{.name = "reuse-write",
	 .type = &type_share,
	 LOAD(reuse_write_permyriad),
	 .max = 10000,
	 .default_text = "0%",
	 .help = "share of the touches that writes the page anew; the others read"},
	{.name = "reuse-debt",
	 .type = &type_bound,
	 LOAD(reuse_debt_bytes),
	 .min = CONTENT_PAGE_BYTES,
	 .default_text = "unlimited",
	 .help = "how far touching again may fall behind reuse-rate and still make up for it; what "
		 "is more is given up and reported as lost"},
	{.name = "think",
	 .type = &type_duration,
	 LOAD(think_ns),
	 .max = DAY,
	 .default_text = "0s",
	 .help = "pause between touching `think-after` again and going on; the rate stands still "
		 "meanwhile"},
	{.name = "think-after",
	 .type = &type_size,
	 LOAD(think_after_bytes),
	 .min = CONTENT_PAGE_BYTES,
	 .default_text = "256K",
	 .help = "touched between two pauses; a touch counts as 4 KiB"},
	{.name = "drift",
	 .type = &type_duration,
	 LOAD(changes.drift_ns),
	 .max = 365 * DAY,
	 .default_text = "0s",
	 .help = "hot pages cool and others warm up: in this time the hot set has moved on by its "
		 "own size (zipf: all pages have taken turns); 0s: it stays"},
	{.name = "phase",
	 .type = &type_duration,
	 LOAD(changes.phase_ns),
	 .max = 365 * DAY,
	 .default_text = "0s",
	 .help = "every so often other pages become the hot ones, all at once; 0s: never"},
	{.name = "spread",
	 .type = &type_duration,
	 LOAD(changes.spread_ns),
	 .max = 365 * DAY,
	 .default_text = "0s",
	 .help = "the working set grows: in this time the hot set has become everything; 0s: it "
		 "does not"},
	{.name = "revisit",
	 .type = &type_duration,
	 LOAD(changes.revisit_ns),
	 .max = 365 * DAY,
	 .default_text = "0s",
	 .help = "every so often each cold page (zipf: every page) is touched once; 0s: never"},
	{.name = "directory",
	 .type = &type_text,
	 LOAD(directory),
	 .max = PATH_MAX,
	 .default_text = "/var/tmp",
	 .help = "where the files are made, on a disk's file system; they have no names and vanish "
		 "with the run"},
	{.name = "files",
	 .type = &type_number,
	 LOAD(n_files),
	 .min = 1,
	 .max = 4096,
	 .default_text = "1",
	 .help = "number of files that share the size"},
	{.name = "block",
	 .type = &type_size,
	 LOAD(block_bytes),
	 .min = CONTENT_PAGE_BYTES,
	 .max = UINT64_C(64) << 20,
	 .default_text = "64K",
	 .help = "bytes of one read, a multiple of 4K"},
	{.name = "via",
	 .type = &type_choice,
	 LOAD(via),
	 .choices = vias,
	 .default_text = "read",
	 .help = "read(2), or touch every page of a shared mapping"},
	{.name = "mode",
	 .type = &type_choice,
	 LOAD(mode),
	 .choices = modes,
	 .default_text = "loop",
	 .help = "read the same set again and again, or as a stream: a file is dropped from the "
		 "cache just before it is read again, so that its cache is always new"},
	{.name = "sparse",
	 .type = &type_bool,
	 LOAD(sparse),
	 .default_text = "no",
	 .help = "files are holes: no disk is read, the cache is as real"},
	{.name = "access",
	 .type = &type_access,
	 LOAD(access),
	 .default_text = "sequential",
	 .help = "order of the blocks read or written, or of the pages touched"},
	{.name = "mapping",
	 .type = &type_choice,
	 LOAD(mapping),
	 .choices = mappings,
	 .default_text = "shared",
	 .help = "what is written goes to the file, or (copy on write) to memory of the worker's "
		 "own"},
	{.name = "write",
	 .type = &type_share,
	 LOAD(write_permyriad),
	 .max = 10000,
	 .default_text = "100%",
	 .help = "share of the touches that write; the others read"},
	{.name = "dirty",
	 .type = &type_share,
	 LOAD(dirty_permyriad),
	 .max = 10000,
	 .default_text = "100%",
	 .help = "share of the pages that are ever written; the others, by lot, are only read"},
	{.name = "sync",
	 .type = &type_choice,
	 LOAD(sync),
	 .choices = syncs,
	 .default_text = "none",
	 .help = "never write back what was written, or every `sync-every` begin to "
		 "(sync_file_range), or wait for it (fdatasync)"},
	{.name = "sync-every",
	 .type = &type_duration,
	 LOAD(sync_every_ns),
	 .min = NSEC_PER_MSEC,
	 .max = DAY,
	 .default_text = "1s",
	 .help = "how often `sync` is done"},
	{.name = "order",
	 .type = &type_number,
	 LOAD(order),
	 .min = 1,
	 .max = 10,
	 .default_text = "9",
	 .help = "a page is kept in each block of 2^order: no free block of that order is left"},
	{.name = "objects",
	 .type = &type_choice,
	 LOAD(objects),
	 .choices = objects,
	 .default_text = "dentries",
	 .help = "names that are looked up and not there, or empty files, which take inodes too"},
	{.name = "channel",
	 .type = &type_choice,
	 LOAD(channel),
	 .choices = channels,
	 .default_text = "pipe",
	 .help = "where the data waits: pipes, unix stream sockets, or UDP sockets on the "
		 "loopback"},
	{.name = "forks",
	 .type = &type_per_second,
	 LOAD(forks),
	 .min = 1,
	 .default_text = "unlimited",
	 .help = "processes begun a second"},
	{.name = "alive",
	 .type = &type_number,
	 LOAD(n_alive),
	 .min = 1,
	 .max = 4096,
	 .default_text = "1",
	 .help = "processes that live at the same time, at most"},
	{.name = "lifetime",
	 .type = &type_duration,
	 LOAD(lifetime_ns),
	 .max = DAY,
	 .default_text = "0s",
	 .help = "how long a process keeps its memory once it has all of it"},
};

_Static_assert(ARRAY_SIZE(global_settings) <= N_GLOBAL_SETTINGS_MAX, "raise the bound");
_Static_assert(ARRAY_SIZE(load_settings) <= N_LOAD_SETTINGS_MAX, "raise the bound");

const struct setting_table global_table = {"global", global_settings, ARRAY_SIZE(global_settings)};
const struct setting_table load_table = {"load", load_settings, ARRAY_SIZE(load_settings)};

const struct setting *stress_setting_find(const struct setting_table *table, const char *name)
{
	for (size_t i = 0; i < table->n; i++)
		if (strcmp(table->settings[i].name, name) == 0)
			return &table->settings[i];
	return NULL;
}

const char *stress_setting_nearest(const struct setting_table *table, const char *name)
{
	const char *names[N_LOAD_SETTINGS_MAX];
	size_t i;

	for (i = 0; i < table->n; i++)
		names[i] = table->settings[i].name;
	i = spell_nearest(name, names, table->n);
	return i < table->n ? names[i] : NULL;
}

int stress_setting_read(const struct setting *setting, const char *text, void *base)
{
	return setting->type->parse(setting, text, (char *)base + setting->offset);
}

void stress_settings_default(const struct setting_table *table, void *base)
{
	for (size_t i = 0; i < table->n; i++)
		if (table->settings[i].default_text)
			(void)stress_setting_read(&table->settings[i],
						  table->settings[i].default_text, base);
}

void stress_setting_print(const struct setting *setting, FILE *to)
{
	(void)fprintf(to, "  %s = ", setting->name);
	if (setting->choices)
		for (size_t i = 0; setting->choices[i]; i++)
			(void)fprintf(to, "%s%s", i ? " | " : "", setting->choices[i]);
	else
		(void)fputs(setting->type->words, to);
	if (setting->default_text)
		(void)fprintf(to, "  (default %s)", setting->default_text);
	(void)fprintf(to, "\n      %s\n", setting->help);
}
