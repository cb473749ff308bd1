/* SPDX-License-Identifier: Apache-2.0 */
/* Reading /proc/zoneinfo into struct numa_zones, a line at a time. */
#include "base/cleanup.h"
#include "base/kfile.h"
#include "base/ktext.h"
#include "base/parse.h"
#include "numa/zones.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>

/* More than any machine has: sums of zones in bytes stay within 64 bits. */
#define PAGES_MAX (UINT64_C(1) << 44)

struct parser {
	unsigned int node;
	enum { BEFORE_NODE, IN_NODE, AFTER_NODE } where;
	struct numa_zones zones;
	struct numa_zone zone; /* being read */
	unsigned int seen;     /* of zone: a bit for each of fields[] */
	size_t n_in_file;      /* zones of the node so far, with and without memory */
	size_t n_reserves;     /* as each zone must have */
	const char *bad;
};

#define FIELD(name, field)                                     \
	{                                                      \
		name, offsetof(struct numa_zone, field), false \
	}

static const struct ktext_key fields[] = {
	FIELD("pages", free), /* "pages free 3840" */
	{"boost", offsetof(struct numa_zone, boost), true},
	FIELD("min", min),
	FIELD("low", low),
	FIELD("high", high),
	FIELD("present", present),
	FIELD("managed", managed),
	FIELD("protection:", reserve), /* "protection: (0, 2950, 0)" */
};

static int bad(struct parser *p, const char *what)
{
	p->bad = what;
	return -EBADMSG;
}

static bool parse_pages(struct ktext_line word, uint64_t *ret)
{
	return parse_u64_n(word.text, word.length, ret) == 0 && *ret <= PAGES_MAX;
}

static bool parse_pages_line(struct ktext_line line, bool is_free, uint64_t *ret)
{
	struct ktext_line word;

	if (is_free && (!ktext_next_word(&line, &word) || !ktext_word_is(word, "free")))
		return false;
	return ktext_next_word(&line, &word) && parse_pages(word, ret) &&
	       !ktext_next_word(&line, &word);
}

/* "(0, 2950, 2950)": each word ends in a comma but the last, which ends in the parenthesis. */
static bool parse_reserves(struct parser *p, struct ktext_line line)
{
	struct ktext_line word;
	size_t n = 0;
	char end = ',';

	while (end == ',' && n < ZONES_MAX && ktext_next_word(&line, &word)) {
		if (n == 0) {
			if (word.text[0] != '(')
				return false;
			word.text++;
			word.length--;
		}
		if (word.length == 0)
			return false;
		end = word.text[--word.length];
		if (!parse_pages(word, &p->zone.reserve[n++]))
			return false;
	}
	if (end != ')' || ktext_next_word(&line, &word))
		return false;
	if (p->n_reserves == 0)
		p->n_reserves = n;
	return n == p->n_reserves;
}

static int end_zone(struct parser *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (!(p->seen & 1U << i) && !fields[i].optional)
			return bad(p, fields[i].name);
	p->n_in_file++;
	if (p->zone.managed == 0)
		return 0;
	p->zones.highest = p->zone.index;
	p->zones.zones[p->zones.n_zones++] = p->zone;
	return 0;
}

static int begin_zone(struct parser *p, struct ktext_line name)
{
	if (p->n_in_file == ZONES_MAX || name.length >= sizeof(p->zone.name))
		return bad(p, "zone");
	p->zone = (struct numa_zone){.index = p->n_in_file};
	memcpy(p->zone.name, name.text, name.length);
	p->seen = 0;
	for (size_t i = 0; i < p->zones.n_zones; i++)
		if (strcmp(p->zones.zones[i].name, p->zone.name) == 0)
			return bad(p, "zone");
	return 0;
}

