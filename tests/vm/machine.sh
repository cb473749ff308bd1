# The virtual machine of tests/vm/run (sourced): its disks, memory and serial lines, and booting it. Works on the
# options that run has parsed.
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # options and results are run's

# Adds a virtio disk; sets device, its name in the guest. A rate holds for reads and writes together, as for a real disk.
attached=0 letters=abcdefghijklmnopqrstuvwxyz
attach() { # FILE [BYTES/S [DRIVE-OPTIONS]]
	local file=${1//,/,,} rate=${2:-} more=${3:-} source
	source=file=$file
	if [[ $more == *@DISK@* ]]; then
		source=${more//@DISK@/$file} more=
	fi
	qemu+=(-drive "$source,format=raw,if=none,id=d$attached,cache=unsafe${rate:+,throttling.bps-total=$rate}${more:+,$more}"
		-device "virtio-blk-pci,drive=d$attached")
	device=/dev/vd${letters:attached:1}
	attached=$((attached + 1))
}

make_disks() {
	local i device dir
	guest_swap=$swap guest_disks='' guest_results=''
	for i in "${!disk_sizes[@]}"; do
		attach "$work/disk$i" "${disk_rates[i]}" "${disk_opts[i]}"
		dir=/data$([[ $i -eq 0 ]] || echo $((i + 1)))
		guest_disks+=" $device=$dir=${disk_fs[i]}"
	done
	if [[ $swap == disk:* ]]; then
		attach "$work/swap" "$swap_rate" "$swap_opts"
		guest_swap=$device
	fi
	if [[ -n $out ]]; then
		attach "$work/results"
		guest_results=$device
	fi
}

# Fresh contents for the disks, before each boot.
format_disks() {
	local i file
	for i in "${!disk_sizes[@]}"; do
		file=$work/disk$i
		rm -f "$file"
		if [[ ${disk_sizes[i]} == */* ]]; then
			cp --sparse=always "${disk_sizes[i]}" "$file" || die "--disk: ${disk_sizes[i]} can't be copied"
			continue
		fi
		truncate -s "${disk_sizes[i]}" "$file"
		case ${disk_fs[i]} in
		ext4) mkfs.ext4 -q -F -E lazy_itable_init=0,lazy_journal_init=0 "$file" >&2 ;;
		xfs) mkfs.xfs -q -f "$file" >&2 ;;
		esac || die "--disk: mkfs.${disk_fs[i]} refused the size ${disk_sizes[i]}"
	done
	if [[ $swap == disk:* ]]; then
		rm -f "$work/swap"
		truncate -s "${swap#disk:}" "$work/swap"
		mkswap "$work/swap" >/dev/null 2>&1 || die "--swap: mkswap refused the size ${swap#disk:}"
	fi
	[[ -z $out ]] || { rm -f "$work/results" && truncate -s 8G "$work/results"; }
}

# What the firmware says of each node's memory (ACPI HMAT): that of the last is slow, as CXL's is.
tell_speeds() {
	local from to latency bandwidth pair
	qemu+=(-machine hmat=on)
	for ((from = 0; from < nodes - 1 && from < cpus; from++)); do
		for ((to = 0; to < nodes; to++)); do
			latency=100 bandwidth=10G
			[[ $to -lt $((nodes - 1)) ]] || latency=400 bandwidth=2G
			pair=hmat-lb,initiator=$from,target=$to,hierarchy=memory
			qemu+=(-numa "$pair,data-type=access-latency,latency=$latency"
				-numa "$pair,data-type=access-bandwidth,bandwidth=$bandwidth")
		done
	done
}

# A node of nothing but a module of memory. The firmware tells of the module later than of what is there from the start.
plug_in() {
	qemu+=(-numa "node,nodeid=$nodes" -object "memory-backend-ram,id=plugged,size=$plugged"
		-device "pc-dimm,id=module,memdev=plugged,node=$nodes")
	append+=' memhp_default_state=offline'
}

make_machine() {
	local i j list total=$((nodes * mem)) low=768 near=$((nodes - ${tiers:-0}))
	# A Normal zone needs memory above 4 GiB: let less than usual lie below it.
	[[ $total -gt 1024 ]] || low=$((total / 2))
	qemu+=(-nodefaults -no-user-config -display none -no-reboot -smp "$cpus,sockets=$cpus,cores=1,threads=1" -m "${total}M${plugged:+,slots=1,maxmem=$(((total << 20) + plugged))}"
		-machine "pc,max-ram-below-4g=${low}M")
	# Emulated CMPXCHG16B can corrupt flags. Told of fast string operations (ERMS) the kernel clears and copies pages a byte at a
	# time, each byte a turn of the emulator's loop: three times as slow.
	case $accel in
	tcg) qemu+=(-accel "tcg,thread=multi" -cpu "max,-cx16,-erms") ;;
	icount) qemu+=(-accel "tcg,thread=single" -icount "shift=1,sleep=$sleep" -cpu "max,-cx16,-erms") ;;
	kvm) qemu+=(-accel kvm -cpu host) ;;
	esac
	for ((i = 0; i < nodes; i++)); do
		list=
		for ((j = i; i < near && j < cpus; j += near)); do list+=",cpus=$j"; done
		[[ -z $tiers || -n $list ]] || list=,initiator=0
		qemu+=(-object "memory-backend-ram,id=m$i,size=${mem}M" -numa "node,nodeid=$i,memdev=m$i$list")
	done
	[[ -z $tiers ]] || tell_speeds
	[[ -z $plugged ]] || plug_in
	for i in kernel.log output status; do
		: >"$work/$i"
		qemu+=(-chardev "file,id=$i,path=${work//,/,,}/$i" -serial "chardev:$i")
	done
	qemu+=(-kernel "$image" -initrd "$work/initrd"
		-append "console=ttyS0 earlyprintk=serial,ttyS0 loglevel=7 panic=-1 oops=panic psi=1 swiotlb=noforce$append")
}

# Whether the guest has said a word. No process is started: this is asked ten times a second beside what is measured.
told() { # WORD
	local line lines=()
	mapfile -t lines <"$work/status"
	for line in "${lines[@]}"; do
		[[ ${line%% *} != "$1" ]] || return 0
	done
	return 1
}

# One boot: 0 when the command began (whatever came of it), 1 when the guest never got that far. Sets hung when it had
# to be killed after that.
boot() {
	local deadline=$((SECONDS + slower * boot_seconds)) began='' tail_pid='' off=''
	setpriv --pdeathsig KILL qemu-system-x86_64 "${qemu[@]}" </dev/null >"$work/qemu.log" 2>&1 &
	qemu_pid=$!
	while kill -0 $qemu_pid 2>/dev/null; do
		if [[ -z $began ]] && told begin; then
			began=1
			deadline=$((SECONDS + slower * (timeout + grace_seconds)))
			tail -c +1 -s 0.1 -f --pid=$qemu_pid "$work/output" &
			tail_pid=$!
		elif [[ -z $off ]] && told 'done'; then
			off=1
			deadline=$((SECONDS + 20))
		elif [[ $SECONDS -ge $deadline ]]; then
			hung=1
			kill -KILL $qemu_pid 2>/dev/null
			break
		fi
		read -r -t 0.1 -u "$never" || :
	done
	wait $qemu_pid 2>/dev/null || :
	qemu_pid=
	if [[ -n $began ]]; then
		wait $tail_pid || :
	elif told begin; then
		cat "$work/output"
	else
		hung=
		return 1
	fi
}

# Emulation lets a guest trip over the breakpoint with which a kernel patches its own text: no kernel's fault.
tripped() { [[ $accel == tcg ]] && grep -q 'Oops: int3' "$work/kernel.log"; }

# Boots until the command begins, or the guest says that it cannot be set up as asked. A guest that trips before the
# command has written a word is as good as one that never began: nothing of the run has left it.
boot_patiently() {
	local try
	hung=
	for ((try = 1; ; try++)); do
		format_disks
		if boot; then
			[[ ! -s $work/output ]] && ! told exit && tripped || return 0
		fi
		! told setup || return 0
		[[ -s $work/kernel.log ]] || die "QEMU did not start: $(cat "$work/qemu.log")"
		! grep -q 'Unable to mount root fs' "$work/kernel.log" ||
			die "--mem: too little for the programs and tools that go into the guest ($(du -m "$work/initrd" | cut -f 1) MiB)"
		cp "$work/kernel.log" "$work/kernel.log.try$try"
		echo "vm: the guest broke down before the command said a word (try $try of $boot_tries); the end of its log:" >&2
		{ cat "$work/qemu.log" && tail -n 12 "$work/kernel.log"; } | tr -d '\r' | sed 's/^/vm:   /' >&2
		[[ $try -lt $boot_tries ]] || return 1
	done
}
