# What the scripts about uswap-stress share; sourced after lib.sh.
# shellcheck shell=sh disable=SC3043,SC2154,SC2034 # dash and bash have local; lib.sh sets work and cg; scripts use what is set here

report=$work/report

# Runs uswap-stress; its report goes to $report, flat.
stress() { # NAME ARG...
	local name=$1
	shift
	status=0
	timeout -k 5 120 uswap-stress run --directory /data --json "$work/report.json" "$@" >"$work/table" 2>"$work/words" || status=$?
	flatten <"$work/report.json" >"$report" 2>/dev/null
	cat "$work/words" >>"$work/table"
	if [ $status -eq 0 ]; then ok "$name runs"; else not_ok "$name runs ($status)" "$work/table"; fi
	check "$name leaves no group" no_group
}
no_group() { ! find $cg -name '*.uswap-stress-*' | grep .; }

# Begins a run that goes on until it has done what is waited for; sets run_pid.
begin() { # NAME ARG...
	local name=$1
	shift
	uswap-stress run --directory /data --json "$work/$name.json" "$@" --duration 600s >"$work/$name.table" 2>&1 &
	run_pid=$!
	loads="$loads $run_pid"
}
# Ends it as Ctrl-C does: all it has is verified, and its report goes to $report, flat.
interrupt() { # NAME PID
	kill -INT "$2" 2>/dev/null
	wait "$2"
	flatten <"$work/$1.json" >"$report" 2>/dev/null
}
# The same, of which nothing went wrong.
end() { # NAME PID
	interrupt "$@"
	if grep -q '^uswap-stress: interrupted, measured' "$work/$1.table"; then ok "$1 ends well"; else not_ok "$1 ends well" "$work/$1.table"; fi
}
# A file of its group, by the group's name in the job.
of_run() { # PID GROUP FILE
	cat "$cg/$2.uswap-stress-$1-"*"/$3" 2>/dev/null
}
# The same of memory.stat and the like: 0 when there is no such line.
stat_of_run() { # PID GROUP FILE KEY
	of_run "$1" "$2" "$3" | awk -v key="$4" '$1 == key { n = $2 } END { print n + 0 }'
}
# The process of a load, by the name of both.
worker() { pgrep -x "$1" | grep -m 1 .; }
gone() { ! grep -qE '^State:.[^ZX]' "/proc/$1/status" 2>/dev/null; } # PID
no_worker() { ! pgrep -x "$1" >/dev/null; }
has_memory() { # PID KIB
	[ "$(sed -nE 's/^VmRSS:[^0-9]*([0-9]+).*/\1/p' "/proc/$1/status" 2>/dev/null || echo 0)" -ge "$2" ]
}

said() { grep -qE -- "$1" "$work/out" || { sed 's/^/    /' "$work/out" && false; }; }

value() { # NAME, an ERE: groups are listed by their paths
	sed -nE "s/^$1 = //p" "$report" | head -n 1
}
# A figure of the report, compared: figure NAME -gt 5
figure() {
	local v
	v=$(value "$1")
	echo "    $1 = $v (is to be $2 $3)"
	[ -n "$v" ] && test "${v%.*}" "$2" "$3"
}
all_verified() { # LOAD PAGES
	figure "loads\\.$1\\.contents\\.pages" -ge "$2" && figure "loads\\.$1\\.contents\\.bad_pages" -eq 0
}
events='groups\..*\.events_local'
group_stat='groups\..*\.stat'
