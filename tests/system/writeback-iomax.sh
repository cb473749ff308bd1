# vm: --nodes 1 --mem 768M --disk 384M:40M
# A group whose own io.max is slow holds up itself alone: its device is not given up, though an order takes longer than
# its deadline.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. tests/system/lib.sh
# shellcheck source-path=SCRIPTDIR source=writeback-lib.sh
. tests/system/writeback-lib.sh

! kernel_before 6 5 || skip "without cachestat(2) it is not seen when a piece held up by its group is written"
keep_dirty
group svc
[ -w $cg/svc/io.max ] || skip "this kernel limits no group's I/O"
echo "$(device_of /data) wbps=1048576" >$cg/svc/io.max
use limited svc /data/system-test-i map:8M dirty:1 hold
await limited 'dirty 1 .*'
check "a pass" pass svc 64M deadline=4
check "it took longer than its deadline ($(passed write_us) us)" [ "$(passed write_us)" -gt 4000000 ]
check "nobody was given up" [ ! -s "$work/pass.err" ]
check "all of it is clean ($(passed cleaned) bytes)" [ "$(passed cleaned)" -ge 8388608 ]
end_mapper
let_go
finish
