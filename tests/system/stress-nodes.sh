#!/bin/sh
# The jobs of uswap-stress about the machine and its nodes, shortened, and dirty mappings. Each goes on until it has done
# what it stands for.
# vm: --nodes 2 --mem 512M --swap zram:512M --disk 768M
. "${0%/*}/lib.sh"
. "${0%/*}/stress-lib.sh"

# --- memory where it is to be and in pages as they were asked for, by the kernel's own account of each group ---
begin placed --group one --load anon:group=one,size=32M,node=0 --group two --load anon:group=two,size=32M,node=1 \
	--group both --load anon:group=both,size=32M,node=0,1,policy=interleave \
	--group thp --load anon:group=thp,size=32M,pages=thp --group small --load anon:group=small,size=32M
placed=$run_pid
# --- dirty mappings ---
begin dirty-map stress/jobs/dirty-map.job --set load.log.size=48M --set load.log.rate=32M/s
dirty_map=$run_pid

on_nodes() { # GROUP LEAST-ON-0 MOST-ON-0 LEAST-ON-1 MOST-ON-1: MiB of anonymous memory, when all of it is there
	of_run $placed "$1" memory.numa_stat | sed -nE 's/^anon N0=([0-9]+) N1=([0-9]+).*/\1 \2/p' | {
		read -r n0 n1
		[ $(((n0 + n1) >> 20)) -ge 32 ] && [ $((n0 >> 20)) -ge "$2" ] && [ $((n0 >> 20)) -le "$3" ] &&
			[ $((n1 >> 20)) -ge "$4" ] && [ $((n1 >> 20)) -le "$5" ]
	}
}
check "node=0: the memory is there" wait_until 60 on_nodes one 32 33 0 1
check "node=1: the memory is there" wait_until 30 on_nodes two 0 1 32 33
check "node=0,1, policy=interleave: half of the memory is on each" wait_until 30 on_nodes both 15 17 15 17
huge_bytes_are() { # GROUP TEST NUMBER: when all of the memory is there
	[ "$(stat_of_run $placed "$1" memory.stat anon)" -ge 33554432 ] && test "$(stat_of_run $placed "$1" memory.stat anon_thp)" "$2" "$3"
}
check "pages=thp: the memory is in huge pages" wait_until 30 huge_bytes_are thp -ge 16777216
check "pages=4K: none of it is" wait_until 30 huge_bytes_are small -eq 0
end placed $placed

is_mapped() { [ "$(stat_of_run $dirty_map svc memory.stat file_mapped)" -ge 50331648 ]; }
wait_until 60 is_mapped
end dirty-map $dirty_map
check "dirty-map: the pages were dirty" figure 'groups\..*\.end\.file_dirty_bytes' -ge 65536
check "dirty-map is verified through the disk" all_verified 0 12288

# --- the machine is full ---
# Most of the memory is taken at once, and the stream goes on until it has filled the rest.
pages_of_kswapd() { awk '$1 ~ /^pgsteal_kswapd/ { n += $2 } END { print n + 0 }' /proc/vmstat; }
ticks_of_kswapd() { awk '{ print $14 + $15 }' "/proc/$(pgrep -x kswapd0)/stat"; }
pages=$(pages_of_kswapd) ticks=$(ticks_of_kswapd)
begin file-stream stress/jobs/file-stream.job --set 'load.stream.size=300% of memory' \
	--load 'anon:name=ballast,size=75% of free,pages=thp,contents=word,verify=none'
kswapd_worked() { [ $(($(pages_of_kswapd) - pages)) -gt 12000 ] && [ $(($(ticks_of_kswapd) - ticks)) -ge 2 ]; }
wait_until 80 kswapd_worked
end file-stream $run_pid
check "file-stream fills the machine: kswapd runs" figure 'machine\.vmstat\.pgsteal_kswapd' -gt 10000
check "file-stream: kswapd's CPU time is measured" figure 'machine\.kswapd\.0\.cpu_ns' -gt 0

# --- bursts bound to a node, which is full of page cache ---
begin bursts stress/jobs/bursts.job --set load.cache1.duration=3s --set load.burst.start=3s --set load.burst.period=3s \
	--set load.burst.hold=500ms --set 'load.burst.size=5% of node'
# Each is taken anew: a fault for each page.
pages=$(sed -nE 's/^Node 1 MemTotal: *([0-9]+) kB/\1/p' /sys/devices/system/node/node1/meminfo | awk '{ print int($1 / 20 / 4) }')
has_burst() { [ "$(worker burst | sed 's|.*|/proc/&/stat|' | xargs -r awk '{ print $10 }')" -ge $((3 * pages + 1000)) ]; } 2>/dev/null
wait_until 80 has_burst
end bursts $run_pid
# Loads with a node are listed by it; the load called burst is the last one of node 1.
sed -n '/^loads\.1\.name = burst$/,$p' "$report" >"$report.burst" && mv "$report.burst" "$report"
check "bursts: there were several" figure 'loads\.1\.rounds' -ge 3
check "bursts: each took its memory" figure 'loads\.1\.bytes' -ge $((3 * pages * 4096))
check "bursts: page cache is on both nodes" figure 'machine\.nodes\.0\.file_end_bytes' -gt 100000000
check "bursts: the other node is not asked for" sh -c "[ $(value 'machine\.nodes\.1\.free_min_bytes') -lt $(value 'machine\.nodes\.1\.free_begin_bytes') ]"
check "no group is left" no_group
finish
