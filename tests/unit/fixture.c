/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/fixture.h"

#include "base/kfile.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_MAX_BYTES 65536

static void make_parents(int dir_fd, const char *path)
{
	char part[512];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		(void)snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (mkdirat(dir_fd, part, 0755) < 0)
			assert_int_equal(errno, EEXIST);
	}
}

void fixture_write(const struct fixture *fx, const char *path, const char *text)
{
	_cleanup_close_ int fd = -1;
	size_t n = text ? strlen(text) : 0;

	make_parents(fx->fd, path);
	if (path[strlen(path) - 1] == '/')
		return;
	fd = openat(fx->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text ? text : "", n), n);
}

static struct fixture *new_in(const char *directory)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	assert_non_null(fx);
	(void)snprintf(fx->path, sizeof(fx->path), "%s/uswap-test-XXXXXX", directory);
	assert_non_null(mkdtemp(fx->path));
	fx->fd = kfile_open_dir(AT_FDCWD, fx->path);
	assert_true(fx->fd >= 0);
	return fx;
}

struct fixture *fixture_new(const struct fixture_file *files, size_t n)
{
	struct fixture *fx = new_in("/tmp");

	for (size_t i = 0; i < n; i++)
		fixture_write(fx, files[i].path, files[i].text);
	return fx;
}

struct fixture *fixture_new_in_memory(void)
{
	return new_in(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_tree(const char *path)
{
	assert_int_equal(nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void fixture_remove(const struct fixture *fx, const char *path)
{
	char whole[600];

	(void)snprintf(whole, sizeof(whole), "%s/%s", fx->path, path);
	remove_tree(whole);
}

static char *read_at(int dir_fd, const char *path)
{
	char *text = malloc(READ_MAX_BYTES);

	assert_non_null(text);
	assert_true(kfile_read_at(dir_fd, path, text, READ_MAX_BYTES) >= 0);
	return text;
}

char *fixture_read(const struct fixture *fx, const char *path)
{
	return read_at(fx->fd, path);
}

struct fixture *fixture_free(struct fixture *fx)
{
	if (!fx)
		return NULL;
	fd_close(fx->fd);
	remove_tree(fx->path);
	free(fx);
	return NULL;
}

const char *fixture_path(const char *name, const char *path)
{
	const char *copy = getenv(name);

	return copy ? copy : path;
}

const char *fixture_data_path(void)
{
	return FIXTURE_PATH(USWAP_TEST_DATA);
}

char *fixture_data(const char *name)
{
	char path[600];

	(void)snprintf(path, sizeof(path), "%s/%s", fixture_data_path(), name);
	return read_at(AT_FDCWD, path);
}

size_t fixture_entries(const char *path)
{
	_cleanup_(closedirp) DIR *dir = opendir(path);
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	return n;
}
