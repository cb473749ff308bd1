/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/state.h"

#include "base/cleanup.h"
#include "base/kfile.h"
#include "base/ktext.h"

#include <errno.h>

#define TYPE_BYTES   64
#define EVENTS_BYTES 256

struct events {
	uint64_t populated, frozen;
};

static const struct ktext_key keys[] = {
	{"populated", offsetof(struct events, populated), false},
	{"frozen", offsetof(struct events, frozen), true}, /* 5.2 */
};

/* "domain threaded" is a domain like any other, with threaded groups below it. */
static int parse_type(const char *text, bool *ret_threaded)
{
	static const struct {
		const char *text;
		bool threaded;
	} types[] = {
		{"domain", false},
		{"domain threaded", false},
		{"domain invalid", true},
		{"threaded", true},
	};
	struct ktext_line line;

	if (!ktext_next_line(&text, &line) || *text)
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (!ktext_word_is(line, types[i].text))
			continue;
		*ret_threaded = types[i].threaded;
		return 0;
	}
	return -EBADMSG;
}

int group_state_parse(const char *type, const char *events, struct group_state *ret,
		      const char **ret_bad)
{
	struct events values;
	bool threaded;
	int r;

	r = parse_type(type, &threaded);
	if (r < 0) {
		if (ret_bad)
			*ret_bad = "cgroup.type";
		return r;
	}
	r = ktext_read_keys(events, keys, ARRAY_SIZE(keys), &values, ret_bad);
	if (r < 0)
		return r;
	*ret = (struct group_state){
		.threaded = threaded,
		.populated = values.populated,
		.frozen = values.frozen,
	};
	return 0;
}

int group_state_read(int dir_fd, struct group_state *ret, const char **ret_bad)
{
	char type[TYPE_BYTES], events[EVENTS_BYTES];
	ssize_t n;

	n = kfile_read_at(dir_fd, "cgroup.type", type, sizeof(type));
	if (n < 0)
		return (int)n;
	n = kfile_read_at(dir_fd, "cgroup.events", events, sizeof(events));
	if (n < 0)
		return (int)n;
	return group_state_parse(type, events, ret, ret_bad);
}
