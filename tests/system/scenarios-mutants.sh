#!/bin/sh
# A mutant without the agent and one without protection; what uswap-stress check does with what goes wrong. The guards' mutants are in
# scenarios-guards.sh, the others are left to tests/system/scenarios.
# vm: --nodes 2 --mem 512M --swap zram:256M --disk 256M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=scenario-lib.sh
. "${0%/*}/scenario-lib.sh"

run_check --mutants stress/scenarios/agent/headroom.scenario stress/scenarios/reclaim/protect-min.scenario
results "mutants"

# --- a scenario that fails says where ---
cat >"$work/wrong.scenario" <<'END'
[scenario]
title = wrong on purpose
[group A]
[load fill]
type = anon
group = A
size = 8M
[step full]
when = load:resident(fill) >= 8M
within = 30s
[expect impossible]
value = memory.current(A)
range = 1G ..
END
run_check --repeat 2 "$work/wrong.scenario"
said() { grep -q "$1" "$work/tap"; }
check "a scenario that fails: status 1 ($status)" [ $status -eq 1 ]
check "... expected and measured" said 'expected: "1.0 GiB'
check "... how often" said 'good: 0'
check "... where, in which file of the group" said 'from: "memory.current(A)"'
check "... and in which line" said 'line: 11'
check "... the command that repeats it" said "repeat: \"uswap-stress check $work/wrong.scenario --seed 1 --directory /data\""
echo 'wanted = 3' >>"$work/wrong.scenario"
run_check "$work/wrong.scenario"
check "a bad file: status 2 ($status)" [ $status -eq 2 ]
check "... with file, line, section and key" said 'wrong.scenario:14: \[expect impossible\] wanted: there is no such key'

# --- killed in the middle: nothing is left ---
sed 's/^when = .*/when = memory.current(A) >= 1G/; /^wanted/d' "$work/wrong.scenario" >"$work/long.scenario"
uswap-stress check "$work/long.scenario" >"$work/tap" 2>&1 &
loads="$loads $!"
worker() { pgrep -x fill >/dev/null; }
no_worker() { ! worker; }
check "a long one runs" wait_until 20 worker
kill -KILL "$(pgrep -x uswap-stress | head -n 1)"
check "KILL: its workers die" wait_until 20 no_worker
check "KILL: its groups are removed" wait_until 35 no_group
finish
