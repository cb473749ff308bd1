#!/bin/sh
# The jobs of uswap-stress about a group, shortened and side by side: each does to the kernel what it stands for, by the
# kernel's own counters, and every page is right afterwards. Each goes on until it has.
# vm: --nodes 2 --mem 512M --swap zram:512M --disk 768M
. "${0%/*}/lib.sh"
. "${0%/*}/stress-lib.sh"

# growth: what the whole project is about
begin growth stress/jobs/growth.job --set group.svc.memory.max=16M --set load.grow.size=32M --set load.grow.rate=8M/s
growth=$run_pid
# a set that fits is left alone
begin file-loop stress/jobs/file-loop.job --set group.svc.memory.max=32M --set load.files.size=28M
file_loop=$run_pid
begin file-and-anon stress/jobs/file-and-anon.job --set group.svc.memory.max=32M
file_and_anon=$run_pid
# page cache that is always new
begin cache-growth stress/jobs/cache-growth.job --set group.svc.memory.max=16M
cache_growth=$run_pid

# Some of a worker's memory is its stack and the like: not all of the load's may be there.
is_grown() {
	[ $(($(stat_of_run $growth svc memory.stat anon) + $(of_run $growth svc memory.swap.current || echo 0))) -ge $((31 << 20)) ]
}
# Bytes that the group's processes have read.
was_read() { # PID
	local pid
	for pid in $(of_run "$1" svc cgroup.procs); do sed -n 's/^rchar: //p' "/proc/$pid/io"; done 2>/dev/null | awk '{ n += $1 } END { print n + 0 }'
}
is_read() { [ "$(was_read "$1")" -ge "$2" ]; } # PID BYTES
is_full() { [ "$(stat_of_run "$1" svc memory.stat "$2")" -ge "$3" ]; } # PID KEY BYTES
# Of the one that has its memory and touches it again, in ticks of 10 ms.
cpu_of() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
has_worked() { [ "$(cpu_of "$1")" -ge "$2" ]; } # PID TICKS
was_at_limit() { [ "$(stat_of_run $cache_growth svc memory.events.local max)" -ge 8 ]; }

wait_until 60 is_grown
end growth $growth
check "growth meets its limit" figure "$events\\.max" -gt 20
check "growth stalls" figure 'groups\..*\.stall\.some_us' -gt 20000
check "growth is reclaimed directly" figure "$group_stat\\.pgsteal_direct" -gt 3000
check "growth goes to swap" figure 'groups\..*\.end\.swap_bytes' -gt 10000000
check "growth stays in its limit" figure 'groups\..*\.peak_bytes' -le 16777216
check "growth is complete" figure 'loads\.0\.bytes' -ge $((30 << 20))
check "growth is verified, out of swap too" all_verified 0 $((30 << 8))
check "growth is no one else's: the machine does not stall in direct reclaim" figure 'machine\.vmstat\.allocstall' -eq 0

wait_until 60 is_read $file_loop $((4 * 28 << 20))
end file-loop $file_loop
check "file-loop refaults nothing" figure "$group_stat\\.workingset_refault_file" -eq 0
check "file-loop is read several times" figure 'loads\.0\.passes' -ge 3
check "file-loop begins with nothing in the cache" figure 'loads\.0\.cached_at_start_pages' -eq 0
check "file-loop: the group is charged for it" figure 'groups\..*\.end\.file_bytes' -ge 29000000
check "file-loop is verified" all_verified 0 7168

wait_until 60 is_full $file_and_anon anon 14600000
buffers=$(worker buffers)
wait_until 60 has_worked "$buffers" $(($(cpu_of "$buffers") + 30))
wait_until 60 is_read $file_and_anon $((3 * 14 << 20))
end file-and-anon $file_and_anon
check "file-and-anon: both are there" figure 'groups\..*\.end\.anon_bytes' -ge 14000000
check "file-and-anon: both are there" figure 'groups\..*\.end\.file_bytes' -ge 14000000
check "file-and-anon: nothing is reclaimed" figure "$group_stat\\.pgsteal" -eq 0
check "file-and-anon: both are used" figure 'loads\.0\.reuse\.count' -gt 10000
check "file-and-anon: both are used" figure 'loads\.1\.passes' -ge 2

wait_until 60 was_at_limit
end cache-growth $cache_growth
check "cache-growth meets its limit" figure "$events\\.max" -gt 5
check "cache-growth swaps nothing" figure 'groups\..*\.end\.swap_bytes' -eq 0
check "cache-growth never finds a page again" figure 'loads\.0\.reuse\.count' -eq 0
check "no group is left" no_group
finish
