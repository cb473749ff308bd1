# vm: --nodes 1 --mem 768M --disk 128M --disk-opts "file=blkdebug:$here/writeback-errors.conf:@DISK@" --disk 32M
# An I/O error belongs to the application: it gets to know of it although we wrote the pages.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. tests/system/lib.sh
# shellcheck source-path=SCRIPTDIR source=writeback-lib.sh
. tests/system/writeback-lib.sh

keep_dirty
group svc
# All but a little of the disk, so that the bad sector is among its blocks.
size=$(($(stat -f -c '%a * %S / 1048576' /data) - 6))M

use open svc /data/system-test-e map:"$size" dirty:1 "await:$work/go" fsync fsync hold
await open 'dirty 1 .*'
pass svc 256M times=2
check "the pass tells of no error that is the application's ($(passed error))" [ -n "$(passed error)" ]
: >"$work/go"
await open 'fsync [0-9]*'
check "the application that fsyncs gets EIO" [ "$(grep -m 1 fsync "$work/open.map")" = 'fsync 5' ]
end_mapper
rm -f /data/system-test-e "$work/go"
sync

use reopen svc /data/system-test-e map:"$size" dirty:2 "await:$work/go" unmap reopen fsync hold
await reopen 'dirty 2 .*'
pass svc 256M times=2
: >"$work/go"
await reopen 'fsync [0-9]*'
check "one that closes, reopens and fsyncs gets EIO too" [ "$(grep fsync "$work/reopen.map")" = 'fsync 5' ]
end_mapper
rm -f /data/system-test-e "$work/go"
sync

# --- a sparse mapping with no space behind it: ext4 and XFS reserve at the fault, so that write-back never lacks it ---
dd if=/dev/zero of=/data2/system-test-full bs=64k 2>/dev/null
truncate -s -1M /data2/system-test-full
use full svc /data2/system-test-s map:8M dirty:1
status=0
wait "$mapper_pid" 2>/dev/null || status=$?
check "a sparse mapping on a full disk is refused at the fault (SIGBUS, $status)" [ $status -eq 135 ]
use full svc /data2/system-test-s map:512K dirty:1 "await:$work/go" fsync hold
await full 'dirty 1 .*'
pass svc 64M
: >"$work/go"
await full 'fsync [0-9]*'
check "what fits is written whole" said full 'fsync 0'
end_mapper
rm -f /data2/system-test-*
let_go
finish
