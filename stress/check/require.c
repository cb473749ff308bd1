/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/check/require.h"

#include "base/kfile.h"
#include "base/ktext.h"
#include "base/lines.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

int require_parse_release(const char *release, uint64_t *ret_major, uint64_t *ret_minor)
{
	size_t major_n = strspn(release, "0123456789"), minor_n;
	uint64_t major, minor;

	if (release[major_n] != '.')
		return -EINVAL;
	minor_n = strspn(release + major_n + 1, "0123456789");
	if (parse_u64_n(release, major_n, &major) < 0 ||
	    parse_u64_n(release + major_n + 1, minor_n, &minor) < 0)
		return -EINVAL;
	*ret_major = major;
	*ret_minor = minor;
	return 0;
}

/* "cgroup2 /sys/fs/cgroup cgroup2 rw,nsdelegate 0 0" */
static bool read_mount(struct ktext_line line, char *options, size_t n)
{
	struct ktext_line source, directory, type, joined;

	if (!ktext_next_word(&line, &source) || !ktext_next_word(&line, &directory) ||
	    !ktext_next_word(&line, &type) || !ktext_word_is(type, "cgroup2") ||
	    !ktext_next_word(&line, &joined))
		return false;
	(void)snprintf(options, n, "%.*s", (int)joined.length, joined.text);
	return true;
}

static void read_mount_options(int proc_fd, char *options, size_t n)
{
	_cleanup_close_ int fd = kfile_open(proc_fd, "self/mounts", O_RDONLY);
	struct line_reader mounts = {.fd = fd};
	struct ktext_line line;

	options[0] = '\0';
	while (line_reader_next(&mounts, &line.text, &line.length) > 0 &&
	       !read_mount(line, options, n))
		;
}

int require_read(const struct machine *machine, int proc_fd, int sys_fd,
		 const struct placement *placement, struct require_facts *ret,
		 struct stress_error *ret_error)
{
	struct require_facts facts = {
		.swap_free_bytes = machine->swap_free,
		.available_bytes = machine->available,
		.nodes = machine->n_nodes,
	};
	struct utsname name;
	char text[16384];
	int r;

	if (uname(&name) < 0 ||
	    require_parse_release(name.release, &facts.kernel_major, &facts.kernel_minor) < 0)
		return stress_fail(ret_error, -EBADMSG, "the kernel's release is not understood");
	/* No such file: no zswap in this kernel. */
	facts.zswap = kfile_read_at(sys_fd, "module/zswap/parameters/enabled", text, sizeof(text)) >
			      0 &&
		      *text == 'Y';
	if (placement) {
		r = placement_read_parent(placement, "cgroup.controllers", facts.controllers,
					  sizeof(facts.controllers));
		if (r < 0)
			return stress_fail(ret_error, r, "read cgroup.controllers: %s",
					   strerror(-r));
	}
	read_mount_options(proc_fd, facts.mount_options, sizeof(facts.mount_options));
	*ret = facts;
	return 0;
}

static bool has_word(const char *text, const char *separators, const char *word)
{
	size_t n = strlen(word);

	for (text += strspn(text, separators); *text; text += strspn(text, separators)) {
		size_t length = strcspn(text, separators);

		if (length == n && memcmp(text, word, n) == 0)
			return true;
		text += length;
	}
	return false;
}

static bool has_room(const char *what, uint64_t wanted_bytes, uint64_t has_bytes, char *words,
		     size_t n)
{
	char wanted[FORMAT_SIZE_BYTES], has[FORMAT_SIZE_BYTES];

	if (has_bytes >= wanted_bytes)
		return true;
	(void)snprintf(words, n, "needs %s of free %s, there are %s",
		       format_size(wanted, sizeof(wanted), wanted_bytes), what,
		       format_size(has, sizeof(has), has_bytes));
	return false;
}

bool require_has(const struct require_facts *facts, const struct scenario_requirement *requirement,
		 char *words, size_t n)
{
	if (!has_room("swap", requirement->swap_bytes, facts->swap_free_bytes, words, n) ||
	    !has_room("memory", requirement->memory_bytes, facts->available_bytes, words, n))
		return false;
	if (requirement->nodes > facts->nodes)
		(void)snprintf(words, n, "needs %" PRIu64 " NUMA nodes, there is %" PRIu64,
			       requirement->nodes, facts->nodes);
	else if (requirement->kernel_major > facts->kernel_major ||
		 (requirement->kernel_major == facts->kernel_major &&
		  requirement->kernel_minor > facts->kernel_minor))
		(void)snprintf(words, n,
			       "needs kernel %" PRIu64 ".%" PRIu64 ", this is %" PRIu64 ".%" PRIu64,
			       requirement->kernel_major, requirement->kernel_minor,
			       facts->kernel_major, facts->kernel_minor);
	else if (requirement->zswap && !facts->zswap)
		(void)snprintf(words, n, "needs zswap, which is not enabled");
	else if (requirement->controller[0] &&
		 !has_word(facts->controllers, " \n", requirement->controller))
		(void)snprintf(words, n, "needs the cgroup controller %s", requirement->controller);
	else if (requirement->mount_option[0] &&
		 !has_word(facts->mount_options, ",", requirement->mount_option))
		(void)snprintf(words, n, "needs cgroup2 mounted with %s",
			       requirement->mount_option);
	else
		return true;
	return false;
}

bool require_has_file(int group_fd, const char *name)
{
	const char *key = strchr(name, ':'), *cursor;
	char file[STRESS_NAME_MAX], text[16384];
	struct ktext_line line, word;

	(void)snprintf(file, sizeof(file), "%.*s", (int)strcspn(name, ":"), name);
	if (!key)
		return faccessat(group_fd, file, F_OK, 0) == 0;
	cursor = text;
	if (kfile_read_at(group_fd, file, text, sizeof(text)) < 0)
		return false;
	while (ktext_next_line(&cursor, &line))
		if (ktext_next_word(&line, &word) && ktext_word_is(word, key + 1))
			return true;
	return false;
}

bool require_has_program(const char *name)
{
	const char *path = getenv("PATH");

	while (path && *path) {
		size_t n = strcspn(path, ":");
		_cleanup_free_ char *file = NULL;

		if (asprintf(&file, "%.*s/%s", (int)n, path, name) >= 0 && access(file, X_OK) == 0)
			return true;
		path += n + (path[n] == ':');
	}
	return false;
}
