/* SPDX-License-Identifier: Apache-2.0 */
/* What uswap-stress reads beside the groups' files: read or refused, nothing written when refused.
 */
#include "numa/numa_maps.h"
#include "numa/zram.h"
#include "stress/measure/meminfo.h"
#include "stress/measure/vmstat.h"

#include "base/cleanup.h"
#include "refusal.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);
	struct vmstat vmstat = {.pgfault = 7}, vmstat_before = vmstat;
	struct meminfo info = {.free = 7}, info_before = info;
	struct node_meminfo node = {.free = 7}, node_before = node;
	struct zram_usage zram = {.used_bytes = 7}, zram_before = zram;
	uint64_t writes = 7, writes_before = writes;
	struct numa_share share = {.elsewhere_bytes = 7}, share_before = share;

	if (!text)
		abort();
	check_refusal(vmstat_parse(text, &vmstat, NULL), &vmstat, &vmstat_before, sizeof(vmstat));
	check_refusal(meminfo_parse(text, &info, NULL), &info, &info_before, sizeof(info));
	check_refusal(node_meminfo_parse(text, &node, NULL), &node, &node_before, sizeof(node));
	check_refusal(zram_parse(text, &zram), &zram, &zram_before, sizeof(zram));
	check_refusal(zram_parse_writes(text, &writes), &writes, &writes_before, sizeof(writes));
	check_refusal(numa_maps_add_line(text, strlen(text), 1, &share, NULL), &share,
		      &share_before, sizeof(share));
	return 0;
}
