#!/bin/sh
# The jobs of uswap-stress, shortened: each does to the kernel what it stands for, by the kernel's own counters, and
# every page is right afterwards.
# vm: --nodes 2 --mem 512M --swap zram:512M --disk 768M
. "${0%/*}/lib.sh"

report=$work/report

# Runs uswap-stress; its report goes to $report, flat.
stress() { # NAME ARG...
	local name=$1
	shift
	status=0
	timeout -k 5 120 uswap-stress run --directory /data --json "$work/report.json" "$@" >"$work/table" 2>"$work/words" || status=$?
	flatten <"$work/report.json" >"$report" 2>/dev/null
	cat "$work/words" >>"$work/table"
	if [ $status -eq 0 ]; then ok "$name runs"; else not_ok "$name runs ($status)" "$work/table"; fi
	check "$name leaves no group" no_group
}
no_group() { ! find $cg -name '*.uswap-stress-*' | grep .; }

value() { # NAME, an ERE: groups are listed by their paths
	sed -nE "s/^$1 = //p" "$report" | head -n 1
}
# A figure of the report, compared: figure NAME -gt 5
figure() {
	local v
	v=$(value "$1")
	echo "    $1 = $v (is to be $2 $3)"
	[ -n "$v" ] && [ "${v%.*}" "$2" "$3" ]
}
all_verified() { # LOAD PAGES
	figure "loads\\.$1\\.contents\\.pages" -ge "$2" && figure "loads\\.$1\\.contents\\.bad_pages" -eq 0
}
events='groups\..*\.events_local'
group_stat='groups\..*\.stat'

# --- growth: what the whole project is about ---
stress growth stress/jobs/growth.job --set group.svc.memory.max=64M --set load.grow.size=96M --set global.duration=12s
check "growth meets its limit" figure "$events\\.max" -gt 20
check "growth stalls" figure 'groups\..*\.stall\.some_us' -gt 20000
check "growth is reclaimed directly" figure "$group_stat\\.pgsteal_direct" -gt 5000
check "growth goes to swap" figure 'groups\..*\.end\.swap_bytes' -gt 20000000
check "growth stays in its limit" figure 'groups\..*\.peak_bytes' -le 67108864
check "growth keeps its rate" figure 'loads\.0\.bytes' -ge 100000000
check "growth is verified, out of swap too" all_verified 0 24500
check "growth is no one else's: the machine does not stall in direct reclaim" figure 'machine\.vmstat\.allocstall' -eq 0

# --- a set that fits is left alone ---
stress file-loop stress/jobs/file-loop.job --set group.svc.memory.max=64M --set load.files.size=56M --set global.duration=6s
check "file-loop refaults nothing" figure "$group_stat\\.workingset_refault_file" -eq 0
check "file-loop is read several times" figure 'loads\.0\.passes' -ge 3
check "file-loop begins with nothing in the cache" figure 'loads\.0\.cached_at_start_pages' -eq 0
check "file-loop: the group is charged for it" figure 'groups\..*\.end\.file_bytes' -ge 57000000
check "file-loop is verified" all_verified 0 14336

stress file-and-anon stress/jobs/file-and-anon.job --set group.svc.memory.max=64M --set global.duration=6s
check "file-and-anon: both are there" figure 'groups\..*\.end\.anon_bytes' -ge 28000000
check "file-and-anon: both are there" figure 'groups\..*\.end\.file_bytes' -ge 28000000
check "file-and-anon: nothing is reclaimed" figure "$group_stat\\.pgsteal" -eq 0
check "file-and-anon: both are used" figure 'loads\.0\.reuse\.count' -gt 10000
check "file-and-anon: both are used" figure 'loads\.1\.passes' -ge 2

# --- page cache that is always new ---
stress cache-growth stress/jobs/cache-growth.job --set group.svc.memory.max=32M --set global.duration=6s
check "cache-growth meets its limit" figure "$events\\.max" -gt 5
check "cache-growth swaps nothing" figure 'groups\..*\.end\.swap_bytes' -eq 0
check "cache-growth never finds a page again" figure 'loads\.0\.reuse\.count' -eq 0

stress file-stream stress/jobs/file-stream.job --set global.duration=10s --set 'load.stream.size=300% of memory'
check "file-stream fills the machine: kswapd runs" figure 'machine\.vmstat\.pgsteal_kswapd' -gt 10000
check "file-stream: kswapd's CPU time is measured" figure 'machine\.kswapd\.0\.cpu_ns' -gt 0

# --- dirty mappings ---
stress dirty-map stress/jobs/dirty-map.job --set global.duration=6s --set load.log.size=48M --set load.log.rate=8M/s
check "dirty-map: the pages were dirty" figure 'groups\..*\.end\.file_dirty_bytes' -ge 65536
check "dirty-map is verified through the disk" all_verified 0 12288

# --- bound to a node ---
stress bursts stress/jobs/bursts.job --set load.cache1.duration=5s --set load.burst.start=5s --set global.duration=20s
# Loads with a node are listed by it; the load called burst is the last one of node 1.
sed -n '/^loads\.1\.name = burst$/,$p' "$report" >"$report.burst" && mv "$report.burst" "$report"
check "bursts: there were several" figure 'loads\.1\.rounds' -ge 3
check "bursts: all of them were complete" figure 'loads\.1\.rate\.lost_bytes' -eq 0
check "bursts: page cache is on both nodes" figure 'machine\.nodes\.0\.file_end_bytes' -gt 100000000
check "bursts: the other node is not asked for" sh -c "[ $(value 'machine\.nodes\.1\.free_min_bytes') -lt $(value 'machine\.nodes\.1\.free_begin_bytes') ]"

# Memory where it is to be, by the kernel's own account of the group.
on_node() { # NODE
	local path
	path=$(find $cg -name 'svc.uswap-stress-*' | head -n 1)
	[ -n "$path" ] && sed -nE 's/^anon N0=([0-9]+) N1=([0-9]+).*/\1 \2/p' "$path/memory.numa_stat" | {
		read -r n0 n1
		echo "    anon on node 0: $n0, on node 1: $n1"
		if [ "$1" -eq 0 ]; then [ "$n0" -gt 30000000 ] && [ "$n1" -lt 2000000 ]; else [ "$n1" -gt 30000000 ] && [ "$n0" -lt 2000000 ]; fi
	}
}
for node in 0 1; do
	uswap-stress run --duration 4s --group svc --load "anon:size=32M,group=svc,node=$node" >"$work/table" 2>&1 &
	sleep 2.5
	check "node=$node: the memory is there" on_node $node
	wait $!
done
finish
