# vm: --nodes 1 --mem 768M --disk 384M:40M
# The agent writes back what is in the way of a group that grows into its limit, says so, and ends in time whatever its
# disk does. Nothing is written where it was told not to.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. tests/system/lib.sh
# shellcheck source-path=SCRIPTDIR source=writeback-lib.sh
. tests/system/writeback-lib.sh

keep_dirty
grown() { load_said "$1" grown; }

# A mapping of 96 MiB dirty, then 24 MiB of anonymous memory in steps; without swap only the file can give way.
grow() { # NAME
	truncate -s 96M "/data/system-test-$1"
	load "$1" --cgroup $cg/svc "dirty:96M:/data/system-test-$1" say:dirty anon:56M@8M say:grown hold
	wait_until 60 grown "$1"
}

group svc memory.max=128M
start_agent --set clean.enabled=no
grow off
direct_off=$(stat_of svc pgscan_direct)
check "switched off, nothing is written back" [ "$(number groups./svc.ledger.cleanings)" -eq 0 ]
check "and no process is there for it" [ "$(number write_back.writers)" -eq 0 ]
end_load "$load_pid"
stop_agent "switched off, it"
drop_group svc

group svc memory.max=128M
start_agent
grow on
direct_on=$(stat_of svc pgscan_direct)
snapshot
check_log "dirty files were written back ($(seen groups./svc.ledger.cleanings) times)" \
	[ "$(seen groups./svc.ledger.cleanings)" -gt 0 ]
check "and were clean afterwards ($(seen groups./svc.ledger.cleaned_bytes) of $(seen groups./svc.ledger.written_bytes))" \
	[ "$(seen groups./svc.ledger.cleaned_bytes)" -ge 8388608 ]
uswapctl why /svc >"$work/why"
check "why tells of it" grep -q 'Dirty files written back' "$work/why"
check "and then taken ($(seen groups./svc.ledger.cleaned_taken_bytes) bytes)" \
	[ "$(seen groups./svc.ledger.cleaned_taken_bytes)" -ge 4194304 ]
device=write_back.devices.$(device_of /data)
check "the account of their device has them ($(seen "$device.cleaned_bytes"))" \
	[ "$(seen "$device.cleaned_bytes")" -ge "$(seen groups./svc.ledger.cleaned_bytes)" ]
# How much that helps is tests/bench's to measure: here it depends on how busy the machine is.
echo "# its tasks scanned $direct_on pages themselves, without: $direct_off"
check "a process writes for the disk" sh -c "pgrep -x uswapd-writer >/dev/null"
writer=$(pgrep -x uswapd-writer)
end_load "$load_pid"
stop_agent
check "the writer ended with it" [ ! -d "/proc/$writer" ]
check "what was written is what the application wrote" sh -c \
	"echo 1 >/proc/sys/vm/drop_caches; cat /data/system-test-on >/dev/null"
drop_group svc

group svc memory.max=128M
start_agent --dry-run
grow dry
check "a dry run writes nothing" [ "$(number write_back.written_bytes)" -eq 0 ]
end_load "$load_pid"
stop_agent "a dry run"
let_go
finish
