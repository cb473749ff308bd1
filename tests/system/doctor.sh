#!/bin/sh
# uswapd --doctor says the same to root and to a user with the five capabilities that the service has, and each of these is
# missed where it is missing. It leaves nothing behind.
# vm: --nodes 2 --mem 384M --swap zram:256M --disk 64M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

# shellcheck disable=SC3045 # dash and bash have it
ulimit -l unlimited
# As a user with these capabilities, and no right to ever get more.
doctor_with() { # CAPABILITY...
	local all=''
	for name; do
		all="$all,+$name"
	done
	setpriv --reuid 1000 --regid 1000 --clear-groups --bounding-set "-all$all" --inh-caps "-all$all" \
		--ambient-caps "-all$all" --no-new-privs uswapd --doctor
}
five='dac_override sys_resource sys_ptrace sys_nice checkpoint_restore'
without() { # CAPABILITY: the five but this
	local rest='' name
	for name in $five; do
		[ "$name" = "$1" ] || rest="$rest $name"
	done
	# shellcheck disable=SC2086 # words are wanted
	doctor_with $rest
}
# What the doctor says works with all five and not without this one; nothing else changes.
misses() { # CAPABILITY LINE...
	local name=$1 expected
	shift
	without "$name" >"$work/less"
	expected=$(for line; do grep "^ok  $line  " "$work/user" | cut -c 5-22; done)
	check "without CAP_$name: no$(echo " $expected" | tr -s ' \n' ' ')" [ "$(diff "$work/user" "$work/less" |
		sed -n 's/^> no  \(.\{18\}\).*/\1/p' | sort)" = "$(echo "$expected" | sort)" ]
	check "and it says what is needed" [ "$(grep -c "CAP_$(echo "$name" | tr a-z A-Z)" "$work/less")" -gt 0 ]
}

listing | sort >"$work/before.listing"
uswapd --doctor >"$work/root"
check "root: status 0" [ $? -eq 0 ]
sed 's/^/# /' "$work/root"
# shellcheck disable=SC2086
doctor_with $five >"$work/user"
check "a user with the service's capabilities: status 0" [ $? -eq 0 ]
check "and the same words" diff "$work/root" "$work/user"
check "of zram no pages are to be read ahead" grep -q '^no  sysctl .*page-cluster is 3: ' "$work/root"
check "and nobody else reclaims" grep -q '^ok  others .*nobody' "$work/root"
check "the swap and its kind are named" grep -q '^ok  swap .*/dev/zram0, .* zram: ' "$work/root"

misses sys_resource 'PSI triggers'
misses sys_nice process_madvise
misses checkpoint_restore map_files
misses sys_ptrace smaps map_files process_madvise
without dac_override >"$work/less"
check "without CAP_dac_override: status 69 ($?)" sh -c "grep -q '^no  memory.reclaim .*CAP_DAC_OVERRIDE' $work/less && \
	grep -q '^Nothing can be reclaimed here' $work/less"
doctor_with >"$work/less"
check "a plain user: status 69" [ $? -eq 69 ]
swapoff /dev/zram0
uswapd --doctor >"$work/less"
check "without swap it says so" grep -q '^no  swap .*only file memory' "$work/less"
swapon /dev/zram0
listing | sort >"$work/after.listing"
check "it leaves nothing behind" same "$work/before.listing" "$work/after.listing"
finish
