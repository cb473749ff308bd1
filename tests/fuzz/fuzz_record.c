/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a record, and as what follows the first line of a recording; and what can be read is
 * replayed: policies see samples that no kernel shows.
 */
#include "agent/record/file.h"
#include "agent/replay/play.h"

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
	(void)fprintf(in, "uswapd-recording/2 %016llx 0\n",
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

/* Twice, for what the first one leaves behind. */
static void play(const struct record *record)
{
	static const char *const overrides[] = {"trim.enabled=yes",	"headroom.margin_max=50%",
						"clean.enabled=no",	"balance.order=9",
						"pageout.still_for=0s", "balance.lru_gen=yes",
						"balance.drop_slab=60"};
	struct record settings = {.kind = RECORD_SETTINGS, .worker = record->worker};
	struct play_difference difference;
	struct config_error error;
	struct play play;

	if (record->worker >= NUMA_NODES_MAX)
		return;
	config_defaults(&settings.settings);
	require(play_begin(&play, overrides, sizeof(overrides) / sizeof(overrides[0])) == 0);
	require(play_record(&play, &settings, &difference, &error) == 0);
	for (int i = 0; i < 2; i++)
		require(play_record(&play, record, &difference, &error) == 0 ||
			record->kind == RECORD_SETTINGS);
	play_sum(&play);
	play_end(&play);
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
		play(&record);
	}
	read_as_file(data, size);
	return 0;
}
