#!/bin/sh
# The main job in half a minute, on any kernel: a group grows into its limit without reaching it,
# the agent can be asked about it, ends when told, and leaves nothing behind.
set -u

cgroup=/sys/fs/cgroup
before=$(find $cgroup -mindepth 1 -type d | sort)
passed=0 failed=0

check() { # NAME COMMAND...
	name=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
		echo "ok - $name"
	else
		failed=$((failed + 1))
		echo "not ok - $name"
	fi
}


uswapd >/tmp/uswapd.log 2>&1 &
agent=$!
for _ in $(seq 50); do
	[ -S /run/uswapd/control.sock ] && break
	sleep 0.1
done
check "it starts" test -S /run/uswapd/control.sock
check "it says that it is ready" grep -q 'is ready' /tmp/uswapd.log

uswap-stress run --duration 8s --json /tmp/run.json --group svc:memory.max=64M \
	--load anon:size=96M,rate=12M/s,group=svc >/tmp/run.txt 2>&1
status=$?
check "the load ran and its contents are right (status $status)" test $status = 0
[ $status = 0 ] || cat /tmp/run.txt

uswapctl --json status >/tmp/status.json
check "uswapctl status answers" test $? = 0
# Of all groups, also those gone by now; one line a worker.
taken=$(tr -d ' \n' </tmp/status.json | grep -o '"groups_ledger":{[^}]*}' | sed 's/.*"applied_bytes":\([0-9]*\).*/\1/' |
	awk '{ sum += $1 } END { printf "%.0f", sum }')
check "it took memory from the group ahead of its tasks ($taken bytes)" test "${taken:-0}" -gt 1048576
uswapctl why >/tmp/why.txt
check "uswapctl why answers" test -s /tmp/why.txt

kill -TERM $agent
wait $agent
check "it ends with status 0 when told" test $? = 0
check "its socket is gone" test ! -e /run/uswapd/control.sock
after=$(find $cgroup -mindepth 1 -type d | sort)
check "no group is left" test "$before" = "$after"

cat /tmp/run.txt
echo "smoke: $passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
