/* SPDX-License-Identifier: Apache-2.0 */
/* What came of a comparison: a table for people, JSON for programs, a page. */
#include "stress/compare/compare.h"

#include "stress/check/figures.h"
#include "stress/report/page_assets.h"
#include "stress/scenario/markup.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

/* An agent's cells of one figure. */
struct cells {
	char middle[FIGURE_TEXT_BYTES], spread[2 * FIGURE_TEXT_BYTES], gain[FIGURE_TEXT_BYTES];
};

/* Of an agent that never ran they are "-". -ENOMEM. */
static int say_cells(const struct comparison *comparison, size_t agent, enum score_key key,
		     struct cells *ret)
{
	enum formula_kind kind = score_kinds[key].kind;
	char least[FIGURE_TEXT_BYTES], greatest[FIGURE_TEXT_BYTES];
	struct score_spread spread, gain;

	if (score_spread_of(&comparison->table, agent, key, &spread) < 0 ||
	    score_gain_of(&comparison->table, agent, key, &gain) < 0)
		return -ENOMEM;
	*ret = (struct cells){"-", "", ""};
	if (spread.n == 0)
		return 0;
	(void)figure_value(ret->middle, sizeof(ret->middle), kind, spread.middle);
	(void)snprintf(ret->spread, sizeof(ret->spread), "%s .. %s",
		       figure_value(least, sizeof(least), kind, spread.least),
		       figure_value(greatest, sizeof(greatest), kind, spread.greatest));
	if (agent > 0 && gain.n) {
		ret->gain[0] = '+';
		(void)figure_value(ret->gain + (gain.middle >= 0), sizeof(ret->gain) - 1, kind,
				   gain.middle);
	}
	return 0;
}

static int put_figure(const struct comparison *comparison, enum score_key key, FILE *to)
{
	int r = 0;

	(void)fprintf(to, "\n%s: %s\n", score_kinds[key].name, score_kinds[key].help);
	for (size_t i = 0; i < comparison->n && r == 0; i++) {
		struct cells cells;

		r = say_cells(comparison, i, key, &cells);
		if (r == 0)
			(void)fprintf(to, "  %-20.20s %12s  %-24s %s\n",
				      comparison->contenders[i].rival.name, cells.middle,
				      cells.spread, cells.gain);
	}
	return r;
}

static int flush(FILE *to)
{
	return fflush(to) == 0 && !ferror(to) ? 0 : -EIO;
}

int comparison_write_text(const struct comparison *comparison, FILE *to)
{
	int r = 0;

	(void)fprintf(to,
		      "%s, seed %" PRIu64 ": %" PRIu64
		      " runs each, in turn; median, least .. greatest, and the median of what is "
		      "more than %s had in the same repetition\n",
		      comparison->path, comparison->seed, comparison->repeat,
		      comparison->contenders[0].rival.name);
	for (size_t i = 0; i < comparison->n; i++) {
		const struct contender *contender = &comparison->contenders[i];

		if (contender->absent)
			(void)fprintf(to, "%s: skipped: %s\n", contender->rival.name,
				      contender->words);
		else if (contender->n_failed)
			(void)fprintf(to, "%s: %zu of %zu runs failed: %s\n", contender->rival.name,
				      contender->n_failed, contender->n_runs, contender->words);
	}
	for (int key = 0; key < SCORE_KEYS && r == 0; key++)
		r = put_figure(comparison, (enum score_key)key, to);
	return r < 0 ? r : flush(to);
}

static json_t *spread_json(const struct score_spread *spread)
{
	return spread->n ? json_pack("{s:I, s:I, s:I}", "median", (json_int_t)spread->middle,
				     "least", (json_int_t)spread->least, "greatest",
				     (json_int_t)spread->greatest)
			 : json_null();
}

/* Every run's figure, null where it did not take place or failed; and what they come to. */
static json_t *figure_json(const struct comparison *comparison, size_t agent, enum score_key key)
{
	const struct score_table *table = &comparison->table;
	json_t *json = json_object(), *runs = json_array();
	struct score_spread spread = {.n = 0}, gain = {.n = 0};

	(void)score_spread_of(table, agent, key, &spread);
	(void)score_gain_of(table, agent, key, &gain);
	for (size_t i = 0; i < table->n_runs; i++) {
		size_t at = agent * table->n_runs + i;

		(void)json_array_append_new(
			runs,
			table->ran[at] ? json_integer(table->scores[at].values[key]) : json_null());
	}
	(void)json_object_set_new(json, "counts",
				  json_string(formula_kind_name(score_kinds[key].kind)));
	(void)json_object_set_new(json, "runs", runs);
	(void)json_object_set_new(json, "all", spread_json(&spread));
	(void)json_object_set_new(json, "more_than_first", spread_json(&gain));
	return json;
}

