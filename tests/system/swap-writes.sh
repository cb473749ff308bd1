#!/bin/sh
# What goes to swap on a disk is counted, and no more goes there than a day's budget allows, over a new start too; what
# goes to zram is not counted; to a disk that is excluded nothing goes at all.
# vm: --nodes 2 --mem 512M --swap zram:512M --disk 64M
# full run
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

swapped() { cat $cg/cold/memory.swap.current; }
swapped_at_least() { [ "$(swapped)" -ge $(($1 << 20)) ]; } # MIB
left_is() { field_is swap_writes_left_bytes "$1"; }        # ERE
is_told() { uswapctl status 2>/dev/null | grep -q '^! .*protect.swap_writes'; }
swap_is_forbidden() { field_is groups./cold.trim.reason swap-allowance; }

[ -d /data ] && grep -q ' /data ' /proc/mounts || skip "there is no disk at /data (--disk)"
zram=$(awk '/^\/dev\/zram/ { print $1 }' /proc/swaps)
group cold
load cold --cgroup $cg/cold anon:64M say:full hold
wait_until 60 load_said cold full || not_ok "the load is there" "$work/cold.out"

set -- --set trim.enabled=yes --set trim.interval=1s --set trim.ratio_min=5% --set trim.ratio_max=5%
budget="--set protect.swap_writes=8M --set protect.swap_writes_file=$work/writes"
# shellcheck disable=SC2086 # words are wanted
start_agent "$@" $budget
check_log "it goes to zram" wait_until 60 swapped_at_least 8
check "which is not counted" left_is 8388608
stop_agent "the first"

# Swap on a file of the disk instead.
swap_file=/data/system-test-swap
dd if=/dev/zero of=$swap_file bs=1M count=48 2>/dev/null
chmod 600 $swap_file
mkswap $swap_file >/dev/null && swapoff "$zram" && swapon $swap_file || not_ok "swap is on a disk now"
start_agent "$@" --set protect.exclude_device="$(awk '$2 == "/data" { print $1 }' /proc/mounts)"
check_log "where the disk is excluded, nothing may be swapped" wait_until 60 swap_is_forbidden
check_log "and nothing is ($(swapped) bytes in swap)" [ "$(swapped)" -eq 0 ]
stop_agent "that one"

# shellcheck disable=SC2086
start_agent "$@" $budget
check_log "else it is counted" wait_until 90 left_is 0
check_log "and when it is used up, that is told" wait_until 30 is_told
check_log "then nothing may be swapped" wait_until 60 swap_is_forbidden
check_log "and no more is ($(swapped) bytes)" [ "$(swapped)" -le $((16 << 20)) ]
stop_agent "the second"
before=$(swapped)
# shellcheck disable=SC2086
start_agent "$@" $budget
check "a new start is no new day ($(field swap_writes_left_bytes) bytes left)" [ "$(number swap_writes_left_bytes)" -lt 1048576 ]
check_log "nothing may be swapped again" wait_until 60 swap_is_forbidden
check_log "and hardly more is" [ "$(swapped)" -le $((before + (4 << 20))) ]
stop_agent "the third"
end_load "$load_pid"
swapoff $swap_file && swapon "$zram" || not_ok "swap is as it was"
finish
