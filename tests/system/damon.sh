#!/bin/sh
# Of a process that an operator named, what DAMON has seen untouched for long enough is paged out, and what it uses stays.
# DAMON is only taken where nobody else has it, and given back at the end, or by the next agent where it was killed.
# vm: --nodes 1 --mem 384M --swap zram:256M --disk 64M
# full run
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

kdamonds=/sys/kernel/mm/damon/admin/kdamonds
stat_enabled=/sys/module/damon_stat/parameters/enabled
[ -e $kdamonds ] || skip "this kernel has no DAMON"

taken() { [ "$(cat $kdamonds/nr_kdamonds)" -gt 0 ]; }
given_back() { [ "$(cat $kdamonds/nr_kdamonds)" -eq 0 ]; }
doctor_says() { uswapd --doctor 2>/dev/null | grep -q "^$1 *DAMON .*$2"; }
# Of the pages of a process between two addresses: how many are in swap.
swapped_pages() { # PID START END
	dd if="/proc/$1/pagemap" bs=8 skip=$(($2 / 4096)) count=$((($3 - $2) / 4096)) 2>/dev/null | od -An -v -w8 -t x8 | awk '$1 ~ /^[4567]/ { n++ } END { print n + 0 }'
}
settings='--set pageout.enabled=yes --set pageout.cold_age=10s --set pageout.name=memload'

if [ "$(cat $stat_enabled 2>/dev/null)" = Y ]; then
	check "the doctor tells who has it" doctor_says no DAMON_STAT
	# shellcheck disable=SC2086
	start_agent $settings
	check_log "so does the agent" logged 'paged out by pageout.cold_age: DAMON_STAT'
	check "and why" sh -c "uswapctl why | grep -q DAMON_STAT"
	stop_agent
	echo N >$stat_enabled
fi
check "the doctor finds it free" doctor_says ok 'pageout.cold_age'

group svc memory.max=128M
echo +memory >$cg/svc/cgroup.subtree_control
group svc/half
group svc/work
load half --cgroup $cg/svc/half anon:64M leave anon:16M where say:full use
half=$load_pid
wait_until 60 load_said half full || not_ok "the load is there" "$work/half.out"
{ read -r cold_start cold_end && read -r hot_start hot_end; } <"$work/half.out"

status=0
pageout $cg/svc/half 1G until=60M cold_age=10s name=memload damon="$work/note" >"$work/pageout.out" 2>&1 || status=$?
check "what came of it is told ($(tr '\n' ' ' <"$work/pageout.out"))" [ $status -eq 0 ]
cold=$(swapped_pages "$half" "$cold_start" "$cold_end")
hot=$(swapped_pages "$half" "$hot_start" "$hot_end")
check "the cold goes to swap ($cold of 16384 pages)" [ "$cold" -ge 14336 ]
check "the hot stays ($hot of 4096 pages in swap, $(stat_of svc/half workingset_refault_anon) came back)" \
	[ "$((hot + $(stat_of svc/half workingset_refault_anon)))" -le 512 ]
check "DAMON is given back" given_back
check "and the note of it is gone" [ ! -e "$work/note" ]
check "the process lives" kill -0 "$half"

# The agent, for the group above, which reads a file beside it.
make_big_file
load more --cgroup $cg/svc/half anon:24M leave anon:4M say:full use
wait_until 60 load_said more full || not_ok "the load is there" "$work/more.out"
load work --cgroup $cg/svc/work file:100G@16M:$big_file
# shellcheck disable=SC2086
start_agent $settings
check_log "the agent has them watched" wait_until 60 taken
watches() { uswapctl why | grep -q "DAMON watches [1-9] processes"; }
check_log "uswapctl why tells of it" wait_until 60 watches
paged() { [ "$(number groups./svc.ledger.pageout_applied_bytes)" -gt 0 ]; }
check_log "and has paged out what is cold" wait_until 120 paged
check "and tells what that took ($(uswapctl why | sed -n 's/.* took \(.* of CPU time\) for it.*/\1/p'))" \
	[ "$(number damon.cpu_ns)" -gt 0 ]
uswapctl pause >/dev/null
check_log "paused, it gives DAMON back" wait_until 60 given_back
uswapctl resume >/dev/null
check_log "and takes it again after that" wait_until 120 taken
check_log "nobody is warned" [ "$(grep -c -v -E 'ready|pause' "$work/agent.log")" -eq 0 ]
stop_agent
check "with DAMON" given_back

# A step of trim too, where nobody wants room; ages that MGLRU tells are not needed for it.
lru_gen=/sys/kernel/mm/lru_gen/enabled
generations=$(cat $lru_gen 2>/dev/null)
[ -z "$generations" ] || echo n >$lru_gen
group own
load own --cgroup $cg/own anon:48M leave anon:12M where say:full use
own=$load_pid
wait_until 60 load_said own full || not_ok "the load is there" "$work/own.out"
{ read -r cold_start cold_end && read -r hot_start hot_end; } <"$work/own.out"
printf '[group /svc]\ntrim = no\nheadroom = no\n' >"$work/uswapd.conf"
# shellcheck disable=SC2086
start_agent $settings --config "$work/uswapd.conf" --set trim.enabled=yes --set trim.interval=1s --set trim.ratio_max=0.5%
stepped() { [ "$(number groups./own.trim.ledger.pageout_applied_bytes)" -ge $((4 << 20)) ]; }
check_log "a step of trim takes what is cold" wait_until 120 stepped
cold=$(swapped_pages "$own" "$cold_start" "$cold_end")
hot=$(($(swapped_pages "$own" "$hot_start" "$hot_end") + $(stat_of own workingset_refault_anon)))
check "it goes to swap ($cold of 12288 pages)" [ "$cold" -ge 1024 ]
check "and hardly any of what is hot ($hot of 3072 pages)" [ "$hot" -le 512 ]
stop_agent "with trim"
[ -z "$generations" ] || echo "$generations" >$lru_gen

# shellcheck disable=SC2086
start_agent $settings
check_log "it is taken anew" wait_until 60 taken
kill -KILL "$agent_pid"
wait "$agent_pid" 2>/dev/null
check "killed, the agent leaves it" taken
launch_agent --set pageout.enabled=no
check_log "the next one gives it back" wait_until 60 given_back
stop_agent
check "it leaves no note" [ ! -e $run_dir/control.sock.damon ]

echo 1 >$kdamonds/nr_kdamonds
check "the doctor tells of others" doctor_says no 'set up already'
# shellcheck disable=SC2086
start_agent $settings
check_log "so does the agent" logged 'paged out by pageout.cold_age: kdamonds are set up'
unwatched() { uswapctl why | grep -q 'set up already'; }
check_log "and why" wait_until 60 unwatched
stop_agent
check "theirs is left alone" [ "$(cat $kdamonds/nr_kdamonds)" -eq 1 ]
echo 0 >$kdamonds/nr_kdamonds
finish
