#!/bin/sh
# With swap nearly full (less than a fifth free) no anonymous memory is taken, from a group or for a node; files still are.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

swap_free_kib() { awk '$1 == "SwapFree:" { print $2 }' /proc/meminfo; }
swap_total_kib() { awk '$1 == "SwapTotal:" { print $2 }' /proc/meminfo; }

make_big_file
group filler
load filler --cgroup $cg/filler anon:230M say:full hold
wait_until 60 load_said filler full || not_ok "the load is there" "$work/filler.out"
for _ in 1 2 3 4 5 6; do
	[ $(($(swap_free_kib) * 100 / $(swap_total_kib))) -ge 15 ] || break
	echo 40M >$cg/filler/memory.reclaim 2>/dev/null
done
free=$(swap_free_kib)
check "swap is nearly full ($((free * 100 / $(swap_total_kib))) % free)" [ $((free * 100 / $(swap_total_kib))) -lt 20 ]

group svc memory.max=128M
group leak memory.max=64M
# Early enough that the group never meets its limit, where the kernel itself would swap.
start_agent --set headroom.reaction=4s
load svc --cgroup $cg/svc anon:90M say:full file:100G@2M:$big_file
wait_until 20 load_said svc full || not_ok "the load is there" "$work/svc.out"
if kernel_before 6 12; then
	check_log "a kernel that can't spare anonymous memory: said" wait_until 15 field_is groups./svc.verdict.reason swap-allowance
	check_log "and not asked" [ "$(number groups./svc.ledger.actions)" -eq 0 ]
else
	check_log "files are taken" wait_until 60 acted_on svc
	sleep 3
	check "the group does not meet its limit" [ "$(event_of svc max)" -eq 0 ]
	check "anonymous memory is not ($(cat $cg/svc/memory.swap.current) bytes in swap)" [ "$(cat $cg/svc/memory.swap.current)" -eq 0 ]
fi
end_load "$load_pid"
load leak --cgroup $cg/leak anon:50M anon:13M@1M hold
check_log "a group with anonymous memory alone: said" wait_until 20 field_is groups./leak.verdict.reason swap-allowance
check_log "and not asked" [ "$(number groups./leak.ledger.actions)" -eq 0 ]
told() { uswapctl why leak | grep -q 'protect.swap_free'; }
check "uswapctl why says what would help" wait_until 20 told
check "nothing more went to swap" [ "$(swap_free_kib)" -ge $((free - 1024)) ]
end_load "$load_pid"
stop_agent
finish
