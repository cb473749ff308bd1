/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/verdict.h"

static const struct {
	const char *name, *words;
} reasons[VERDICT_REASONS] = {
	[VERDICT_NONE] = {"none", "not looked at yet"},
	[VERDICT_NO_DEMAND] = {"no-demand", "nothing grows, so no room is needed"},
	[VERDICT_ROOM_ENOUGH] = {"room-enough", "there is more room than the margin asks for"},
	[VERDICT_REFAULTS] =
		{"refaults", "what was taken is read back: it is in use, so nothing more is taken"},
	[VERDICT_NOTHING_SPARE] = {"nothing-spare",
				   "what is left is protected, locked, dirty or needs swap"},
	[VERDICT_ELSEWHERE] = {"elsewhere",
			       "what is left would be taken from other nodes too, for nothing"},
	[VERDICT_SWAP_ALLOWANCE] =
		{"swap-allowance",
		 "only anonymous memory is left and swap may not take more of it"},
	[VERDICT_SWAP_YIELD] = {"swap-yield",
				"only anonymous memory is left and swapping it frees too little"},
	[VERDICT_SWAP_STUCK] = {"swap-stuck",
				"only anonymous memory is left and swap does not answer"},
	[VERDICT_EXCLUDED] = {"excluded", "excluded by the configuration, or on its directory"},
	[VERDICT_NEIGHBOURS_HAVE_ROOM] = {"neighbours-have-room",
					  "the kernel takes memory from other nodes first"},
	[VERDICT_KSWAPD_ACTIVE] = {"kswapd-active", "the kernel's kswapd is at it"},
	[VERDICT_KSWAPD_SUFFICES] = {"kswapd-suffices",
				     "kswapd keeps up: no task had to reclaim for itself"},
	[VERDICT_KSWAPD_EARLY] = {"kswapd-early",
				  "the kernel's watermarks are steered, kswapd begins in time"},
	[VERDICT_HOPELESS] = {"hopeless",
			      "many requests brought nothing: waiting before the next try"},
	[VERDICT_CPU_BUDGET] = {"cpu-budget", "the CPU budget of this window is used up"},
	[VERDICT_TIME_BUDGET] = {"time-budget", "requests have lasted as long as they may"},
	[VERDICT_BYTE_BUDGET] = {"byte-budget", "the bytes of this window are used up"},
	[VERDICT_BACK_OFF] = {"back-off",
			      "the last requests brought little, or cost much: waiting"},
	[VERDICT_HELD_OUT] = {"held-out", "left alone by lot, to see what looking after it does"},
	[VERDICT_HARMFUL] = {"harmful", "what was looked after did worse: stopped"},
	[VERDICT_NO_BACKEND] = {"no-backend", "this kernel has no way to reclaim here"},
	[VERDICT_NODE_GONE] = {"node-gone", "the node has no memory any more"},
	[VERDICT_LIMIT_NEAR] = {"limit-near",
				"the room below the limit is smaller than the margin"},
	[VERDICT_NODE_LOW] = {"node-low",
			      "the room above the low watermark is smaller than the margin"},
	[VERDICT_ORDERED] = {"ordered", "asked for by uswapctl wake"},
	[VERDICT_COLD] = {"cold", "a step of what seems to be cold"},
};

const char *verdict_name(enum verdict_reason reason)
{
	return (unsigned int)reason < VERDICT_REASONS ? reasons[reason].name : "unknown";
}

const char *verdict_words(enum verdict_reason reason)
{
	return (unsigned int)reason < VERDICT_REASONS ? reasons[reason].words : "unknown";
}
