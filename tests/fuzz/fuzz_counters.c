/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a line of counters: /proc/PID/stat and schedstat, a block device's stat. Read or
 * refused, nothing written when refused.
 */
#include "agent/sense/kthread.h"
#include "agent/writer/device_stat.h"
#include "base/cleanup.h"
#include "refusal.h"
#include "stress/measure/procstat.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);
	struct procstat process, process_before;
	struct device_stat device = {.in_flight = 7}, device_before = device;
	uint64_t run_ns = 7, run_ns_before = run_ns;
	int r;

	if (!text)
		abort();
	memset(&process, 1, sizeof(process));
	process_before = process;
	r = procstat_parse(text, &process);
	check_refusal(r, &process, &process_before, sizeof(process));
	if (r == 0 && !memchr(process.name, '\0', sizeof(process.name)))
		abort();
	check_refusal(kthread_parse(text, &run_ns), &run_ns, &run_ns_before, sizeof(run_ns));
	check_refusal(device_stat_parse(text, &device), &device, &device_before, sizeof(device));
	return 0;
}
