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
