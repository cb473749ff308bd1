#!/bin/sh
# Each kind of load is what it says it is, by the kernel's own account of its group.
# vm: --nodes 1 --mem 768M --swap zram:256M --disk 512M
. "${0%/*}/lib.sh"
. "${0%/*}/stress-lib.sh"

# Runs a job in which each load is in a group of its own, both called NAME; two seconds before its end, what the kernel
# counts is copied; all must go well, contents included.
try() { # WHAT SECONDS NAME:TYPE:SETTINGS...
	local what=$1 seconds=$2 load name type status=0
	shift 2
	for load; do
		name=${load%%:*} load=${load#*:}
		type=${load%%:*}
		set -- "$@" --group "$name" --load "$type:name=$name,group=$name,${load#*:}"
		shift
	done
	uswap-stress run --directory /data --duration "${seconds}s" --json "$work/report.json" "$@" >"$work/table" 2>&1 &
	run_pid=$!
	loads="$loads $run_pid"
	wait_until 30 all_run "$name" || not_ok "$what begins" "$work/table"
	sleep $((seconds - 2))
	grep -H . $cg/*.uswap-stress-*/memory.stat /proc/meminfo /proc/buddyinfo | sed "s|^$cg/||; s|\.uswap-stress-[^:]*||" >"$work/counted"
	wait "$run_pid" || status=$?
	if [ $status -eq 0 ]; then ok "$what"; else not_ok "$what ($status)" "$work/table"; fi
	flatten <"$work/report.json" >"$report"
	check "$what: no group is left" no_group
}
# Workers begin together.
all_run() { pgrep -x "$1" >/dev/null || ! kill -0 "$run_pid" 2>/dev/null; }

counted() { sed -n "s/^$1:$2 //p" "$work/counted"; } # GROUP KEY
# A counter of memory.stat, within bounds: is GROUP KEY MIN MAX (MiB)
is() {
	local value
	value=$(counted "$1" "$2")
	if [ "${value:--1}" -ge $(($3 * 1048576)) ] && [ "$value" -le $(($4 * 1048576)) ]; then
		ok "$1: $2 is $3 to $4 MiB"
	else
		not_ok "$1: $2 is $3 to $4 MiB: $value"
	fi
}
meminfo() { sed -nE "s|^/proc/meminfo:$1: *([0-9]+).*|\\1|p" "$work/counted"; }
refused() { # NAME ERE ARG...: before anything is made
	local name=$1 words=$2 status=0
	shift 2
	uswap-stress run --duration 1s "$@" >"$work/table" 2>&1 || status=$?
	if [ $status -eq 2 ] && grep -qE -- "$words" "$work/table"; then ok "$name is refused"; else not_ok "$name is refused ($status)" "$work/table"; fi
	check "$name leaves no group" no_group
}

# --- page memory ---
echo 12 >/proc/sys/vm/nr_hugepages
try "page memory" 6 small:anon:size=16M thp:anon:size=16M,pages=thp huge:anon:size=16M,pages=hugetlb \
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
is leak anon 8 24
for i in 0 1 2 3 4 5 6; do check "their contents are verified ($i)" all_verified $i 4096; done
check "the leak is verified as far as it came" all_verified 7 2048
check "huge pages are free again" grep -qE "HugePages_Free: *12$" /proc/meminfo
refused "more huge pages than there are" 'pages: there are not enough free huge pages' --load anon:size=32M,pages=hugetlb
echo 0 >/proc/sys/vm/nr_hugepages
# Beyond the limit on locked memory, without privilege.
refused_lock() { setpriv --reuid 65534 --bounding-set -ipc_lock prlimit --memlock=65536 uswap-stress run --duration 1s --load locked:size=16M 2>&1 | grep -q 'size: more than may be locked'; }
check "more locked memory than allowed is refused" refused_lock

# --- files ---
# Nothing is written back by itself meanwhile, so that what is dirty stays dirty.
for knob in dirty_background_ratio:90 dirty_ratio:95 dirty_expire_centisecs:60000 dirty_writeback_centisecs:0; do
	old="$old ${knob%:*}:$(cat /proc/sys/vm/${knob%:*})"
	echo "${knob#*:}" >/proc/sys/vm/${knob%:*}
done
try "files" 6 clean:filemap:size=8M,rate=8M/s,write=0% dirty:filemap:size=8M,rate=8M/s \
	synced:filemap:size=8M,rate=8M/s,sync=data,sync-every=500ms half:filemap:size=8M,rate=8M/s,dirty=50% \
	cow:filemap:size=8M,rate=8M/s,mapping=private some:filemap:size=8M,rate=8M/s,mapping=private,dirty=25% \
	write:filewrite:size=8M,files=4,rate=8M/s log:filelog:size=8M,files=4,rate=8M/s
is clean file_mapped 8 8
is clean file_dirty 0 0
is dirty file_mapped 8 8
is dirty file_dirty 8 8
# A folio of several pages is dirty as a whole.
is half file_dirty 3 7
is cow anon 8 9
is cow file_dirty 0 0
is some anon 1 3
is some file_mapped 5 7
is write file 8 9
is write file_dirty 8 8
is log file 5 9
is log anon 0 1
check "synced: less than all is dirty" [ "$(counted synced file_dirty)" -lt 8388608 ]
for i in 0 1 2 3 6; do check "files are verified through the disk ($i)" all_verified $i 2048; done
check "private pages are verified, and that the file has none of them" all_verified 4 4096
for knob in $old; do echo "${knob#*:}" >/proc/sys/vm/${knob%:*}; done

# --- processes, and pieces of free memory ---
# MiB that are free in blocks of 2^4 pages and more.
in_blocks() { sed -n 's|^\(/proc/buddyinfo:\)*Node|Node|p' "$1" | awk '{ for (i = 9; i <= NF; i++) n += $i * 2 ^ (i - 5) } END { print int(n / 256) }'; }
blocks_before=$(in_blocks /proc/buddyinfo) free_before=$(awk '$1 == "MemFree:" { print int($2 / 1024) }' /proc/meminfo)
try "processes and pieces" 8 churn:churn:size=4M,alive=4,lifetime=500ms pieces:fragment:size=192M,order=4,contents=word
blocks=$(in_blocks "$work/counted") free=$(($(meminfo MemFree) / 1024))
echo "    free: $free_before MiB, $blocks_before of it in blocks of 64 KiB and more; then $free and $blocks"
is churn anon 4 18
is pieces anon 11 15
check "pieces: what it had is free" [ $free -gt $((free_before - 60)) ]
check "pieces: but in no block of 2^order" [ "$blocks" -lt $((blocks_before - 180)) ]
check "churn: processes came and went" figure 'loads\.0\.operations' -ge 12
check "churn: each verified its own memory" all_verified 0 12288

# --- what the kernel holds for its users ---
ip link set lo up
try "kernel memory" 6 pipes:buffers:size=16M unix:buffers:size=16M,channel=unix udp:buffers:size=8M,channel=udp \
	names:slab:size=8M,reuse=zipf,reuse-rate=1M/s files:slab:size=8M,objects=files
is pipes kernel 16 17
is unix kernel 11 21
is udp sock 8 20
is names slab_reclaimable 8 9
is files slab_reclaimable 7 9
for i in 0 1; do check "what waited is what was written ($i)" all_verified $i 4096; done
check "what waited is what was written (2)" all_verified 2 2048
check "files are all there" all_verified 4 6393
check "nothing is left on the disk" [ -z "$(find /data -name 'uswap-stress-*')" ]

# --- what runs into a limit is said to have, a process of a load as well as a load ---
killed() { # NAME ERE ARG...
	local name=$1 words=$2 status=0
	shift 2
	uswap-stress run --duration 10s --check-fit no --group svc:memory.max=8M,memory.swap.max=0 "$@" >"$work/table" 2>&1 || status=$?
	if [ $status -eq 1 ] && grep -qE -- "$words" "$work/table"; then ok "$name"; else not_ok "$name ($status)" "$work/table"; fi
	check "$name, and leaves no group" no_group
}
killed "a leak goes on until it is killed" 'load leak\] was OOM-killed' --load leak:group=svc,size=64M,rate=32M/s
killed "a process that is killed fails its load" 'load churn\].*a process was killed by signal 9' --load churn:group=svc,size=32M

# --- killed with everything under way ---
uswap-stress run --directory /data --duration 30s --group svc --load anon:group=svc,size=16M,pages=hugetlb,reserve=yes \
	--load slab:group=svc,size=4M,objects=files --load churn:group=svc,size=1M,alive=3,lifetime=10s >"$work/table" 2>&1 &
run_pid=$!
loads="$loads $run_pid"
# The supervisor; janitors of its groups, a directory and huge pages; three workers and three processes.
all_there() { [ "$(pgrep -c -x 'churn')" -ge 4 ] && [ "$(pgrep -c uswap-janitor)" -eq 3 ]; }
check "processes and janitors are there" wait_until 10 all_there
check "huge pages were set aside" grep -qx 8 /proc/sys/vm/nr_hugepages
kill -KILL $run_pid
none_there() { ! pgrep uswap && ! pgrep -x 'churn|slab|anon'; }
check "all processes are gone with the supervisor" wait_until 10 none_there
no_directory() { [ -z "$(find /data -name 'uswap-stress-*')" ]; }
check "nothing is left on the disk then, either" wait_until 5 no_directory
check "the huge pages are given back" wait_until 5 grep -qx 0 /proc/sys/vm/nr_hugepages
check "and the group is removed" wait_until 5 no_group
finish
