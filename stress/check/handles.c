/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/check/handles.h"

#include "base/kfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

int handles_find(const struct handles *handles, const char *file, const char *handle,
		 const char *group)
{
	for (size_t i = 0; i < handles->n; i++) {
		const struct scenario_file *at = &handles->list[i].file;

		if (strcmp(at->file, file) == 0 && strcmp(at->handle, handle) == 0 &&
		    strcmp(at->group, group) == 0)
			return handles->list[i].fd;
	}
	return -1;
}

static int add(struct handles *handles, const struct scenario_file *file,
	       const struct scenario *scenario, const int *group_fds,
	       struct stress_error *ret_error)
{
	int group = job_find_group(scenario->job, file->group), fd;
	struct handle *larger;

	if (!file->handle[0] || handles_find(handles, file->file, file->handle, file->group) >= 0)
		return 0;
	larger = reallocarray(handles->list, handles->n + 1, sizeof(*larger));
	if (!larger)
		return stress_fail(ret_error, -ENOMEM, "out of memory");
	handles->list = larger;
	fd = kfile_open(group_fds[group], file->file, O_RDWR);
	if (fd < 0)
		return stress_fail(ret_error, fd, "open %s(%s) for writing: %s", file->file,
				   file->group, strerror(-fd));
	handles->list[handles->n++] = (struct handle){*file, fd};
	return 0;
}

static int add_of(struct handles *handles, const struct formula *formula,
		  const struct scenario *scenario, const int *group_fds,
		  struct stress_error *ret_error)
{
	int r = 0;

	for (size_t i = 0; i < formula->n_files && r == 0; i++) {
		struct scenario_file file;

		memcpy(file.file, formula->files[i].file, sizeof(file.file));
		memcpy(file.handle, formula->files[i].handle, sizeof(file.handle));
		memcpy(file.group, formula->files[i].of, sizeof(file.group));
		r = add(handles, &file, scenario, group_fds, ret_error);
	}
	return r;
}

static int add_of_expect(struct handles *handles, const struct scenario_expect *expect,
			 const struct scenario *scenario, const int *group_fds,
			 struct stress_error *ret_error)
{
	const struct formula *const formulas[] = {
		&expect->value,	    &expect->of,  &expect->wanted,
		&expect->tolerance, &expect->low, &expect->high,
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(formulas) && r == 0; i++)
		r = add_of(handles, formulas[i], scenario, group_fds, ret_error);
	return r;
}

int handles_open(struct handles *handles, const struct scenario *scenario, const int *group_fds,
		 struct stress_error *ret_error)
{
	int r = 0;

	for (size_t i = 0; i < scenario->n_steps && r == 0; i++) {
		const struct scenario_step *step = &scenario->steps[i];

		r = add(handles, &step->write, scenario, group_fds, ret_error);
		if (r == 0)
			r = add_of(handles, &step->when.left, scenario, group_fds, ret_error);
		if (r == 0)
			r = add_of(handles, &step->when.right, scenario, group_fds, ret_error);
	}
	for (size_t i = 0; i < scenario->n_expects && r == 0; i++)
		r = add_of_expect(handles, &scenario->expects[i], scenario, group_fds, ret_error);
	return r;
}

void handles_close(struct handles *handles)
{
	for (size_t i = 0; i < handles->n; i++)
		fd_close(handles->list[i].fd);
	free(handles->list);
	*handles = (struct handles){0};
}
