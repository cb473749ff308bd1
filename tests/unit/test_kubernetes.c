/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration of the DaemonSet chooses pods by their QoS class, from the paths of groups. */
#include "agent/config/config.h"

#include "tests/unit/fixture.h"

#include <stdio.h>

#define UID	  "3f1d9c6e_5a0b_4c55_9c1e_0d6a2b7c8e11"
#define CONTAINER "cri-containerd-5a11.scope"

static struct config shipped(const char *exclude)
{
	const char *overrides[] = {exclude};
	struct config config;
	struct config_error error;
	char path[600];

	(void)snprintf(path, sizeof(path), "%s/uswapd.conf", FIXTURE_PATH(USWAP_KUBERNETES));
	if (config_load(path, overrides, exclude ? 1 : 0, &config, &error) < 0)
		fail_msg("%s", error.text);
	return config;
}

static const struct {
	const char *guaranteed, *burstable, *besteffort;
} pods[] = {
	{"kubepods.slice/kubepods-pod" UID ".slice",
	 "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID ".slice",
	 "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID ".slice"},
	{"kubepods/pod" UID, "kubepods/burstable/pod" UID, "kubepods/besteffort/pod" UID},
};

static bool excluded(const struct config *config, const char *pod)
{
	char container[300];
	bool of_pod = config_patterns_match(&config->protect.exclude, pod);

	(void)snprintf(container, sizeof(container), "%s/" CONTAINER, pod);
	assert_int_equal(config_patterns_match(&config->protect.exclude, container), of_pod);
	return of_pod;
}

static void test_as_shipped(void **state)
{
	struct config config = shipped(NULL);

	(void)state;
	assert_int_equal(config.agent.mode, MODE_OBSERVE);
	for (size_t i = 0; i < ARRAY_SIZE(pods); i++) {
		assert_true(excluded(&config, pods[i].guaranteed));
		assert_false(excluded(&config, pods[i].burstable));
		assert_false(excluded(&config, pods[i].besteffort));
	}
	assert_false(excluded(&config, "kubepods.slice"));
	assert_false(excluded(&config, "kubepods"));
	assert_false(excluded(&config, "system.slice/kubelet.service"));
}

/* The patterns that the file names for the other classes. */
static void test_other_classes(void **state)
{
	struct config config =
		shipped("protect.exclude=/kubepods.slice/kubepods-burstable.slice "
			"/kubepods/burstable /kubepods.slice/kubepods-besteffort.slice "
			"/kubepods/besteffort");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pods); i++) {
		assert_false(excluded(&config, pods[i].guaranteed));
		assert_true(excluded(&config, pods[i].burstable));
		assert_true(excluded(&config, pods[i].besteffort));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_shipped),
		cmocka_unit_test(test_other_classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