static json_t *contender_json(const struct comparison *comparison, size_t agent)
{
	const struct contender *contender = &comparison->contenders[agent];
	json_t *json = json_object(), *figures = json_object();
	json_t *words = json_string(contender->words);

	(void)json_object_set_new(json, "agent", json_string(contender->rival.name));
	(void)json_object_set_new(json, "command", json_string(contender->scenario->agent.command));
	(void)json_object_set_new(json, "skipped", json_boolean(contender->absent));
	(void)json_object_set_new(json, "failed", json_integer((json_int_t)contender->n_failed));
	(void)json_object_set_new(json, "reason", words ? words : json_string("(not UTF-8)"));
	for (int key = 0; key < SCORE_KEYS; key++)
		(void)json_object_set_new(figures, score_kinds[key].name,
					  figure_json(comparison, agent, (enum score_key)key));
	(void)json_object_set_new(json, "figures", figures);
	return json;
}

int comparison_write_json(const struct comparison *comparison, FILE *to)
{
	json_auto_t *root = json_object();
	json_t *agents = json_array();

	for (size_t i = 0; i < comparison->n; i++)
		(void)json_array_append_new(agents, contender_json(comparison, i));
	if (json_object_set_new(root, "format", json_string("uswap-compare/1")) < 0 ||
	    json_object_set_new(root, "scenario", json_string(comparison->path)) < 0 ||
	    json_object_set_new(root, "seed", json_integer((json_int_t)comparison->seed)) < 0 ||
	    json_object_set_new(root, "repeat", json_integer((json_int_t)comparison->repeat)) < 0 ||
	    json_object_set_new(root, "agents", agents) < 0)
		return -ENOMEM;
	return json_dumpf(root, to, JSON_INDENT(1)) == 0 && fputc('\n', to) != EOF ? flush(to)
										   : -EIO;
}

static int put_table(const struct comparison *comparison, enum score_key key, FILE *to)
{
	int r = markup_put("<h2>", score_kinds[key].name, "", to);

	r = r < 0 ? r
		  : markup_put(" <span class=\"of-run\">", score_kinds[key].help, "</span></h2>\n",
			       to);
	(void)fputs(
		"<table class=\"figures\"><thead><tr><th>Agent</th><th>Median</th><th>Spread</th>"
		"<th>More than the first</th></tr></thead>\n",
		to);
	for (size_t i = 0; i < comparison->n && r == 0; i++) {
		struct cells cells;

		r = say_cells(comparison, i, key, &cells);
		r = r < 0 ? r
			  : markup_put("<tr><th>", comparison->contenders[i].rival.name, "</th>",
				       to);
		if (r == 0)
			(void)fprintf(to,
				      "<td class=\"large\">%s</td><td>%s</td><td>%s</td></tr>\n",
				      cells.middle, cells.spread, cells.gain);
	}
	(void)fputs("</table>\n", to);
	return r;
}

int comparison_write_html(const struct comparison *comparison, FILE *to)
{
	int r;

	(void)fwrite(page_head.bytes, 1, page_head.n, to);
	(void)fputs("<style>\n", to);
	(void)fwrite(page_style.bytes, 1, page_style.n, to);
	r = markup_put("</style>\n</head>\n<body>\n<h1>uswap-stress compare ", comparison->path,
		       "</h1>\n", to);
	(void)fprintf(to, "<p>Seed %" PRIu64 ", %" PRIu64 " runs each, in turn.</p>\n",
		      comparison->seed, comparison->repeat);
	for (size_t i = 0; i < comparison->n && r == 0; i++) {
		const struct contender *contender = &comparison->contenders[i];

		if (!contender->words[0])
			continue;
		r = markup_put("<p class=\"failures\">", contender->rival.name,
			       contender->absent ? ": skipped: " : ": failed: ", to);
		r = r < 0 ? r : markup_put("", contender->words, "</p>\n", to);
	}
	for (int key = 0; key < SCORE_KEYS && r == 0; key++)
		r = put_table(comparison, (enum score_key)key, to);
	(void)fputs("</body>\n</html>\n", to);
	return r < 0 ? r : flush(to);
}
