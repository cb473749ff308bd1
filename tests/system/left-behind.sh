#!/bin/sh
# Files that a removed group left behind are charged to the group above it: a node that wants memory asks that one for them.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# full run
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

! kernel_before 6 8 || skip "this kernel can't be told to leave anonymous memory alone, and nobody's swap could be judged"
make_big_file
# Groups are then asked one by one, on every kernel.
group guard memory.min=32M
load guard --cgroup $cg/guard --node 1 anon:4M file:8M:$big_file say:full hold
wait_until 30 load_said guard full || not_ok "the load is there" "$work/guard.out"
group slice
echo +memory >$cg/slice/cgroup.subtree_control
group slice/stays
load stays --cgroup $cg/slice/stays --node 1 anon:4M say:full hold
wait_until 30 load_said stays full || not_ok "the load is there" "$work/stays.out"
group slice/gone
make_big_file
load gone --cgroup $cg/slice/gone --node 1 file:64M:$big_file say:full
wait_until 30 load_said gone full || not_ok "the load is there" "$work/gone.out"
wait "$load_pid"
drop_group slice/gone
check "a removed group leaves files behind ($(stat_of slice file) bytes)" [ "$(stat_of slice file)" -ge $((48 << 20)) ]

left=$(stat_of slice file)
start_agent --set balance.enabled=no
uswapctl wake --node 1 --bytes 48M >"$work/wake" 2>&1 || not_ok "uswapctl wake" "$work/wake"
given_back() { [ "$(stat_of slice file)" -le $((left - (32 << 20))) ]; }
check_log "they are given back" wait_until 60 given_back
check "the protected group paid nothing" [ "$(reclaimed_of guard)" -eq 0 ]
stop_agent
finish
