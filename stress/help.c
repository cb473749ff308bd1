/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/help.h"

#include "stress/compare/rival.h"
#include "stress/job/settings.h"
#include "stress/loads/load.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"uswap-stress " USWAP_VERSION ": memory pressure as it was asked for, measured\n"
	"\n"
	"  uswap-stress run [JOB...] [OPTION...]\n"
	"  uswap-stress report RUN.json [OTHER.json] [-o FILE]   a page with charts (RUN.html), "
	"of\n"
	"                                 what run --json wrote; with two runs, their differences\n"
	"  uswap-stress check FILE|FOLDER... [--repeat N] [--seed N] [--mutants] [--junit FILE]\n"
	"                     [--json FILE] [--html FILE] [--KEY VALUE]\n"
	"                                 run scenarios: what must come of groups and loads; the\n"
	"                                 results as TAP on standard output\n"
	"  uswap-stress compare FILE --agent A --agent B... [--repeat N] [--seed N] [--json FILE]\n"
	"                     [--html FILE] [--KEY VALUE]\n"
	"                                 run one scenario under several agents, in turn\n"
	"  uswap-stress help [KEY | loads | settings | agents]\n"
	"\n"
	"A job comes from files, from options, or from both; what is said last counts:\n"
	"  --load TYPE[:KEY=VALUE,...]    a load (name=NAME names it)\n"
	"  --group NAME[:FILE=VALUE,...]  a cgroup; its files are written in this order\n"
	"  --set global.KEY=VALUE | load.NAME.KEY=VALUE | group.NAME.FILE=VALUE\n"
	"  --KEY VALUE                    what [global] may say: a default for the loads that\n"
	"                                 follow, or one of these:\n"
	"\n";

static const char usage_end[] =
	"\n"
	"Example: 64 MiB that grow at 8 MiB/s in a group limited to 48 MiB, in JSON:\n"
	"  uswap-stress run --group svc:memory.max=48M --load anon:size=64M,rate=8M/s,group=svc "
	"--json -\n"
	"\n"
	"Exit status: 0 ok, 1 failed (wrong contents, a killed worker), 2 wrong usage or job, 77 "
	"can't run here.\n";

static void print_settings(const struct setting_table *table, bool only_common,
			   const char *const *names)
{
	for (size_t i = 0; i < table->n; i++) {
		const struct setting *setting = &table->settings[i];
		bool listed = !names && (!only_common || setting->common);

		for (size_t n = 0; names && names[n]; n++)
			listed = listed || strcmp(names[n], setting->name) == 0;
		if (listed)
			stress_setting_print(setting, stdout);
	}
}

void help_print(void)
{
	(void)fputs(usage, stdout);
	print_settings(&global_table, false, NULL);
	(void)fputs(usage_end, stdout);
}

static void print_loads(void)
{
	(void)printf("Settings of every load:\n");
	print_settings(&load_table, true, NULL);
	for (size_t i = 0; load_types[i]; i++) {
		const char *const *names = load_types[i]->settings;

		(void)printf("\n%s: %s\n ", load_types[i]->name, load_types[i]->help);
		for (size_t n = 0; names[n]; n++)
			(void)printf("%s %s", n ? "," : "", names[n]);
		(void)printf("\n");
	}
	(void)printf("\n`uswap-stress help TYPE` tells what the settings of a load are.\n");
}

int help_about(const char *key, struct stress_error *ret_error)
{
	const struct setting *global, *load;
	const struct load_ops *ops;
	const char *nearest;

	if (strcmp(key, "loads") == 0) {
		print_loads();
		return 0;
	}
	if (strcmp(key, "settings") == 0) {
		(void)printf("[global]\n");
		print_settings(&global_table, false, NULL);
		(void)printf("\n[load NAME]\n");
		print_settings(&load_table, false, NULL);
		return 0;
	}
	if (strcmp(key, "agents") == 0) {
		rival_list(stdout);
		return 0;
	}
	ops = load_find_type(key);
	if (ops) {
		(void)printf("%s: %s\n", ops->name, ops->help);
		print_settings(&load_table, false, ops->settings);
		return 0;
	}
	global = stress_setting_find(&global_table, key);
	load = stress_setting_find(&load_table, key);
	if (global) {
		(void)printf("[global]\n");
		stress_setting_print(global, stdout);
	}
	if (load) {
		(void)printf("[load NAME]\n");
		stress_setting_print(load, stdout);
	}
	if (global || load)
		return 0;
	nearest = load_nearest_type(key);
	nearest = nearest ? nearest : stress_setting_nearest(&load_table, key);
	nearest = nearest ? nearest : stress_setting_nearest(&global_table, key);
	return stress_fail(ret_error, -EINVAL, "help: there is no setting or load called %s%s%s%s",
			   key, nearest ? "; did you mean " : "", nearest ? nearest : "",
			   nearest ? "?" : "");
}
