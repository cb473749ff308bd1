/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/check/sources.h"

#include "base/kfile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* memory.stat has 2.5 KiB; nothing of a group is as long. */
#define TEXT_BYTES 16384

struct formula_machine sources_read_machine(int sys_fd, uint64_t n_nodes)
{
	struct formula_machine machine = {
		.page_bytes = sysconf(_SC_PAGESIZE),
		.cpus = sysconf(_SC_NPROCESSORS_ONLN),
		.nodes = (int64_t)n_nodes,
	};
	uint64_t folio_bytes = (uint64_t)machine.page_bytes;

	/* Without huge pages there is no such file. */
	(void)kfile_read_number_at(sys_fd, "kernel/mm/transparent_hugepage/hpage_pmd_size",
				   &folio_bytes);
	machine.folio_bytes = (int64_t)folio_bytes;
	return machine;
}

static bool same_file(const struct formula_file *a, const struct formula_file *b)
{
	return strcmp(a->file, b->file) == 0 && strcmp(a->of, b->of) == 0 &&
	       strcmp(a->handle, b->handle) == 0;
}

static ssize_t read_group(const struct sources *sources, const struct formula_file *file,
			  char text[static TEXT_BYTES])
{
	int group = job_find_group(sources->scenario->job, file->of);

	if (file->handle[0])
		return kfile_read(
			handles_find(sources->handles, file->file, file->handle, file->of), text,
			TEXT_BYTES);
	return kfile_read_at(sources->group_fds[group], file->file, text, TEXT_BYTES);
}

static ssize_t read_node(const struct sources *sources, const struct formula_file *file,
			 char text[static TEXT_BYTES])
{
	char path[sizeof("devices/system/node/node/vmstat") + STRESS_NAME_MAX];

	(void)snprintf(path, sizeof(path), "devices/system/node/node%s/vmstat", file->of);
	return kfile_read_at(sources->sys_fd, path, text, TEXT_BYTES);
}

static int read_text(const struct sources *sources, const struct formula_file *file,
		     char text[static TEXT_BYTES])
{
	ssize_t n;

	switch (file->source) {
	case FORMULA_OF_VMSTAT:
		n = kfile_read_at(sources->proc_fd, "vmstat", text, TEXT_BYTES);
		break;
	case FORMULA_OF_MEMINFO:
		n = kfile_read_at(sources->proc_fd, "meminfo", text, TEXT_BYTES);
		break;
	case FORMULA_OF_NODE:
		n = read_node(sources, file, text);
		break;
	default:
		n = read_group(sources, file, text);
	}
	return n < 0 ? (int)n : 0;
}

static int64_t step_number(const struct sources *sources, const struct formula_file *file)
{
	for (size_t i = 0; i < sources->scenario->n_steps; i++) {
		const struct step_result *result = &sources->steps[i];

		if (strcmp(sources->scenario->steps[i].name, file->of) != 0)
			continue;
		switch ((enum formula_step_key)file->key_index) {
		case FORMULA_STEP_ERRNO:
			return -result->error;
		case FORMULA_STEP_TRIES:
			return (int64_t)result->tries;
		default:
			return (int64_t)result->took_ns;
		}
	}
	return 0;
}

static int64_t watch_number(const struct sources *sources, const struct formula_file *file)
{
	for (size_t i = 0; i < sources->scenario->n_watches; i++)
		if (strcmp(sources->scenario->watches[i].name, file->of) == 0)
			return (int64_t)sources->watches->list[i].seen[file->key_index];
	return 0;
}

/* Numbers that are in no file. */
static bool own_number(const struct sources *sources, const struct formula_file *file, int64_t *ret)
{
	int load;

	switch (file->source) {
	case FORMULA_OF_LOAD:
		load = job_find_load(sources->scenario->job, file->of);
		*ret = actor_number(&sources->actors->list[load],
				    (enum formula_load_key)file->key_index);
		return true;
	case FORMULA_OF_STEP:
		*ret = step_number(sources, file);
		return true;
	case FORMULA_OF_WATCH:
		*ret = watch_number(sources, file);
		return true;
	default:
		return false;
	}
}

static int read_values(const struct sources *sources, const struct formula *formula,
		       int64_t values[static FORMULA_FILES_MAX], size_t *ret_bad)
{
	bool done[FORMULA_FILES_MAX] = {false};
	char text[TEXT_BYTES];
	int r = 0;

	for (size_t i = 0; i < formula->n_files && r == 0; i++) {
		if (done[i])
			continue;
		if (own_number(sources, &formula->files[i], &values[i]))
			continue;
		*ret_bad = i;
		r = read_text(sources, &formula->files[i], text);
		for (size_t k = i; k < formula->n_files && r == 0; k++) {
			if (done[k] || !same_file(&formula->files[i], &formula->files[k]))
				continue;
			r = formula_file_value(&formula->files[k], text, &values[k]);
			done[k] = true;
			*ret_bad = k;
		}
	}
	return r;
}

int sources_evaluate(const struct sources *sources, const struct formula *formula, int64_t *ret,
		     char words[static SOURCES_WORDS_BYTES])
{
	int64_t values[FORMULA_FILES_MAX] = {0};
	size_t bad = 0;
	int r = read_values(sources, formula, values, &bad);

	if (r < 0) {
		char name[FORMULA_FILE_NAME_BYTES];

		(void)snprintf(words, SOURCES_WORDS_BYTES, "%s: %s",
			       formula_file_name(name, &formula->files[bad]),
			       r == -EBADMSG ? "there is no such number in it" : strerror(-r));
		return r;
	}
	r = formula_evaluate(formula, values, &sources->machine, ret);
	if (r < 0)
		(void)snprintf(words, SOURCES_WORDS_BYTES, "%s",
			       r == -EDOM ? "division by 0" : strerror(-r));
	return r;
}
