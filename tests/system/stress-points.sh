#!/bin/sh
# Set points on what the kernel counts, of loads that are no page memory: 8 MiB of each group, and 160 MiB free on a node.
# vm: --nodes 2 --mem 512M --swap zram:512M --disk 768M
. "${0%/*}/lib.sh"
. "${0%/*}/stress-lib.sh"

what='read write log names files pipes unix churn'
point='set-point=memory.current 8M'
uswap-stress run --duration 100s --directory /data --group read --load "fileread:group=read,size=12M,rate=8M/s,$point" \
	--group write --load "filewrite:group=write,size=12M,rate=8M/s,block=16K,$point" \
	--group log --load "filelog:group=log,size=12M,rate=8M/s,block=16K,$point" \
	--group names --load "slab:group=names,size=12M,$point" \
	--group files --load "slab:name=files,group=files,size=12M,objects=files,$point" \
	--group pipes --load "buffers:group=pipes,size=12M,$point" \
	--group unix --load "buffers:name=unix,group=unix,size=12M,channel=unix,$point" \
	--group churn --load "churn:group=churn,size=128K,alive=100,lifetime=1h,$point" \
	--load 'anon:node=1,size=200M,set-point=free 160M' >"$work/table" 2>&1 &
run_pid=$!
loads="$loads $run_pid"

near() { # BYTES GOAL: within 5 %
	[ "${1:-0}" -ge $(($2 * 95 / 100)) ] && [ "$1" -le $(($2 * 105 / 100)) ]
}
holds() { near "$(cat $cg/"$1".uswap-stress-*/memory.current 2>/dev/null)" 8388608; }
for group in $what; do
	check "$group: memory.current comes to the set point" wait_until 30 holds "$group"
done
# What is taken away comes back.
was_taken() { sed -n 's/^pgsteal //p' $cg/"$1".uswap-stress-*/memory.stat | grep -qvx 0; }
for group in read churn; do
	echo 2M >"$(echo $cg/"$group".uswap-stress-*/memory.reclaim)" 2>/dev/null
	check "$group: memory is taken" was_taken "$group"
	check "$group: ... and comes back" wait_until 30 holds "$group"
done
node_has_free() { near "$(($(sed -nE 's/^Node 1 MemFree: *([0-9]+) kB/\1/p' /sys/devices/system/node/node1/meminfo) * 1024))" 167772160; }
check "a node's free memory comes to the set point" wait_until 30 node_has_free
kill -INT $run_pid
wait $run_pid
check "what they hold is right" grep -q '^uswap-stress: interrupted, measured' "$work/table"
check "nothing is left of them" no_group
finish
