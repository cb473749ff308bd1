# vm: --nodes 1 --mem 640M --disk 256M --disk 64M
# What write-back must leave alone, and what it must not change.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. tests/system/lib.sh
# shellcheck source-path=SCRIPTDIR source=writeback-lib.sh
. tests/system/writeback-lib.sh

keep_dirty
group svc
group other

# --- a plain file: it is found, through a mapping alone, and nothing but its pages changes ---
use plain svc /data/system-test-a map:16M dirty:1 fsync dirty:2 hold
await plain 'dirty 2 .*'
stat -c '%i %s %b %X %Y %Z %h %U %a' /data/system-test-a >"$work/before"
: >"$work/events"
check "a dry run writes nothing" pass svc 64M dry
check "but says what it would write" [ "$(passed chosen)" -ge 16777216 ]
check "all is dirty still" [ "$(mib_dirty svc)" -ge 16 ]
check "a pass" pass svc 64M
if kernel_before 6 5; then
	check "it is clean" [ "$(mib_dirty svc)" -le 1 ]
else
	check "it is clean ($(passed cleaned) of $(passed asked))" [ "$(passed cleaned)" -ge 16000000 ]
	check "and stays accounted so" [ "$(mib_dirty svc)" -le 1 ]
fi
stat -c '%i %s %b %X %Y %Z %h %U %a' /data/system-test-a >"$work/after"
check "neither size nor times changed" same "$work/before" "$work/after"
check "nobody holds the file open" [ -z "$(find /proc/[0-9]*/fd -lname /data/system-test-a 2>/dev/null |
	grep -v "/$mapper_pid/")" ]
check "nothing is found a second time" pass svc 64M
kernel_before 6 5 || check "nothing was asked" [ "$(passed asked)" -le 1048576 ]
end_mapper
check "its content is on the disk" is_same svc /data/system-test-a 2

# --- files in memory, FIFOs, devices ---
use shm svc /dev/shm/system-test map:8M dirty:1 hold
shm=$mapper_pid
await shm 'dirty 1 .*'
mkfifo "$work/fifo"
sh -c "echo \$\$ >$cg/svc/cgroup.procs; exec sleep 60 7<>$work/fifo 8>/dev/vda 9>/dev/null" &
loads="$loads $!"
sleep 0.3
check "a pass over what is no file on a disk" pass svc 64M
check "the file in memory was refused" [ "$(passed in-memory)" -ge 1 ]
check "FIFO and devices were refused ($(passed not-regular))" [ "$(passed not-regular)" -ge 3 ]
check "nothing was asked" [ "$(passed orders)" -eq 0 ]
kill -KILL $shm
rm -f /dev/shm/system-test

# --- FUSE: only where that is switched on ---
if grep -qw fuse /proc/filesystems; then
	: >"$work/fuse"
	fusefile "$work/fuse" >"$work/fuse.out" 2>&1 &
	server=$!
	loads="$loads $server"
	wait_until 10 grep -q mounted "$work/fuse.out" || not_ok "a file of FUSE is mounted" "$work/fuse.out"
	use fuse svc "$work/fuse" map:1M dirty:1 hold
	await fuse 'dirty 1 .*'
	check "a pass over a file of FUSE" pass svc 64M
	check "it was refused" [ "$(passed remote)" -ge 1 ]
	check "nothing was asked" [ "$(passed orders)" -eq 0 ]
	check "nor was its server asked for anything" [ "$(grep -c open "$work/fuse.out") $(grep -c statfs "$work/fuse.out")" = '1 0' ]
	kill -STOP "$server"
	check "one that does not answer holds nothing up" pass svc 64M
	kill -CONT "$server"
	check "a pass where that is switched on" pass svc 64M remote
	check "has it written" wait_until 30 grep -q write "$work/fuse.out"
	end_mapper
	umount "$work/fuse"
	wait "$server"
	rm -rf /run/mount # umount(8) may leave it
fi

# --- a read-only mount ---
use ro svc /data2/system-test-r map:4M dirty:1 hold
await ro 'dirty 1 .*'
mkdir "$work/ro"
mount --bind /data2 "$work/ro"
mount -o remount,bind,ro "$work/ro"
end_mapper
sync
sh -c "echo \$\$ >$cg/other/cgroup.procs; exec sleep 60 7<$work/ro/system-test-r" &
reader=$!
loads="$loads $reader"
sleep 0.2
check "a pass over a descriptor for reading" pass other 64M
check "opens nothing" [ "$(passed files)" -eq 0 ]
kill -KILL $reader
wait_until 5 umount "$work/ro"
rm -rf /run/mount # mount(8) left it

# --- a lease: its holder is not asked to give it up ---
use lease svc /data/system-test-l map:8M dirty:1 fsync lease dirty:2 hold
await lease 'dirty 2 .*'
if said lease 'lease 0'; then
	grep -c LEASE /proc/locks >"$work/leases"
	check "a pass over a leased file" pass svc 64M
	check "it was left alone" [ "$(passed leased)" -ge 1 ]
	check "the lease is whole" grep -q 'LEASE *ACTIVE *WRITE' /proc/locks
	check "it is dirty still" [ "$(mib_dirty svc)" -ge 8 ]
else
	check "a lease can be had" false
fi
end_mapper

# --- nothing keeps a mount ---
use um other /data2/system-test-u map:8M dirty:1 hold
await um 'dirty 1 .*'
check "a pass over the second disk" pass other 64M
end_mapper
check "it can be unmounted right after" umount /data2
mount -t ext4 /dev/vdb /data2
rm -rf /run/mount
check "and has its content" is_same other /data2/system-test-u 1
rm -f /data2/system-test-*

# --- a file that is dirtied again at once is left alone ---
use hot svc /data/system-test-h map:16M dirty:1 again:2:20000 hold
await hot 'dirty 1 .*'
check "five passes over a file in use" pass svc 64M times=5
# All of it, and then each time either less than half of it, or nothing.
kernel_before 6 5 || check "it is cleaned once, then left alone ($(passed asked))" [ "$(passed asked)" -lt $((48 << 20)) ]
end_mapper
let_go
finish
