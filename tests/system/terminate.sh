#!/bin/sh
# SIGTERM in the middle of a request that takes seconds: the agent ends within 2 s all the same, and the request with it.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# Requests as long as they get: 180 MiB to zram at once.
long="--set reclaim.piece_min=180M --set reclaim.piece_max=1G --set reclaim.piece=1s --set reclaim.deadline=1min"

# With protected memory on the node its groups are asked one by one, on every kernel.
group guard memory.min=16M
load guard --cgroup $cg/guard --node 1 anon:4M hold
group svc
load svc --cgroup $cg/svc --node 1 anon:180M say:full hold
wait_until 30 load_said svc full || not_ok "the load is there" "$work/svc.out"

# shellcheck disable=SC2086 # words are wanted
start_agent --set agent.log_level=debug --set protect.swap_free=0% $long
before=$(bytes_in svc)
uswapctl wake --node 1 --bytes 180M >"$work/wake" 2>&1 || not_ok "uswapctl wake" "$work/wake"
wait_until 5 logged 'taking' || not_ok "a request begins" "$work/agent.log"
sleep 0.1
check_log "the request is under way" [ "$(number nodes.1.ledger.actions)" -eq 0 ]
stop_agent
swapped=$(cat $cg/svc/memory.swap.current)
check "it was ended in the middle ($((swapped >> 20)) of 180 MiB)" [ "$swapped" -lt $((170 << 20)) ]
sleep 0.3
check "and goes no further" [ "$(cat $cg/svc/memory.swap.current)" -eq "$swapped" ]
check "no memory is lost" [ "$(bytes_in svc)" -ge $((before * 95 / 100)) ]
begin=$(now_ms)
end_load "$load_pid"
check "the group can be removed" drop_group svc
ms=$(($(now_ms) - begin))
check "in less than 2 s ($ms ms)" [ $ms -lt 2000 ]
finish
