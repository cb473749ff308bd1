# vm: --nodes 1 --mem 768M --disk 256M:16M --fs ext4 --disk 320M:16M --fs xfs
# Files keep their content, byte for byte, whatever happens in the middle of write-back, on ext4 and XFS.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. tests/system/lib.sh
# shellcheck source-path=SCRIPTDIR source=writeback-lib.sh
. tests/system/writeback-lib.sh

keep_dirty
group svc

# A pass in the background, under way when this returns.
begin_pass() {
	writeback $cg/svc 64M >"$work/pass" 2>"$work/pass.err" &
	pass_pid=$!
	loads="$loads $pass_pid"
	wait_until 10 is_writing || not_ok "write-back begins" "$work/pass.err"
}
is_writing() { [ "$(stat_of svc file_writeback)" -gt 0 ]; }
writers_gone() { ! pgrep -x uswapd-writer >/dev/null; }

for dir in /data /data2; do
	fs=$(awk -v d=$dir '$2 == d { print $3 }' /proc/mounts)
	file=$dir/system-test-c

	use whole svc $file map:24M dirty:1 hold
	await whole 'dirty 1 .*'
	check "$fs: a pass" pass svc 64M
	end_mapper
	check "$fs: what was cleaned is on the disk" is_same svc $file 1

	use kill svc $file map:24M dirty:2 hold
	await kill 'dirty 2 .*'
	begin_pass
	pkill -KILL -x uswapd-writer
	wait $pass_pid
	check "$fs: the writer killed in the middle: that is said" grep -q 'has ended' "$work/pass.err"
	check "$fs: a new one goes on" pass svc 64M
	end_mapper
	check "$fs: nothing is lost" is_same svc $file 2

	use agent svc $file map:24M dirty:3 hold
	await agent 'dirty 3 .*'
	begin_pass
	kill -KILL $pass_pid
	check "$fs: the agent killed in the middle: the writer goes with it" wait_until 10 writers_gone
	end_mapper
	sync
	check "$fs: nothing is lost then either" is_same svc $file 3

	use cut svc $file map:24M dirty:4 "await:$work/go" unmap truncate:12M punch:1M:1M fsync hold
	await cut 'dirty 4 .*'
	begin_pass
	: >"$work/go"
	await cut 'fsync 0'
	wait $pass_pid
	rm "$work/go"
	end_mapper
	echo 1 >/proc/sys/vm/drop_caches
	check "$fs: truncated in flight: its size is the new one" [ "$(stat -c %s $file)" -eq 12582912 ]
	check "$fs: the hole is one" [ "$(dd if=$file bs=1M skip=1 count=1 2>/dev/null | tr -d '\0' | wc -c)" -eq 0 ]
	truncate -s 1M $file
	check "$fs: what was left is the same" is_same svc $file 4

	use gone svc $file map:24M dirty:5 "await:$work/go" unlink unmap hold
	await gone 'dirty 5 .*'
	begin_pass
	: >"$work/go"
	await gone 'unmap 0'
	wait $pass_pid
	rm "$work/go"
	end_mapper
	check "$fs: unlinked in flight: its space comes back" wait_until 10 sh -c "[ \$(stat -f -c %a $dir) -gt 0 ] && ! [ -e $file ]"
done
let_go
finish
