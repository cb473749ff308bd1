# Parts of the guest's initramfs, for tests/vm/run (sourced). The kernel takes several cpio archives one after another:
# the user land and the kernel's modules change rarely and are cached, what a run adds is packed anew. Nothing is
# compressed: emulated CPUs unpack slower than the host reads. The caller sets cache, say and die.
# shellcheck shell=bash
# shellcheck disable=SC2154 # cache is the caller's

# Programs of the host that go into the guest, so that scripts meet the same tools in both; busybox fills the gaps.
guest_required="bash sh cat chmod chown cp cut date dd df dirname basename env expr false head id install kill ln ls mkdir
	mkfifo mknod mktemp mv nice nohup nproc od printf pwd readlink realpath rm rmdir seq sha256sum sleep sort split
	stat stdbuf stty sync tail tee test timeout touch tr true truncate tty uname uniq wc yes
	awk grep sed find xargs cmp diff ps pgrep pkill free
	setpriv unshare nsenter flock ionice chrt taskset mount umount mountpoint mkswap swapon swapoff losetup blockdev
	fallocate prlimit setsid dmesg kmod insmod modprobe lsmod rmmod sysctl"
guest_optional="numactl mkfs.ext4 tune2fs mkfs.xfs tar gzip cpio script fincore"

# Modules a run may need, with what they depend on; a kernel that has them built in, or not at all, is fine here.
guest_modules="virtio_pci virtio_blk zram lzo-rle lzo lz4 zstd ext4 crc32c_intel crc32c loop brd null_blk dm-delay
	dm-flakey fuse nd_e820 nd_pmem"

is_elf() { # FILE
	local magic
	LC_ALL=C IFS= read -r -n 4 magic <"$1" 2>/dev/null || return 1
	[[ $magic == $'\x7fELF' ]]
}

