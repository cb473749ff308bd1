#!/bin/sh
# The jobs that stand for services, a moment each: they run, and what they hold is right afterwards. A level that is held,
# by the group's own memory.current.
# vm: --nodes 2 --mem 512M --swap zram:512M --disk 768M
. "${0%/*}/lib.sh"
. "${0%/*}/stress-lib.sh"

for job in web-server jvm-heap build-machine log-writer leak noisy-neighbour database; do
	stress $job stress/jobs/$job.job --duration 1s
done

# --- 80 % of a limit, again and again, while somebody reclaims; tests/bench/held says how much of the time ---
held() { # within 2 % of 51.2 MiB
	local current
	current=$(cat "$(find $cg -maxdepth 2 -name 'svc.uswap-stress-*' | head -n 1)/memory.current" 2>/dev/null)
	[ "${current:-0}" -ge 52613349 ] && [ "$current" -le 54760832 ]
}
uswap-stress run --duration 90s --group svc:memory.max=64M --load 'anon:group=svc,size=160M,set-point=memory.current 80% of limit,rate=64M/s' \
	>"$work/table" 2>&1 &
loads="$loads $!"
check "a level is come to" wait_until 30 held
n=0
while [ $n -lt 6 ] && wait_until 15 held; do
	echo 4M >"$(find $cg -maxdepth 2 -name 'svc.uswap-stress-*' | head -n 1)/memory.reclaim"
	n=$((n + 1))
done
check "... and held, however often memory is taken away" [ $n -eq 6 ]
check "... to the end" wait_until 15 held
check "the set point is no limit" grep -qx 'max 0' "$(find $cg -maxdepth 2 -name 'svc.uswap-stress-*' | head -n 1)/memory.events.local"
kill $!
wait $!
finish
