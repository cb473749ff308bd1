#!/bin/sh
# Without PSI (psi=0) the agent says so once and keeps room all the same.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M --append psi=0
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

[ ! -e /proc/pressure/memory ] || skip "PSI is there in spite of psi=0"
make_big_file
group svc memory.max=64M
start_agent
check_log "it says so, and what to do" logged 'no PSI .*psi=1'
check_log "and nothing else" [ "$(wc -l <"$work/agent.log")" -eq 2 ]
check "the status says so" sh -c "uswapctl status | grep -q 'no PSI'"
load svc --cgroup $cg/svc file:100G@8M:$big_file
check_log "it keeps room for a group" wait_until 15 acted_on svc
end_load "$load_pid"
stop_agent
finish
