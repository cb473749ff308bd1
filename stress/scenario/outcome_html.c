/* SPDX-License-Identifier: Apache-2.0 */
/* How scenarios went, for people: a page that needs no script, in the looks of that of a run. */
#include "stress/scenario/outcome.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "stress/report/page_assets.h"
#include "stress/scenario/markup.h"

#include <errno.h>
#include <inttypes.h>

static int put_asset(const struct page_asset *asset, FILE *to)
{
	return fwrite(asset->bytes, 1, asset->n, to) == asset->n ? 0 : -EIO;
}

static int put_figure(const struct outcome_figure *figure, FILE *to)
{
	const char *const cells[] = {figure->measured,	figure->expected, figure->error,
				     figure->tolerance, figure->spread,	  figure->from};
	int r = markup_put(figure->passed ? "<tr><th>" : "<tr><th class=\"failures\">FAILED ",
			   figure->name, "</th>", to);

	for (size_t i = 0; i < ARRAY_SIZE(cells) && r == 0; i++)
		r = markup_put("<td>", cells[i] ? cells[i] : "", "</td>", to);
	(void)fputs("</tr>\n", to);
	if (r == 0)
		r = markup_put("<tr><td colspan=\"7\" class=\"hint\">Because: ", figure->because,
			       "</td></tr>\n", to);
	if (r == 0)
		r = markup_put("<tr><td colspan=\"7\" class=\"hint\">Samples: ", figure->samples,
			       "</td></tr>\n", to);
	return r;
}

static int put_figures(const struct outcome *outcome, FILE *to)
{
	int r = 0;

	(void)fputs("<div class=\"wide\"><table class=\"figures\"><thead><tr><th>Expectation</th>"
		    "<th>Measured</th><th>Expected</th><th>Error</th><th>Tolerance</th>"
		    "<th>Spread</th><th>From</th></tr></thead>\n",
		    to);
	for (size_t i = 0; i < outcome->n_figures && r == 0; i++)
		r = put_figure(&outcome->figures[i], to);
	(void)fputs("</table></div>\n", to);
	return r;
}

/* What went well is folded. */
static int put_outcome(const struct outcome *outcome, FILE *to)
{
	bool good = outcome_is_good(outcome->kind);
	int r = markup_put(good ? "<details class=\"card\"><summary><span class=\"badge ok\">"
				: "<details class=\"card\" open><summary><span class=\"badge "
				  "failed\">",
			   outcome_kind_name(outcome->kind), "</span> ", to);

	r = r < 0 ? r : markup_put("", outcome->name, "", to);
	(void)fprintf(to, " <span class=\"of-run\">%" PRIu64 ".%" PRIu64 " s",
		      outcome->duration_ns / NSEC_PER_SEC,
		      outcome->duration_ns % NSEC_PER_SEC / (100 * NSEC_PER_MSEC));
	if (outcome->n_runs > 1)
		(void)fprintf(to, ", %zu of %zu runs good", outcome->n_good, outcome->n_runs);
	(void)fputs("</span></summary>\n", to);
	r = r < 0 ? r : markup_put("<p>", outcome->reason, "</p>\n", to);
	r = r < 0 ? r : markup_put("<pre>", outcome->repeat, "</pre>\n", to);
	if (r == 0 && outcome->n_figures)
		r = put_figures(outcome, to);
	(void)fputs("</details>\n", to);
	return r;
}

int outcome_write_html(const struct outcome *outcomes, size_t n, FILE *to)
{
	size_t n_failed = 0;
	int r = put_asset(&page_head, to);

	(void)fputs("<style>\n", to);
	r = r < 0 ? r : put_asset(&page_style, to);
	for (size_t i = 0; i < n; i++)
		n_failed += !outcome_is_good(outcomes[i].kind);
	(void)fprintf(to,
		      "</style>\n</head>\n<body>\n<h1>uswap-stress check</h1>\n"
		      "<p>%zu scenarios, %zu failed.</p>\n",
		      n, n_failed);
	for (size_t i = 0; i < n && r == 0; i++)
		r = put_outcome(&outcomes[i], to);
	(void)fputs("</body>\n</html>\n", to);
	if (r < 0)
		return r;
	return fflush(to) == 0 && !ferror(to) ? 0 : -EIO;
}
