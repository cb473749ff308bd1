#!/bin/sh
# Set points in bytes the kernel counts: memory.current of groups whose loads are no page memory, resident bytes, free memory
# of a node.
# vm: --nodes 2 --mem 512M --swap zram:512M --disk 768M
# full run
. "${0%/*}/lib.sh"
. "${0%/*}/stress-lib.sh"

free_on_node_1() { echo $(($(sed -nE 's/^Node 1 MemFree: *([0-9]+) kB/\1/p' /sys/devices/system/node/node1/meminfo) * 1024)); }
goal=$(($(free_on_node_1) / 2))

what='read write log names files pipes unix churn'
point='set-point=memory.current 8M'
begin points --group read --load "fileread:name=read,group=read,size=12M,rate=8M/s,$point" \
	--group write --load "filewrite:name=write,group=write,size=12M,rate=8M/s,block=16K,$point" \
	--group log --load "filelog:name=log,group=log,size=12M,rate=8M/s,block=16K,$point" \
	--group names --load "slab:name=names,group=names,size=32M,$point" \
	--group files --load "slab:name=files,group=files,size=32M,objects=files,$point" \
	--group pipes --load "buffers:name=pipes,group=pipes,size=12M,$point" \
	--group unix --load "buffers:name=unix,group=unix,size=12M,channel=unix,$point" \
	--group churn --load "churn:group=churn,size=128K,alive=100,lifetime=1h,$point" \
	--group resident --load "anon:name=resident,group=resident,size=24M,set-point=resident 8M" \
	--load "anon:node=1,size=200M,set-point=free $goal"
points=$run_pid

near() { # BYTES GOAL: within 5 %
	[ "${1:-0}" -ge $(($2 * 95 / 100)) ] && [ "$1" -le $(($2 * 105 / 100)) ]
}
holds() { near "$(of_run $points "$1" memory.current)" 8388608; }
for group in $what; do
	check "$group: memory.current comes to the set point" wait_until 100 holds "$group"
done
# What is taken away comes back; meanwhile the load is stopped. Some names of a page are kept for those beside them.
take() { # GROUP
	echo 2M >"$(echo $cg/"$1".uswap-stress-$points-*/memory.reclaim)" 2>/dev/null
	[ "$(of_run $points "$1" memory.current)" -lt 7340032 ]
}
take_and_see() { # GROUP COMMAND: what it then comes to
	local pid
	pid=$(pgrep -o -x "$1")
	kill -STOP "$pid"
	check "$1: memory is taken" wait_until 30 take "$1"
	kill -CONT "$pid"
	check "$1: ... and comes back" wait_until 30 "$2" "$1"
}
for group in read names files churn; do
	take_and_see $group holds
done
# Beside what went to swap, which counts no more.
is_resident() { near "$(stat_of_run $points "$1" memory.stat anon)" 8388608; }
check "resident: the load's bytes in memory come to the set point" wait_until 60 is_resident resident
take_and_see resident is_resident
check "resident: ... while others are in swap" [ "$(of_run $points resident memory.swap.current)" -ge 1048576 ]
node_has_free() { near "$(free_on_node_1)" $goal; }
check "a node's free memory comes to the set point" wait_until 30 node_has_free
end points $points
check "nothing is left of them" no_group
finish
