/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/mounts.h"

#include "base/cleanup.h"
#include "base/kfile.h"
#include "base/lines.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

int mount_parse(const char *text, size_t length, uint64_t *ret_id, struct ktext_line *ret_type)
{
	struct ktext_line line = {text, length}, word;
	uint64_t id;

	if (!ktext_next_word(&line, &word) || parse_u64_n(word.text, word.length, &id) < 0)
		return -EBADMSG;
	*ret_id = id;
	/* Blanks in names are written as \040. */
	while (ktext_next_word(&line, &word))
		if (ktext_word_is(word, "-"))
			return ktext_next_word(&line, ret_type) ? 0 : -EBADMSG;
	return -EBADMSG;
}

bool mount_type_is_remote(struct ktext_line type)
{
	static const char *const remotes[] = {
		"nfs",	  "nfs4",  "cifs", "smb3", "ceph", "9p",      "afs",	  "coda",
		"lustre", "ocfs2", "gfs2", "gpfs", "fuse", "fuseblk", "virtiofs",
	};

	if (type.length > strlen("fuse.") && memcmp(type.text, "fuse.", strlen("fuse.")) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(remotes); i++)
		if (ktext_word_is(type, remotes[i]))
			return true;
	return false;
}

int mount_is_remote(int proc_fd, const char *process, uint64_t id)
{
	_cleanup_close_ int fd = -1;
	struct line_reader reader;
	const char *line;
	char path[40];
	size_t length;

	(void)snprintf(path, sizeof(path), "%.20s/mountinfo", process);
	fd = kfile_open(proc_fd, path, O_RDONLY);
	if (fd < 0)
		return -ENOENT;
	reader = (struct line_reader){.fd = fd};
	while (line_reader_next(&reader, &line, &length) > 0) {
		struct ktext_line type;
		uint64_t found = 0;
		int r = mount_parse(line, length, &found, &type);

		if (found == id)
			return r < 0 || mount_type_is_remote(type);
	}
	return -ENOENT;
}
