/* SPDX-License-Identifier: Apache-2.0 */
/* A job as files say it. */
#include "stress/job/job.h"

#include "stress/job/job_build.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

/* inih cuts longer lines without a word. */
#define LINE_BYTES     190

#define JOB_FILE_BYTES (1 << 20)

/* What some editors begin a text with. */
#define UTF8_MARK "\xef\xbb\xbf"

/* Files that include one another without end are found out. */
#define INCLUDE_DEPTH_MAX 8

enum section { SECTION_NONE, SECTION_GLOBAL, SECTION_GROUP, SECTION_LOAD, SECTION_MORE };

struct ini_job {
	struct job *job;
	struct stress_error *error;
	const char *cursor; /* rest of the text */
	struct job_place place;
	enum section section;  /* the last of job->groups or job->loads */
	size_t section_begins; /* in job->sayings */
	bool may_include;
	bool failed;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* One of those that are not a job's. -ENOENT: nobody knows it. */
static int open_more(struct ini_job *ini, const char *name, size_t n)
{
	const struct job_sections *more = ini->job->more;
	char section[LINE_BYTES + 1];
	int r;

	if (!more)
		return -ENOENT;
	memcpy(section, name, n);
	section[n] = '\0';
	r = more->open(more->context, section, &ini->place, ini->error);
	if (r == 0)
		ini->section = SECTION_MORE;
	return r;
}

/* "[load grow]": line without leading blanks. */
static int open_section(struct ini_job *ini, const char *line, size_t n)
{
	const char *end = memchr(line, ']', n), *rest = end;
	const char *name = line + 1;
	int r;

	if (!end)
		return job_fail(ini->error, &ini->place, NULL, NULL, "a section ends with ']'");
	while (++rest < line + n && is_blank(*rest))
		;
	if (rest < line + n && *rest != ';' && *rest != '#')
		return job_fail(ini->error, &ini->place, NULL, NULL,
				"%.*s: a section stands in a line of its own",
				(int)MIN(end + 1 - line, 64), line);
	ini->section = SECTION_NONE;
	ini->section_begins = ini->job->n_sayings;
	if ((size_t)(end - name) == 6 && memcmp(name, "global", 6) == 0) {
		ini->section = SECTION_GLOBAL;
		return 0;
	}
	if ((size_t)(end - name) >= 5 && memcmp(name, "load ", 5) == 0) {
		ini->section = SECTION_LOAD;
		return job_open_load(ini->job, name + 5, (size_t)(end - name) - 5, &ini->place,
				     ini->error);
	}
	if ((size_t)(end - name) >= 6 && memcmp(name, "group ", 6) == 0) {
		ini->section = SECTION_GROUP;
		return job_open_group(ini->job, name + 6, (size_t)(end - name) - 6, &ini->place,
				      ini->error);
	}
	r = open_more(ini, name, (size_t)(end - name));
	if (r != -ENOENT)
		return r;
	return job_fail(
		ini->error, &ini->place, NULL, NULL,
		"[%.*s]: no such section; there are [global], [group NAME], [load NAME]%s%s",
		(int)MIN(end - name, 64), name, ini->job->more ? ", " : "",
		ini->job->more ? ini->job->more->words : "");
}

/* "include = FILE" or "include FILE": what stands behind it, else NULL. */
static const char *included(const char *line, const char *end)
{
	static const char word[] = "include";
	const char *at = line + strlen(word);

	if (end - line <= (ptrdiff_t)strlen(word) || memcmp(line, word, strlen(word)) != 0 ||
	    (!is_blank(*at) && *at != '='))
		return NULL;
	while (at < end && is_blank(*at))
		at++;
	if (at < end && *at == '=')
		at++;
	while (at < end && is_blank(*at))
		at++;
	return at;
}

static int include(struct ini_job *ini, const char *name, const char *end)
{
	const char *slash = *name == '/' ? NULL : strrchr(ini->place.file, '/');
	_cleanup_free_ char *path = NULL;
	size_t used;
	int r;

	while (end > name && is_blank(end[-1]))
		end--;
	if (!ini->may_include || end == name)
		return job_fail(ini->error, &ini->place, NULL, NULL,
				ini->may_include ? "include: which file?"
						 : "include: only a file can include another");
	if (asprintf(&path, "%.*s%.*s", slash ? (int)(slash + 1 - ini->place.file) : 0,
		     ini->place.file, (int)(end - name), name) < 0)
		return -ENOMEM;
	ini->section = SECTION_NONE;
	if (ini->job->n_open > INCLUDE_DEPTH_MAX)
		return job_fail(ini->error, &ini->place, NULL, NULL,
				"include: %s: more than %d files deep; do they include each other?",
				path, INCLUDE_DEPTH_MAX);
	r = job_read_file(ini->job, path, ini->error);
	if (r < 0 && r != -ENOMEM && r != -EINVAL)
		return job_fail(ini->error, &ini->place, NULL, NULL, "include: %s: %s", path,
				strerror(-r));
	used = strlen(ini->error->text);
	if (r == -EINVAL)
		(void)snprintf(ini->error->text + used, sizeof(ini->error->text) - used,
			       " (included by %.200s:%u)", ini->place.file, ini->place.line);
	return r;
}

/* Gives inih the next line; inih itself has neither line numbers nor sections without keys. */
static char *next_line(char *to, int size, void *context)
{
	struct ini_job *ini = context;
	const char *line = ini->cursor, *end = strchrnul(line, '\n'), *file;

	if (!*line || ini->failed)
		return NULL;
	ini->cursor = *end ? end + 1 : end;
	ini->place.line++;
	/* Without leading blanks no line continues the one before. */
	while (line < end && is_blank(*line))
		line++;
	if (end - line > MIN(LINE_BYTES, size - 3)) {
		(void)job_fail(ini->error, &ini->place, NULL, NULL,
			       "the line has more than %d bytes", LINE_BYTES);
		ini->failed = true;
		return NULL;
	}
	if (*line == '[' && open_section(ini, line, (size_t)(end - line)) < 0) {
		ini->failed = true;
		return NULL;
	}
	file = included(line, end);
	if (file && include(ini, file, end) < 0) {
		ini->failed = true;
		return NULL;
	}
	if (file)
		line = end;
	memcpy(to, line, (size_t)(end - line));
	strcpy(to + (end - line), "\n");
	return to;
}

static int take_pair(void *context, const char *section, const char *key, const char *value)
{
	struct ini_job *ini = context;
	struct job *job = ini->job;
	int r = -EINVAL;

	(void)section;
	if (ini->failed)
		return 0;
	ini->failed = job_check_once(job, ini->section_begins, key, &ini->place, ini->error) < 0;
	if (ini->failed)
		return 0;
	switch (ini->section) {
	case SECTION_NONE:
		r = job_fail(ini->error, &ini->place, NULL, NULL,
			     "%.64s: stands before any section; begin with [global], [group NAME] "
			     "or [load NAME]",
			     key);
		break;
	case SECTION_GLOBAL:
		r = job_set_in_global(job, key, value, &ini->place, ini->error);
		break;
	case SECTION_GROUP:
		r = job_set_group(job, &job->groups[job->n_groups - 1], key, value, &ini->place,
				  ini->error);
		break;
	case SECTION_LOAD:
		r = job_set_load(job, &job->loads[job->n_loads - 1], key, value, &ini->place,
				 ini->error);
		break;
	case SECTION_MORE:
		r = job->more->set(job->more->context, key, value, &ini->place, ini->error);
		break;
	}
	ini->failed = r < 0;
	return r == 0;
}

/* The job keeps the name: places point to it. */
static const char *keep_name(struct job *job, const char *name)
{
	char **files = reallocarray(job->files, job->n_files + 1, sizeof(*files));

	if (!files)
		return NULL;
	job->files = files;
	files[job->n_files] = strdup(name);
	return files[job->n_files] ? files[job->n_files++] : NULL;
}

static int read_text(struct job *job, const char *name, const char *text, bool may_include,
		     struct stress_error *ret_error)
{
	struct ini_job ini = {
		.job = job, .error = ret_error, .cursor = text, .may_include = may_include};
	int line;

