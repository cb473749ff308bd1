#!/bin/sh
# A group that gives nothing (-EAGAIN): its parent forbids swap, which the group itself does not show. The agent counts
# short requests, backs off, and says so.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

group top memory.swap.max=0
echo +memory >$cg/top/cgroup.subtree_control
group top/svc memory.max=96M
start_agent
load svc --cgroup $cg/top/svc anon:80M@32M anon:15M@8M hold
check_log "it is asked for memory" wait_until 20 acted_on top/svc
check_log "and left for a while" wait_until 20 field_is groups./top/svc.verdict.reason back-off
check_log "uswapctl why says so" sh -c "uswapctl why top/svc | grep -q 'the last requests brought little'"
snapshot
actions=$(seen groups./top/svc.ledger.actions) short=$(seen groups./top/svc.ledger.short_actions)
check_log "requests count as short ($short of $actions)" [ "$short" -eq "$actions" ]
check_log "nothing was taken" [ "$(number groups./top/svc.ledger.applied_bytes)" -lt $((1 << 20)) ]
check_log "none counts as refused" [ "$(number groups./top/svc.ledger.failed_actions)" -eq 0 ]
sleep 3
more=$(($(number groups./top/svc.ledger.actions) - actions))
check_log "it is not pestered ($more requests in 3 s)" [ $more -le 30 ]
check_log "nobody is warned" [ "$(wc -l <"$work/agent.log")" -eq 1 ]
stop_agent
finish
