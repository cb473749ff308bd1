#!/bin/sh
# Each kind of load is what it says it is, by the kernel's own account of its group.
# vm: --nodes 1 --mem 768M --swap zram:256M --disk 512M
. "${0%/*}/lib.sh"
. "${0%/*}/stress-lib.sh"

# What the kernel is to count, within bounds, while the next job runs: will_be GROUP KEY MIN MAX (MiB of memory.stat)
will_be() { printf '%s\n' "$*" >>"$work/expected"; }

# Runs a job in which each load is in a group of its own, both called NAME; what the kernel counts is looked at until all
# is as it will be, or the job is over; all must go well, contents included.
try() { # WHAT NAME:TYPE:SETTINGS...
	local what=$1 load name type status=0
	shift
	for load; do
		name=${load%%:*} load=${load#*:}
		type=${load%%:*}
		set -- "$@" --group "$name" --load "$type:name=$name,group=$name,${load#*:}"
		shift
	done
	uswap-stress run --directory /data --duration 10s --json "$work/report.json" "$@" >"$work/table" 2>&1 &
	run_pid=$!
	loads="$loads $run_pid"
	wait_until 30 all_run "$name" || not_ok "$what begins" "$work/table"
	until look || ! kill -0 "$run_pid" 2>/dev/null; do sleep 0.3; done
	cat "$work/seen"
	failures=$((failures + $(grep -c '^not ok' "$work/seen")))
	rm "$work/expected"
	wait "$run_pid" || status=$?
	if [ $status -eq 0 ]; then ok "$what"; else not_ok "$what ($status)" "$work/table"; fi
	flatten <"$work/report.json" >"$report"
	check "$what: no group is left" no_group
}
# Workers begin together.
all_run() { pgrep -x "$1" >/dev/null || ! kill -0 "$run_pid" 2>/dev/null; }

counted() { sed -n "s/^$1:$2 //p" "$work/counted"; } # GROUP KEY
# Counts anew; the last account before the job was over stays.
look() {
	local group key min max value all=0
	grep -H . $cg/*.uswap-stress-*/memory.stat /proc/meminfo /proc/buddyinfo 2>/dev/null | sed "s|^$cg/||; s|\.uswap-stress-[^:]*||" >"$work/counted.new"
	in_pieces >>"$work/counted.new"
	kill -0 "$run_pid" 2>/dev/null || return 1
	mv "$work/counted.new" "$work/counted"
	while read -r group key min max; do
		value=$(counted "$group" "$key")
		if [ "${value:--1}" -ge $((min * 1048576)) ] && [ "$value" -le $((max * 1048576)) ]; then
			echo "ok - $group: $key is $min to $max MiB"
		else
			all=1
			echo "not ok - $group: $key is $min to $max MiB: $value"
		fi
	done <"$work/expected" >"$work/seen"
	return $all
}
# What is free in blocks of less than 2^4 pages, in bytes, as if it were a group's; what was given back of late is in the
# lists of the CPUs.
in_pieces() {
	awk 'FILENAME ~ /buddy/ { for (i = 0; i < 4; i++) n += $(i + 5) * 2 ^ i } $1 == "count:" { n += $2 }
		END { printf "machine:in_pieces %.0f\n", n * 4096 }' /proc/buddyinfo /proc/zoneinfo
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
will_be small anon 16 17
will_be small anon_thp 0 0
will_be thp anon_thp 16 16
will_be huge anon 0 1
for name in memfd shared; do
	will_be $name shmem 16 16
	will_be $name anon 0 1
done
for name in onfault mlock; do
	will_be $name unevictable 15 16
	will_be $name anon 16 17
done
will_be leak anon 8 64
try "page memory" small:anon:size=16M thp:anon:size=16M,pages=thp huge:anon:size=16M,pages=hugetlb \
	memfd:shmem:size=16M shared:shmem:size=16M,backing=anonymous \
	onfault:locked:size=16M mlock:locked:size=16M,lock=mlock leak:leak:size=64M,rate=4M/s
check "huge: the pages are those that were set aside" [ "$(meminfo HugePages_Free)" -eq 4 ]
check "locked: mlock(2) is what did it" [ "$(meminfo Mlocked)" -ge 32768 ]
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
will_be clean file_mapped 8 8
will_be clean file_dirty 0 0
will_be dirty file_mapped 8 8
will_be dirty file_dirty 8 8
# A folio of several pages is dirty as a whole.
will_be half file_dirty 3 7
will_be cow anon 8 9
will_be cow file_dirty 0 0
will_be some anon 1 3
will_be some file_mapped 5 7
will_be write file 8 9
will_be write file_dirty 8 8
will_be log file 5 9
will_be log anon 0 1
try "files" clean:filemap:size=8M,rate=8M/s,write=0% dirty:filemap:size=8M,rate=8M/s \
	synced:filemap:size=8M,rate=8M/s,sync=data,sync-every=500ms half:filemap:size=8M,rate=8M/s,dirty=50% \
	cow:filemap:size=8M,rate=8M/s,mapping=private some:filemap:size=8M,rate=8M/s,mapping=private,dirty=25% \
	write:filewrite:size=8M,files=4,rate=8M/s log:filelog:size=8M,files=4,rate=8M/s
check "synced: less than all is dirty" [ "$(counted synced file_dirty)" -lt 8388608 ]
for i in 0 1 2 3 6; do check "files are verified through the disk ($i)" all_verified $i 2048; done
check "private pages are verified, and that the file has none of them" all_verified 4 4096
for knob in $old; do echo "${knob#*:}" >/proc/sys/vm/${knob%:*}; done

# --- processes, and pieces of free memory ---
will_be churn anon 4 18
try "processes" churn:churn:size=4M,alive=4,lifetime=500ms
check "churn: processes came and went" figure 'loads\.0\.operations' -ge 12
check "churn: each verified its own memory" all_verified 0 12288

# Of what it gives back, 180 MiB, others take a little; compaction would undo what is measured.
proactiveness=$(cat /proc/sys/vm/compaction_proactiveness)
echo 0 >/proc/sys/vm/compaction_proactiveness
before=$(in_pieces)
check "little free memory is in pieces by itself" [ "${before#* }" -lt 104857600 ]
will_be pieces anon 11 15
will_be machine in_pieces 170 768
try "pieces of free memory" pieces:fragment:size=192M,order=4,contents=word
echo "$proactiveness" >/proc/sys/vm/compaction_proactiveness

# --- what the kernel holds for its users ---
ip link set lo up
will_be pipes kernel 16 17
will_be unix kernel 11 21
will_be udp sock 8 20
will_be names slab_reclaimable 8 9
will_be files slab_reclaimable 7 9
try "kernel memory" pipes:buffers:size=16M unix:buffers:size=16M,channel=unix udp:buffers:size=8M,channel=udp \
	names:slab:size=8M,reuse=zipf,reuse-rate=1M/s files:slab:size=8M,objects=files
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
