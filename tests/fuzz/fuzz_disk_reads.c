/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/diskstats and /proc/swaps of any bytes: read or refused, nothing written. The first byte
 * says how much is of the latter. */
#include "agent/sense/disk_reads.h"

#include "base/cleanup.h"

#include <errno.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t split = size > 0 ? MIN((size_t)data[0], size - 1) : 0;
	_cleanup_free_ char *swaps = strndup((const char *)data + (size > 0), split);
	_cleanup_free_ char *disks = NULL;
	struct machine_reads reads = {.swap.bytes = 42}, before = reads;
	int r;

	if (size > 0)
		disks = strndup((const char *)data + 1 + split, size - 1 - split);
	if (!swaps || (size > 0 && !disks))
		abort();
	r = machine_reads_parse(disks ? disks : "", swaps, &reads);
	if (r != 0 && (r != -EBADMSG || memcmp(&reads, &before, sizeof(reads)) != 0))
		abort();
	return 0;
}
