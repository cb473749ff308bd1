/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a record, and as what follows the first line of a recording. */
#include "agent/record/file.h"

#include <string.h>

#define require(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const void *object_of(const struct record *record)
{
	return record->kind == RECORD_LOST ? (const void *)&record->lost
					   : (const void *)&record->headroom;
}

static void read_as_file(const uint8_t *data, size_t size)
{
	FILE *in = tmpfile();
	struct record_reader reader;
	struct record record;
	int n = 0, r;

	require(in);
	(void)fprintf(in, "uswapd-recording/1 %016llx 0\n",
		      (unsigned long long)record_fingerprint());
	(void)fwrite(data, 1, size, in);
	rewind(in);
	require(record_reader_open(in, &reader) == 0);
	while ((r = record_reader_next(&reader, &record)) == 1)
		n++;
	require(r == 0);
	require(reader.left_bytes <= size && (size_t)n * RECORD_FRAME_HEADER <= size);
	record_reader_close(&reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t again[RECORD_FRAME_MAX], *bytes = again + RECORD_FRAME_HEADER;
	struct record record;
	size_t n;

	if (size > RECORD_MAX)
		return 0;
	if (record_decode(data, size, &record) == 0) {
		/* There is one way to write what was read. */
		n = record_encode(record.kind, record.worker, object_of(&record), bytes);
		require(n == size && memcmp(bytes, data, n) == 0);
		n = record_frame(again, n);
		read_as_file(again, n);
	}
	read_as_file(data, size);
	return 0;
}
