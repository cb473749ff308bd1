/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/group_marks.h"

#include "base/parse.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define VALUE_MAX 16

/* 1 and the value; 0: there is none; -EBADMSG: longer than any that is meant. */
static int read_value(int dir_fd, const char *name, char value[static VALUE_MAX])
{
	ssize_t n = fgetxattr(dir_fd, name, value, VALUE_MAX - 1);

	if (n < 0)
		return errno == ENODATA || errno == EOPNOTSUPP ? 0
		       : errno == ERANGE		       ? -EBADMSG
							       : -errno;
	value[n] = '\0';
	/* echo writes one too. */
	value[strcspn(value, "\n")] = '\0';
	return 1;
}

static int read_exclude(int dir_fd, bool *ret)
{
	char value[VALUE_MAX];
	int r = read_value(dir_fd, "user.uswapd.exclude", value);

	return r <= 0 ? r : parse_bool(value, ret) < 0 ? -EBADMSG : 0;
}

static int read_weight(int dir_fd, uint64_t *ret)
{
	char value[VALUE_MAX];
	uint64_t weight;
	int r = read_value(dir_fd, "user.uswapd.weight", value);

	if (r <= 0)
		return r;
	if (parse_u64(value, &weight) < 0 || weight == 0 || weight > GROUP_WEIGHT_MAX)
		return -EBADMSG;
	*ret = weight;
	return 0;
}

int group_marks_read(int dir_fd, struct group_marks *ret, const char **ret_bad)
{
	struct group_marks marks = {0};
	const char *bad = "user.uswapd.exclude";
	struct stat st;
	int r;

	if (fstat(dir_fd, &st) < 0)
		return -errno;
	marks.owner = st.st_uid;
	if (st.st_uid != 0 && st.st_uid != geteuid()) {
		*ret = marks;
		return 0;
	}
	r = read_exclude(dir_fd, &marks.exclude);
	if (r == 0) {
		bad = "user.uswapd.weight";
		r = read_weight(dir_fd, &marks.weight);
	}
	if (r < 0) {
		if (r == -EBADMSG && ret_bad)
			*ret_bad = bad;
		return r;
	}
	*ret = marks;
	return 0;
}
