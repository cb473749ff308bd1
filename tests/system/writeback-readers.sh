# vm: --nodes 1 --mem 768M --disk 384M:40M
# Who reads from a disk is given way to, whichever of its partitions it is.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. tests/system/lib.sh
# shellcheck source-path=SCRIPTDIR source=writeback-lib.sh
. tests/system/writeback-lib.sh

disk=$(awk '$2 == "/data" { print $1 }' /proc/mounts)
busybox umount /data
printf 'n\np\n1\n\n+192M\nn\np\n2\n\n\nw\n' | busybox fdisk "$disk" >"$work/fdisk" 2>&1
check "the disk has two partitions" wait_until 10 test -b "${disk}2"
mkfs.ext4 -q "${disk}1" && busybox mount -t ext4 "${disk}1" /data
keep_dirty

read_the_other() {
	while dd "if=${disk}2" of=/dev/null iflag=direct bs=4k count=1000 2>/dev/null; do :; done
}
write() { # NAME
	use "$1" svc "/data/$1" map:32M dirty:1 hold
	await "$1" 'dirty 1 .*'
	check "a pass, $1" pass svc 64M give-way
	check "all of it is clean ($(passed cleaned) bytes)" [ "$(passed cleaned)" -ge 33554432 ]
	end_mapper
}

group svc
write alone
check "without readers there is no bound" [ -z "$(passed bound)" ]
read_the_other &
reader=$!
loads="$loads $reader"
write beside
check "beside somebody who reads from the other partition there is ($(passed bound) bytes a second)" [ -n "$(passed bound)" ]
kill $reader
wait $reader 2>/dev/null
let_go
busybox umount /data
mkfs.ext4 -qF "$disk" && busybox mount -t ext4 "$disk" /data
finish
