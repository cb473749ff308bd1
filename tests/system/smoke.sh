#!/bin/sh
# The main job in half a minute, on any kernel: a group grows into its limit without reaching it,
# the agent can be asked about it, ends when told, and leaves nothing behind.
# vm: --nodes 2 --mem 768M --swap zram:512M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

start_agent
status=0
uswap-stress run --duration 8s --json "$work/run.json" --group svc:memory.max=64M \
	--load anon:size=96M,rate=12M/s,group=svc >"$work/run.txt" 2>&1 || status=$?
cat "$work/run.txt"
check "the load ran and its contents are right (status $status)" [ $status -eq 0 ]
snapshot
# Of all groups, also those gone by now; one line a worker.
taken=$(awk '/groups_ledger\.applied_bytes = / { sum += $NF } END { printf "%.0f", sum }' "$work/status")
check_log "it took memory from the group ahead of its tasks ($taken bytes)" [ "$taken" -gt 1048576 ]
uswapctl why >"$work/why.txt"
check "uswapctl why answers" [ -s "$work/why.txt" ]
stop_agent
finish
