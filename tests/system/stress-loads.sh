#!/bin/sh
# Each kind of load is what it says it is, by the kernel's own account of its group.
# vm: --nodes 1 --mem 768M --swap zram:256M --disk 512M
. "${0%/*}/lib.sh"
. "${0%/*}/stress-lib.sh"

# Starts a job in the background in which each load is in a group of its own, both called NAME; waits until the loads
# have been at it for some seconds.
begin() { # SECONDS NAME:TYPE:SETTINGS...
	local load name type
	seconds=$1
	shift
	for load; do
		name=${load%%:*} load=${load#*:}
		type=${load%%:*}
		set -- "$@" --group "$name" --load "$type:name=$name,group=$name,${load#*:}"
		shift
	done
	uswap-stress run --directory /data --duration "${seconds}s" --json "$work/report.json" "$@" >"$work/table" 2>&1 &
	run_pid=$!
	loads="$loads $run_pid"
	sleep $((seconds - 1))
}
# Waits for the end: all went well, contents included.
ended() { # NAME
	status=0
	wait "$run_pid" || status=$?
	if [ $status -eq 0 ]; then ok "$1"; else not_ok "$1 ($status)" "$work/table"; fi
	flatten <"$work/report.json" >"$report"
	check "$1: no group is left" no_group
}

# A counter of memory.stat, within bounds: is GROUP KEY MIN MAX (MiB)
is() {
	local value
	value=$(stat_of "$(cd $cg && echo "$1".uswap-stress-*)" "$2")
	if [ "$value" -ge $(($3 * 1048576)) ] && [ "$value" -le $(($4 * 1048576)) ]; then
		ok "$1: $2 is $3 to $4 MiB"
	else
		not_ok "$1: $2 is $3 to $4 MiB: $value"
	fi
}
meminfo() { awk -v key="$1:" '$1 == key { print $2 }' /proc/meminfo; }
refused() { # NAME ERE ARG...: before anything is made
	local name=$1 words=$2 status=0
	shift 2
	uswap-stress run --duration 1s "$@" >"$work/table" 2>&1 || status=$?
	if [ $status -eq 2 ] && grep -qE -- "$words" "$work/table"; then ok "$name is refused"; else not_ok "$name is refused ($status)" "$work/table"; fi
	check "$name leaves no group" no_group
}

# --- page memory ---
echo 12 >/proc/sys/vm/nr_hugepages
begin 5 small:anon:size=16M thp:anon:size=16M,pages=thp huge:anon:size=16M,pages=hugetlb \
	memfd:shmem:size=16M shared:shmem:size=16M,backing=anonymous \
	onfault:locked:size=16M mlock:locked:size=16M,lock=mlock leak:leak:size=64M,rate=4M/s
is small anon 16 17
is small anon_thp 0 0
is thp anon_thp 16 16
is huge anon 0 1
check "huge: the pages are those that were set aside" [ "$(meminfo HugePages_Free)" -eq 4 ]
for name in memfd shared; do
	is $name shmem 16 16
	is $name anon 0 1
done
for name in onfault mlock; do
	is $name unevictable 15 16
	is $name anon 16 17
done
check "locked: mlock(2) is what did it" [ "$(meminfo Mlocked)" -ge 32768 ]
is leak anon 8 20
ended "page memory of every kind"
for i in 0 1 2 3 4 5 6; do check "their contents are verified ($i)" all_verified $i 4096; done
check "the leak is verified as far as it came" all_verified 7 2048
check "huge pages are free again" [ "$(meminfo HugePages_Free)" -eq 12 ]
refused "more huge pages than there are" 'pages: there are not enough free huge pages' --load anon:size=32M,pages=hugetlb
echo 0 >/proc/sys/vm/nr_hugepages
# Beyond the limit on locked memory, without privilege.
refused_lock() { setpriv --reuid 65534 --bounding-set -ipc_lock prlimit --memlock=65536 uswap-stress run --duration 1s --load locked:size=16M 2>&1 | grep -q 'size: more than may be locked'; }
check "more locked memory than allowed is refused" refused_lock
finish
