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
sed 's/^/    /' "$work/pass.err"
# Nothing that touches the disk can be waited for, so nothing is tidied up: the guest is thrown away.
trap - EXIT
exit $((failures > 0))
