#!/bin/sh
# The jobs of uswap-stress about a group, shortened: each does to the kernel what it stands for, by the kernel's own
# counters, and every page is right afterwards.
# vm: --nodes 2 --mem 512M --swap zram:512M --disk 768M
. "${0%/*}/lib.sh"
. "${0%/*}/stress-lib.sh"

# --- growth: what the whole project is about ---
# Complete after 4 s, unless the machine is slow: it has three times as long.
stress growth stress/jobs/growth.job --set group.svc.memory.max=32M --set load.grow.size=64M --set load.grow.rate=16M/s \
	--set global.duration=12s
check "growth meets its limit" figure "$events\\.max" -gt 20
check "growth stalls" figure 'groups\..*\.stall\.some_us' -gt 20000
check "growth is reclaimed directly" figure "$group_stat\\.pgsteal_direct" -gt 5000
check "growth goes to swap" figure 'groups\..*\.end\.swap_bytes' -gt 20000000
check "growth stays in its limit" figure 'groups\..*\.peak_bytes' -le 33554432
check "growth is complete" figure 'loads\.0\.bytes' -eq 67108864
check "growth is verified, out of swap too" all_verified 0 16384
check "growth is no one else's: the machine does not stall in direct reclaim" figure 'machine\.vmstat\.allocstall' -eq 0

# --- a set that fits is left alone ---
stress file-loop stress/jobs/file-loop.job --set group.svc.memory.max=64M --set load.files.size=56M --set global.duration=6s
check "file-loop refaults nothing" figure "$group_stat\\.workingset_refault_file" -eq 0
check "file-loop is read several times" figure 'loads\.0\.passes' -ge 3
check "file-loop begins with nothing in the cache" figure 'loads\.0\.cached_at_start_pages' -eq 0
check "file-loop: the group is charged for it" figure 'groups\..*\.end\.file_bytes' -ge 57000000
check "file-loop is verified" all_verified 0 14336

stress file-and-anon stress/jobs/file-and-anon.job --set group.svc.memory.max=64M --set global.duration=6s
check "file-and-anon: both are there" figure 'groups\..*\.end\.anon_bytes' -ge 28000000
check "file-and-anon: both are there" figure 'groups\..*\.end\.file_bytes' -ge 28000000
check "file-and-anon: nothing is reclaimed" figure "$group_stat\\.pgsteal" -eq 0
check "file-and-anon: both are used" figure 'loads\.0\.reuse\.count' -gt 10000
check "file-and-anon: both are used" figure 'loads\.1\.passes' -ge 2

# --- page cache that is always new ---
stress cache-growth stress/jobs/cache-growth.job --set group.svc.memory.max=32M --set global.duration=6s
check "cache-growth meets its limit" figure "$events\\.max" -gt 5
check "cache-growth swaps nothing" figure 'groups\..*\.end\.swap_bytes' -eq 0
check "cache-growth never finds a page again" figure 'loads\.0\.reuse\.count' -eq 0
finish
