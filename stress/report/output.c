/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/report/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

int output_open(const char *name, const char *path, struct output *ret,
		struct stress_error *ret_error)
{
	struct output output = {.name = name, .path = path, .fd = -1};

	if (strcmp(path, "-") == 0) {
		output.fd = dup(STDOUT_FILENO);
	} else if (*path) {
		output.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		output.made = output.fd >= 0;
		if (output.fd < 0 && errno == EEXIST)
			output.fd = open(path, O_WRONLY | O_CLOEXEC);
	}
	if (*path && output.fd < 0)
		return stress_fail(ret_error, -errno, "%s: open %s: %s", name, path,
				   strerror(errno));
	*ret = output;
	return 0;
}

int output_write(struct output *output, const void *results, output_write_fn *write_to,
		 struct stress_error *ret_error)
{
	_cleanup_(fclosep) FILE *file = NULL;
	int r;

	/* What stood there before; a pipe can't be cut and need not be. */
	(void)!ftruncate(output->fd, 0);
	file = fdopen(output->fd, "w");
	if (!file)
		return stress_fail(ret_error, -errno, "%s: %s", output->name, strerror(errno));
	output->fd = -1;
	r = write_to(results, file);
	output->written = r == 0;
	return r < 0 ? stress_fail(ret_error, r, "%s: write %s: %s", output->name, output->path,
				   strerror(-r))
		     : 0;
}

void output_close(struct output *output)
{
	if (output->made && !output->written)
		(void)unlink(output->path);
	output->made = false;
	output->fd = fd_close(output->fd);
}
