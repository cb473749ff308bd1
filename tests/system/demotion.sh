#!/bin/sh
# Demotion: where the kernel answers requests by moving pages to slower nodes, that is told apart. What was moved was not
# taken from a group, but has left its node. It is seen when it is switched.
# vm: --tiers --nodes 2 --mem 512M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

knob=/sys/kernel/mm/numa/demotion_enabled
demoted_of() { echo $(($(stat_of "$1" pgdemote_direct) + $(stat_of "$1" pgdemote_proactive))); } # GROUP
has_demoted() { [ "$(number "$1.ledger.demoted_bytes")" -ge $(($2 << 20)) ]; }                  # GROUP-OR-NODE MIB
free_on() { awk '/MemFree/ { print $4 * 1024 }' "/sys/devices/system/node/node$1/meminfo"; }

tiers=$(cat /sys/devices/virtual/memory_tiering/memory_tier*/nodelist 2>/dev/null | wc -l)
[ "$tiers" -gt 1 ] || skip "this kernel sees no slower node (it needs Linux 6.12, and tests/vm/run --tiers)"
before=$(cat $knob)
group stream memory.max=128M
group rest
make_big_file
load rest --cgroup $cg/rest --node 0 "file:128M:$big_file" say:full hold
wait_until 60 load_said rest full || not_ok "a group is filled" "$work/rest.out"

echo 0 >$knob
uswapd --doctor >"$work/doctor" 2>&1
check "the doctor sees that node 1 is slower" grep -q '^ok  demotion .* nodes 1 are slower than 0, and it is off' "$work/doctor"
echo 1 >$knob
uswapd --doctor >"$work/doctor" 2>&1
check "and what it means that it is on" grep -q '^no  demotion .* is on: ' "$work/doctor"

start_agent
check_log "it is seen" wait_until 30 logged 'demotion to slower nodes is on'
uswapctl status >"$work/shown"
check "the status says it" grep -q '^! demotion is on' "$work/shown"
free=$(free_on 0)
uswapctl wake --node 0 --bytes 48M >/dev/null
check_log "a node is relieved by it" wait_until 60 has_demoted nodes.0 16
check "which is part of what was taken" [ "$(seen nodes.0.ledger.demoted_bytes)" -le "$(seen nodes.0.ledger.applied_bytes)" ]
check "the node has got rid of it ($(($(free_on 0) - free)) bytes)" [ "$(free_on 0)" -ge $((free + (12 << 20))) ]

make_big_file
load stream --cgroup $cg/stream --node 0 "file:500G@12M:$big_file"
check_log "a group that nears its limit is demoted" wait_until 90 has_demoted groups./stream 16
sleep 5
end_load "$load_pid"
sleep 1
snapshot
moved=$(seen groups./stream.ledger.demoted_bytes) taken=$(seen groups./stream.ledger.applied_bytes)
freed=$((($(reclaimed_of stream) - $(demoted_of stream)) * 4096))
check_log "no more than the kernel counts ($moved bytes)" [ "$moved" -le $(($(demoted_of stream) * 4096)) ]
check_log "of which none counts as taken ($taken bytes, $freed freed)" [ "$taken" -le $((freed + freed / 4 + (4 << 20))) ]
uswapctl why /stream >"$work/why"
check "why tells of it" grep -q ' were demoted: moved to slower nodes' "$work/why"

echo 0 >$knob
check_log "that it is switched off is seen too" wait_until 30 logged 'demotion to slower nodes is off'
echo 1 >$knob
stop_agent
echo "$before" >$knob
finish
