/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config/settings.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const char *in(const struct fixture *fx, const char *name, char *path)
{
	(void)snprintf(path, 256, "%s/%s", fx->path, name);
	return path;
}

/* Every wrong text names the place, the setting and what would be right. */
struct row {
	const char *text;
	int result;
	const char *message; /* behind the file's name; NULL: good */
};

static void check_rows(const struct row *rows, size_t n)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	char path[256];

	in(fx, "x.conf", path);
	for (size_t i = 0; i < n; i++) {
		struct config config;
		struct config_error error = {""};
		int r;

		fixture_write(fx, "x.conf", rows[i].text);
		r = config_load(path, NULL, 0, &config, &error);
		if (r != rows[i].result)
			fail_msg("\"%s\": %d, %s", rows[i].text, r, error.text);
		if (!rows[i].message)
			continue;
		assert_int_equal(strncmp(error.text, path, strlen(path)), 0);
		assert_string_equal(error.text + strlen(path), rows[i].message);
	}
}

static void test_values(void **state)
{
	static const struct row rows[] = {
		{"", 0, NULL},
		{"[agent]\n[agent]\n", 0, NULL},
		{"[headroom]\nreaction = 1s\n", 0, NULL},
		{"[headroom]\nreaction = 250\n", -EINVAL,
		 ":2: headroom.reaction: \"250\" is not a duration: write digits and us, ms, s, "
		 "min, h or d, as in 250ms"},
		{"[headroom]\n\nreaction = 2h\n", -ERANGE,
		 ":3: headroom.reaction: 2h is out of range: write 1ms to 1min"},
		{"[headroom]\nreaction = 999999999999999999999s\n", -ERANGE,
		 ":2: headroom.reaction: 999999999999999999999s is out of range: "
		 "write 1ms to 1min"},
		{"[headroom]\nmargin_min = 1MB\n", -EINVAL,
		 ":2: headroom.margin_min: \"1MB\" is not a size: write digits and K, M, G or T, "
		 "as in 64M"},
		{"[headroom]\nmargin_max = 10\n", -EINVAL,
		 ":2: headroom.margin_max: \"10\" is not a share: write digits and %, as in "
		 "12.5%"},
		{"[headroom]\nmargin_max = 50.01%\n", -ERANGE,
		 ":2: headroom.margin_max: 50.01% is out of range: write 0.1% to 50%"},
		{"[headroom]\nenabled = maybe\n", -EINVAL,
		 ":2: headroom.enabled: \"maybe\" is not yes or no"},
		{"[headroom]\nenabled =\n", -EINVAL, ":2: headroom.enabled: \"\" is not yes or no"},
		{"[balance]\nhopeless_rounds = 0\n", -ERANGE,
		 ":2: balance.hopeless_rounds: 0 is out of range: write 1 to 1000000"},
		{"[balance]\nhopeless_rounds = -1\n", -EINVAL,
		 ":2: balance.hopeless_rounds: \"-1\" is not a count: write digits, as in 16"},
		{"[agent]\nmode = dry\n", -EINVAL,
		 ":2: agent.mode: \"dry\" is not a mode: write observe or act"},
		{"[agent]\nlog_level = loud\n", -EINVAL,
		 ":2: agent.log_level: \"loud\" is not a level: write error, warning, notice, "
		 "info or debug"},
		{"[agent]\nsocket = run/x\n", -EINVAL,
		 ":2: agent.socket: \"run/x\" is not an absolute path without blanks, as in "
		 "/run/uswapd/control.sock"},
		{"[agent]\nsocket = /run/\n", -EINVAL,
		 ":2: agent.socket: \"/run/\" is not an absolute path without blanks, as in "
		 "/run/uswapd/control.sock"},
		{"[agent]\nsocket = /"
		 "0123456789012345678901234567890123456789012345678901234567890123456789"
		 "0123456789012345678901234567890123456\n",
		 -E2BIG, ":2: agent.socket: the path is longer than 107 bytes"},
		{"[agent]\nsocket = /run/a b\n", -EINVAL,
		 ":2: agent.socket: \"/run/a b\" is not an absolute path without blanks, as in "
		 "/run/uswapd/control.sock"},
		{"[protect]\nexclude = / a\n", -EINVAL,
		 ":2: protect.exclude: \"/ a\" is not a group's path, as in "
		 "system.slice/db-*.service"},
		{"[protect]\nexclude_uid = 1000 postgres\n", -EINVAL,
		 ":2: protect.exclude_uid: \"1000 postgres\" is not the number of a user, as in "
		 "1000 or 6118*"},
		{"[protect]\nexclude_uid = 1000 6118* [12]??\n", 0, NULL},
		{"[protect]\nexclude = //\n", -EINVAL,
		 ":2: protect.exclude: \"//\" is not a group's path, as in "
		 "system.slice/db-*.service"},
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows));
}

