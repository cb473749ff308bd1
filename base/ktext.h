/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's text formats: lines, and flat keyed files ("key value" a line: memory.stat,
 * memory.events, vmstat). Order and unknown keys do not matter, they change between versions; a
 * missing or doubled key and a value that is not a number are errors that name the key.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ktext_line {
	const char *text; /* not NUL-ended */
	size_t length;
};

/*
 * Takes the next line off *cursor (without its newline). False at the end. A last line without a
 * newline counts: fixtures have them, and files of the kernel that were cut are caught by keys.
 */
bool ktext_next_line(const char **cursor, struct ktext_line *ret_line);

/* Takes the next word (separated by blanks or tabs) off *line. False when there is none. */
bool ktext_next_word(struct ktext_line *line, struct ktext_line *ret_word);

bool ktext_word_is(struct ktext_line word, const char *text);

/* Takes text off *line when that is the word it begins with, without a blank before it. */
bool ktext_take_word(struct ktext_line *line, const char *text);

/* One key a reader wants. An array of these describes a file; it is const and can be shared. */
struct ktext_key {
	const char *name;
	size_t offset; /* of a uint64_t in the destination struct */
	bool optional; /* not on every kernel: stays 0 */
};

#define KTEXT_KEYS_MAX 64

/*
 * Reads a flat keyed file into the struct at dest. dest is written only when the whole text is
 * good. Returns 0; -EBADMSG for a malformed, doubled or missing key, whose name goes to *ret_bad
 * (may be NULL; points into keys). At most KTEXT_KEYS_MAX keys.
 */
int ktext_read_keys(const char *text, const struct ktext_key *keys, size_t n_keys, void *dest,
		    const char **ret_bad);
