#!/bin/sh
# Dentries that are charged to no group are dropped for a node that nothing else gives memory: once an hour, while no group is to be
# spared, and without the page cache.
# vm: --nodes 2 --mem 384M --disk 64M
# full run
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

kernel_before 6 17 || skip "nodeN/reclaim of this kernel takes dentries too"

meminfo() { # KEY: bytes, of all nodes
	awk -v key="$1:" '$3 == key { n += $4 } END { print n * 1024 }' /sys/devices/system/node/node*/meminfo
}
# Of names that do not exist, looked up by the shell itself, which is in no group.
make_dentries() { # NAME
	local i=0
	while [ $i -lt 60000 ]; do
		[ ! -e "/data/$1-is-the-name-of-a-file-that-is-not-there-$i" ]
		i=$((i + 1))
	done
}
drops() { echo $(($(number nodes.0.slab_drops) + $(number nodes.1.slab_drops))); }
dropped() { [ "$(drops)" -gt 0 ]; }
# Asks both nodes for memory and waits until they have looked some times since.
ask() {
	local wakeups0 wakeups1
	snapshot
	wakeups0=$(seen nodes.0.wakeups) wakeups1=$(seen nodes.1.wakeups)
	uswapctl wake --bytes 16M >"$work/wake" 2>&1 || not_ok "uswapctl wake" "$work/wake"
	has_looked() { [ "$(number nodes.0.wakeups)" -gt $((wakeups0 + 3)) ] && [ "$(number nodes.1.wakeups)" -gt $((wakeups1 + 3)) ]; }
	wait_until 30 has_looked
}

make_big_file
head -c 16M "$big_file" >/dev/null
make_dentries first
slab=$(meminfo SReclaimable) cache=$(meminfo FilePages)
start_agent --set agent.log_level=debug --set balance.enabled=no --set balance.drop_slab=1 \
	--set record.file="$work/recording"
group guard memory.min=1M
groups_before=$(number nodes.0.groups_seen)
ask
check_log "nothing is dropped while a group is protected" [ "$(drops)" -eq 0 ]
drop_group guard
is_unguarded() { [ "$(number nodes.0.groups_seen)" -lt "$groups_before" ] && [ "$(number nodes.1.groups_seen)" -lt "$groups_before" ]; }
wait_until 30 is_unguarded
ask
check_log "dentries are dropped" wait_until 30 dropped
left=$(meminfo SReclaimable)
check_log "of $slab bytes of slab $left are left" [ "$left" -le $((slab - (8 << 20))) ]
check "the ledger says so" [ $(($(number nodes.0.slab_dropped_bytes) + $(number nodes.1.slab_dropped_bytes))) -gt $((2 << 20)) ]
now=$(meminfo FilePages)
check "the page cache stays ($cache bytes before, $now now)" [ "$now" -ge $((cache - (1 << 20))) ]
uswapctl why node 0 >"$work/why"
uswapctl why node 1 >>"$work/why"
check_log "uswapctl why says so" grep -q "slab was dropped 1 times" "$work/why"
make_dentries second
ask
check_log "not again within the hour" [ "$(drops)" -eq 1 ]
stop_agent
check_replay slab
check "and what came of the drop is told" replay_tells_requests slab
finish
