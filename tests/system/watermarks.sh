#!/bin/sh
# vm.watermark_scale_factor is steered by how fast a node is filled, within its bound; it is given back at the end, and by the
# next agent where it was killed.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# full run
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

knob=/proc/sys/vm/watermark_scale_factor
factor() { cat $knob; }
is_raised_from() { [ "$(factor)" -gt "$1" ]; } # FACTOR

before=$(factor)
group stream
make_big_file
load stream --cgroup $cg/stream --node 1 file:500G@48M:$big_file
set -- --set tuning.watermark_most=$((before + 200))
start_agent "$@"
check_log "it rises while node 1 is filled" wait_until 60 is_raised_from "$before"
check_log "no further than allowed ($(factor), $before before)" [ "$(factor)" -le $((before + 200)) ]
kill -KILL "$agent_pid"
wait "$agent_pid" 2>/dev/null
check "killed, the agent leaves it ($(factor))" is_raised_from "$before"

base=$((before + 5))
launch_agent "$@" --set tuning.watermark_scale_factor=$base
check_log "the next one gives it back, and begins with what it is told" wait_until 30 logged "scale_factor: $base now, $before before"
check_log "from where it rises again" wait_until 60 is_raised_from $base
kill -TERM "$agent_pid"
status=0
wait "$agent_pid" || status=$?
check_log "it is ended in the middle of that, with status 0 ($status)" [ $status -eq 0 ]
agent_pid=
check_clean "it leaves nothing behind"
check_log "and the factor is what it was" [ "$(factor)" -eq "$before" ]
end_load "$load_pid"
finish
