/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/loads/load.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/spell.h"
#include "stress/measure/meminfo.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

const struct load_ops *const load_types[] = {
	&load_anon,	&load_shmem,	 &load_locked,	&load_leak,
	&load_fragment, &load_churn,	 &load_slab,	&load_buffers,
	&load_fileread, &load_filewrite, &load_filelog, &load_filemap,
	&load_spin,	&load_thread,	 &load_exit,	NULL,
};

const struct load_ops *load_find_type(const char *name)
{
	for (size_t i = 0; load_types[i]; i++)
		if (strcmp(load_types[i]->name, name) == 0)
			return load_types[i];
	return NULL;
}

const char *load_nearest_type(const char *name)
{
	const char *names[ARRAY_SIZE(load_types)];
	size_t n = 0, i;

	for (; load_types[n]; n++)
		names[n] = load_types[n]->name;
	i = spell_nearest(name, names, n);
	return i < n ? names[i] : NULL;
}

void *load_shared_alloc(size_t bytes)
{
	/* Populated by the supervisor, so that it is charged to the supervisor. */
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void load_shared_free(void *memory, size_t bytes)
{
	if (memory)
		(void)munmap(memory, bytes);
}

bool load_may_grow(struct load *load)
{
	struct meminfo info;

	if (load->floor_bytes == 0 || meminfo_read(load->proc_fd, &info, NULL) < 0 ||
	    info.available + info.swap_free >= load->floor_bytes)
		return true;
	load->block->floor_waits++;
	return false;
}

void load_note_debt(struct load *load, uint64_t behind_bytes)
{
	load->block->debt_bytes = behind_bytes;
	if (behind_bytes > load->block->debt_max_bytes)
		load->block->debt_max_bytes = behind_bytes;
}

struct pace load_pace(const struct load *load)
{
	return (struct pace){
		.rate_bytes = load->settings->rate_bytes,
		.debt_limit_bytes = PACE_UNLIMITED,
		.think_ns = load->settings->think_ns,
		.think_after_bytes = load->settings->think_after_bytes,
	};
}

void load_access(const struct load *load, uint64_t n, struct access *ret_access)
{
	access_init(ret_access, &load->settings->access, n, load->seed);
	ret_access->changes = load->settings->changes;
}

uint64_t load_take(struct load *load, struct pace *pace, uint64_t now_ns, uint64_t unit_bytes,
		   uint64_t max_units, uint64_t *ret_due_ns)
{
	uint64_t due_ns = 0;
	uint64_t bytes = pace_take(pace, now_ns - load->started_ns, unit_bytes, &due_ns);

	load_note_debt(load, pace->debt_bytes);
	*ret_due_ns = due_ns == UINT64_MAX ? due_ns : load->started_ns + due_ns;
	return MIN(bytes / unit_bytes, max_units);
}

void load_took(struct load *load, struct pace *pace, uint64_t operations, uint64_t bytes)
{
	pace_note(pace, bytes);
	load_note_debt(load, pace->debt_bytes);
	block_add(&load->block->operations, operations);
	block_add(&load->block->bytes, bytes);
}

/* One page of so many is verified with verify = sample; which ones, the seed says. */
#define SAMPLE_ONE_OF 16

bool load_verify_wants(const struct load *load, uint64_t page)
{
	uint64_t draw = load->seed ^ page;

	return load->settings->verify == VERIFY_END || random_next(&draw) % SAMPLE_ONE_OF == 0;
}

int load_verify(struct load *load, bool at_end)
{
	if (at_end && load->ops->verify_at_end)
		return load->ops->verify_at_end(load);
	return load->ops->verify ? load->ops->verify(load) : 0;
}

void load_verified(struct load *load, uint64_t page, uint32_t generation, bool good,
		   struct content_error error)
{
	struct worker_block *block = load->block;

	block_add(&block->verified_pages, 1);
	if (!good && block->bad_pages++ == 0)
		block->first_bad = (struct worker_bad_page){
			.page = page,
			.generation = generation,
			.error = error,
			.found_ns = clock_now_ns(),
			.right_ns = page < load->checked.n_pages ? load->checked.at_ns : 0,
		};
}

void load_verify_page(struct load *load, uint64_t page, uint32_t generation, const void *data,
		      bool zero)
{
	struct content_error error = {0};
	bool good = zero ? content_check_zero(data, &error)
			 : content_check(&load->content, page, generation, data, &error);

	load_verified(load, page, generation, good, error);
}

bool load_page_is_good(const struct load *load, uint64_t page, uint32_t generation,
		       const void *data, struct content_error *ret_error)
{
	uint64_t expected[CONTENT_PAGE_WORDS] = {0};

	if (load->settings->contents == CONTENTS_FULL)
		return content_check(&load->content, page, generation, data, ret_error);
	expected[0] = content_first_word(&load->content, page, generation);
	return content_compare(expected, data, ret_error);
}

void load_verify_memory(struct load *load, uint64_t page, uint32_t generation, const void *data)
{
	struct content_error error = {0};
	bool good = load_page_is_good(load, page, generation, data, &error);

	load_verified(load, page, generation, good, error);
}

void load_finish(struct load *load)
{
	if (load->ops && load->ops->finish)
		load->ops->finish(load);
}

int load_fail(struct load *load, int error, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(load->block->why, sizeof(load->block->why), format, ap);
	va_end(ap);
	return error;
}
