#!/bin/sh
# A second agent refuses to start (status 75), names the first, and does not disturb it.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

start_agent
first=$agent_pid
run_agent
check_log "the second one ends with status 75 ($status)" [ $status -eq 75 ]
check_log "it says that another one runs, and which" logged "another uswapd runs already \(process $first\)"
check_log "it says nothing else" [ "$(wc -l <"$work/agent.log")" -eq 1 ]
check "the first one runs on and answers" [ "$(field nodes.0.answered)" = true ]
check "its socket and lock are still there" [ -S $run_dir/control.sock -a -f $run_dir/control.sock.lock ]

kill -KILL "$first"
wait "$first" 2>/dev/null
check "a killed one leaves socket and lock behind" [ -S $run_dir/control.sock -a -f $run_dir/control.sock.lock ]
cp "$work/before.listing" "$work/first.listing"
start_agent
ok "the next one starts all the same"
cp "$work/first.listing" "$work/before.listing"
stop_agent "the next one"
finish
