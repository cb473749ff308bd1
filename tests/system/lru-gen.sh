#!/bin/sh
# A group with files on both nodes gives those of the node that wants memory, through lru_gen, and keeps the others; with memory.min,
# which lru_gen does not heed, it keeps what is protected.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# full run
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

mglru=$(cat /sys/kernel/mm/lru_gen/enabled 2>/dev/null)
[ "${mglru:-0x0000}" != 0x0000 ] || skip "MGLRU is not there, or off"
[ -e /sys/kernel/debug/lru_gen ] || skip "debugfs is not mounted"

file_on() { # GROUP NODE: bytes
	awk -v node="N$2" '$1 ~ /^(in)?active_file$/ { for (i = 2; i <= NF; i++) { split($i, of, "="); if (of[1] == node) n += of[2] } } END { print n + 0 }' \
		"$cg/$1/memory.numa_stat"
}
# nodeN/reclaim, which is for all groups alike, is not used beside it.
make_big_file
group guard memory.min=16M
load guard --cgroup $cg/guard --node 1 anon:4M hold
group spare
group wide
for node in 0 1; do
	make_big_file
	load wide$node --cgroup $cg/wide --node $node file:48M:$big_file say:full hold
	wait_until 30 load_said wide$node full || not_ok "the load is there" "$work/wide$node.out"
done
check "it has files on both nodes ($(file_on wide 0) and $(file_on wide 1) bytes)" \
	[ "$(file_on wide 0)" -ge $((40 << 20)) ] && [ "$(file_on wide 1)" -ge $((40 << 20)) ]

order() { # MIB: of node 1, and waits until that is done
	local actions
	actions=$(number nodes.1.ledger.actions)
	uswapctl wake --node 1 --bytes "$1M" >"$work/wake" 2>&1 || not_ok "uswapctl wake" "$work/wake"
	asked() { [ "$(number nodes.1.ledger.actions)" -gt "$actions" ]; }
	wait_until 30 asked
}
other=$(file_on wide 0) here=$(file_on wide 1)
start_agent --set balance.enabled=no --set balance.lru_gen=yes --set record.file="$work/recording"
taken() { [ "$(file_on wide 1)" -le $((here - (12 << 20))) ]; }
check_log "node 1 is given memory" order 16
check_log "of the group's files there" wait_until 30 taken
check_log "through lru_gen ($(number nodes.1.evictions) requests)" [ "$(number nodes.1.evictions)" -gt 0 ]
check "not much more than was asked for ($(((here - $(file_on wide 1)) >> 10)) KiB)" [ "$(file_on wide 1)" -ge $((here - (24 << 20))) ]
check "and none elsewhere ($other bytes before, $(file_on wide 0) now)" [ "$(file_on wide 0)" -ge $((other - 262144)) ]
uswapctl why node 1 >"$work/why"
check_log "uswapctl why says so" grep -q 'requests through lru_gen took' "$work/why"

make_big_file
load spare --cgroup $cg/spare --node 1 file:32M:$big_file say:full hold
wait_until 30 load_said spare full || not_ok "the load is there" "$work/spare.out"
echo max >$cg/wide/memory.min
here=$(file_on wide 1) spare=$(file_on spare 1)
others_pay() { [ "$(file_on spare 1)" -le $((spare - (4 << 20))) ]; }
order 8
check_log "others pay for what is protected from then on" wait_until 30 others_pay
check_log "which is kept ($here bytes before, $(file_on wide 1) now)" [ "$(file_on wide 1)" -ge $((here - 262144)) ]
echo 0 >$cg/wide/memory.min
stop_agent
check_replay evict
check "and what came of evictions is told" replay_tells_requests evict
finish