static void test_names(void **state)
{
	static const struct row rows[] = {
		{"[headrom]\n", -EINVAL,
		 ":1: [headrom]: there is no such section; did you mean [headroom]?"},
		{"[storage]\n", -EINVAL,
		 ":1: [storage]: there is no such section; uswapd --help-settings lists them all"},
		{"[headroom]\nraection = 1s\n", -EINVAL,
		 ":2: headroom.raection: there is no such setting; did you mean "
		 "headroom.reaction?"},
		{"[balance]\nmargin_mn = 1M\n", -EINVAL,
		 ":2: balance.margin_mn: there is no such setting; did you mean "
		 "balance.margin_min?"},
		{"[agent]\nreaction = 1s\n", -EINVAL,
		 ":2: agent.reaction: there is no such setting; did you mean headroom.reaction?"},
		{"[agent]\nswappiness = 1\n", -EINVAL,
		 ":2: agent.swappiness: there is no such setting; did you mean tuning.swappiness?"},
		{"[agent]\ncompressor = lz4\n", -EINVAL,
		 ":2: agent.compressor: there is no such setting; uswapd --help-settings lists "
		 "them all"},
		{"cpu = 10%\n", -EINVAL,
		 ":1: cpu: before it there must be a section's line, as in [protect]"},
		{"[protect]\n= 10%\n", -EINVAL,
		 ":2: protect.: there is no such setting; uswapd --help-settings lists them all"},
		{"[headroom]\nreaction = 1s\n[balance]\nreaction = 1s\n", 0, NULL},
		{"[headroom]\nreaction = 1s\n\nreaction = 2s\n", -EINVAL,
		 ":4: headroom.reaction: was set before, in line 2"},
		{"[headroom]\nreaction = 1s\n[headroom]\nreaction = 1s\n", -EINVAL,
		 ":4: headroom.reaction: was set before, in line 2"},
		{"[reclaim]\npiece_min = 1M\npiece_max = 512K\n", -EINVAL,
		 ":2: reclaim.piece_min must not be more than reclaim.piece_max"},
		{"[agent]\ntick_max = 10ms\n[reclaim]\npiece_max = 128K\n", -EINVAL,
		 ":4: reclaim.piece_min must not be more than reclaim.piece_max"},
		{"[agent]\ntick_min = 100ms\ntick_max = 50ms\n", -EINVAL,
		 ":2: agent.tick_min must not be more than agent.tick_max"},
		{"[reclaim]\npiece = 2s\n", -EINVAL,
		 ":2: reclaim.piece must not be more than reclaim.deadline"},
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows));
}

#define TEN	"0123456789"
#define FIFTY	TEN TEN TEN TEN TEN
#define HUNDRED FIFTY FIFTY

