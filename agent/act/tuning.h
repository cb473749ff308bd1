/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sysctls of the machine's memory management (proc/sys/vm), set for as long as the agent runs. What
 * stood there before is written down first, so that whoever comes next can give back what an agent
 * that was killed has left. Only what still has our value is given back: whoever changed it since
 * meant it.
 *
 * Only uid 0 may write these files; no capability helps.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum tuning_knob {
	TUNING_SWAPPINESS,
	TUNING_VFS_CACHE_PRESSURE,
	TUNING_PAGE_CLUSTER,
	TUNING_WATERMARK_SCALE_FACTOR,
	TUNING_DIRTY_RATIO,
	TUNING_DIRTY_BACKGROUND_RATIO,
	TUNING_KNOBS,
};

/* "swappiness", as the file */
const char *tuning_name(enum tuning_knob knob);

struct tuned {
	bool held; /* set by us, and to be given back */
	uint64_t before, ours;
	uint64_t former; /* ours too: it stands there if we were killed while changing it */
};

struct tuning {
	int proc_fd;	  /* stays the caller's */
	const char *path; /* of the file that is left behind; outlives this */
	struct tuned knobs[TUNING_KNOBS];
};

/*
 * Takes over what a former agent has left: it is held. -EBADMSG: the file is not one of ours, and
 * nothing is held; -errno. No file is well.
 */
int tuning_load(struct tuning *tuning);

/*
 * Sets a knob that is not held; what has that value already is left alone. -EBUSY: its counterpart
 * in bytes is in force (vm.dirty_bytes), which this would switch off; -EACCES: not uid 0; -errno.
 */
int tuning_set(struct tuning *tuning, enum tuning_knob knob, uint64_t value);

/*
 * Sets a held knob anew. -ESTALE: it has another value than ours by now, which stays.
 */
int tuning_change(struct tuning *tuning, enum tuning_knob knob, uint64_t value);

/* What stands there now. */
int tuning_read(const struct tuning *tuning, enum tuning_knob knob, uint64_t *ret);

/*
 * Gives a held knob back. -ESTALE: it has another value now, which stays; -errno: it is still held.
 */
int tuning_restore(struct tuning *tuning, enum tuning_knob knob);
