/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/run/controllers.h"

#include "base/cleanup.h"
#include "base/kfile.h"
#include "base/ktext.h"

#include <stdio.h>
#include <string.h>

static bool has_word(const char *text, struct ktext_line wanted)
{
	struct ktext_line line, word;

	if (!ktext_next_line(&text, &line))
		return false;
	while (ktext_next_word(&line, &word))
		if (word.length == wanted.length &&
		    memcmp(word.text, wanted.text, word.length) == 0)
			return true;
	return false;
}

void controllers_take_back(int dir_fd, const char *keep)
{
	char text[256], command[64];
	const char *cursor = text;
	struct ktext_line line, word;

	if (kfile_read_at(dir_fd, "cgroup.subtree_control", text, sizeof(text)) < 0)
		return;
	while (ktext_next_line(&cursor, &line)) {
		while (ktext_next_word(&line, &word)) {
			if (has_word(keep, word))
				continue;
			(void)snprintf(command, sizeof(command), "-%.*s", (int)word.length,
				       word.text);
			(void)kfile_write_at(dir_fd, "cgroup.subtree_control", command);
		}
	}
}

bool controllers_wanted_below(int dir_fd)
{
	_cleanup_(closedirp) DIR *dir = NULL;
	struct dirent *entry;
	int fd = kfile_open_dir(dir_fd, ".");

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		fd_close(fd);
	while (dir && (entry = readdir(dir)))
		if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
			return true;
	return false;
}