static void test_lines(void **state)
{
	static const struct row rows[] = {
		{"# comment\n; comment\n  # indented\n\n \t\n[agent]\r\n  tick_min=2ms\r\n", 0,
		 NULL},
		{"\xef\xbb\xbf[agent]\ntick_min = 2ms", 0, NULL},
		{"# " HUNDRED HUNDRED HUNDRED "\n", 0, NULL},
		{"[agent]\nlog_level = info " HUNDRED HUNDRED "\n", -E2BIG,
		 ":2: the line is longer than 199 bytes; a list may take several lines, each with "
		 "its key"},
		{"[protect]\nexclude = " HUNDRED FIFTY TEN "\n", 0, NULL},
		{"[protect]\nexclude = " HUNDRED FIFTY TEN "0\n", -E2BIG,
		 ":2: protect.exclude: the value is longer than 160 bytes"},
		{"[agent]\nlog_level = info # loud\n", -EINVAL,
		 ":2: a comment needs a line of its own, '#' behind a value is not one"},
		{"[agent]\nlog_level = info ; loud\n", -EINVAL,
		 ":2: a comment needs a line of its own, ';' behind a value is not one"},
		{"[agent]\nsocket = /run/a;b#c\n", 0, NULL},
		{"[agent] tick_min = 1ms\n", -EINVAL,
		 ":1: a section's line is [NAME] and nothing else"},
		{"[agent\n", -EINVAL, ":1: a section's line is [NAME] and nothing else"},
		{"[agent]]\n", -EINVAL, ":1: a section's line is [NAME] and nothing else"},
		{"[agent]\nlog_level\n[agent]\nlog_level = no\n", -EINVAL,
		 ":2: this is neither \"[section]\" nor \"key = value\""},
		{"[agent]\nlog_level = no\nlog_level\n", -EINVAL,
		 ":2: agent.log_level: \"no\" is not a level: write error, warning, notice, info "
		 "or debug"},
		{"[agent]\n\x01\n", -EINVAL, ":2: control byte 0x01: is this a text file?"},
		{"\x7f"
		 "ELF\x02",
		 -EINVAL, ":1: control byte 0x7f: is this a text file?"},
	};

	(void)state;
	check_rows(rows, ARRAY_SIZE(rows));
}

static void test_nul_is_not_text(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	_cleanup_(fclosep) FILE *file = NULL;
	struct config config;
	struct config_error error;
	char path[256];

	(void)state;
	file = fopen(in(fx, "x.conf", path), "we");
	assert_non_null(file);
	assert_int_equal(fwrite("[agent]\nlog_level = \0info\n", 1, 26, file), 26);
	assert_int_equal(fflush(file), 0);
	assert_int_equal(config_load(path, NULL, 0, &config, &error), -EINVAL);
	assert_string_equal(error.text + strlen(path),
			    ":2: control byte 0x00: is this a text file?");
}

static void test_drop_ins(void **state)
{
	static const struct fixture_file files[] = {
		{"x.conf", "[headroom]\nreaction = 1s\nmargin_min = 2M\n"
			   "[protect]\nexclude = a\nexclude = b c\n"},
		{"x.conf.d/20-b.conf", "[headroom]\nreaction = 3s\n[protect]\nexclude = d\n"},
		{"x.conf.d/10-a.conf", "[headroom]\nreaction = 2s\nmargin_max = 7%\n"},
		{"x.conf.d/30-c.conf.bak", "garbage"},
		{"x.conf.d/.40.conf", "garbage"},
	};
	static const char *const overrides[] = {"headroom.margin_min=3M", "headroom.margin_min=4M",
						"protect.exclude=e", "protect.exclude=f"};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	struct config config;
	struct config_error error;
	char path[256];

	(void)state;
	in(fx, "x.conf", path);
	assert_int_equal(config_load(path, NULL, 0, &config, &error), 0);
	assert_int_equal(config.headroom.margin.reaction_ns, 3 * NSEC_PER_SEC);
	assert_int_equal(config.headroom.margin.margin_max_permyriad, 700);
	assert_int_equal(config.headroom.margin.margin_min_bytes, 2 << 20);
	assert_int_equal(config.protect.exclude.n, 1);
	assert_string_equal(config.protect.exclude.pattern[0], "d");

	fixture_remove(fx, "x.conf.d/20-b.conf");
	assert_int_equal(config_load(path, overrides, 4, &config, &error), 0);
	assert_int_equal(config.headroom.margin.reaction_ns, 2 * NSEC_PER_SEC);
	assert_int_equal(config.headroom.margin.margin_min_bytes, 4 << 20);
	assert_int_equal(config.protect.exclude.n, 2);
	assert_string_equal(config.protect.exclude.pattern[1], "f");

	assert_int_equal(config_load(path, NULL, 0, &config, &error), 0);
	assert_int_equal(config.protect.exclude.n, 3);
	assert_string_equal(config.protect.exclude.pattern[2], "c");

	/* An error names the drop-in that holds it; drop-ins alone are a configuration. */
	fixture_remove(fx, "x.conf");
	assert_int_equal(config_load(path, NULL, 0, &config, &error), 0);
	fixture_write(fx, "x.conf.d/11.conf", "[headroom]\nreaction = 2\n");
	assert_int_equal(config_load(path, NULL, 0, &config, &error), -EINVAL);
	assert_non_null(strstr(error.text, "/x.conf.d/11.conf:2: headroom.reaction: "));
}

