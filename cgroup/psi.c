/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/psi.h"

#include "base/cleanup.h"
#include "base/kfile.h"
#include "base/ktext.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define PSI_BYTES     512
#define TRIGGER_BYTES 64

static const struct {
	const char *name, *total; /* the line, and what to call its total */
	size_t offset;
	bool optional;
} lines[] = {
	{"some", "some total", offsetof(struct psi_totals, some_us), false},
	{"full", "full total", offsetof(struct psi_totals, full_us), true},
};

/* "avg10=0.00 avg60=0.00 avg300=0.00 total=0" */
static int parse_total(struct ktext_line line, uint64_t *ret_us)
{
	static const char key[] = "total=";
	const size_t key_n = sizeof(key) - 1;
	struct ktext_line word;
	bool seen = false;

	while (ktext_next_word(&line, &word)) {
		if (word.length < key_n || memcmp(word.text, key, key_n) != 0)
			continue;
		if (seen || parse_u64_n(word.text + key_n, word.length - key_n, ret_us) < 0)
			return -EBADMSG;
		seen = true;
	}
	return seen ? 0 : -EBADMSG;
}

int psi_parse(const char *text, struct psi_totals *ret, const char **ret_bad)
{
	uint64_t totals[ARRAY_SIZE(lines)] = {0};
	bool seen[ARRAY_SIZE(lines)] = {false};
	struct ktext_line line, word;
	size_t i;

	while (ktext_next_line(&text, &line)) {
		if (!ktext_next_word(&line, &word))
			continue;
		for (i = 0; i < ARRAY_SIZE(lines); i++)
			if (ktext_word_is(word, lines[i].name))
				break;
		if (i == ARRAY_SIZE(lines))
			continue;
		if (seen[i] || parse_total(line, &totals[i]) < 0)
			goto bad;
		seen[i] = true;
	}
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		if (!seen[i] && !lines[i].optional)
			goto bad;
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		memcpy((char *)ret + lines[i].offset, &totals[i], sizeof(totals[i]));
	return 0;
bad:
	if (ret_bad)
		*ret_bad = lines[i].total;
	return -EBADMSG;
}

int psi_read(int fd, struct psi_totals *ret, const char **ret_bad)
{
	char text[PSI_BYTES];
	ssize_t n = kfile_read(fd, text, sizeof(text));

	return n < 0 ? (int)n : psi_parse(text, ret, ret_bad);
}

int psi_trigger_open(int dir_fd, const char *path, uint64_t stall_us, uint64_t window_us)
{
	_cleanup_close_ int fd = kfile_open(dir_fd, path, O_RDWR | O_NONBLOCK);
	char text[TRIGGER_BYTES];
	int r;

	if (fd < 0)
		return fd;
	/* /proc/pressure drops the last byte of what is written: let it be the newline. */
	(void)snprintf(text, sizeof(text), "some %" PRIu64 " %" PRIu64 "\n", stall_us, window_us);
	r = kfile_write(fd, text);
	return r < 0 ? r : TAKE_FD(fd);
}
