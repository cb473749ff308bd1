# vm: --nodes 1 --mem 640M --disk 128M --disk-opts throttling.bps-write=65536 --disk 64M
# A disk that all but stops answering: it is given up, said, and the rest goes on.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. tests/system/lib.sh
# shellcheck source-path=SCRIPTDIR source=writeback-lib.sh
. tests/system/writeback-lib.sh

keep_dirty
group svc
group other
use slow svc /data/system-test-s map:16M dirty:1 hold
await slow 'dirty 1 .*'
# For the agent below: later the disk may not even make a file.
group stuck
use stuck stuck /data/system-test-t map:16M dirty:1 hold
await stuck 'dirty 1 .*'
use fast other /data2/system-test-f map:8M dirty:1 hold
await fast 'dirty 1 .*'

begin=$(now_ms)
pass svc 64M deadline=3 times=2
took=$(($(now_ms) - begin))
check "the device is given up after its deadline ($took ms)" [ $took -lt 100000 ]
check "that is said" grep -q 'does not answer' "$work/pass.err"
check "and is the result ($(passed error))" [ "$(passed error)" -eq -110 ]
check "another disk is written meanwhile" pass other 64M
kernel_before 6 5 || check "all of it" [ "$(passed cleaned)" -ge 8000000 ]
end_mapper

# --- the agent: a node wants memory, and what is dirty in its way can't be written ---
group cache
sh -c "echo 0 >$cg/cache/cgroup.procs; exec dd if=/dev/zero of=/data2/system-test-c bs=1M count=24 conv=fsync" 2>/dev/null
start_agent --set clean.deadline=2s
cache_is_taken() {
	uswapctl wake --bytes 60M >/dev/null
	[ "$(stat_of cache file)" -lt 8388608 ]
}
check_log "what others have clean is taken all the same" wait_until 60 cache_is_taken
given_up() {
	uswapctl wake --bytes 60M >/dev/null
	[ "$(number "write_back.devices.$(device_of /data).given_up")" -gt 0 ]
}
check_log "the device is given up, and status says so" wait_until 60 given_up
check_log "as does the log" logged 'device .* does not answer'
begin=$(now_ms)
kill -TERM "$agent_pid"
wait "$agent_pid"
took=$(($(now_ms) - begin))
check_log "the agent ends within 2 s ($took ms)" [ $took -le 2000 ]
# Nothing that touches the disk can be waited for, so nothing is tidied up: the guest is thrown away.
trap - EXIT
exit $((failures > 0))
