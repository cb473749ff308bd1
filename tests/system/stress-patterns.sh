#!/bin/sh
# The jobs that stand for services, a moment each: they run, and what they hold is right afterwards. Levels that rise,
# fall and are held, by the group's own memory.current.
# vm: --nodes 2 --mem 512M --swap zram:512M --disk 768M
. "${0%/*}/lib.sh"
. "${0%/*}/stress-lib.sh"

for job in web-server jvm-heap build-machine log-writer leak noisy-neighbour database; do
	stress $job stress/jobs/$job.job --duration 1s
done

# --- a level that rises and falls: 8 MiB to 40 MiB and back every 4 s.
stress sine --duration 6s --group svc:memory.max=64M --load anon:group=svc,size=40M,low=8M,schedule=sine,period=4s
check "sine reaches its top" figure 'groups\..*\.peak_bytes' -ge 41000000
check "sine comes down, and ends at its top again" figure 'groups\..*\.end\.anon_bytes' -ge 36000000
check "sine took its memory anew" figure 'loads\.0\.first\.count' -ge 16000
check "what it holds is right" all_verified 0 9000

# --- 80 % of a limit while somebody reclaims ---
(
	sleep 3
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do
		group=$(find $cg -maxdepth 2 -name 'svc.uswap-stress-*' | head -n 1)
		[ -z "$group" ] || echo 1M >"$group/memory.reclaim" 2>/dev/null
		sleep 0.5
	done
) &
reclaimer=$!
stress hold --duration 10s --group svc:memory.max=64M --load 'anon:group=svc,size=160M,set-point=memory.current 80% of limit,rate=64M/s'
wait $reclaimer
looks=$(value 'loads\.0\.rate\.looks') near=$(value 'loads\.0\.rate\.looks_within_2_percent')
echo "# held within 2 % in $near of $looks looks"
# 51 MiB at 64 MiB/s are 40 looks on the way there.
check "a level is held within 2 % 95 % of the time" test "$((near * 100))" -ge "$(((looks - 50) * 95))"
check "it was reclaimed meanwhile" figure "$group_stat\\.pgsteal" -gt 1000
check "the set point is no limit" figure "$events\\.max" -eq 0
finish
