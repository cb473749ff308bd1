/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/measure/columns.h"

#define MACHINE(name, field, kind)                                           \
	{                                                                    \
		name, offsetof(struct machine_reading, field), COLUMN_##kind \
	}
#define GROUP(name, field, kind)                                           \
	{                                                                  \
		name, offsetof(struct group_reading, field), COLUMN_##kind \
	}
#define LOAD(name, field, kind)                                           \
	{                                                                 \
		name, offsetof(struct load_reading, field), COLUMN_##kind \
	}
#define VMSTAT(field)	  MACHINE(#field, vmstat.field, COUNTER)
#define GROUP_STAT(field) GROUP(#field, stat.field, COUNTER)

static const struct column of_machine[] = {
	MACHINE("stall_some_us", psi.some_us, COUNTER),
	MACHINE("stall_full_us", psi.full_us, COUNTER),
	MACHINE("free_bytes", memory.free_bytes, LEVEL),
	MACHINE("available_bytes", memory.available_bytes, LEVEL),
	MACHINE("swap_used_bytes", memory.swap_used_bytes, LEVEL),
	MACHINE("zram_stored_bytes", memory.zram.stored_bytes, LEVEL),
	MACHINE("zram_used_bytes", memory.zram.used_bytes, LEVEL),
	MACHINE("zswap_stored_bytes", memory.zswap_stored_bytes, LEVEL),
	MACHINE("zswap_used_bytes", memory.zswap_used_bytes, LEVEL),
	VMSTAT(allocstall),
	VMSTAT(pgscan_direct),
	VMSTAT(pgsteal_direct),
	VMSTAT(pgscan_kswapd),
	VMSTAT(pgsteal_kswapd),
	VMSTAT(pgscan_proactive),
	VMSTAT(pgsteal_proactive),
	VMSTAT(pswpin),
	VMSTAT(pswpout),
	VMSTAT(pgfault),
	VMSTAT(pgmajfault),
	VMSTAT(workingset_refault_anon),
	VMSTAT(workingset_refault_file),
	VMSTAT(oom_kill),
};

static const struct column of_node[] = {
	{"free_bytes", offsetof(struct node_reading, free_bytes), COLUMN_LEVEL},
	{"file_bytes", offsetof(struct node_reading, file_bytes), COLUMN_LEVEL},
};

static const struct column of_group[] = {
	GROUP("current_bytes", current_bytes, LEVEL),
	GROUP("swap_bytes", swap_bytes, LEVEL),
	GROUP("anon_bytes", stat.anon, LEVEL),
	GROUP("file_bytes", stat.file, LEVEL),
	GROUP("kernel_bytes", stat.kernel, LEVEL),
	GROUP("shmem_bytes", stat.shmem, LEVEL),
	GROUP("file_mapped_bytes", stat.file_mapped, LEVEL),
	GROUP("file_dirty_bytes", stat.file_dirty, LEVEL),
	GROUP("file_writeback_bytes", stat.file_writeback, LEVEL),
	GROUP("slab_reclaimable_bytes", stat.slab_reclaimable, LEVEL),
	GROUP("unevictable_bytes", stat.unevictable, LEVEL),
	GROUP("stall_some_us", psi.some_us, COUNTER),
	GROUP("stall_full_us", psi.full_us, COUNTER),
	GROUP("events_low", events.low, COUNTER),
	GROUP("events_high", events.high, COUNTER),
	GROUP("events_max", events.max, COUNTER),
	GROUP("events_oom", events.oom, COUNTER),
	GROUP("events_oom_kill", events.oom_kill, COUNTER),
	GROUP_STAT(workingset_refault_anon),
	GROUP_STAT(workingset_refault_file),
	GROUP_STAT(pgscan),
	GROUP_STAT(pgsteal),
	GROUP_STAT(pgscan_direct),
	GROUP_STAT(pgsteal_direct),
	GROUP_STAT(pgscan_kswapd),
	GROUP_STAT(pgsteal_kswapd),
	GROUP_STAT(pgscan_proactive),
	GROUP_STAT(pgsteal_proactive),
	GROUP_STAT(pgfault),
	GROUP_STAT(pgmajfault),
};

static const struct column of_load[] = {
	LOAD("operations", operations, COUNTER),
	LOAD("bytes", bytes, COUNTER),
	LOAD("resident_pages", resident_pages, LEVEL),
	LOAD("first_count", first.count, INTERVAL),
	LOAD("first_p50_ns", first.p50_ns, INTERVAL),
	LOAD("first_p99_ns", first.p99_ns, INTERVAL),
	LOAD("first_p99_9_ns", first.p99_9_ns, INTERVAL),
	LOAD("first_max_ns", first.max_ns, INTERVAL),
	LOAD("reuse_count", reuse.count, INTERVAL),
	LOAD("reuse_p50_ns", reuse.p50_ns, INTERVAL),
	LOAD("reuse_p99_ns", reuse.p99_ns, INTERVAL),
	LOAD("reuse_p99_9_ns", reuse.p99_9_ns, INTERVAL),
	LOAD("reuse_max_ns", reuse.max_ns, INTERVAL),
	LOAD("slow_no_fault", slow[SLOW_NO_FAULT], COUNTER),
	LOAD("slow_minor_fault", slow[SLOW_MINOR_FAULT], COUNTER),
	LOAD("slow_swap_in", slow[SLOW_SWAP_IN], COUNTER),
	LOAD("slow_read_in", slow[SLOW_READ_IN], COUNTER),
};

const struct column_table machine_columns = {of_machine, ARRAY_SIZE(of_machine)};
const struct column_table node_columns = {of_node, ARRAY_SIZE(of_node)};
const struct column_table group_columns = {of_group, ARRAY_SIZE(of_group)};
const struct column_table load_columns = {of_load, ARRAY_SIZE(of_load)};

static uint64_t value_at(const void *reading, size_t offset)
{
	return *(const uint64_t *)(const void *)((const char *)reading + offset);
}

uint64_t column_value(const struct column *column, const void *reading, const void *begin)
{
	uint64_t value = value_at(reading, column->offset), from;

	if (column->kind != COLUMN_COUNTER || !begin)
		return value;
	from = value_at(begin, column->offset);
	/* Counters go back a little while the kernel folds its CPUs' shares. */
	return value > from ? value - from : 0;
}
