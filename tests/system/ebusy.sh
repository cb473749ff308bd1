#!/bin/sh
# Somebody else writes nodeN/reclaim all the time (-EBUSY; -EAGAIN on 6.18): the agent's own requests come back short, are
# counted so, and it goes on.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

knob=/sys/devices/system/node/node1/reclaim
[ -e $knob ] || skip "this kernel has no nodeN/reclaim"
make_big_file
group svc
load svc --cgroup $cg/svc --node 1 file:120M:$big_file say:full anon:60M say:more hold
wait_until 30 load_said svc more || not_ok "the load is there" "$work/svc.out"

# Long requests, so that the agent's fall into them.
sh -c "while :; do echo 64M >$knob; done" >/dev/null 2>&1 &
rival=$!
loads="$loads $rival"
start_agent
for _ in 1 2 3 4 5 6 7 8; do
	uswapctl wake --node 1 --bytes 16M >"$work/wake" 2>&1 || not_ok "uswapctl wake" "$work/wake"
	sleep 0.2
done
snapshot
actions=$(seen nodes.1.ledger.actions) short=$(seen nodes.1.ledger.short_actions)
check_log "requests came back short ($short of $actions)" [ "$short" -gt 0 ]
check_log "none counts as refused" [ "$(number nodes.1.ledger.failed_actions)" -eq 0 ]
check_log "the node is still looked after" field_is nodes.1.answered true
check_log "nobody is warned" [ "$(wc -l <"$work/agent.log")" -eq 1 ]
end_load $rival
stop_agent
finish
