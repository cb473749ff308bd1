/* SPDX-License-Identifier: Apache-2.0 */
/* uswap-stress as people call it, without privilege: what it ends with, and what it says then. */
#include "tests/unit/fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

/* Status and words, on both outputs, of the program with these words. */
static int call(const char *words, char *said, size_t n)
{
	_cleanup_free_ char *command = NULL;
	FILE *from;
	int status;

	assert_true(asprintf(&command, "%s %s 2>&1", FIXTURE_PATH(USWAP_STRESS), words) > 0);
	from = popen(command, "re");
	assert_non_null(from);
	said[fread(said, 1, n - 1, from)] = '\0';
	status = pclose(from);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_status(void **state)
{
	static const struct {
		const char *words;
		int status;
		const char *said;
	} rows[] = {
		{"--version", 0, "uswap-stress " USWAP_VERSION "\n"},
		{"--help", 0, "uswap-stress run [JOB...]"},
		{"help anon", 0, "anon: "},
		{"run --duration 20ms --load anon:size=1M", 0, "uswap-stress: ok"},
		{"", 2, "no command; there are run, report"},
		{"rnu", 2, "rnu: no such command"},
		{"help rtio", 2, "did you mean ratio?"},
		{"report", 2, "report: which run?"},
		{"report /nowhere.json", 2, "/nowhere.json: No such file or directory"},
		{"report -x", 2, "report: -x is not understood"},
		{"run", 2, "load"},
		{"run /nowhere.job", 2, "/nowhere.job: No such file or directory"},
		{"run --load anno:size=1M", 2, "did you mean 'anon'?"},
		{"run --load anon:siez=1M", 2, "did you mean 'size'?"},
		{"run --load anon:size=1M,schedule=sin", 2, "sine"},
		{"run --load anon:size=1X", 2, "size: "},
		{"run --load anon:size=0", 2, "size: "},
		{"run --load anon:size=4M,node=1000", 2, "node: "},
		{"run --load anon:size=60T", 2, "does not fit"},
		{"run --load fileread:size=64K,files=17", 2,
		 "files: there are more than the size has"},
		{"run --load anon:size=1M,group=svc", 2, "there is no [group svc]"},
		{"run --load anon:size=1M --json /nowhere/run.json", 2, "json: "},
		{"check /nowhere.scenario", 2, "/nowhere.scenario: "},
		{"compare /nowhere.scenario --agent none", 2, "/nowhere.scenario: "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char said[16384];
		int status = call(rows[i].words, said, sizeof(said));

		if (status != rows[i].status || !strstr(said, rows[i].said))
			fail_msg("%s: status %d, not %d: %s", rows[i].words, status, rows[i].status,
				 said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
