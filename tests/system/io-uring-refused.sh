#!/bin/sh
# Where io_uring is refused (seccomp, as in containers; kernel.io_uring_disabled) the agent waits with poll(2), says so, and
# does its work.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

group svc memory.max=64M

works_with_poll() { # NAME
	check_log "$1: the status says that it waits with poll" field_is nodes.0.waits_with poll
	make_big_file
	load svc --cgroup $cg/svc file:100G@8M:$big_file
	check_log "$1: it keeps room for a group" wait_until 15 acted_on svc
	end_load "$load_pid"
	stop_agent "$1: it"
}

start_agent
check_log "otherwise it waits with io_uring" field_is nodes.0.waits_with io_uring
stop_agent "with io_uring: it"

as='deny io_uring' start_agent
check_log "seccomp: the log says so" logged 'io_uring is refused here'
check "seccomp: the status says why" sh -c "uswapctl status | grep -q 'io_uring is refused here'"
works_with_poll seccomp

start_agent --no-io-uring
works_with_poll "--no-io-uring"

disabled=/proc/sys/kernel/io_uring_disabled
if [ -e $disabled ]; then
	before=$(cat $disabled)
	echo 2 >$disabled
	start_agent
	check_log "kernel.io_uring_disabled: the log says so" logged 'io_uring is refused here'
	works_with_poll kernel.io_uring_disabled
	echo "$before" >$disabled
else
	echo "# this kernel has no kernel.io_uring_disabled"
fi
finish
