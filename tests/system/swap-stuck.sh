# vm: --nodes 1 --mem 900M --swap disk:600M --swap-opts throttling.bps-write=1 --disk 64M
# Swap on a disk that stops keeps requests inside the kernel: they are left behind and told, file memory is reclaimed
# further, and who made them ends in time.
# shellcheck shell=sh source-path=SCRIPTDIR source=lib.sh
. tests/system/lib.sh

# So little is taken in by its queue that the kernel soon waits for it (7 makes large requests).
swap=$(awk '$1 ~ "^/dev" { sub("/dev/", "", $1); print $1 }' /proc/swaps)
echo 8 >"/sys/block/$swap/queue/nr_requests"
group svc
group cold
group cache
load svc --cgroup $cg/svc anon:160M@100M say:grown hold
load cold --cgroup $cg/cold anon:32M say:grown hold
wait_until 60 load_said svc grown || not_ok "the load is there" "$work/svc.out"
wait_until 60 load_said cold grown || not_ok "the cold one is there" "$work/cold.out"
echo 1 >$cg/cold/cgroup.freeze
sh -c "echo 0 >$cg/cache/cgroup.procs; exec dd if=/dev/zero of=/data/system-test-c bs=1M count=24 conv=fsync" 2>/dev/null
# Kept until swap is stuck.
echo max >$cg/cache/memory.min

start_agent --set clean.enabled=no
is_stuck() {
	uswapctl wake --bytes 100M >/dev/null
	[ "$(number hands.stuck)" -gt 0 ]
}
check_log "a request is given up, and status says so" wait_until 60 is_stuck
check_log "also to people" sh -c 'uswapctl status | grep -q "swap does not answer"'
check_log "and why, with how many and for how long" sh -c \
	'uswapctl why | grep -qE "Swap does not answer: the kernel keeps 1 .* the first for [0-9.]+ "'
check_log "as does the log" logged 'the kernel keeps a request'
timeout 60 pageout $cg/cold 16M >"$work/pageout" 2>&1 &
pageout_pid=$!
echo 0 >$cg/cache/memory.min
cache_is_taken() {
	uswapctl wake --bytes 60M >/dev/null
	[ "$(stat_of cache file)" -lt 8388608 ]
}
# 6.1 can't be told to leave anonymous memory alone, and is not asked for anything.
kernel_before 6 12 || check_log "file memory is reclaimed all the same" wait_until 60 cache_is_taken
check_log "without another request that is kept ($(number hands.stuck))" [ "$(number hands.stuck)" -eq 1 ]
begin=$(now_ms) status=0
kill -TERM "$agent_pid"
wait "$agent_pid" || status=$?
check_log "the agent ends ($(($(now_ms) - begin)) ms) with status 0 ($status)" [ $status -eq 0 ]
check_log "and says what stays" logged 'stay inside the kernel'
wait "$pageout_pid"
check "paging out is given up as well ($(sed -n 1p "$work/pageout"))" grep -qx 'error -110' "$work/pageout"
# Nothing that touches the disk can be waited for, so nothing is tidied up: the guest is thrown away.
trap - EXIT
exit $((failures > 0))