static void test_unreadable(void **state)
{
	static const struct fixture_file files[] = {
		{"dir.conf/", NULL},
		{"y.conf", ""},
		{"y.conf.d", "not a directory"},
		{"z.conf", ""},
		{"z.conf.d/a.conf/", NULL},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	struct config config, before;
	struct config_error error;
	char path[256];

	(void)state;
	memset(&config, 0xa5, sizeof(config));
	before = config;
	assert_int_equal(config_load(in(fx, "none", path), NULL, 0, &config, &error), -ENOENT);
	assert_string_equal(error.text + strlen(path), ": there is no such file");
	assert_int_equal(config_load(in(fx, "dir.conf", path), NULL, 0, &config, &error), -EISDIR);
	assert_string_equal(error.text + strlen(path), ": is not a regular file");
	assert_int_equal(config_load(in(fx, "y.conf", path), NULL, 0, &config, &error), -ENOTDIR);
	assert_string_equal(error.text + strlen(path), ".d: can't be read: Not a directory");
	assert_int_equal(config_load(in(fx, "z.conf", path), NULL, 0, &config, &error), -EISDIR);
	assert_string_equal(error.text + strlen(path), ".d/a.conf: is not a regular file");
	assert_int_equal(mkfifoat(fx->fd, "fifo", 0600), 0);
	assert_int_equal(config_load(in(fx, "fifo", path), NULL, 0, &config, &error), -ENODEV);
	fixture_write(fx, "secret", "");
	assert_int_equal(chmod(in(fx, "secret", path), 0), 0);
	if (geteuid() != 0) {
		assert_int_equal(config_load(path, NULL, 0, &config, &error), -EACCES);
		assert_string_equal(error.text + strlen(path),
				    ": can't be read: Permission denied");
	}
	assert_memory_equal(&config, &before, sizeof(config));
}

static void test_overrides(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{"headroom.reaction", "--set: \"headroom.reaction\": write section.key=value, as "
				      "in headroom.reaction=250ms"},
		{"x=a.b", "--set: \"x=a.b\": write section.key=value, as in "
			  "headroom.reaction=250ms"},
		{"headroom.raection=1s", "--set: headroom.raection: there is no such setting; did "
					 "you mean headroom.reaction?"},
		{"reclaim.piece=0s", "--set: reclaim.piece: 0s is out of range: write 1ms to 10s"},
		{"reclaim.piece_max=4K",
		 "--set: reclaim.piece_min must not be more than reclaim.piece_max"},
		{"protect.exclude=#a",
		 "--set: protect.exclude: \"#a\" is not a group's path, as in "
		 "system.slice/db-*.service"},
		{"agent.socket=/a\nb", "--set: agent.socket: the value holds a control byte "
				       "(0x0a)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct config config;
		struct config_error error;

		assert_true(config_load(NULL, &rows[i].text, 1, &config, &error) < 0);
		assert_string_equal(error.text, rows[i].message);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),	  cmocka_unit_test(test_names),
		cmocka_unit_test(test_lines),	  cmocka_unit_test(test_nul_is_not_text),
		cmocka_unit_test(test_drop_ins),  cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_overrides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
