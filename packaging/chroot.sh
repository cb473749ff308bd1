# Debian releases to build and try packages in: a tar file each, kept in the cache. Sourced.
# shellcheck shell=bash

chroots=${XDG_CACHE_HOME:-$HOME/.cache}/uswapd/chroot

chroot_skip() { # REASON...
	echo "chroot: $*" >&2
	exit 77
}

# The archive that this machine's apt uses.
chroot_mirror() {
	# shellcheck disable=SC2016 # apt expands these
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 2>/dev/null |
		awk -F'|' '$1 == "Debian" && $2 == "Debian" { print $3; exit }'
}

# Makes the tar file unless it is there: a release with these packages and what they depend on. Ends the script with status 77,
# and the reason, when it can't be had here. Prints its path.
chroot_tar() { # SUITE KIND VARIANT PACKAGES
	local kind=$1-$2 tar new mirror
	# Other packages make another one.
	tar=$chroots/$kind-$(cksum <<<"$4" | cut -d' ' -f1).tar new=$chroots/new-$kind.tar
	[[ $EUID == 0 ]] || chroot_skip "a chroot needs root"
	if [[ ! -e $tar ]]; then
		command -v mmdebstrap >/dev/null || chroot_skip "mmdebstrap is missing: packaging/setup package"
		mirror=${USWAPD_DEBIAN_MIRROR:-$(chroot_mirror)}
		[[ -n $mirror ]] || chroot_skip "apt knows no Debian archive here: set USWAPD_DEBIAN_MIRROR"
		mkdir -p "$chroots"
		rm -f "$chroots/$kind"[-.]*
		echo "chroot: making one of $1, once" >&2
		mmdebstrap --variant="$3" --include="$4" --keyring=/usr/share/keyrings/debian-archive-keyring.gpg \
			"$1" "$new" "deb $mirror $1 main" >"$tar.log" 2>&1 </dev/null ||
			{ tail -n 5 "$tar.log" >&2 && chroot_skip "$1 can't be had here"; }
		mv "$new" "$tar"
	fi
	echo "$tar"
}

# A release that packages are tried on: with systemd, and what they need.
chroot_run_tar() { # SUITE
	local libcgroup=libcgroup3 libmicrohttpd=libmicrohttpd12t64
	[[ $1 != bookworm ]] || libcgroup=libcgroup2 libmicrohttpd=libmicrohttpd12
	chroot_tar "$1" run minbase "systemd,systemd-oomd,bash-completion,man-db,procps,$libcgroup,libhwloc15,libinih1,libjansson4,liburing2,libncursesw6,$libmicrohttpd"
}

chroot_unpack() { # TAR DIR
	mkdir -p "$2"
	tar -x -f "$1" -C "$2" --numeric-owner
}

# The directory with the packages of a release: the one given, or where they are built, without the unit tests. Ends the script
# where they can't be.
packages_of() { # SUITE GIVEN WORK
	local status=0
	[[ -z $2 ]] || { echo "$2" && return; }
	packaging/build-deb --suite "$1" --nocheck --out "$3/debs" >"$3/build.log" 2>&1 || status=$?
	[[ $status == 0 ]] || { tail -n 20 "$3/build.log" >&2 && exit $status; }
	echo "$3/debs"
}

# Runs a command in an unpacked chroot, with mounts, processes and a network of its own that vanish with it.
chroot_run() { # ROOT COMMAND...
	unshare --mount --pid --fork --kill-child --net sh -c '
		mount --make-rprivate / && mount -t proc proc "$1/proc" && mount --bind -o ro /sys "$1/sys" &&
			ip link set lo up && mount -t tmpfs tmp "$1/tmp" && mkdir -p "$1/dev/shm" && mount -t tmpfs shm "$1/dev/shm" &&
			exec chroot "$@"' sh "$@"
}
