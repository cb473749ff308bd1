#!/bin/sh
# Pods as the kubelet lays them out, with its cgroup drivers systemd and cgroupfs: with the configuration of the DaemonSet
# BestEffort and Burstable pods are looked after and Guaranteed ones are left alone, although all run into their limits.
# In the guest of tests/vm/run, with a disk at /data; $as starts the agent, $config is its configuration.
# shellcheck source=tests/system/lib.sh disable=SC3043 # dash and bash have local
. "${0%/*}/../../tests/system/lib.sh"

# The groups of a container, from the outermost to its own.
levels() { # DRIVER CLASS
	local slice=''
	case $1/$2 in
	systemd/guaranteed) echo "kubepods.slice kubepods-pod7d1e.slice cri-containerd-5a11.scope" ;;
	systemd/*)
		slice=kubepods-$2
		echo "kubepods.slice $slice.slice $slice-pod7d1e.slice cri-containerd-5a11.scope"
		;;
	cgroupfs/guaranteed) echo "kubepods pod7d1e 5a11" ;;
	cgroupfs/*) echo "kubepods $2 pod7d1e 5a11" ;;
	esac
}

# Sets container: its path.
make_container() { # DRIVER CLASS
	local level
	container=''
	echo +memory 2>/dev/null >$cg/cgroup.subtree_control
	for level in $(levels "$1" "$2"); do
		[ -z "$container" ] || echo +memory >"$cg/$container/cgroup.subtree_control"
		container=${container:+$container/}$level
		[ -d "$cg/$container" ] || group "$container"
	done
	echo 32M >"$cg/$container/memory.max"
}
answered() {
	snapshot
	[ -n "$(seen "groups./$guaranteed.ledger.actions")" ]
}
ran_into_limit() { [ "$(event_of "$1" max)" -gt 0 ]; }

config=${config:-${0%/*}/uswapd.conf}
check "the configuration is good" uswapd --check-config --config "$config"
for driver in systemd cgroupfs; do
	make_container $driver besteffort
	besteffort=$container
	make_container $driver burstable
	burstable=$container
	make_container $driver guaranteed
	guaranteed=$container
	# What the kubelet gives to all pods together.
	echo 400M >"$cg/${container%%/*}/memory.max"
	start_agent --config "$config" --set agent.mode=act
	for container in "$besteffort" "$burstable" "$guaranteed"; do
		make_big_file
		load pod --cgroup "$cg/$container" file:100G@8M:$big_file
	done
	check_log "$driver: a BestEffort pod is looked after" wait_until 60 acted_on "$besteffort"
	check_log "$driver: a Burstable pod is looked after" wait_until 60 acted_on "$burstable"
	check_log "$driver: a Guaranteed pod runs into its limit" wait_until 60 ran_into_limit "$guaranteed"
	check_log "$driver: and is excluded" wait_until 60 field_is "groups./$guaranteed.verdict.reason" excluded
	check_log "$driver: it can be asked" wait_until 60 answered
	check_log "$driver: nothing was taken from it" [ "$(seen "groups./$guaranteed.ledger.actions")" = 0 ]
	check_log "$driver: nothing is taken from all pods at once" [ "$(seen "groups./${guaranteed%%/*}.ledger.actions")" = 0 ]
	for pid in $loads; do end_load "$pid"; done
	loads=''
	stop_agent "$driver: it"
	for container in $groups_made; do drop_group "$container" || not_ok "$container can be removed"; done
	groups_made=''
done
finish
