/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/check/common.h"

#include "base/parse.h"

#include <errno.h>
#include <string.h>

int common_options_make(struct common_options *options, int n, uint64_t repeat)
{
	*options = (struct common_options){
		.repeat = repeat,
		.settings = calloc((size_t)n + 1, sizeof(*options->settings)),
	};
	return options->settings ? 0 : -ENOMEM;
}

void common_options_free(struct common_options *options)
{
	free(options->settings);
	*options = (struct common_options){.n_settings = 0};
}

int common_options_take(struct common_options *options, const char *name, const char *value,
			struct stress_error *ret_error)
{
	if (strcmp(name, "repeat") == 0) {
		if (parse_u64(value, &options->repeat) < 0 || options->repeat == 0 ||
		    options->repeat > COMMON_REPEAT_MAX)
			return stress_fail(ret_error, -EINVAL, "--repeat: \"%s\" is not 1 to %d",
					   value, COMMON_REPEAT_MAX);
	} else if (strcmp(name, "seed") == 0) {
		options->seed = value;
	} else if (stress_setting_find(&global_table, name) ||
		   stress_setting_find(&load_table, name)) {
		options->settings[options->n_settings++] = name;
		options->settings[options->n_settings++] = value;
	} else {
		return stress_fail(ret_error, -EINVAL,
				   "--%s: there is no such option (uswap-stress --help)", name);
	}
	return 0;
}

int common_read_scenario(const struct common_options *options, const char *path,
			 struct scenario **ret_scenario, struct stress_error *ret_error)
{
	_cleanup_(scenario_freep) struct scenario *scenario = NULL;
	int r = scenario_new(&scenario);

	for (size_t i = 0; i < options->n_settings && r == 0; i += 2)
		r = job_set_global(scenario->job, options->settings[i], options->settings[i + 1],
				   ret_error);
	if (r == 0)
		r = scenario_read_file(scenario, path, ret_error);
	if (r == -ENOENT || r == -EACCES)
		(void)stress_fail(ret_error, r, "%s: %s", path, strerror(-r));
	if (r == 0 && options->seed)
		r = job_set_global(scenario->job, "seed", options->seed, ret_error);
	if (r == 0)
		*ret_scenario = TAKE_PTR(scenario);
	return r;
}
