#!/bin/sh
# Trimming: cold memory of groups without a limit is given back and hot memory stays; of what is protected, excluded or marked
# nothing is taken, of one with a floor not what is below it, and no anonymous memory from a group that may not swap, nor of
# what does not compress. An agent that observes says what it would take; one that is paused takes nothing until it is resumed.
# What was recorded meanwhile is decided the same when it is replayed. Of groups left alone by lot the effect is told, and of
# one that only grows, that it does.
# vm: --nodes 2 --mem 512M --swap zram:512M --disk 768M
# shellcheck source=lib.sh
. "${0%/*}/lib.sh"

swapped() { cat "$cg/$1/memory.swap.current"; }
swapped_at_least() { [ "$(swapped "$1")" -ge $(($2 << 20)) ]; }         # GROUP MIB
taken_at_least() { [ $(($(reclaimed_of "$1") * 4096)) -ge $(($2 << 20)) ]; } # GROUP MIB
advised() { uswapctl advise >"$work/advice" 2>&1 && grep -q "^  cold memory: it would take [1-9]" "$work/advice"; }
told_in_numbers() { uswapctl why /noise | grep -q '^  swap is left alone for .* of the last .* stayed in memory'; }

taken_in_all() { for group in $groups; do reclaimed_of "$group"; done | awk '{ n += $1 } END { print n }'; }
comes_to_rest() {
	before=$(taken_in_all)
	sleep 0.5
	[ "$(taken_in_all)" -eq "$before" ]
}
effect_is_told() {
	uswapctl effect >"$work/effect" 2>&1
	grep -Eq '^  CPU time, us: [0-9]+ looked after, [0-9]+ left alone$' "$work/effect" &&
		grep -Eq '^  memory, bytes: [1-9][0-9]* looked after, [1-9][0-9]* left alone$' "$work/effect"
}

growth_is_told() {
	uswapctl growth >"$work/growth" 2>&1
	grep -qx '  /leak' "$work/growth"
}

groups='cold hot min low/heir excluded marked off floor unswapped noise'
group low
echo +memory >$cg/low/cgroup.subtree_control
for name in $groups; do
	group "$name"
done
echo max >$cg/min/memory.min
echo 1G >$cg/low/memory.low
# Without memory_recursiveprot only what is set at the group itself counts.
grep -q memory_recursiveprot /proc/mounts || echo max >$cg/low/heir/memory.low
echo 0 >$cg/unswapped/memory.swap.max
mark $cg/marked user.uswapd.exclude yes || not_ok "a group can be marked"

for name in cold min low/heir excluded marked off floor; do
	load "${name##*/}" --cgroup "$cg/$name" anon:64M say:full hold
done
load noise --cgroup $cg/noise noise:48M say:full hold
load hot --cgroup $cg/hot anon:48M say:full use
make_big_file
load unswapped --cgroup $cg/unswapped anon:32M file:32M:$big_file say:full hold
for name in $groups; do
	wait_until 60 load_said "${name##*/}" full || not_ok "$name is filled" "$work/${name##*/}.out"
done

# Steps that are large at once: what is looked at is whom they are taken from, not how they grow.
set -- --set trim.enabled=yes --set trim.interval=1s --set trim.ratio_min=5% --set trim.ratio_max=10% \
	--set protect.exclude=excluded --config "$work/uswapd.conf"
printf '[group /off]\ntrim = no\n[group floor]\nfloor = 56M\n' >"$work/uswapd.conf"
start_agent --set agent.mode=observe "$@"
check_log "an agent that observes says what it would take" wait_until 60 advised
check "and takes nothing" [ "$(reclaimed_of cold)" -eq 0 ]
stop_agent "the observer"

start_agent "$@" --set record.file="$work/recording"
check_log "cold memory is taken" wait_until 90 taken_at_least cold 4
uswapctl pause --for 1h >/dev/null
check_log "a pause lets it come to rest" wait_until 30 comes_to_rest
sleep 2
check_log "and nothing more is taken" [ "$(taken_in_all)" -eq "$before" ]
uswapctl resume >/dev/null
check_log "cold memory is given back" wait_until 90 swapped_at_least cold 32
check_log "where nothing may be swapped, file memory" wait_until 90 taken_at_least unswapped 8
check "where nothing may be swapped, nothing is" [ "$(swapped unswapped)" -eq 0 ]
check_log "hot memory stays ($(($(swapped hot) >> 10)) KiB in swap)" [ "$(swapped hot)" -le $((6 << 20)) ]
# Of what zram keeps in memory as it is, nothing is gained.
check_log "what does not compress is not swapped: said" wait_until 30 field_is groups./noise.trim.reason swap-yield
check_log "after a little of it ($(swapped noise) bytes in swap)" [ "$(swapped noise)" -le $((16 << 20)) ]
check_log "why has the numbers" wait_until 30 told_in_numbers
check "what compresses is swapped" [ "$(number groups./cold.swap_yield.left_alone_ns)" -eq 0 ]
for name in min low/heir excluded marked off; do
	check_log "nothing is taken of $name ($(field "groups./$name.trim.reason"))" [ "$(reclaimed_of "$name")" -eq 0 ]
done
check_log "of the one with a floor some is taken" wait_until 90 taken_at_least floor 4
check_log "and the floor is left ($(($(cat $cg/floor/memory.current) >> 10)) KiB)" [ "$(cat $cg/floor/memory.current)" -ge $((56 << 20)) ]
check "a group without a limit wants no room" [ "$(number groups./cold.ledger.actions)" -eq 0 ]
uswapctl status >"$work/shown"
check "the status shows it" grep -q '^ *USED *COLD *TRIM ' "$work/shown"
uswapctl why /cold >"$work/why"
check "why explains it" grep -q '^Trimming, decided .* ago: ' "$work/why"
# Nothing is asked of it meanwhile: only the attribute's change tells.
mark $cg/min user.uswapd.exclude yes
check_log "a mark holds at once" wait_until 30 field_is groups./min.trim.reason excluded
check "it changed no limit" [ "$(cat $cg/cold/memory.high)" = max ]
stop_agent
check_replay balance trim

# Harm would have to be twofold to stop it: in windows of a second much is chance.
group leak
load leak --cgroup $cg/leak anon:256M@3M hold
start_agent "$@" --set holdout.share=50% --set holdout.window=1s --set holdout.harm=100% --set agent.tick_max=100ms \
	--set growth.enabled=yes --set growth.interval=1s
if wait_until 90 effect_is_told; then ok "what trimming does is told"; else not_ok "what trimming does is told" "$work/effect"; fi
if wait_until 90 growth_is_told; then ok "who only grows is told"; else not_ok "who only grows is told" "$work/growth"; fi
check "and nobody else" [ "$(grep -c '^  /' "$work/growth")" -eq 1 ]
stop_agent "the one that leaves alone by lot"
finish
