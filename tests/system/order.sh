#!/bin/sh
# Larger pieces of free memory: where there are enough nothing is done, where they are too small the kernel is asked to
# compact the node, and only that node. What comes of it is the kernel's.
# vm: --nodes 2 --mem 512M --swap zram:512M --disk 64M
# full run
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# KiB that are free on node 0 in pieces of an order or larger.
free_in() { # ORDER
	awk -v order="$1" '$2 == "0," && $4 != "DMA" { for (i = 5 + order; i <= NF; i++) kib += $i * 4 * 2 ^ (i - 5) }
		END { print kib + 0 }' /proc/buddyinfo
}
is_fragmented() { [ $(($(free_in 0) - $(free_in 9))) -ge $((80 << 10)) ]; }
order_is() { field_is "nodes.0.order.$1" "$2"; }

[ -e /sys/devices/system/node/node0/compact ] || skip "this kernel has no compaction"
# The kernel would do it by itself, at some time.
proactiveness=$(cat /proc/sys/vm/compaction_proactiveness)
echo 0 >/proc/sys/vm/compaction_proactiveness
uswap-stress run --duration 300s --load fragment:size=128M,order=4,node=0 >"$work/stress" 2>&1 &
stress_pid=$!
loads="$loads $stress_pid"
wait_until 60 is_fragmented || not_ok "free memory is fragmented" "$work/stress"

start_agent --set agent.log_level=debug --set record.file="$work/recording"
uswapctl wake --node 0 --order 9 --bytes 8M >"$work/woken"
check "wake says what it is for" grep -q '^woke node 0 to have 8.0 MiB free in pieces of order 9$' "$work/woken"
check_log "there is enough" wait_until 30 order_is reason enough
check "so nothing is done" order_is compactions 0
# A quarter of what lies in small pieces is wanted in larger ones.
scanned=$(vmstat_of compact_migrate_scanned)
uswapctl wake --node 0 --order 9 --bytes $(($(free_in 9) + ($(free_in 0) - $(free_in 9)) / 4))K >/dev/null
check_log "where there is not, the node is compacted" wait_until 60 order_is compactions '[1-9][0-9]*'
check "the kernel has gone through it" [ "$(vmstat_of compact_migrate_scanned)" -gt "$scanned" ]
check "of this node alone" [ "$(number nodes.1.order.compactions)" -eq 0 ]
uswapctl why node 0 >"$work/why"
check "why tells of it" grep -Eq '^  [1-9][0-9]* compactions, ' "$work/why"
stop_agent
check_replay order
check "and what came of compactions is told" replay_tells_requests order
kill -INT "$stress_pid"
wait "$stress_pid"
echo "$proactiveness" >/proc/sys/vm/compaction_proactiveness
finish
