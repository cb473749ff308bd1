/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who else reclaims here, or acts on what reclaim changes. Whether it goes well together is said
 * at length in the guide.
 */
#include "agent/doctor/examine.h"

#include "agent/damon/use.h"
#include "base/cleanup.h"
#include "base/kfile.h"

#include <dirent.h>
#include <limits.h>
#include <string.h>

#define DAMON	      DAMON_KDAMONDS "/"
#define DAMON_THREADS 8 /* looked at, of each kind */
#define DAMON_SCHEMES 8

/* By what they are called in /proc/PID/comm. */
static const struct other {
	const char *name;
	bool well; /* nothing has to be done about it */
	const char *words;
} others[] = {
	{"oomd", false,
	 "its Senpai takes cold memory of the same groups: stop it, or exclude its groups here"},
	{"etmemd", false, "it swaps memory of processes out too: use one of the two"},
	{"systemd-oomd", true,
	 "kills groups whose pressure lasts, or when swap is 90 % full; keep protect.swap_free "
	 "above 10 %"},
	{"kubelet", true,
	 "evicts pods when memory.available is low: later, or not at all, where memory is taken "
	 "first"},
	{"earlyoom", true,
	 "kills when free memory and swap are low; keep protect.swap_free above its mark"},
	{"nohang", true,
	 "kills when free memory and swap are low; keep protect.swap_free above its mark"},
};

static const struct other *find_other(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strcmp(name, others[i].name) == 0)
			return &others[i];
	return NULL;
}

/* Returns how many it has told of: each once, however many processes it has. */
static unsigned int examine_processes(const struct doctor *d, FILE *out)
{
	int fd = kfile_open_dir(d->proc_fd, ".");
	_cleanup_(closedirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	bool told[ARRAY_SIZE(others)] = {false};
	struct dirent *entry;
	unsigned int n = 0;

	if (!dir)
		fd_close(fd);
	while (dir && (entry = readdir(dir))) {
		char path[NAME_MAX + 8], name[32];
		const struct other *other;

		if (*entry->d_name < '1' || *entry->d_name > '9')
			continue;
		(void)snprintf(path, sizeof(path), "%s/comm", entry->d_name);
		if (kfile_read_line_at(d->proc_fd, path, name, sizeof(name)) < 0)
			continue;
		other = find_other(name);
		if (!other || told[other - others])
			continue;
		doctor_tell(out, other->well, "others", "%s: %s", other->name, other->words);
		told[other - others] = true;
		n++;
	}
	return n;
}

static bool is_on(const struct doctor *d, const char *path, const char *on)
{
	char text[32];

	return kfile_read_line_at(d->sys_fd, path, text, sizeof(text)) >= 0 &&
	       strcmp(text, on) == 0;
}

/* A thread of DAMON that was set up by hand pages out by one of its schemes. */
static bool damon_pages_out(const struct doctor *d, unsigned int thread)
{
	char path[128];

	(void)snprintf(path, sizeof(path), DAMON "%u/state", thread);
	if (!is_on(d, path, "on"))
		return false;
	for (unsigned int scheme = 0; scheme < DAMON_SCHEMES; scheme++) {
		(void)snprintf(path, sizeof(path), DAMON "%u/contexts/0/schemes/%u/action", thread,
			       scheme);
		if (is_on(d, path, "pageout"))
			return true;
	}
	return false;
}

static unsigned int examine_damon(const struct doctor *d, FILE *out)
{
	unsigned int n = 0;

	if (is_on(d, "module/damon_reclaim/parameters/enabled", "Y")) {
		doctor_tell(out, false, "others",
			    "DAMON_RECLAIM pages out what it finds cold, whoever is protected: use "
			    "one of the two (damon_reclaim/parameters/enabled)");
		n++;
	}
	for (unsigned int thread = 0; thread < DAMON_THREADS; thread++)
		if (damon_pages_out(d, thread)) {
			doctor_tell(out, false, "others",
				    "DAMON's kdamonds/%u pages out, by a scheme that somebody set "
				    "up: use one of the two",
				    thread);
			n++;
		}
	return n;
}

void doctor_examine_others(const struct doctor *d, FILE *out)
{
	unsigned int n = examine_damon(d, out);

	n += examine_processes(d, out);
	if (n == 0)
		doctor_tell(out, true, "others",
			    "nobody was seen who reclaims here too, or kills instead");
}
