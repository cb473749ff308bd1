# vm: --nodes 1 --mem 640M --disk 256M --disk 64M
# What a node is ordered to give has dirty files in its way: they are written back and taken, whether or not their groups
# have limits.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. tests/system/lib.sh
# shellcheck source-path=SCRIPTDIR source=writeback-lib.sh
. tests/system/writeback-lib.sh

keep_dirty
group svc
group spared
use spared spared /data2/system-test-x map:8M dirty:1 hold
await spared 'dirty 1 .*'
use node svc /data/system-test-a map:64M dirty:1 hold
await node 'dirty 1 .*'
# With an excluded group on it the node is not asked as a whole.
start_agent --set protect.exclude=/spared
before=$(stat_of svc file)
# Again and again: the kernel may pass over what was used since it last looked.
taken() {
	uswapctl wake --bytes 32M >/dev/null
	[ "$(stat_of svc file)" -le $((before - 25165824)) ]
}

check_log "orders are carried out although all is dirty ($before bytes)" wait_until 60 taken
check_log "by having it written back ($(number write_back.written_bytes) bytes)" [ "$(number write_back.written_bytes)" -ge 8388608 ]
check "the excluded group's are not" [ -z "$(field "write_back.devices.$(device_of /data2).orders")" ]
stop_agent
let_go
finish
