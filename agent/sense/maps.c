/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/maps.h"

#include "base/cleanup.h"
#include "base/ktext.h"
#include "base/parse.h"

#include <errno.h>
#include <string.h>

/* Hexadecimal digits up to the byte that ends them. */
static int take_hex(const char **at, const char *end, char ends_with, uint64_t *ret)
{
	const char *p = *at;
	uint64_t value = 0;

	for (; p < end && *p != ends_with; p++) {
		unsigned int digit;

		if (*p >= '0' && *p <= '9')
			digit = (unsigned int)(*p - '0');
		else if (*p >= 'a' && *p <= 'f')
			digit = (unsigned int)(*p - 'a') + 10;
		else
			return -EBADMSG;
		if (value >> 60)
			return -EBADMSG;
		value = value << 4 | digit;
	}
	if (p == end || p == *at)
		return -EBADMSG;
	*at = p + 1;
	*ret = value;
	return 0;
}

/* "rw-s " */
static int take_permissions(const char **at, const char *end, struct mapping *m)
{
	const char *p = *at;

	if (end - p < 5 || !strchr("r-", p[0]) || !strchr("w-", p[1]) || !strchr("x-", p[2]) ||
	    !strchr("sp", p[3]) || p[4] != ' ' || memchr(p, '\0', 4))
		return -EBADMSG;
	m->writable = p[1] == 'w';
	m->executable = p[2] == 'x';
	m->shared = p[3] == 's';
	*at = p + 5;
	return 0;
}

/* Behind blanks that put names below one another. */
static void take_name(const char *at, const char *end, struct mapping *m)
{
	size_t n;

	while (at < end && *at == ' ')
		at++;
	n = (size_t)(end - at);
	m->name_cut = n >= sizeof(m->name);
	n = MIN(n, sizeof(m->name) - 1);
	memcpy(m->name, at, n);
}

int mapping_parse(const char *line, size_t length, struct mapping *ret)
{
	const char *at = line, *end = line + length, *blank;
	struct mapping m = {0};
	uint64_t device;

	if (take_hex(&at, end, '-', &m.start) < 0 || take_hex(&at, end, ' ', &m.end) < 0 ||
	    take_permissions(&at, end, &m) < 0 || take_hex(&at, end, ' ', &m.offset) < 0 ||
	    take_hex(&at, end, ':', &device) < 0 || take_hex(&at, end, ' ', &device) < 0)
		return -EBADMSG;
	blank = memchr(at, ' ', (size_t)(end - at));
	if (parse_u64_n(at, (size_t)((blank ? blank : end) - at), &m.inode) < 0 || m.start >= m.end)
		return -EBADMSG;
	if (blank)
		take_name(blank, end, &m);
	*ret = m;
	return 0;
}

/* "VmFlags: rd wr mr mw me lo": what the kernel refuses to page out (madvise(2), can_madv_lru_vma).
 */
static void take_flags(struct ktext_line line, struct mapping *m)
{
	struct ktext_line word;

	while (ktext_next_word(&line, &word)) {
		m->locked |= ktext_word_is(word, "lo");
		m->huge |= ktext_word_is(word, "ht");
		m->device |= ktext_word_is(word, "pf") || ktext_word_is(word, "io");
	}
}

/* Where a figure belongs; a page mapped once counts as private. NULL: not one that is wanted. */
static uint64_t *figure(struct ktext_line word, struct mapping *m)
{
	if (ktext_word_is(word, "Shared_Dirty:") || ktext_word_is(word, "Private_Dirty:"))
		return &m->dirty_bytes;
	if (ktext_word_is(word, "Rss:"))
		return &m->resident_bytes;
	return ktext_word_is(word, "Anonymous:") ? &m->anon_bytes : NULL;
}

/* "Rss:      128 kB", or the flags. */
static int add_figure(struct ktext_line line, struct mapping *m)
{
	struct ktext_line word;
	uint64_t *dest, kib;

	if (!ktext_next_word(&line, &word))
		return 0;
	if (ktext_word_is(word, "VmFlags:"))
		take_flags(line, m);
	dest = figure(word, m);
	if (!dest)
		return 0;
	if (!ktext_next_word(&line, &word) || parse_u64_n(word.text, word.length, &kib) < 0 ||
	    !ktext_next_word(&line, &word) || !ktext_word_is(word, "kB") || kib > UINT64_MAX >> 12)
		return -EBADMSG;
	*dest += kib << 10;
	return 0;
}

/* Headers begin with an address, figures with a capital letter. */
static bool is_header(const char *line, size_t length)
{
	return length > 0 && (line[0] < 'A' || line[0] > 'Z');
}

int mapping_reader_next(struct mapping_reader *r, struct mapping *ret)
{
	const char *line;
	size_t length;
	int n, error;

	while ((n = line_reader_next(&r->lines, &line, &length)) > 0) {
		struct mapping m;

		if (r->smaps && !is_header(line, length)) {
			error = r->waits ? add_figure((struct ktext_line){line, length}, &r->next)
					 : -EBADMSG;
			if (error < 0)
				return error;
			continue;
		}
		error = mapping_parse(line, length, &m);
		if (error < 0)
			return error;
		if (!r->smaps) {
			*ret = m;
			return 1;
		}
		if (r->waits) {
			*ret = r->next;
			r->next = m;
			return 1;
		}
		r->next = m;
		r->waits = true;
	}
	if (n == 0 && r->waits) {
		r->waits = false;
		*ret = r->next;
		return 1;
	}
	return n;
}
