#!/bin/sh
# Scenarios as uswap-stress check runs them, and a mutant, which must fail. Not the whole library: its time is not there.
# vm: --nodes 2 --mem 512M --swap zram:256M --disk 512M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

no_group() { ! find $cg -name '*.uswap-stress-*' | grep .; }

check_scenarios() { # NAME ARG...
	local name=$1 status=0
	shift
	timeout -k 5 50 uswap-stress check --directory /data "$@" >"$work/tap" 2>&1 || status=$?
	# Its results are ours.
	sed -nE 's/^((not )?ok) [0-9]+ - /\1 - /p' "$work/tap"
	failures=$((failures + $(grep -c '^not ok' "$work/tap")))
	if [ $status -eq 0 ]; then ok "$name"; else not_ok "$name ($status)" "$work/tap"; fi
	check "$name: no group is left" no_group
}

check_scenarios "scenarios" stress/scenarios/current-anon.scenario stress/scenarios/oom.scenario stress/scenarios/subtree-control.scenario
check_scenarios "a mutant" --mutants stress/scenarios/oom.scenario
finish