# /bin, /sbin, /lib and /lib64 are links in the guest, as in Debian, and so is /usr/sbin; a second archive must not name
# what is below them by the link (unpacking would replace the link by a directory).
guest_path() { # PATH
	case $1 in
	/sbin/* | /usr/sbin/*) echo "/usr/bin/${1#*sbin/}" ;;
	/bin/* | /lib/* | /lib64/*) echo "/usr$1" ;;
	*) echo "$1" ;;
	esac
}

# Copies the shared libraries of the ELF files given into a tree. A library that is missing is an error: the program
# could not start.
add_libs() { # TREE FILE...
	local tree=$1 libs lib to
	shift
	[[ $# -gt 0 ]] || return 0
	libs=$(ldd "$@" 2>/dev/null || :)
	if grep -q 'not found' <<<"$libs"; then
		die "shared libraries are missing: $(grep 'not found' <<<"$libs" | sort -u | tr -s '\t\n' ' ')"
	fi
	while read -r lib; do
		to=$tree$(guest_path "$lib")
		[[ -e $to ]] || install -D -m 755 "$lib" "$to"
	done < <(grep -oE '(=> |^[[:space:]]+)/[^ ]+' <<<"$libs" | grep -oE '/[^ ]+' | sort -u)
}

# Copies a file or a tree, with the libraries of all ELF files in it.
add_files() { # TREE SRC DST
	local to file elves=()
	to=$1$(guest_path "$3")
	mkdir -p "$(dirname "$to")"
	cp -RL --preserve=mode,timestamps "$2" "$to"
	if [[ -d $2 ]]; then
		while IFS= read -r -d '' file; do
			is_elf "$file" && elves+=("$file")
		done < <(find "$2" -type f -perm -u+x -print0)
	elif is_elf "$2"; then
		elves=("$2")
	fi
	add_libs "$1" "${elves[@]}"
}

# Packs a tree; everything belongs to root, and everybody may read it, whatever the umask here.
pack() { # TREE ARCHIVE
	chmod -R a+rX "$1"
	(cd "$1" && find . -mindepth 1 -print0 | LC_ALL=C sort -z | cpio --quiet -0 -o -H newc -R +0:+0) >"$2"
}

# Prints the path of a cached part and makes it, by a function called with an empty tree, when it is not there.
cached_part() { # NAME KEY FUNCTION [ARG...]
	local name=$1 key part work
	key=$(printf '%s\n' "$2" | sha256sum | cut -c 1-24)
	shift 2
	part=$cache/parts/$name-$key.cpio
	if [[ ! -e $part ]]; then
		mkdir -p "$cache/parts"
		work=$(mktemp -d "$cache/parts/.$name.XXXXXX")
		mkdir "$work/tree"
		if ! ("$1" "$work/tree" "${@:2}" && pack "$work/tree" "$work/cpio"); then
			rm -rf "$work"
			return 1
		fi
		mv "$work/cpio" "$part"
		rm -rf "$work"
		# What no run has used for a week goes; a run that just opened one keeps its file.
		find "$cache/parts" -maxdepth 1 -mtime +7 -exec rm -rf {} + 2>/dev/null || :
	fi
	touch "$part"
	echo "$part"
}

# The user land: busybox, the host's tools, accounts.
userland_key() {
	local tool
	for tool in busybox $guest_required $guest_optional; do
		command -v "$tool" || :
	done | xargs stat -L -c '%n %s %Y' /lib/x86_64-linux-gnu/libc.so.6 "${BASH_SOURCE[0]}" 2>&1
}

make_userland() { # TREE
	local tree=$1 tool path elves=() missing=
	mkdir -p "$tree"/{dev,proc,sys,run,tmp,etc,root,home/user,data,var/tmp,usr/{bin,lib,lib64,local/bin}}
	ln -s usr/bin "$tree/bin"
	ln -s usr/bin "$tree/sbin"
	ln -s bin "$tree/usr/sbin"
	ln -s usr/lib "$tree/lib"
	ln -s usr/lib64 "$tree/lib64"
	for tool in $guest_required $guest_optional; do
		if ! path=$(type -P "$tool"); then
			[[ " $guest_optional " == *[[:space:]]"$tool"[[:space:]]* ]] || missing+=" $tool"
			continue
		fi
		install -m 755 "$path" "$tree/usr/bin/$tool"
		is_elf "$path" && elves+=("$path")
	done
	# busybox has most of what may be missing; what neither has is said once, when the part is made.
	install -m 755 "$(type -P busybox)" "$tree/usr/bin/busybox"
	for tool in $(busybox --list); do
		[[ -e $tree/usr/bin/$tool ]] || ln -s busybox "$tree/usr/bin/$tool"
	done
	for tool in $missing; do
		[[ -e $tree/usr/bin/$tool ]] || say "this machine has no $tool, neither will the guest"
	done
	add_libs "$tree" "${elves[@]}"
	# glibc opens it when a thread is cancelled or a backtrace taken.
	add_libgcc "$tree"
	printf '%s\n' root:x:0:0:root:/root:/bin/bash nobody:x:65534:65534:nobody:/nonexistent:/usr/bin/false \
		user:x:1000:1000:user:/home/user:/bin/bash >"$tree/etc/passwd"
	printf '%s\n' root:x:0: tty:x:5: disk:x:6: user:x:1000: nogroup:x:65534: >"$tree/etc/group"
	printf '%s\n' 'passwd: files' 'group: files' 'hosts: files' >"$tree/etc/nsswitch.conf"
	echo '127.0.0.1 localhost uswapd-vm' >"$tree/etc/hosts"
	ln -s /proc/self/mounts "$tree/etc/mtab"
}

add_libgcc() { # TREE
	local lib=/lib/x86_64-linux-gnu/libgcc_s.so.1
	[[ ! -e $lib || -e $1/usr$lib ]] || install -D -m 644 "$lib" "$1/usr$lib"
}

# The wanted modules of a kernel, unpacked, with the index that modprobe reads.
make_modules() { # TREE MODULES
	local tree=$1 modules=$2 release base name file to
	release=$(basename "$modules")
	base=$(dirname "$(dirname "$(dirname "$modules")")")
	to=$tree/usr/lib/modules/$release
	mkdir -p "$to/kernel"
	for name in $guest_modules; do
		modprobe -C /dev/null -S "$release" -d "$base" --show-depends "$name" 2>/dev/null || :
	done | awk '$1 == "insmod" { print $2 }' | sort -u >"$tree/list"
	while read -r file; do
		name=$(basename "$file")
		case $file in
		*.xz) xz -dc "$file" >"$to/kernel/${name%.xz}" ;;
		*.zst) zstd -qdc "$file" >"$to/kernel/${name%.zst}" ;;
		*.gz) gzip -dc "$file" >"$to/kernel/${name%.gz}" ;;
		*) cp "$file" "$to/kernel/" ;;
		esac
	done <"$tree/list"
	rm "$tree/list"
	for name in modules.builtin modules.builtin.modinfo; do
		[[ ! -e $modules/$name ]] || cp "$modules/$name" "$to/"
	done
	ln -s usr/lib "$tree/lib"
	depmod -b "$tree" "$release" 2>/dev/null || die "depmod failed on the modules of $release"
	rm "$tree/lib"
}
