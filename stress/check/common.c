/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/check/common.h"

#include "base/parse.h"
#include "base/spell.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int common_options_make(struct common_options *options, const char *const *names, int n,
			uint64_t repeat)
{
	*options = (struct common_options){
		.names = names,
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

int common_option_read(char **words, int n, struct common_option *ret,
		       struct stress_error *ret_error)
{
	const char *name = words[0] + strlen("--"), *equals = strchr(name, '=');
	size_t length = equals ? (size_t)(equals - name) : strlen(name);

	if (length == 0 || length >= sizeof(ret->name))
		return stress_fail(ret_error, -EINVAL,
				   "%s: there is no such option (uswap-stress --help)", words[0]);
	if (!equals && n < 2)
		return stress_fail(ret_error, -EINVAL, "%s wants a value", words[0]);
	memcpy(ret->name, name, length);
	ret->name[length] = '\0';
	ret->value = equals ? equals + 1 : words[1];
	ret->n_words = equals ? 1 : 2;
	return 0;
}

static int unknown_option(const struct common_options *options, const char *name,
			  struct stress_error *ret_error)
{
	const char *nearest;
	size_t n = 0, i;

	while (options->names[n])
		n++;
	i = spell_nearest(name, options->names, n);
	nearest = i < n ? options->names[i] : stress_setting_nearest(&global_table, name);
	nearest = nearest ? nearest : stress_setting_nearest(&load_table, name);
	return stress_fail(ret_error, -EINVAL, "--%s: there is no such option%s%s%s", name,
			   nearest ? "; did you mean --" : " (uswap-stress --help)",
			   nearest ? nearest : "", nearest ? "?" : "");
}

int common_options_take(struct common_options *options, const struct common_option *option,
			struct stress_error *ret_error)
{
	const char *name = option->name, *value = option->value;
	const struct setting *setting = stress_setting_find(&global_table, name);

	if (!setting)
		setting = stress_setting_find(&load_table, name);
	if (strcmp(name, "repeat") == 0) {
		if (parse_u64(value, &options->repeat) < 0 || options->repeat == 0 ||
		    options->repeat > COMMON_REPEAT_MAX)
			return stress_fail(ret_error, -EINVAL, "--repeat: \"%s\" is not 1 to %d",
					   value, COMMON_REPEAT_MAX);
	} else if (strcmp(name, "seed") == 0) {
		options->seed = value;
	} else if (setting) {
		options->settings[options->n_settings++] = setting->name;
		options->settings[options->n_settings++] = value;
	} else {
		return unknown_option(options, name, ret_error);
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

int common_open_output(const char *name, const char *path, struct output *ret,
		       struct stress_error *ret_error)
{
	/* What is printed there is read by other programs, too. */
	if (path && strcmp(path, "-") == 0)
		return stress_fail(ret_error, -EINVAL,
				   "--%s -: standard output is taken; it wants a file", name);
	return output_open(name, path ? path : "", ret, ret_error);
}

int common_write_output(struct output *output, const void *results, output_write_fn *write_to,
			struct stress_error *ret_error)
{
	return output->path[0] ? output_write(output, results, write_to, ret_error) : 0;
}
