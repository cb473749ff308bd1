/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration file of any bytes: read or refused with a message, and what was read is printed
 * and read again as the same.
 */
#include "agent/config/config.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

static void write_file(int fd, const void *data, size_t n)
{
	if (ftruncate(fd, 0) < 0 || pwrite(fd, data, n, 0) != (ssize_t)n)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_close_ int fd = memfd_create("config", MFD_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	_cleanup_(fclosep) FILE *printed = NULL;
	struct config config, again;
	struct config_error error = {""};
	char path[32];
	size_t n;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	write_file(fd, data, size);
	if (config_load(path, NULL, 0, &config, &error) < 0) {
		if (!strstr(error.text, path))
			abort();
		return 0;
	}
	printed = open_memstream(&text, &n);
	if (!printed)
		abort();
	config_print(&config, printed);
	if (fflush(printed) != 0)
		abort();
	write_file(fd, text, n);
	if (config_load(path, NULL, 0, &again, &error) < 0 ||
	    memcmp(&config, &again, sizeof(config)) != 0)
		abort();
	return 0;
}