	if (strncmp(text, UTF8_MARK, strlen(UTF8_MARK)) == 0)
		ini.cursor += strlen(UTF8_MARK);
	ini.place.file = keep_name(job, name);
	if (!ini.place.file)
		return -ENOMEM;
	job->n_open++;
	line = ini_parse_stream(next_line, &ini, take_pair, &ini);
	job->n_open--;
	if (ini.failed)
		return -EINVAL;
	if (line < 0)
		return -ENOMEM;
	if (line > 0) {
		ini.place.line = (unsigned int)line;
		return job_fail(ret_error, &ini.place, NULL, NULL,
				"neither [SECTION] nor KEY = VALUE");
	}
	return 0;
}

int job_read_text(struct job *job, const char *name, const char *text,
		  struct stress_error *ret_error)
{
	return read_text(job, name, text, false, ret_error);
}

int job_read_file(struct job *job, const char *path, struct stress_error *ret_error)
{
	_cleanup_(fclosep) FILE *file = fopen(path, "re");
	_cleanup_free_ char *text = NULL;
	struct job_place place = {.file = path};
	int r = file ? 0 : -errno;
	size_t n;

	if (r < 0) {
		(void)job_fail(ret_error, &place, NULL, NULL, "%s", strerror(-r));
		return r;
	}
	text = malloc(JOB_FILE_BYTES + 1);
	if (!text)
		return -ENOMEM;
	n = fread(text, 1, JOB_FILE_BYTES + 1, file);
	r = ferror(file) ? -errno : 0;
	if (r < 0) {
		(void)job_fail(ret_error, &place, NULL, NULL, "%s", strerror(-r));
		return r;
	}
	if (n > JOB_FILE_BYTES)
		return job_fail(ret_error, &place, NULL, NULL, "longer than %d bytes",
				JOB_FILE_BYTES);
	if (memchr(text, '\0', n))
		return job_fail(ret_error, &place, NULL, NULL, "not a text file");
	text[n] = '\0';
	return read_text(job, path, text, true, ret_error);
}
