/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes uswapd.conf(5): copies a template, and puts the tables of settings in place of its lines
 * @SETTINGS@ and @GROUP_KEYS@. The tables are the agent's own, so that the page can't be wrong.
 */
#include "agent/config/group_rules.h"
#include "base/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Escapes what mdoc would take for its own. A sentence ends its line. */
static void print_text(const char *text, FILE *out)
{
	while (*(text += strspn(text, " "))) {
		size_t n = strcspn(text, " ");

		if (*text == '.' || *text == '\'')
			(void)fputs("\\&", out);
		for (size_t i = 0; i < n; i++)
			(void)fputs(text[i] == '\\' ? "\\e" : (char[2]){text[i], '\0'}, out);
		text += n;
		(void)fputc(text[-1] == '.' || !*text ? '\n' : ' ', out);
	}
}

static void print_setting(const struct setting *setting, FILE *out)
{
	(void)fprintf(out, ".It Ic %s\n", setting->key);
	print_text(setting->help, out);
	if (setting->min)
		(void)fprintf(out, "From %s to %s.\n", setting->min, setting->max);
	if (*setting->initial)
		(void)fprintf(out, "Default:\n.Li %s .\n", setting->initial);
	else
		(void)fprintf(out, "Default: none.\n");
}

static void print_settings(FILE *out)
{
	const char *section = "";

	(void)fprintf(out, ".Sh SETTINGS\n");
	for (size_t i = 0; i < n_settings; i++) {
		if (strcmp(settings[i].section, section) != 0)
			(void)fprintf(out, "%s.Ss [%s]\n.Bl -tag -width Ds\n", i > 0 ? ".El\n" : "",
				      settings[i].section);
		section = settings[i].section;
		print_setting(&settings[i], out);
	}
	(void)fprintf(out, ".El\n");
}

static void print_group_keys(FILE *out)
{
	(void)fprintf(out, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < n_group_keys; i++)
		print_setting(&group_keys[i], out);
	(void)fprintf(out, ".El\n");
}

static bool print_page(FILE *in, FILE *out)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (getline(&line, &size, in) > 0) {
		if (strcmp(line, "@SETTINGS@\n") == 0) {
			print_settings(out);
			found = true;
		} else if (strcmp(line, "@GROUP_KEYS@\n") == 0) {
			print_group_keys(out);
		} else {
			(void)fputs(line, out);
		}
	}
	return found && !ferror(in);
}

int main(int argc, char **argv)
{
	FILE *in = argc == 3 ? fopen(argv[1], "re") : NULL;
	FILE *out = in ? fopen(argv[2], "we") : NULL;
	bool good = out && print_page(in, out);

	if (in)
		(void)fclose(in);
	if (out && fclose(out) != 0)
		good = false;
	if (!good)
		(void)fprintf(stderr, "usage: uswapd_conf_page TEMPLATE PAGE\n");
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
