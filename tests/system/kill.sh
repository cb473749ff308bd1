#!/bin/sh
# Killed at a dozen moments while it reclaims, the agent leaves no process, no group, no limit and no request behind, and
# the next one starts; it gives back what the last one has tuned.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

make_big_file
group svc memory.max=64M
group full memory.max=64M
# One fills again and again, one stands at its limit all the time.
while :; do memload --cgroup $cg/svc anon:90M@48M; done >/dev/null 2>&1 &
loads="$loads $!"
load full --cgroup $cg/full file:100G@16M:$big_file
listing | sort >"$work/running.listing"
limits >"$work/running.limits"

swappiness=$(cat /proc/sys/vm/swappiness)
seed=$(date +%N)
times=${times:-12} slowest=0 acting=0 failed_starts=0
for i in $(seq "$times"); do
	launch_agent --set agent.log_level=debug --set tuning.swappiness=$((100 + i % 100))
	wait_until 60 agent_is_ready_or_gone
	if ! logged 'is ready'; then
		failed_starts=$((failed_starts + 1))
		echo "    start $i, alive: $(kill -0 "$agent_pid" 2>/dev/null && echo yes || echo no)"
		sed 's/^/    /' "$work/agent.log"
	fi
	# 0 to 1.5 s
	sleep "$(awk -v seed="$seed$i" 'BEGIN { srand(seed); print rand() * 1.5 }')"
	! logged ': taking' || acting=$((acting + 1))
	begin=$(now_ms)
	kill -KILL "$agent_pid"
	wait "$agent_pid" 2>/dev/null
	ms=$(($(now_ms) - begin))
	[ $ms -le $slowest ] || slowest=$ms
done
agent_pid=
check_log "each of $times started ($failed_starts did not)" [ $failed_starts -eq 0 ]
check "most were killed while they reclaimed ($acting of $times)" [ $acting -ge $((times / 2)) ]
check "none was stuck in the kernel (gone after $slowest ms at most)" [ $slowest -le 10000 ]
# Killed with it, at the end of what they were at.
hands_gone() { ! pgrep -x uswapd-hand >/dev/null; }
check "its processes go" wait_until 10 hands_gone
check "socket, lock and what was tuned are left" \
	[ "$(ls $run_dir | tr '\n' ' ')" = "control.sock control.sock.lock control.sock.tuning " ]
check "the sysctl is the last one's" [ "$(cat /proc/sys/vm/swappiness)" -eq $((100 + times % 100)) ]
launch_agent --set agent.mode=observe
check_log "an agent that observes starts after them" wait_until 15 logged 'is ready'
check_log "and has given the sysctl back" [ "$(cat /proc/sys/vm/swappiness)" -eq "$swappiness" ]
kill -TERM "$agent_pid"
wait "$agent_pid"
agent_pid=
listing | sort >"$work/killed.listing"
limits >"$work/killed.limits"
check "nothing else is left" same "$work/running.listing" "$work/killed.listing"
check "limits are as they were" same "$work/running.limits" "$work/killed.limits"

start_agent
check_log "the next one works" wait_until 20 acted_on svc
check_log "also for the group that stands at its limit" wait_until 20 acted_on full
stop_agent "the next one"
for pid in $loads; do end_load "$pid"; done
for name in svc full; do
	begin=$(now_ms)
	check "$name can be removed" drop_group $name
	ms=$(($(now_ms) - begin))
	check "$name: nothing holds it ($ms ms)" [ $ms -lt 10000 ]
done
finish
