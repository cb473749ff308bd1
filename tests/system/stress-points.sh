#!/bin/sh
# Set points on what the kernel counts: memory.current of groups whose loads are no page memory, free memory of a node, and
# pressure.
# vm: --nodes 2 --mem 512M --swap zram:512M --disk 768M
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
	--load "anon:node=1,size=200M,set-point=free $goal"
points=$run_pid

# What is beyond a limit is swapped in again and again: the more there is, the more its group stalls.
point='reuse=uniform,reuse-rate=16M/s,set-point=pressure 4%'
begin pressure --group tight:memory.max=8M --load "anon:name=tight,group=tight,size=40M,$point" \
	--group wide:memory.max=24M --load "anon:name=wide,group=wide,size=72M,$point"
pressure=$run_pid

near() { # BYTES GOAL: within 5 %
	[ "${1:-0}" -ge $(($2 * 95 / 100)) ] && [ "$1" -le $(($2 * 105 / 100)) ]
}
holds() { near "$(of_run $points "$1" memory.current)" 8388608; }
for group in $what; do
	check "$group: memory.current comes to the set point" wait_until 60 holds "$group"
done
# What is taken away comes back; meanwhile the load is stopped. Some names of a page are kept for those beside them.
take() { # GROUP
	echo 2M >"$(echo $cg/"$1".uswap-stress-$points-*/memory.reclaim)" 2>/dev/null
	[ "$(of_run $points "$1" memory.current)" -lt 7340032 ]
}
for group in read names files churn; do
	pid=$(pgrep -o -x $group)
	kill -STOP "$pid"
	check "$group: memory is taken" wait_until 30 take $group
	kill -CONT "$pid"
	check "$group: ... and comes back" wait_until 30 holds $group
done
node_has_free() { near "$(free_on_node_1)" $goal; }
check "a node's free memory comes to the set point" wait_until 30 node_has_free
end points $points

# For how much of two seconds and more some task of the group stalled for memory, in thousandths.
stalled_us() { of_run $pressure "$1" memory.pressure | sed -nE 's/^some .*total=([0-9]+)/\1/p'; }
stall_of() { # GROUP
	local begin_ms stalled
	begin_ms=$(now_ms) stalled=$(stalled_us "$1")
	sleep 2
	echo $((($(stalled_us "$1") - stalled) / ($(now_ms) - begin_ms)))
}
# It swings about the set point.
stalls_so() {
	local permille
	permille=$(stall_of "$1")
	echo "    $1: $permille thousandths with $(of_run $pressure "$1" memory.swap.current) bytes in swap"
	[ "$permille" -ge 20 ] && [ "$permille" -le 80 ]
}
is_beyond() { [ "$(of_run $pressure "$1" memory.swap.current)" -gt 0 ] && stalls_so "$1"; }
for group in tight wide; do
	check "$group: pressure comes to the set point" wait_until 40 is_beyond $group
done
end pressure $pressure
check "nothing is left of them" no_group
finish
