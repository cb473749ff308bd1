# What the scripts about uswap-stress check share; sourced after lib.sh.
# shellcheck shell=sh disable=SC3043,SC2154 # dash and bash have local; lib.sh sets work and cg

no_group() { ! find $cg -name '*.uswap-stress-*' | grep .; }

# Sets status; what it prints is in $work/tap.
run_check() { # ARG...
	status=0
	timeout -k 5 110 uswap-stress check --directory /data "$@" >"$work/tap" 2>&1 || status=$?
}

# Its results are ours, and those that failed are told whole. What fails as expected is well.
results() { # NAME
	sed -nE 's/^not ok [0-9]+ - (.* # TODO .*)/ok - \1/p;t;s/^((not )?ok) [0-9]+ - /\1 - /p' "$work/tap"
	sed -n '/^not ok/,/^  \.\.\.$/p' "$work/tap" | sed 's/^/    /'
	failures=$((failures + $(grep '^not ok' "$work/tap" | grep -vc '# TODO ')))
	check "$1 ($status)" [ $status -eq 0 ]
	check "$1: each has its result" [ "$(grep -cE '^(not )?ok' "$work/tap")" -eq "$(sed -n 's/^1\.\.//p' "$work/tap")" ]
	check "$1: no group is left" no_group
}
