/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/act/tuning.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/kfile.h"
#include "base/ktext.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VALUE_BYTES 32
#define STATE_BYTES 1024

/* A ratio and its counterpart in bytes switch each other off (mm/page-writeback.c). */
static const struct {
	const char *name, *counterpart;
} knobs[TUNING_KNOBS] = {
	[TUNING_SWAPPINESS] = {"swappiness", NULL},
	[TUNING_VFS_CACHE_PRESSURE] = {"vfs_cache_pressure", NULL},
	[TUNING_PAGE_CLUSTER] = {"page-cluster", NULL},
	[TUNING_WATERMARK_SCALE_FACTOR] = {"watermark_scale_factor", NULL},
	[TUNING_DIRTY_RATIO] = {"dirty_ratio", "dirty_bytes"},
	[TUNING_DIRTY_BACKGROUND_RATIO] = {"dirty_background_ratio", "dirty_background_bytes"},
};

const char *tuning_name(enum tuning_knob knob)
{
	return knobs[knob].name;
}

static int read_value(const struct tuning *t, const char *name, uint64_t *ret)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "sys/vm/%s", name);
	return kfile_read_number_at(t->proc_fd, path, ret);
}

int tuning_read(const struct tuning *t, enum tuning_knob knob, uint64_t *ret)
{
	return read_value(t, knobs[knob].name, ret);
}

static int write_value(const struct tuning *t, enum tuning_knob knob, uint64_t value)
{
	char path[64], text[VALUE_BYTES];

	(void)snprintf(path, sizeof(path), "sys/vm/%s", knobs[knob].name);
	(void)snprintf(text, sizeof(text), "%" PRIu64 "\n", value);
	return kfile_write_at(t->proc_fd, path, text);
}

/*
 * A line each: name, what stood there, what we set, and, while that is changed, the value before.
 * It takes the place of the former one as a whole; it need not outlive the machine, whose sysctls
 * do not either.
 */
static int save(const struct tuning *t)
{
	char text[STATE_BYTES] = "";
	size_t n = 0;

	for (size_t i = 0; i < TUNING_KNOBS; i++) {
		const struct tuned *tuned = &t->knobs[i];

		if (!tuned->held)
			continue;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s %" PRIu64 " %" PRIu64,
				      knobs[i].name, tuned->before, tuned->ours);
		if (tuned->former != tuned->ours)
			n += (size_t)snprintf(text + n, sizeof(text) - n, " %" PRIu64,
					      tuned->former);
		text[n++] = '\n';
	}
	if (n == 0)
		return unlink(t->path) < 0 && errno != ENOENT ? -errno : 0;
	return file_replace(t->path, text, n);
}

static int load_line(struct tuned found[TUNING_KNOBS], struct ktext_line line)
{
	struct ktext_line name, before, ours, former, more;
	struct tuned tuned = {.held = true};
	size_t i = 0;

	if (!ktext_next_word(&line, &name) || !ktext_next_word(&line, &before) ||
	    !ktext_next_word(&line, &ours) ||
	    parse_u64_n(before.text, before.length, &tuned.before) < 0 ||
	    parse_u64_n(ours.text, ours.length, &tuned.ours) < 0)
		return -EBADMSG;
	tuned.former = tuned.ours;
	if (ktext_next_word(&line, &former) &&
	    (parse_u64_n(former.text, former.length, &tuned.former) < 0 ||
	     ktext_next_word(&line, &more)))
		return -EBADMSG;
	while (i < TUNING_KNOBS && !ktext_word_is(name, knobs[i].name))
		i++;
	if (i == TUNING_KNOBS || found[i].held)
		return -EBADMSG;
	found[i] = tuned;
	return 0;
}

int tuning_load(struct tuning *t)
{
	struct tuned found[TUNING_KNOBS] = {0};
	char text[STATE_BYTES];
	const char *cursor = text;
	struct ktext_line line;
	ssize_t n = kfile_read_at(AT_FDCWD, t->path, text, sizeof(text));

	if (n == -ENOENT)
		return 0;
	if (n < 0)
		return n == -EOVERFLOW ? -EBADMSG : (int)n;
	while (ktext_next_line(&cursor, &line))
		if (load_line(found, line) < 0)
			return -EBADMSG;
	memcpy(t->knobs, found, sizeof(found));
	return 0;
}

/* Written down first: an agent killed in between has left its value nowhere else. */
int tuning_set(struct tuning *t, enum tuning_knob knob, uint64_t value)
{
	struct tuned *tuned = &t->knobs[knob];
	uint64_t now, counterpart = 0;
	int r = read_value(t, knobs[knob].name, &now);

	if (r == 0 && knobs[knob].counterpart)
		r = read_value(t, knobs[knob].counterpart, &counterpart);
	if (r == 0 && counterpart > 0)
		r = -EBUSY;
	if (r < 0 || now == value)
		return r;
	*tuned = (struct tuned){.held = true, .before = now, .ours = value, .former = value};
	r = save(t);
	if (r == 0)
		r = write_value(t, knob, value);
	if (r < 0) {
		tuned->held = false;
		(void)save(t);
	}
	return r;
}

/* Killed in between, either value is ours. */
int tuning_change(struct tuning *t, enum tuning_knob knob, uint64_t value)
{
	struct tuned *tuned = &t->knobs[knob];
	uint64_t now;
	int r = read_value(t, knobs[knob].name, &now);

	if (r == 0 && now != tuned->ours)
		r = -ESTALE;
	if (r < 0 || now == value)
		return r;
	tuned->ours = value;
	tuned->former = now;
	r = save(t);
	if (r == 0)
		r = write_value(t, knob, value);
	if (r < 0)
		tuned->ours = now;
	tuned->former = tuned->ours;
	(void)save(t);
	return r;
}

int tuning_restore(struct tuning *t, enum tuning_knob knob)
{
	struct tuned *tuned = &t->knobs[knob];
	uint64_t now = 0;
	int r = read_value(t, knobs[knob].name, &now);
	bool ours = now == tuned->ours || now == tuned->former;

	if (r == 0 && ours)
		r = write_value(t, knob, tuned->before);
	if (r < 0)
		return r;
	tuned->held = false;
	r = save(t);
	return r == 0 && !ours ? -ESTALE : r;
}
