#!/bin/sh
# Without swap the agent says so once, takes file memory alone, and never asks for what only swap could take.
# vm: --nodes 2 --mem 384M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

make_big_file
group svc memory.max=96M
group leak memory.max=64M
start_agent
check_log "it says so" logged 'no swap: only file memory can be taken'
check_log "once, and nothing else" [ "$(wc -l <"$work/agent.log")" -eq 2 ]
check "the status says so" sh -c "uswapctl status | grep -q 'no swap'"

load svc --cgroup $cg/svc anon:40M say:full file:100G@8M:$big_file
wait_until 20 load_said svc full || not_ok "the load is there" "$work/svc.out"
anon=$(stat_of svc anon)
check_log "it keeps room with file memory" wait_until 15 acted_on svc
sleep 3
check "anonymous memory is untouched" [ "$(stat_of svc anon)" -ge "$anon" ]
end_load "$load_pid"

load leak --cgroup $cg/leak anon:50M anon:13M@1M hold
check_log "a group with anonymous memory alone: said" wait_until 20 field_is groups./leak.verdict.reason swap-allowance
check_log "and not asked" [ "$(number groups./leak.ledger.actions)" -eq 0 ]
end_load "$load_pid"
stop_agent
finish
