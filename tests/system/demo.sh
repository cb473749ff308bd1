#!/bin/sh
# The demo's native path, shortened: in a group of its own with processes in it, as systemd's scopes have them, with
# swap; its reports are complete, and of its groups nothing is left.
# vm: --nodes 2 --mem 384M --swap zram:512M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

group scope
mkdir "$work/out"
(
	echo 0 >$cg/scope/cgroup.procs
	DEMO_SECONDS=5 OUT=$work/out exec bash packaging/demo-load 1
) >"$work/demo.log" 2>&1
status=$?
check "it ends well (status $status)" test $status = 0
[ $status = 0 ] || cat "$work/demo.log"
check "it chose memory that can be reclaimed here" grep -q '^anonymous' "$work/out/what"
for run in kernel-1 uswapd-1; do
	check "the report of $run is whole" grep -q '"schema": "uswap-stress/1"' "$work/out/$run.json"
	check "in $run all contents were right" grep -q '"result": "ok"' "$work/out/$run.json"
done
check "the agent was measured" grep -q '"name": "uswapd"' "$work/out/uswapd-1.json"
check "no process of it is left" sh -c '! pidof uswapd uswap-stress'
check "its groups are gone" test -z "$(find $cg/scope -mindepth 1 -type d)"
finish
