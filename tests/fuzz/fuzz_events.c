/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.events and cgroup.events of any bytes, and a cgroup.type that is their first line: read,
 * or refused with the name of a field and nothing written.
 */
#include "base/cleanup.h"
#include "cgroup/memory.h"
#include "cgroup/state.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define require(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void check_memory_events(const char *text)
{
	struct memory_events events, untouched;
	const char *bad = NULL;
	int r;

	memset(&events, 0xa5, sizeof(events));
	untouched = events;
	r = memory_events_parse(text, &events, &bad);
	require(r == 0 || (r == -EBADMSG && bad));
	require(r == 0 || memcmp(&events, &untouched, sizeof(events)) == 0);
}

static void check_state(const char *type, const char *events)
{
	struct group_state state = {.threaded = true};
	const char *bad = NULL;
	int r = group_state_parse(type, events, &state, &bad);

	require(r == 0 || (r == -EBADMSG && bad && state.threaded));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);
	_cleanup_free_ char *type = NULL;

	require(text);
	check_memory_events(text);
	check_state("domain\n", text);
	type = strndup(text, strcspn(text, "\n") + 1);
	require(type);
	check_state(type, text + MIN(strlen(type), strlen(text)));
	return 0;
}
