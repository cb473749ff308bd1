/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config/settings.h"

/* Offset of a field, which does not compile unless the field has the kind's type. */
#define FIELD(member, type) \
	_Generic(((struct config *)NULL)->member, type : offsetof(struct config, member))
#define SIZE(member)	 SETTING_SIZE, FIELD(member, uint64_t)
#define DURATION(member) SETTING_DURATION, FIELD(member, uint64_t)
#define PERCENT(member)	 SETTING_PERCENT, FIELD(member, uint64_t)
#define COUNT(member)	 SETTING_COUNT, FIELD(member, uint64_t)
#define SYSCTL(member)	 SETTING_SYSCTL, FIELD(member, uint64_t)
#define BOOL(member)	 SETTING_BOOL, FIELD(member, bool)
#define LEVEL(member)	 SETTING_LEVEL, FIELD(member, enum log_level)
#define MODE(member)	 SETTING_MODE, FIELD(member, enum agent_mode)
#define PATH(member)	 SETTING_PATH, FIELD(member, char *)
#define PATTERNS(member) SETTING_PATTERNS, FIELD(member, struct config_patterns)
#define USERS(member)	 SETTING_USERS, FIELD(member, struct config_patterns)
#define NO_RANGE	 NULL, NULL

/* clang-format off */
const struct setting settings[] = {
	{"agent", "mode", MODE(agent.mode), NO_RANGE, "act",
	 "observe: decide and advise (uswapctl advise), but ask the kernel for nothing; act: take memory "
	 "too. uswapctl enable and disable set it."},
	{"agent", "log_level", LEVEL(agent.log_level), NO_RANGE, "info",
	 "How much is logged: error, warning, notice, info or debug."},
	{"agent", "socket", PATH(agent.socket_path), NO_RANGE, CONFIG_SOCKET_PATH,
	 "Where uswapctl finds the agent. A second agent with the same socket refuses to start."},
	{"agent", "journal_min", SIZE(agent.journal_min_bytes), "4K", "1T", "16M",
	 "Requests that took as many bytes leave a record in the journal, with fields, when "
	 "log_level is info or debug: at most 20 in 10 s for each node."},
	{"agent", "tick_min", DURATION(agent.tick_min_ns), "1ms", "1s", "5ms",
	 "Time between two looks of a worker when memory fills fast."},
	{"agent", "tick_max", DURATION(agent.tick_max_ns), "10ms", "1min", "1s",
	 "Time between two looks of a worker when all is quiet."},

	{"headroom", "enabled", BOOL(headroom.margin.enabled), NO_RANGE, "yes",
	 "Keep room below the limit (memory.high or memory.max) of every group that has one."},
	{"headroom", "reaction", DURATION(headroom.margin.reaction_ns), "1ms", "1min", "250ms",
	 "Time the agent gets to make room: the margin is what the group takes in that time."},
	{"headroom", "margin_min", SIZE(headroom.margin.margin_min_bytes), "4K", "1T", "1M",
	 "Bytes of room kept for a group that grows, however slowly."},
	{"headroom", "margin_max", PERCENT(headroom.margin.margin_max_permyriad), "0.1%", "50%",
	 "12.5%", "Most room kept, as a share of the group's limit."},
	{"headroom", "swap_allowance", PERCENT(headroom.swap_allowance_permyriad), "0%", "1000%",
	 "200%", "Most of a group's memory that may stand in swap, as a share of its limit; at 0% "
	 "no anonymous memory is taken."},

	{"balance", "enabled", BOOL(balance.margin.enabled), NO_RANGE, "yes",
	 "Keep free memory above the kernel's watermarks on every node."},
	{"balance", "reaction", DURATION(balance.margin.reaction_ns), "1ms", "1min", "60ms",
	 "Time the agent gets to free memory: the margin is what is taken from the node in that "
	 "time."},
	{"balance", "margin_min", SIZE(balance.margin.margin_min_bytes), "4K", "1T", "4M",
	 "Bytes kept free above the low watermarks of a node whose free memory shrinks."},
	{"balance", "margin_max", PERCENT(balance.margin.margin_max_permyriad), "0.1%", "50%", "5%",
	 "Most memory kept free above the low watermarks, as a share of the node's memory."},
	{"balance", "order", COUNT(balance.order), "0", "10", "0",
	 "Keep free memory in pieces of this order (2^order pages; 9 is a huge page on x86), by compaction "
	 "where enough is free in smaller ones. 0: pieces of any size will do."},
	{"balance", "order_free", SIZE(balance.order_free_bytes), "64K", "1T", "16M",
	 "How much is kept free in pieces of balance.order, on each node."},
	{"balance", "keep_local", BOOL(balance.keep_local), NO_RANGE, "no",
	 "Free memory on a full node although other nodes have room, so that tasks stay local."},
	{"balance", "elsewhere", PERCENT(balance.elsewhere_permyriad), "0%", "100%", "10%",
	 "While other nodes have room, or demand is bound to one: how much of a group's memory may be on others for "
	 "it to be asked for that node. "
	 "memory.reclaim takes from all of them (a node alone can be asked from Linux 6.18 on, unless somebody is "
	 "protected there). 100%: no matter how much."},
	{"balance", "lru_gen", BOOL(balance.lru_gen), NO_RANGE, "no",
	 "Take file memory of groups that have memory on other nodes too through the kernel's lru_gen in "
	 "debugfs, which takes none of that, as memory.reclaim would. Before Linux 7 the kernel can't be told "
	 "for certain which group is meant: what has the group's path, alone, and as much memory as the group "
	 "counts as it. Only where debugfs is mounted and can be written."},
	{"balance", "drop_slab", COUNT(balance.drop_slab), "0", "60", "0",
	 "How often in an hour, at most, the agent drops the reclaimable slab (dentries and inodes) of the whole "
	 "machine, by writing 2 to vm.drop_caches, for a node that lacks memory which nothing else gives, and "
	 "only while no group is protected, excluded or weighted: it takes from all. Where most of it is in use, "
	 "it is left for growing whiles. Only uid 0 may; the packaged service needs the drop-in of [tuning]. "
	 "0: never."},
	{"balance", "hopeless_rounds", COUNT(balance.hopeless_rounds), "1", "1000000", "16",
	 "Rounds in a row that free nothing, until a node is left alone."},
	{"balance", "hopeless_retry", DURATION(balance.hopeless_retry_ns), "100ms", "1d", "30s",
	 "Time until a node that was left alone is tried again."},

	{"protect", "exclude", PATTERNS(protect.exclude), NO_RANGE, "",
	 "Groups that nothing is taken from, nor from the groups below them: shell patterns over "
	 "the path below the cgroup root, separated by blanks; * does not match a slash."},
	{"protect", "exclude_unit", PATTERNS(protect.exclude_unit), NO_RANGE, "",
	 "The same by unit, wherever it stands in the tree: patterns over the name of a group or of one "
	 "above it, as in db.service."},
	{"protect", "exclude_uid", USERS(protect.exclude_uid), NO_RANGE, "",
	 "The same by user: patterns over the number of the user that the group's directory belongs to, "
	 "as those of user managers do."},
	{"protect", "swap_free", PERCENT(protect.swap_free_permyriad), "0%", "100%", "20%",
	 "Share of all swap that stays free."},
	{"protect", "swap_yield", PERCENT(protect.swap_yield_permyriad), "0%", "100%", "20%",
	 "Share of what goes to swap that must be free memory afterwards: zram and zswap keep the rest, "
	 "compressed. What gains less is not swapped for a while; at 0% all is."},
	{"protect", "swap_writes", SIZE(protect.swap_writes_bytes), "0", "1000T", "0",
	 "Most bytes a day that the agent's requests may send to swap on disks, which wear out; zram is "
	 "apart. When they are used up, no anonymous memory is taken until some are forgotten, as they are "
	 "evenly over a day. 0: no bound."},
	{"protect", "swap_writes_file", PATH(protect.swap_writes_file), NO_RANGE, "",
	 "File that keeps what was written over restarts. The packaged service has /var/lib/uswapd for it. "
	 "Empty: each start begins with a day's."},
	{"protect", "exclude_device", PATTERNS(protect.exclude_device), NO_RANGE, "",
	 "Block devices that the agent has nothing written to, neither dirty files nor anonymous memory: "
	 "patterns over names as in /sys/block, as in sda, nvme* or mapper/vg-*; a disk's name holds for what "
	 "is on it too. Where swap is there, only what swap of higher priority takes is swapped."},
	{"protect", "cpu", PERCENT(protect.cpu_permyriad), "1%", "200%", "100%",
	 "Most CPU time a worker may use, its own and in reclaim, as a share of one CPU. After a request that "
	 "took longer there is none until its time is paid, for 5 min at most."},
	{"protect", "time", PERCENT(protect.time_permyriad), "1%", "100%", "100%",
	 "Most time that a worker's requests may last, waiting for disks or not, as a share of all time: while "
	 "one does its group can't be removed, nor others be made beside it. What one lasted too long is paid "
	 "by the time after it, for 5 min at most. 100%: no bound."},
	{"protect", "rate", SIZE(protect.rate_bytes), "0", "1T", "0",
	 "Most bytes a second that a worker may take, whoever wants them. 0: no bound."},
	{"protect", "price", DURATION(protect.price_ns), "0s", "1min", "1s",
	 "Most CPU time that a MiB of memory gained may cost, as requests find it; zram and zswap take from "
	 "the gain what they keep. A group, or a node, of which it costs more is left alone for 10 s, then "
	 "twice as long each time that a new try finds the same. 0s: no bound."},

	{"reclaim", "piece", DURATION(reclaim.piece_ns), "1ms", "10s", "30ms",
	 "Time one request to the kernel should take; a running request delays the removal of "
	 "groups."},
	{"reclaim", "piece_min", SIZE(reclaim.piece_min_bytes), "4K", "1G", "1M",
	 "Fewest bytes of one request: each has a price of its own, so that small ones take longest."},
	{"reclaim", "piece_max", SIZE(reclaim.piece_max_bytes), "4K", "64G", "64M",
	 "Most bytes of one request."},
	{"reclaim", "deadline", DURATION(reclaim.deadline_ns), "10ms", "1min", "1s",
	 "Time after which a request is interrupted."},
	{"reclaim", "swappiness_by_price", BOOL(reclaim.swappiness_by_price), NO_RANGE, "no",
	 "Weigh anonymous against file memory, where both may be taken, by how long reads from swap and from "
	 "other disks took lately, and by what zram and zswap keep in memory. Else, and until enough was read, "
	 "vm.swappiness stands."},

	{"clean", "enabled", BOOL(clean.enabled), NO_RANGE, "yes",
	 "Write dirty files back that are in the way of reclaim: files that processes of a group which "
	 "wants memory have mapped, or hold open for writing."},
	{"clean", "remote", BOOL(clean.remote), NO_RANGE, "no",
	 "Files on network and FUSE file systems too: their servers may not answer."},
	{"clean", "device_target", DURATION(clean.device_target_ns), "1ms", "10s", "20ms",
	 "Time a piece of write-back may take on its device: about as long as a request of others "
	 "waits for ours."},
	{"clean", "device_rate", SIZE(clean.device_bytes_per_s), "0", "1T", "0",
	 "Most bytes a second written back on each device; 0: as many as device_target allows. With half "
	 "of what a disk can write its readers hardly notice."},
	{"clean", "give_way", BOOL(clean.give_way), NO_RANGE, "yes",
	 "Write slower while others read from the disk: as fast as leaves their reads waiting hardly longer "
	 "than without. What is written back late is given back late."},
	{"clean", "deadline", DURATION(clean.deadline_ns), "1s", "1h", "30s",
	 "Time after which a device that does not finish what it was given is left alone."},

	{"trim", "enabled", BOOL(trim.enabled), NO_RANGE, "no",
	 "Give cold memory of all groups back, in small steps, as long as next to nothing of it is read "
	 "back and nobody stalls."},
	{"trim", "interval", DURATION(trim.interval_ns), "1s", "1h", "2s",
	 "Time between two steps: what was taken wrongly must have time to be read back."},
	{"trim", "pause", DURATION(trim.pause_ns), "1s", "1d", "30s",
	 "Time without a step of a group whose tasks stalled on memory."},
	{"trim", "ratio_min", PERCENT(trim.ratio_min_permyriad), "0.01%", "10%", "0.25%",
	 "Smallest step, as a share of the group's memory: where it begins, and begins again."},
	{"trim", "ratio_max", PERCENT(trim.ratio_max_permyriad), "0.01%", "50%", "10%",
	 "Largest step, as a share of the group's memory."},
	{"trim", "pressure", PERCENT(trim.pressure_permyriad), "0.01%", "100%", "0.1%",
	 "Share of the time that tasks of the group may stall on memory (PSI some) before trimming it "
	 "stops."},
	{"trim", "refault", PERCENT(trim.refault_permyriad), "0.01%", "100%", "25%",
	 "Share of what was taken within a minute that may be read back before trimming stops."},
	{"trim", "promotion", PERCENT(trim.promotion_permyriad), "0.01%", "100%", "0.2%",
	 "Share of the group's working set that may be read back in a minute before trimming stops; 1 MiB "
	 "always may."},
	{"trim", "floor", SIZE(trim.floor_bytes), "0", "1T", "16M",
	 "A group is not trimmed below so many bytes."},
	{"trim", "swap_allowance", PERCENT(trim.swap_permyriad), "0%", "100%", "80%",
	 "Most of a group's memory, swap included, that trimming may leave in swap."},
	{"trim", "cold_age", DURATION(trim.cold_age_ns), "1s", "1d", "1min",
	 "Memory that was not used for so long is cold, where the kernel tells (debugfs' lru_gen, at times); "
	 "then no more than that is taken. Elsewhere what is read back has to tell."},

	{"pageout", "enabled", BOOL(pageout.enabled), NO_RANGE, "no",
	 "Page out what is cold beyond doubt when its group or its node wants memory, or a step of trim is due: "
	 "processes that are frozen or stopped, and those named below. Groups with memory.min or memory.low keep "
	 "it."},
	{"pageout", "still_for", DURATION(pageout.still_for_ns), "0s", "1d", "10s",
	 "Time a process must have been seen frozen or stopped."},
	{"pageout", "rss_min", SIZE(pageout.rss_min_bytes), "0", "1T", "4M",
	 "Processes with less resident memory are left alone."},
	{"pageout", "name", PATTERNS(pageout.name), NO_RANGE, "",
	 "Processes to page out although they run, by name (as in /proc/PID/comm): shell patterns, "
	 "separated by blanks. Of name, uid and group all that are set must match."},
	{"pageout", "uid", USERS(pageout.uid), NO_RANGE, "",
	 "The same by user: patterns over the number of the real user id."},
	{"pageout", "group", PATTERNS(pageout.group), NO_RANGE, "",
	 "The same by group: patterns as in protect.exclude."},
	{"pageout", "cold_age", DURATION(pageout.cold_age_ns), "0s", "1d", "0s",
	 "Of processes named so, unless they are frozen or stopped, only what they have not touched for so "
	 "long, as the kernel's DAMON tells (Debian's kernels have it from 6.12 on). It watches at most 8 at a "
	 "time, each from when its memory is first wanted, and only while nobody else uses DAMON: on 6.18 and "
	 "later DAMON_STAT does until N is written to /sys/module/damon_stat/parameters/enabled. A process that "
	 "is not watched is left alone. 0s: all of it, DAMON is not asked."},
	{"pageout", "mapping", PATTERNS(pageout.mapping), NO_RANGE, "",
	 "Of processes named so only these mappings: patterns over the name in /proc/PID/maps, as in "
	 "/srv/cache/* or [[]heap]. Empty: all of them."},
	{"pageout", "exclude_mapping", PATTERNS(pageout.exclude_mapping), NO_RANGE, "",
	 "Mappings that are left alone in every process: patterns as in pageout.mapping."},
	{"pageout", "second_chance", BOOL(pageout.second_chance), NO_RANGE, "no",
	 "Make the memory of all other processes there cold (MADV_COLD), but not for trim: the next reclaim takes "
	 "what they have not touched by then."},

	{"metrics", "textfile", PATH(metrics.textfile), NO_RANGE, "",
	 "File that the metrics are written to, for the textfile collector of Prometheus' "
	 "node_exporter, which wants a name that ends with .prom; replaced as a whole, removed when "
	 "the agent ends. Empty: none."},
	{"metrics", "interval", DURATION(metrics.interval_ns), "1s", "1h", "15s",
	 "Time between two writings of metrics.textfile."},
	{"metrics", "groups_max", COUNT(metrics.groups_max), "0", "4096", "200",
	 "Most groups that metrics name, those first that most was asked of: each is about 40 series."},

	{"record", "file", PATH(record.file), NO_RANGE, "",
	 "File to record all that the policies see and decide in, for uswapd --replay; what was recorded before "
	 "stays as FILE.1. The packaged service has /var/lib/uswapd for it. Holds from the agent's next start "
	 "on. Empty: none."},
	{"record", "max", SIZE(record.max_bytes), "1M", "1T", "64M",
	 "Most bytes of both files: the older half makes place."},

	{"holdout", "share", PERCENT(holdout.share_permyriad), "0%", "50%", "0%",
	 "Share of time that each group is left alone by headroom and trim, and each node by balance, by lot, "
	 "to see what they do (uswapctl effect). A group that stalls or hits its limit, a node on which tasks "
	 "stall, is looked after again at once. 0%: none."},
	{"holdout", "window", DURATION(holdout.window_ns), "1s", "1d", "2min",
	 "Time that a lot holds for: long enough for what was done in the one before to wear off."},
	{"holdout", "harm", PERCENT(holdout.harm_permyriad), "0%", "100%", "5%",
	 "More stalls, hits of limits or CPU time than where left alone, from which on headroom and trim, or "
	 "balance, stop by themselves, if chance makes as much once in a hundred times at most; until the "
	 "configuration is read anew. Where there was none at all while left alone, any is more."},

	{"tuning", "swappiness", SYSCTL(tuning.swappiness), "0", "200", "keep",
	 "vm.swappiness for as long as the agent acts: how readily the kernel itself swaps. keep: as it is. "
	 "These need uid 0, and are given back at the end, or by the next agent after a crash, if they "
	 "still have the value that was set."},
	{"tuning", "vfs_cache_pressure", SYSCTL(tuning.vfs_cache_pressure), "1", "1000", "keep",
	 "vm.vfs_cache_pressure: how readily dentries and inodes go, beside the page cache."},
	{"tuning", "page_cluster", SYSCTL(tuning.page_cluster), "0", "10", "keep",
	 "vm.page-cluster: pages read from swap at once, as a power of two; 0 is best for zram."},
	{"tuning", "watermark_scale_factor", SYSCTL(tuning.watermark_scale_factor), "1", "3000", "keep",
	 "vm.watermark_scale_factor: how far apart the kernel's watermarks are, in 10,000ths of memory. "
	 "The agent's own marks move with them."},
	{"tuning", "watermark_most", COUNT(tuning.watermark_most), "0", "3000", "0",
	 "Most that vm.watermark_scale_factor is raised to while bursts use up free memory faster than kswapd "
	 "begins, so that kswapd does what balance else keeps room for at all times; it falls again when they "
	 "have ended, to tuning.watermark_scale_factor or what stood there. 0: it is not."},
	{"tuning", "dirty_ratio", SYSCTL(tuning.dirty_ratio), "1", "100", "keep",
	 "vm.dirty_ratio: percent of memory that may be dirty before writers are held up; left alone "
	 "where vm.dirty_bytes is set."},
	{"tuning", "dirty_background_ratio", SYSCTL(tuning.dirty_background_ratio), "1", "100", "keep",
	 "vm.dirty_background_ratio: percent from which on the kernel writes back; left alone where "
	 "vm.dirty_background_bytes is set."},

	{"growth", "enabled", BOOL(growth.enabled), NO_RANGE, "no",
	 "Watch how groups grow, for uswapctl growth: who only does, what of it is not used again, and "
	 "whose files' memory nobody reads."},
	{"growth", "interval", DURATION(growth.interval_ns), "1s", "1d", "1min",
	 "Time between two looks at a group; something is said after ten."},
};
/* clang-format on */
const size_t n_settings = ARRAY_SIZE(settings);
_Static_assert(ARRAY_SIZE(settings) <= SETTINGS_MAX, "SETTINGS_MAX is too small");
