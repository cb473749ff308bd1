#!/bin/sh
# Each kind of load is what it says it is, by the kernel's own account of its group.
# vm: --nodes 1 --mem 768M --swap zram:256M --disk 512M
. "${0%/*}/lib.sh"
. "${0%/*}/stress-lib.sh"

# What the kernel is to count, within bounds, while the next job runs: will_be GROUP KEY MIN MAX (MiB of memory.stat)
will_be() { printf '%s\n' "$*" >>"$work/expected"; }

# Runs a job in which each load is in a group of its own, both called NAME, until the kernel counts what it is to count;
# all must go well, contents included.
try() { # WHAT NAME:TYPE:SETTINGS...
	local what=$1 load name type
	shift
	for load; do
		name=${load%%:*} load=${load#*:}
		type=${load%%:*}
		set -- "$@" --group "$name" --load "$type:name=$name,group=$name,${load#*:}"
		shift
	done
	begin "$what" "$@"
	wait_until 60 look
	cat "$work/seen"
	failures=$((failures + $(grep -c '^not ok' "$work/seen")))
	rm "$work/expected"
	end "$what" $run_pid
	check "$what: no group is left" no_group
}

counted() { sed -n "s/^$1:$2 //p" "$work/counted"; } # GROUP KEY
# What there is of each group and of the machine now, a line each: GROUP:KEY BYTES. In MiB, as if they were bytes: processes
# that a load called churn had so far, huge pages that are used, and whether a load is at rest: it has all that it is to have.
# In pieces is what is free in blocks of less than 2^4 pages; what was given back of late is in the lists of the CPUs.
account() {
	local pid status=''
	for pid in $(pgrep -P "${run_pid:-0}"); do status="$status /proc/$pid/status"; done
	pgrep -x churn >>"$work/processes"
	grep -H '' "$work/processes" $status $cg/*.uswap-stress-*/memory.stat /proc/meminfo /proc/buddyinfo /proc/zoneinfo 2>/dev/null | awk -v mib=1048576 '
		{ at = index($0, ":"); n = split(substr($0, 1, at - 1), part, "/"); file = part[n]; $0 = substr($0, at + 1) }
		file == "memory.stat" { name = part[n - 1]; sub(/[.].*/, "", name); print name ":" $1, $2 }
		file == "status" && $1 == "Name:" { name = $2 }
		file == "status" && $1 == "State:" { print name ":at_rest", ($2 == "S") * mib }
		file == "processes" { processes += !seen[$1]++ }
		file == "meminfo" && $1 == "HugePages_Total:" { huge += $2 }
		file == "meminfo" && $1 == "HugePages_Free:" { huge -= $2 }
		file == "meminfo" && $1 == "Mlocked:" { print "machine:mlocked", $2 * 1024 }
		file == "buddyinfo" { for (i = 0; i < 4; i++) pieces += $(i + 5) * 2 ^ i }
		file == "zoneinfo" && $1 == "count:" { pieces += $2 }
		END { printf "churn:processes %d\nhuge:used %d\nmachine:in_pieces %.0f\n", processes * mib, huge * mib, pieces * 4096 }'
}
look() {
	account >"$work/counted"
	awk 'NR == FNR { value[$1] = $2; next }
		{
			found = ($1 ":" $2) in value ? value[$1 ":" $2] : -1
			good = found >= $3 * 1048576 && found <= $4 * 1048576
			print (good ? "ok" : "not ok") " - " $1 ": " $2 " is " $3 " to " $4 " MiB" (good ? "" : ": " found)
			bad += !good
		}
		END { exit bad > 0 }' "$work/counted" "$work/expected" >"$work/seen"
}
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
will_be huge used 8 8
for name in memfd shared; do
	will_be $name shmem 16 16
	will_be $name anon 0 1
done
for name in onfault mlock; do
	will_be $name unevictable 15 16
	will_be $name anon 16 17
done
will_be leak anon 9 64
will_be machine mlocked 32 64
for name in small thp huge memfd shared onfault mlock; do will_be $name at_rest 1 1; done
try "pages" small:anon:size=16M thp:anon:size=16M,pages=thp huge:anon:size=16M,pages=hugetlb \
	memfd:shmem:size=16M shared:shmem:size=16M,backing=anonymous \
	onfault:locked:size=16M mlock:locked:size=16M,lock=mlock leak:leak:size=64M,rate=4M/s
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
for name in clean synced half; do will_be $name file_mapped 8 8; done
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
check "private pages are verified, and that the file has none of them" all_verified 4 4000
for knob in $old; do echo "${knob#*:}" >/proc/sys/vm/${knob%:*}; done

# --- processes, and pieces of free memory ---
will_be churn anon 4 18
will_be churn processes 20 1000
try "processes" churn:churn:size=4M,alive=4,lifetime=500ms
check "churn: processes came and went" figure 'loads\.0\.operations' -ge 12
check "churn: each verified its own memory" all_verified 0 12288

# Of what it gives back, 180 MiB, others take a little; compaction would undo what is measured.
proactiveness=$(cat /proc/sys/vm/compaction_proactiveness)
echo 0 >/proc/sys/vm/compaction_proactiveness
account >"$work/counted"
check "little free memory is in pieces by itself" [ "$(counted machine in_pieces)" -lt 104857600 ]
will_be pieces anon 11 15
will_be machine in_pieces 170 768
try "pieces" pieces:fragment:size=192M,order=4,contents=word
echo "$proactiveness" >/proc/sys/vm/compaction_proactiveness

# --- what the kernel holds for its users ---
ip link set lo up
will_be pipes kernel 16 17
will_be unix kernel 11 21
will_be udp sock 8 20
will_be names slab_reclaimable 8 9
will_be files slab_reclaimable 7 9
for name in pipes unix udp files; do will_be $name at_rest 1 1; done
try "kernel" pipes:buffers:size=16M unix:buffers:size=16M,channel=unix udp:buffers:size=8M,channel=udp \
	names:slab:size=8M,reuse=zipf,reuse-rate=1M/s files:slab:size=8M,objects=files
for i in 0 1; do check "what waited is what was written ($i)" all_verified $i 4096; done
check "what waited is what was written (2)" all_verified 2 2048
check "names are not there" all_verified 3 40000
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
