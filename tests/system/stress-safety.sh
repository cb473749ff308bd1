#!/bin/sh
# uswap-stress: why touches were slow, where memory is, and what protects the machine and others from it.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 256M
. "${0%/*}/lib.sh"
. "${0%/*}/stress-lib.sh"

series() { # COLUMN: the last value of a column of the samples
	sed -nE "s/^series\\.$1\\.[0-9]+ = //p" "$report" | tail -n 1
}

# --- a supervisor that hangs, for a while: what became of it is looked at below ---
uswap-stress run --duration 5s --grace 1s --load anon:size=8M,name=left >"$work/hung" 2>&1 &
hung=$!
loads="$loads $hung"
is_left() { has_memory "$(worker left)" 8192; }
wait_until 20 is_left || not_ok "a run begins" "$work/hung"
left=$(worker left)
kill -STOP $hung

# --- slow touches by cause: every one of a set that goes through zram is a swap-in, and cheaper ones are not ---
# What comes back on another node than it went from is no refault to MGLRU.
begin swap-in --group svc:memory.max=24M --load anon:size=40M,group=svc,node=0,reuse=sequential,slow=1us,verify=none
swap_in=$run_pid
begin refault --group svc:memory.max=16M --load fileread:size=32M,via=mmap,group=svc,node=0,slow=1us,verify=none
refault=$run_pid
came_back() { [ "$(stat_of_run "$1" svc memory.stat "workingset_refault_$2")" -ge "$3" ]; } # PID TYPE PAGES
wait_until 60 came_back $swap_in anon 2000
end swap-in $swap_in
swapped=$(value 'loads\.0\.reuse\.slow_by_cause\.swap_in\.count')
check "swap-ins are told apart" figure 'loads\.0\.reuse\.slow_by_cause\.swap_in\.count' -gt 1000
check "... there are no more of them than major faults" figure 'loads\.0\.major_faults' -ge "$swapped"
check "... and nearly as many ($swapped)" figure 'loads\.0\.major_faults' -le $((swapped + swapped / 10 + 100))
check "... none was read from a file" figure 'loads\.0\.reuse\.slow_by_cause\.read_in\.count' -eq 0
check "first touches were minor faults" sh -c "[ $(value 'loads\.0\.first\.slow_by_cause\.minor_fault\.count') -gt 9000 ]"
check "the series ends where the report does" [ "$(series 'loads\.0\.operations')" = "$(value 'loads\.0\.operations')" ]
check "... swap-ins of the group" sh -c "[ $(series 'groups\.[^=]*\.workingset_refault_anon') -gt 1000 ]"
check "what zram took in and what it costs are known" figure 'machine\.memory\.end\.zram_used_bytes' -gt 4000000
check "... swap in memory frees less than it takes" sh -c \
	"[ $(value 'machine\.memory\.swap_net_freed_bytes') -lt $(($(value 'machine\.memory\.end\.swap_used_bytes') - $(value 'machine\.memory\.begin\.swap_used_bytes'))) ]"

wait_until 60 came_back $refault file 3000
end refault $refault
check "reads of a file are told apart" figure 'loads\.0\.reuse\.slow_by_cause\.read_in\.count' -gt 20
check "... and none is a swap-in" figure 'loads\.0\.reuse\.slow_by_cause\.swap_in\.count' -eq 0

# zswap stands in front of the swap; the cloud kernels have it from 7 on.
zswap=/sys/module/zswap/parameters/enabled
if [ -w $zswap ]; then
	echo Y >$zswap
	stress zswap --duration 2s --group svc:memory.max=24M --load anon:size=40M,group=svc,verify=none
	echo N >$zswap
	check "what zswap took in and what it costs are known" figure 'machine\.memory\.end\.zswap_stored_bytes' -gt 8000000
	check "... it costs less than it took" figure 'machine\.memory\.end\.zswap_used_bytes' -lt "$(value 'machine\.memory\.end\.zswap_stored_bytes')"
fi

# --- placement ---
begin bound --group svc --load anon:size=16M,group=svc,node=1,name=bound
is_bound() { has_memory "$(worker bound)" 16384; }
wait_until 20 is_bound
score_is() { [ "$(cat "/proc/$1/oom_score_adj" 2>/dev/null)" = "$2" ]; }
check "workers go first when memory runs out" score_is "$(worker bound)" 1000
check "... their supervisor does not" score_is $run_pid 0
end bound $run_pid
check "bound memory is on its node" figure 'loads\..*\.on_node_bytes' -ge $((15 << 20))
check "... and not elsewhere" figure 'loads\..*\.elsewhere_bytes' -lt 1048576

# A whole group that is killed at once.
begin oom-group --check-fit no --group svc:memory.max=16M,memory.swap.max=0,memory.oom.group=1 \
	--load anon:name=big,size=64M,group=svc --load anon:name=by,size=1M,group=svc --load anon:name=other,size=1M
is_killed() { [ "$(stat_of_run $run_pid svc memory.events oom_group_kill)" -eq 1 ] && no_worker big && no_worker by; }
check "oom.group: the kernel kills both" wait_until 30 is_killed
interrupt oom-group $run_pid
check "oom.group: the run fails" grep -q '^uswap-stress: FAILED' "$work/oom-group.table"
check "oom.group: both kills are counted" figure oom_kills -eq 2
check "oom.group: the load outside goes on" grep -q '^loads.2.end = ok' "$report"

# --- what was changed is put back ---
group outer memory.max=128M
stress restored --duration 300ms --parent outer --group svc:memory.max=32M --load anon:size=1M,group=svc
check "the parent's controllers are as they were" [ -z "$(cat $cg/outer/cgroup.subtree_control)" ]
drop_group outer

# --- a group delegated to a user, as systemd-run --user --scope -p Delegate=yes makes it ---
group scope
chown 1000 $cg/scope $cg/scope/cgroup.procs $cg/scope/cgroup.subtree_control $cg/scope/cgroup.threads
chmod 777 "$work"
(echo 0 >$cg/scope/cgroup.procs && exec setpriv --reuid 1000 --regid 1000 --clear-groups -- \
	uswap-stress run --duration 500ms --group svc:memory.max=32M --load anon:size=4M,group=svc >"$work/out" 2>&1)
check "in a delegated scope a user needs no privilege" said 'uswap-stress: ok'
check "... and nothing is left in it" sh -c "! find $cg/scope -mindepth 1 -type d | grep ."
drop_group scope

# --- somebody else takes the memory: more than half of what the floor keeps ---
left_kib=$(awk '/^(MemAvailable|SwapFree):/ { n += $2 } END { print n }' /proc/meminfo)
uswap-stress run --duration 90s --floor $((left_kib * 9 / 10))K --load anon:size=8M,name=grow >"$work/out" 2>&1 &
run_pid=$!
loads="$loads $run_pid"
has_begun() { has_memory "$(worker grow)" 8192; }
wait_until 20 has_begun || not_ok "a run begins" "$work/out"
floor_pid=$run_pid
begin hog --floor 1M --check-fit no --load "anon:name=hog,size=$((left_kib * 13 / 20))K,pages=thp,contents=word,verify=none"
check "far below the floor the run gives its memory back" wait_until 60 no_worker grow
end hog $run_pid
wait $floor_pid
check "... and says so" said 'stopped: .*less than half of the floor'

# --- workers end by themselves: after duration, grace and ten seconds ---
check "workers outlive no hanging supervisor" wait_until 60 gone "$left"
kill -CONT $hung
wait $hung
check "... which says so when it goes on" grep -qE 'left\] (ended itself|was killed: it took longer)' "$work/hung"
finish
