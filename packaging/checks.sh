# A line for each thing that is checked, for the scripts of packaging that check something. Sourced.
# shellcheck shell=bash

failures=0
check() { # NAME COMMAND...: in a shell of its own; what it prints is shown when it fails
	local name=$1 log
	shift
	if log=$("$@" 2>&1); then
		echo "ok - $name"
	else
		failures=$((failures + 1))
		echo "not ok - $name"
		tail -n 15 <<<"$log" | sed 's/^/    /'
	fi
}

not() { ! "$@"; }

is() { # EXPECTED FOUND
	echo "expected $1, found $2"
	[[ $1 == "$2" ]]
}

says() { # ERE COMMAND...
	local said
	said=$("${@:2}" 2>&1)
	echo "$said"
	grep -qE -- "$1" <<<"$said"
}

# What came of it all; fails unless all is well. STATUS is that of what printed FILE.
summary() { # NAME FILE STATUS
	local passed failed skipped
	passed=$(grep -c '^ok' "$2" || true)
	failed=$(grep -c '^not ok' "$2" || true)
	skipped=$(grep -c '^ok .*# SKIP' "$2" || true)
	echo "$1: $((passed - skipped)) passed, $failed failed, $skipped skipped"
	[[ $3 == 0 && $failed == 0 ]]
}
