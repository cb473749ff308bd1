#!/bin/sh
# Without the memory controller, and without any cgroup v2: where nodes can be reclaimed the agent looks after them and says
# what it cannot do; elsewhere it ends with status 69.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M --append cgroup_disable=memory
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

knob=/sys/devices/system/node/node0/reclaim

judged() { # NAME ERE ARG...
	local name=$1 pattern=$2
	shift 2
	if [ -e $knob ]; then
		start_agent "$@"
		check_log "$name: said" logged "$pattern"
		check "$name: in the status" sh -c "uswapctl status | grep -qE '$pattern'"
		check_log "$name: the nodes are looked after" field_is nodes.0.backend node/reclaim
		stop_agent "$name: it"
	else
		run_agent "$@"
		check_log "$name: status 69 ($status)" [ $status -eq 69 ]
		check_log "$name: said" logged "$pattern"
		check_log "$name: and that nothing is left to do" logged 'nothing to reclaim through'
	fi
}

! grep -qw memory $cg/cgroup.controllers || skip "the memory controller is there in spite of cgroup_disable=memory"
judged "no memory controller" 'memory controller'

# In a mount namespace of its own.
cat >"$work/without" <<END
#!/bin/sh
exec unshare -m sh -c 'umount -n $cg && exec "\$@"' sh "\$@"
END
chmod +x "$work/without"
as=$work/without judged "no cgroup v2" 'no cgroup v2 hierarchy is mounted'
finish
