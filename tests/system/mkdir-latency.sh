#!/bin/sh
# Making an unrelated group stays quick (median under 100 ms) while the agent reclaims a group, and while such a group is
# removed in the middle of it: a running request holds up rmdir, and rmdir all of cgroup management.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

quick() { # NAME FILE
	local p50 max
	p50=$(sed -n 's/.*p50 \([0-9]*\).*/\1/p' "$2") max=$(sed -n 's/.*max \([0-9]*\).*/\1/p' "$2")
	check "$1: mkdir p50 ${p50:-?} us, max ${max:-?} us" [ "${p50:-9999999}" -lt 100000 ]
}

mkdirs $cg 60 20 >"$work/alone"
quick "without the agent" "$work/alone"

group svc memory.max=64M
# To zram, which is slow: requests are under way most of the time. On a machine that is emulated, and busy, they may cost
# more than any that is worth it.
start_agent --set headroom.swap_allowance=1000% --set protect.swap_free=0% --set protect.cpu=200% --set protect.price=0s
while :; do memload --cgroup $cg/svc anon:160M@24M; done >/dev/null 2>&1 &
load_pid=$!
loads="$loads $load_pid"
check_log "the agent reclaims" wait_until 15 acted_on svc
before=$(number groups./svc.ledger.actions) during=0
for _ in $(seq 20); do
	mkdirs $cg 100 20 >"$work/reclaiming"
	during=$(($(number groups./svc.ledger.actions) - before))
	[ $during -le 10 ] || break
done
quick "while it reclaims" "$work/reclaiming"
check_log "it did reclaim meanwhile ($during requests)" [ $during -gt 10 ]
end_load "$load_pid"

# Targets are removed in the middle of it, one after the other.
(
	for _ in 1 2 3 4 5 6; do
		mkdir $cg/target
		echo 48M >$cg/target/memory.max
		memload --cgroup $cg/target anon:110M@48M &
		pid=$!
		sleep 1.2
		kill -KILL $pid
		wait $pid 2>/dev/null
		until rmdir $cg/target 2>/dev/null; do :; done
	done
) 2>/dev/null &
remover=$!
mkdirs $cg 100 50 >"$work/removing"
wait $remover
quick "while targets are removed" "$work/removing"
stop_agent
finish
