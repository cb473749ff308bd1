# vm: --nodes 1 --mem 512M --append memmap=32M!128M
# The pages of a file with direct access are the device's: there is nothing to write back, and nothing to reclaim.
# full run
# shellcheck source-path=SCRIPTDIR source=lib.sh
. tests/system/lib.sh
# shellcheck source-path=SCRIPTDIR source=writeback-lib.sh
. tests/system/writeback-lib.sh

modprobe -q -a nd_e820 nd_pmem
wait_until 10 test -b /dev/pmem0 || skip "this kernel has no persistent memory"
mkfs.ext4 -q -F -b 4096 /dev/pmem0
mkdir "$work/pmem"
keep_dirty
group svc
for dax in always never; do
	mount -t ext4 -o dax=$dax /dev/pmem0 "$work/pmem" || skip "this kernel has no direct access"
	use $dax svc "$work/pmem/system-test" map:8M dirty:1 hold
	await $dax 'dirty 1 .*'
	check "a pass where direct access is to be $dax" pass svc 64M
	if [ $dax = always ]; then
		check "the file was refused" [ "$(passed dax)" -ge 1 ]
		check "nothing was asked" [ "$(passed orders)" -eq 0 ]
	else
		check "the file was not refused" [ "$(passed dax)" -eq 0 ]
		check "it was asked for" [ "$(passed orders)" -ge 1 ]
		check "and is clean" [ "$(mib_dirty svc)" -le 1 ]
	fi
	end_mapper
	umount "$work/pmem"
done
rmdir "$work/pmem"
let_go
rm -rf /run/mount # umount(8) may leave it
finish
