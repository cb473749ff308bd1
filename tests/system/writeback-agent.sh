# vm: --nodes 1 --mem 768M --disk 384M:40M
# The agent writes back what is in the way of a group that grows into its limit, says so, and ends in time whatever its
# disk does. A dry run writes nothing.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. tests/system/lib.sh
# shellcheck source-path=SCRIPTDIR source=writeback-lib.sh
. tests/system/writeback-lib.sh

keep_dirty
grown() { load_said "$1" grown; }

# A mapping of 40 MiB dirty, then 36 MiB of anonymous memory in steps; without swap only the file can give way.
grow() { # NAME
	truncate -s 40M "/data/system-test-$1"
	load "$1" --cgroup $cg/svc "dirty:40M:/data/system-test-$1" say:dirty anon:36M@4M say:grown hold
	wait_until 60 grown "$1"
}
helped() {
	snapshot
	[ "$(seen groups./svc.ledger.cleaned_bytes)" -ge 8388608 ] &&
		[ "$(seen groups./svc.ledger.cleaned_taken_bytes)" -ge 4194304 ]
}

group svc memory.max=64M
# Margin enough for an agent that gets its turn late.
start_agent --set headroom.margin_min=8M --set record.file="$work/recording"
# While this machine stands still, tasks and the kernel have it done before the agent sees it: then it grows once more.
for round in 1 2 3; do
	grow $round
	! wait_until 5 helped || break
	end_load "$load_pid"
	rm /data/system-test-$round
done
check_log "dirty files were written back ($(seen groups./svc.ledger.cleanings) times)" \
	[ "$(seen groups./svc.ledger.cleanings)" -gt 0 ]
check "and were clean afterwards ($(seen groups./svc.ledger.cleaned_bytes) of $(seen groups./svc.ledger.written_bytes))" \
	[ "$(seen groups./svc.ledger.cleaned_bytes)" -ge 8388608 ]
uswapctl why /svc >"$work/why"
check "why tells of it" grep -q 'Dirty files written back' "$work/why"
check "and then taken ($(seen groups./svc.ledger.cleaned_taken_bytes) bytes, round $round)" \
	[ "$(seen groups./svc.ledger.cleaned_taken_bytes)" -ge 4194304 ]
device=write_back.devices.$(device_of /data)
check "the account of their device has them ($(seen "$device.cleaned_bytes"))" \
	[ "$(seen "$device.cleaned_bytes")" -ge "$(seen groups./svc.ledger.cleaned_bytes)" ]
check "a process writes for the disk" sh -c "pgrep -x uswapd-writer >/dev/null"
writer=$(pgrep -x uswapd-writer)
end_load "$load_pid"
stop_agent
check_replay headroom clean
check "and what came of write-back is told" replay_tells_requests clean
check "the writer ended with it" [ ! -d "/proc/$writer" ]
drop_group svc

group svc memory.max=64M
start_agent --dry-run
grow dry
check "a dry run writes nothing" [ "$(number write_back.written_bytes)" -eq 0 ]
end_load "$load_pid"
stop_agent "a dry run"
let_go
finish
