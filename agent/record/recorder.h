/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Has records written while the agent runs. Workers put them into a lane each, without a lock, an
 * allocation or a wait; a thread writes them to the file. What finds no place is counted, and the
 * recording says so.
 *
 * The pager decides on processes in its own thread: it has a lane of its own, the one after the
 * workers', with the settings that it goes by. Handed back to who asked they would stand among
 * decisions made by other settings, and want a place for as many as a group has processes. What
 * came of its work is told by who asked for it. The cleaner decides on nothing that is recorded.
 */
#pragma once

#include "agent/record/file.h"
#include "base/log.h"

struct recorder;
struct record_lane;

/* n lanes. -errno: the file can't be made. */
int recorder_start(const char *path, uint64_t max_bytes, size_t n, struct log log,
		   struct recorder **ret_recorder);

/*
 * Writes what there is. No lane is used any more. -ETIMEDOUT: the file system hangs, and the
 * recorder must be left alone.
 */
int recorder_stop(struct recorder *recorder, uint64_t timeout_ns);

/* NULL for no recorder. */
struct record_lane *recorder_lane(struct recorder *recorder, size_t worker);

/*
 * All that follow are a thread's with its own lane; NULL: nothing is recorded.
 * record_turn: at the beginning of each turn: a new file needs the settings again, and with renewed
 * they are others.
 */
void record_turn(struct record_lane *lane, const struct config *config, bool renewed);
/* object: as of record_encode. False: it found no place. */
bool record_put(struct record_lane *lane, enum record_kind kind, const void *object);
/* Once a file; *named is zero at the start. */
void record_name(struct record_lane *lane, uint64_t group, const char *path, uint64_t *named);
