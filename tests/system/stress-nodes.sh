#!/bin/sh
# The jobs of uswap-stress about the machine and its nodes, shortened, and dirty mappings.
# vm: --nodes 2 --mem 512M --swap zram:512M --disk 768M
. "${0%/*}/lib.sh"
. "${0%/*}/stress-lib.sh"

# Most of the memory is taken at once, so that the stream comes to its end soon on a slow machine, too.
stress file-stream stress/jobs/file-stream.job --set global.duration=10s --set 'load.stream.size=300% of memory' \
	--load 'anon:name=ballast,size=75% of free,pages=thp,contents=word,verify=none'
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
# A run of one load in a group, until it was looked at.
look() { # NAME LOAD COMMAND...
	local name=$1
	uswap-stress run --duration 60s --group svc --load "$2,group=svc" >"$work/table" 2>&1 &
	loads="$loads $!"
	shift 2
	check "$name" wait_until 30 "$@"
	kill $!
	wait $!
}
for node in 0 1; do
	look "node=$node: the memory is there" "anon:size=32M,node=$node" on_node $node
done

# Page sizes as they were asked for.
huge_bytes_are() { # TEST NUMBER: when all of the memory is there
	local group anon huge
	group=$(cd $cg && find . -name 'svc.uswap-stress-*' | head -n 1)
	[ -n "$group" ] && anon=$(stat_of "$group" anon) huge=$(stat_of "$group" anon_thp)
	echo "    anon: $anon, huge: $huge"
	[ "${anon:-0}" -ge 33554432 ] && test "$huge" "$1" "$2"
}
look "pages=thp: the memory is in huge pages" "anon:size=32M,pages=thp" huge_bytes_are -ge 16777216
look "pages=4K: none of it is" "anon:size=32M" huge_bytes_are -eq 0
finish
