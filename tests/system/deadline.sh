#!/bin/sh
# A request past its deadline is interrupted (-EINTR): counted as short, not as refused, and the agent goes on with the rest.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# With protected memory on the node its groups are asked one by one, on every kernel.
group guard memory.min=16M
load guard --cgroup $cg/guard --node 1 anon:4M hold
group svc
load svc --cgroup $cg/svc --node 1 anon:150M say:full hold
wait_until 30 load_said svc full || not_ok "the load is there" "$work/svc.out"

start_agent --set protect.swap_free=0% --set reclaim.piece_min=100M --set reclaim.piece_max=1G \
	--set reclaim.piece=50ms --set reclaim.deadline=100ms
uswapctl wake --node 1 --bytes 100M >"$work/wake" 2>&1 || not_ok "uswapctl wake" "$work/wake"
more_than_one() { [ "$(number nodes.1.ledger.actions)" -gt 1 ]; }
check_log "it goes on after the first" wait_until 30 more_than_one
snapshot
actions=$(seen nodes.1.ledger.actions) short=$(seen nodes.1.ledger.short_actions)
wall_ms=$(($(seen nodes.1.ledger.wall_ns) / 1000000))
if kernel_before 6 2; then
	echo "# this kernel looks at signals between whole requests only"
else
	check_log "requests were cut short ($short of $actions, $wall_ms ms)" [ "$short" -gt 0 ]
fi
check_log "none counts as refused" [ "$(number nodes.1.ledger.failed_actions)" -eq 0 ]
check_log "what they brought counts" [ "$(number nodes.1.ledger.applied_bytes)" -gt 0 ]
check_log "nobody is warned" [ "$(wc -l <"$work/agent.log")" -eq 1 ]

# Of the processes that make its requests it needs no particular one.
actions=$(number nodes.1.ledger.actions)
pkill -KILL -x uswapd-hand
uswapctl wake --node 1 --bytes 20M >"$work/wake" 2>&1 || not_ok "uswapctl wake" "$work/wake"
more_than_before() { [ "$(number nodes.1.ledger.actions)" -gt "$actions" ]; }
check_log "killed, they are replaced" wait_until 30 more_than_before
check_log "and counted ($(number hands.lost))" [ "$(number hands.lost)" -gt 0 ]
stop_agent
finish
