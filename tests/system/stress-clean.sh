#!/bin/sh
# uswap-stress leaves nothing behind, however it ends, and says how its workers ended.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 256M
. "${0%/*}/lib.sh"
. "${0%/*}/stress-lib.sh"

group_names() { find $cg -name '*.uswap-stress-*'; }
one_group() { [ "$(group_names | wc -l)" -eq 1 ]; }
run() { # ARG...: sets status
	status=0
	timeout -k 5 60 ${as:-} uswap-stress run --json "$work/report.json" "$@" >"$work/out" 2>&1 || status=$?
}
ended() { # NAME STATUS ERE
	if [ $status -eq "$2" ] && said "$3"; then ok "$1"; else not_ok "$1 ($status)" "$work/out"; fi
}
grown() { [ "$(cat "$(group_names | head -n 1)/memory.current" 2>/dev/null || echo 0)" -ge 16000000 ]; }
start() { # in the background, for long; sets pid once the worker called grow has its memory
	uswap-stress run --duration 110s --group svc:memory.max=32M --load anon:name=grow,size=16M,group=svc "$@" >"$work/out" 2>&1 &
	pid=$!
	loads="$loads $pid"
	wait_until 30 grown || not_ok "a run begins" "$work/out"
}

run --duration 1s --group svc:memory.max=32M --group svc/inner --load anon:size=8M,group=svc/inner
ended "a run ends well" 0 'uswap-stress: ok'
check "... and its groups are gone" no_group

# --- refusals before anything is made ---
run --group svc:memory.max=32M --load anon:size=8M,group=other
ended "a group that is not there" 2 'there is no \[group other\]'
run --group svc:memory.max=32M,memory.swap.max=0 --load anon:size=33M,group=svc
ended "a load that cannot fit" 2 'does not fit: .*33.0 MiB.*32.0 MiB'
run --load anon:size=1M,node=5
ended "a node that is not there" 2 'no node 5'
run --directory /tmp --load fileread:size=1M
ended "a directory without a disk" 2 'without a disk'
run --directory /data --load fileread:size=60T
ended "files that no disk can hold" 2 'not enough space for the files \(/data: .* are free'
run --load anon:size=1M --ratio 3
ended "a default that no load takes" 2 'ratio: .*none does'
run --watch nobody-here --load anon:size=1M
ended "a process that is not there" 2 'no process called nobody-here'
check "... and nothing was made" no_group

# --- errors on the way ---
printf '[group svc]\nmemory.max = 32M\nmemory.oom.group = many\n[load grow]\ntype = anon\nsize = 8M\ngroup = svc\n' >"$work/my.job"
run "$work/my.job"
ended "a value the kernel refuses" 2 '/my\.job:3: \[group svc\] memory\.oom\.group: the kernel refuses "many": Invalid argument'
check "... and the group is gone" no_group
run "$work/my.job" --set group.svc.memory.oom.group=1 --set group.svc.pids.max=many
ended "one that the command line says" 2 '^--set: \[group svc\] pids\.max: the kernel refuses "many"'
run "$work/my.job" --set group.svc.memory.oom.group=1 --group two:cpu.nosuchfile=1
ended "a file that is not there" 2 '^--group: \[group two\] cpu\.nosuchfile: groups have no such file'
check "... and both groups are gone" no_group
run --group svc:net_cls.classid=1 --load anon:size=8M,group=svc
ended "a controller that is not there" 77 '^--group: \[group svc\] net_cls\.classid: not supported'
group full
sleep 300 &
loads="$loads $!"
echo $! >$cg/full/cgroup.procs
run --parent /full --group svc --load anon:size=8M,group=svc
ended "a parent with processes of its own" 77 'command line: \[global\] parent: the cgroup /full has other processes'
kill -KILL $!
wait $!
drop_group full
check "... and nothing is left" no_group

# --- signals ---
for signal in TERM INT HUP; do
	start
	check "$signal: there is a group" one_group
	kill -$signal "$pid"
	check "$signal: it ends" wait_until 15 gone "$pid"
	check "$signal: the worker is gone" wait_until 1 no_worker grow
	check "$signal: the group is gone" no_group
	wait
	if [ $signal = INT ]; then words='^uswap-stress: interrupted, measured'; else words="^stopped by"; fi
	check "$signal: ... and says so" said "$words"
done

# The supervisor can do nothing against KILL: workers die with it, its janitor removes the group.
start
check "KILL: there is a janitor" pgrep -x uswap-janitor
kill -KILL "$pid"
check "KILL: the worker dies with it" wait_until 3 no_worker grow
check "KILL: the group is removed" wait_until 5 no_group
check "KILL: the janitor is gone" wait_until 3 no_worker uswap-janitor
wait

# Where both are killed the next run removes the group.
start
kill -KILL "$(pgrep -x uswap-janitor)" "$pid"
check "KILL of both: the worker dies" wait_until 3 no_worker grow
wait
check "KILL of both: the group is left" one_group
run --duration 200ms --group svc:memory.max=32M --load anon:size=1M,group=svc
ended "KILL of both: the next run" 0 'uswap-stress: ok'
check "KILL of both: ... removes what was left" no_group

# A run beside it is not taken for a left one.
start
run --duration 500ms --group svc:memory.max=32M --load anon:size=1M,group=svc
ended "two runs at once" 0 'uswap-stress: ok'
check "... the other one's group is still there" one_group
kill -TERM "$pid"
wait
check "... until it ends" no_group