/* "Node 0, zone    DMA32", with "Node" taken off. */
static int header(struct parser *p, struct ktext_line line)
{
	struct ktext_line number, zone, name, extra;
	uint64_t node;
	int r;

	if (!ktext_next_word(&line, &number) || !ktext_next_word(&line, &zone) ||
	    !ktext_next_word(&line, &name) || ktext_next_word(&line, &extra) ||
	    number.text[number.length - 1] != ',' || !ktext_word_is(zone, "zone") ||
	    parse_u64_n(number.text, number.length - 1, &node) < 0)
		return bad(p, "Node");
	if (p->where == IN_NODE) {
		r = end_zone(p);
		if (r < 0)
			return r;
		p->where = AFTER_NODE;
	}
	if (node != p->node)
		return 0;
	p->where = IN_NODE;
	return begin_zone(p, name);
}

static int feed(struct parser *p, struct ktext_line line)
{
	struct ktext_line key;
	bool good;

	if (!ktext_next_word(&line, &key))
		return 0;
	if (ktext_word_is(key, "Node"))
		return header(p, line);
	if (p->where != IN_NODE)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		uint64_t *value = (void *)((char *)&p->zone + fields[i].offset);

		if (!ktext_word_is(key, fields[i].name))
			continue;
		if (value == p->zone.reserve)
			good = parse_reserves(p, line);
		else
			good = parse_pages_line(line, value == &p->zone.free, value);
		if (!good || (p->seen & 1U << i))
			return bad(p, fields[i].name);
		p->seen |= 1U << i;
		return 0;
	}
	return 0;
}

static int finish(struct parser *p, struct numa_zones *ret)
{
	int r;

	if (p->where == IN_NODE) {
		r = end_zone(p);
		if (r < 0)
			return r;
	}
	/* lowmem_reserve[MAX_NR_ZONES], and zoneinfo shows every zone, also empty ones. */
	if (p->n_in_file != p->n_reserves)
		return bad(p, "zone");
	if (p->zones.n_zones == 0)
		return -ENOENT;
	*ret = p->zones;
	return 0;
}

int zones_parse(const char *text, unsigned int node, struct numa_zones *ret, const char **ret_bad)
{
	struct parser p = {.node = node};
	struct ktext_line line;
	int r = 0;

	while (r == 0 && p.where != AFTER_NODE && ktext_next_line(&text, &line))
		r = feed(&p, line);
	if (r == 0)
		r = finish(&p, ret);
	if (r == -EBADMSG && ret_bad)
		*ret_bad = p.bad;
	return r;
}

/* Feeds the whole lines of text. Returns how many bytes they were, or -errno. */
static ssize_t feed_lines(struct parser *p, const char *text, size_t length)
{
	const char *begin = text, *end;

	while (p->where != AFTER_NODE &&
	       (end = memchr(begin, '\n', length - (size_t)(begin - text)))) {
		int r = feed(p,
			     (struct ktext_line){.text = begin, .length = (size_t)(end - begin)});

		if (r < 0)
			return r;
		begin = end + 1;
	}
	return begin - text;
}

static int stream(struct parser *p, int fd, char *buffer, size_t size, struct numa_zones *ret)
{
	size_t used = 0;

	while (p->where != AFTER_NODE) {
		ssize_t n;

		if (used == size)
			return -EOVERFLOW;
		n = read(fd, buffer + used, size - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
		n = feed_lines(p, buffer, used);
		if (n < 0)
			return (int)n;
		used -= (size_t)n;
		memmove(buffer, buffer + n, used);
	}
	if (used > 0 && p->where != AFTER_NODE) {
		int r = feed(p, (struct ktext_line){.text = buffer, .length = used});

		if (r < 0)
			return r;
	}
	return finish(p, ret);
}

int zones_read(int proc_fd, unsigned int node, char *buffer, size_t size, struct numa_zones *ret,
	       const char **ret_bad)
{
	struct parser p = {.node = node};
	_cleanup_close_ int fd = kfile_open(proc_fd, "zoneinfo", O_RDONLY);
	int r = fd < 0 ? fd : stream(&p, fd, buffer, size, ret);

	if (r < 0 && ret_bad)
		*ret_bad = "zoneinfo";
	if (r == -EBADMSG && ret_bad) {
		(void)snprintf(buffer, size, "zoneinfo: node %u zone %s: %s", node, p.zone.name,
			       p.bad);
		*ret_bad = buffer;
	}
	return r;
}
