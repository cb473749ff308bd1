/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/loads/load.h"

#include "stress/measure/meminfo.h"
#include "stress/pattern/random.h"

#include <string.h>
#include <sys/mman.h>

const struct load_ops *const load_types[] = {
	&load_anon, &load_shmem, &load_locked, &load_leak, &load_fileread, &load_filemap, NULL,
};

const struct load_ops *load_find_type(const char *name)
{
	for (size_t i = 0; load_types[i]; i++)
		if (strcmp(load_types[i]->name, name) == 0)
			return load_types[i];
	return NULL;
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

/* One page of so many is verified with verify = sample; which ones, the seed says. */
#define SAMPLE_ONE_OF 16

bool load_verify_wants(const struct load *load, uint64_t page)
{
	uint64_t draw = load->seed ^ page;

	return load->settings->verify == VERIFY_END || random_next(&draw) % SAMPLE_ONE_OF == 0;
}

static void count_page(struct load *load, uint64_t page, uint32_t generation, bool good,
		       struct content_error error)
{
	struct worker_block *block = load->block;

	block_add(&block->verified_pages, 1);
	if (!good && block->bad_pages++ == 0)
		block->first_bad = (struct worker_bad_page){page, generation, error};
}

void load_verify_page(struct load *load, uint64_t page, uint32_t generation, const void *data,
		      bool zero)
{
	struct content_error error = {0};
	bool good = zero ? content_check_zero(data, &error)
			 : content_check(&load->content, page, generation, data, &error);

	count_page(load, page, generation, good, error);
}

void load_verify_word(struct load *load, uint64_t page, uint32_t generation, const void *data)
{
	uint64_t expected[CONTENT_PAGE_WORDS] = {
		content_first_word(&load->content, page, generation)};
	struct content_error error = {0};
	bool good = content_compare(expected, data, &error);

	count_page(load, page, generation, good, error);
}