# --- workers that come to harm ---
run --duration 60s --check-fit no --group svc:memory.max=8M,memory.swap.max=0 --load anon:size=64M,group=svc
ended "an OOM kill ends and fails the run" 1 '\[load anon\] was OOM-killed'
begin oom --check-fit no --group svc:memory.max=8M,memory.swap.max=0 --load anon:name=big,size=64M,group=svc --load anon:name=small,size=1M
is_killed() { [ "$(stat_of_run $run_pid svc memory.events oom_kill)" -eq 1 ]; }
wait_until 30 is_killed
interrupt oom $run_pid
check "... is counted" grep -qE '^groups\..*\.events\.oom_kill = 1' "$report"
check "... is named in the report" grep -q '^loads.0.end = oom-killed' "$report"
check "... the other load went on" grep -q '^loads.1.end = ok' "$report"
check "... and the group is gone" no_group

start
kill -KILL "$(worker grow)"
wait
check "a killed worker is no OOM kill" said 'grow\] was killed by signal 9'
check "... and the group is gone" no_group

start --grace 1s
kill -STOP "$(worker grow)"
kill -INT "$pid"
check "a stuck worker is given up" wait_until 40 gone "$pid"
wait
check "... and said to be" said 'grow\] was killed: it took longer'
check "... and the group is gone" no_group

# A wrong byte in a worker's memory is found, with its page and offset.
start
address=$(sed -nE 's/^([0-9a-f]+)-([0-9a-f]+) rw-p 00000000 00:00 0 *$/\1 \2/p' "/proc/$(worker grow)/maps" |
	while read -r begin end; do [ $((0x$end - 0x$begin)) -ne 16777216 ] || echo $((0x$begin)); done)
printf '\125\125\125\125\125\125\125\125' | dd of="/proc/$(worker grow)/mem" bs=1 seek=$((address + 4096 * 100 + 16)) conv=notrunc 2>/dev/null
kill -INT "$pid"
wait
check "a wrong byte is found" said '\[load grow\] 1 pages have wrong contents; first: page 100 \(written 1 times, [^)]*wrong after [^)]*\) at byte 1[6-9]'
check "... and fails the run" said 'uswap-stress: FAILED'
check "... and the group is gone" no_group

# --- where it may not ---
as="deny clone3"
run --duration 500ms --group svc:memory.max=32M --load anon:size=4M,group=svc
as=
ended "without clone3" 0 'uswap-stress: ok'
check "... the group is charged all the same" sh -c "flatten <$work/report.json | sed -nE 's/^groups\..*\.peak_bytes = //p' | { read -r n; [ \"\$n\" -ge 4194304 ]; }"

chmod 777 "$work"
rm -f "$work/report.json" "$work/out"
as="setpriv --reuid 1000 --regid 1000 --clear-groups --"
run --duration 500ms --group svc:memory.max=32M --load anon:size=4M,group=svc
as=
ended "groups without privilege: skipped, with the reason" 77 'svc'
as="setpriv --reuid 1000 --regid 1000 --clear-groups --"
run --duration 500ms --load anon:size=4M
as=
ended "no groups, no privilege" 0 'uswap-stress: ok'

# --- in a group of its own ---
grows_below() { grep -q . "$(find "$cg/$1" -name 'svc.uswap-stress-*')/cgroup.procs"; } 2>/dev/null
group own
( echo 0 >$cg/own/cgroup.procs && exec uswap-stress run --duration 60s --group svc:memory.max=32M --load anon:name=grow,size=4M,group=svc >"$work/out" 2>&1 ) &
pid=$!
check "in a group of its own: the job's groups are below it" wait_until 20 grows_below own
check "... and it is in one beside them" grep -qx "0::/own/supervisor.uswap-stress-$pid-[0-9]*" /proc/$pid/cgroup
kill -INT $pid
wait $pid
check "... it ends well" said '^uswap-stress: interrupted, measured'
check "... nothing is left in it" sh -c "! find $cg/own -mindepth 1 -type d | grep ."
check "... and its controllers are as they were" sh -c "[ -z \"\$(cat $cg/own/cgroup.subtree_control)\" ]"
( echo 0 >$cg/own/cgroup.procs && exec uswap-stress run --duration 60s --group svc:memory.max=32M --load anon:name=grow,size=4M,group=svc >"$work/out" 2>&1 ) &
pid=$!
wait_until 20 grows_below own || not_ok "a run begins" "$work/out"
kill -KILL $pid
check "in a group of its own, KILL: nothing is left in it" wait_until 5 sh -c "! find $cg/own -mindepth 1 -type d | grep -q ."
check "... and its controllers are as they were" sh -c "[ -z \"\$(cat $cg/own/cgroup.subtree_control)\" ]"
check "... and nobody is" wait_until 3 sh -c "! grep -q . $cg/own/cgroup.procs"
wait
( echo 0 >$cg/own/cgroup.procs && uswap-stress run --group svc:memory.max=32M --load anon:size=4M,group=svc >"$work/out" 2>&1; echo "status $?" >>"$work/out" )
check "among other processes: refused, with what to do" said '/own has other processes.*--parent'
check "... as something that can't run here" said 'status 77'
( echo 0 >$cg/own/cgroup.procs && exec uswap-stress run --duration 500ms --parent /outer --group svc:memory.max=32M --load anon:size=4M,group=svc >"$work/out" 2>&1 )
check "elsewhere with --parent" said 'uswap-stress: ok'
drop_group outer 2>/dev/null
finish
