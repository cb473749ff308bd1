#!/bin/sh
# Once enough was read from swap and from a disk, the agent's own requests carry the swappiness that the times make.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# full run
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

! kernel_before 6 12 || skip "memory.reclaim of this kernel takes no swappiness"
disk=$(awk '$2 == "/data" { print $1 }' /proc/mounts)
[ -b "$disk" ] || skip "there is no disk at /data (--disk)"

group hot
load hot --cgroup $cg/hot anon:32M say:full use
wait_until 30 load_said hot full || not_ok "the load is there" "$work/hot.out"

start_agent --set agent.log_level=debug --set reclaim.swappiness_by_price=yes --set balance.enabled=no
has_looked() { [ "$(number nodes.0.wakeups)" -gt 2 ] && [ "$(number nodes.1.wakeups)" -gt 2 ]; }
wait_until 30 has_looked
told() { uswapctl why node "$1" | grep -q 'asked with swappiness [1-9]'; }
untold() { ! told 0; }
check "nothing is told before anything was read" untold
echo 32M >$cg/hot/memory.reclaim 2>/dev/null
dd if="$disk" of=/dev/null bs=1M count=20 iflag=direct 2>$work/dd || not_ok "the disk is read" $work/dd
for node in 0 1; do
	check_log "node $node: the times are known" wait_until 60 told $node
done
uswapctl why node 1 >>"$work/agent.log"
uswapctl wake --bytes 8M >"$work/wake" 2>&1 || not_ok "uswapctl wake" "$work/wake"
asked() { logged 'taking .* with swappiness ([1-9][0-9]|1[0-9][0-9])$'; }
check_log "and a request carries what they make" wait_until 30 asked
stop_agent
finish
