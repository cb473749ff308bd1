/* SPDX-License-Identifier: Apache-2.0 */
/* What a part of a worker records, read back. What goes wrong fails the test. */
#pragma once

#include "agent/record/recorder.h"
#include "tests/unit/fixture.h"

struct recorded {
	struct recorder *recorder;
	char path[128];
};

/* Into the file "recording" of the fixture. The one lane, which has the settings;
 * config NULL: not yet. */
struct record_lane *recorded_begin(struct recorded *recorded, const struct fixture *fx,
				   const struct config *config);
/* No lane is used any more. Replayed, it must come to the same. */
void recorded_end(struct recorded *recorded);

/* How many records of the kind there are; the last of them, when there is one. After the end. */
size_t recorded_read(const struct recorded *recorded, enum record_kind kind,
		     struct record *ret_last);
