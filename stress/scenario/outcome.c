/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/scenario/outcome.h"

const char *outcome_kind_name(enum outcome_kind kind)
{
	static const char *const names[] = {
		[OUTCOME_PASSED] = "passed",
		[OUTCOME_FAILED] = "failed",
		[OUTCOME_SKIPPED] = "skipped",
		[OUTCOME_XFAILED] = "failed as expected",
		[OUTCOME_XPASSED] = "passed unexpectedly",
	};

	return names[kind];
}

bool outcome_is_good(enum outcome_kind kind)
{
	return kind != OUTCOME_FAILED && kind != OUTCOME_XPASSED;
}

int outcome_exit_status(const struct outcome *outcomes, size_t n)
{
	bool ran = false;

	for (size_t i = 0; i < n; i++) {
		if (!outcome_is_good(outcomes[i].kind))
			return 1;
		ran = ran || outcomes[i].kind != OUTCOME_SKIPPED;
	}
	return ran ? 0 : 77;
}
