/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/record/file.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#define TITLE_ANY  "uswapd-recording/"
#define TITLE	   TITLE_ANY "2"
#define HEADER_MAX 128

/* FNV-1a: against accidents, not against intent. */
static uint32_t checksum(const uint8_t *data, size_t n)
{
	uint32_t hash = UINT32_C(0x811c9dc5);

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ data[i]) * UINT32_C(0x01000193);
	return hash;
}

size_t record_frame(uint8_t frame[RECORD_FRAME_MAX], size_t n)
{
	uint32_t check = checksum(frame + RECORD_FRAME_HEADER, n);

	frame[0] = (uint8_t)n;
	frame[1] = (uint8_t)(n >> 8);
	for (size_t i = 0; i < 4; i++)
		frame[2 + i] = (uint8_t)(check >> (8 * i));
	return RECORD_FRAME_HEADER + n;
}

static int begin(struct record_file *file)
{
	char header[HEADER_MAX];
	int n = snprintf(header, sizeof(header), TITLE " %016" PRIx64 " " USWAP_VERSION "\n",
			 record_fingerprint());
	int r;

	file->fd = open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (file->fd < 0)
		return -errno;
	file->bytes = (uint64_t)n;
	r = file_write_all(file->fd, header, (size_t)n);
	if (r < 0)
		file->fd = fd_close(file->fd);
	return r;
}

int record_file_turn(struct record_file *file)
{
	char before[RECORD_PATH_MAX];

	file->fd = fd_close(file->fd);
	(void)snprintf(before, sizeof(before), "%s.1", file->path);
	if (rename(file->path, before) < 0 && errno != ENOENT)
		return -errno;
	return begin(file);
}

int record_file_open(const char *path, uint64_t max_bytes, struct record_file *ret)
{
	struct record_file file = {.max_bytes = max_bytes, .fd = -1};
	int r;

	(void)snprintf(file.path, sizeof(file.path), "%s", path);
	r = record_file_turn(&file);
	if (r == 0)
		*ret = file;
	return r;
}

void record_file_close(struct record_file *file)
{
	file->fd = fd_close(file->fd);
}

int record_file_write(struct record_file *file, const uint8_t *frames, size_t n)
{
	file->bytes += n;
	return file_write_all(file->fd, (const char *)frames, n);
}

bool record_file_has_room(const struct record_file *file, size_t n)
{
	return file->bytes + n <= file->max_bytes / 2;
}

int record_reader_open(FILE *in, struct record_reader *ret)
{
	struct record_reader reader = {.in = in};
	char line[HEADER_MAX], expected[HEADER_MAX];
	int n = snprintf(expected, sizeof(expected), TITLE " %016" PRIx64 " ",
			 record_fingerprint());
	bool is_one = fgets(line, sizeof(line), in) && strchr(line, '\n') &&
		      strncmp(line, TITLE_ANY, strlen(TITLE_ANY)) == 0;

	reader.offset = is_one ? strlen(line) : 0;
	if (is_one && strncmp(line, expected, (size_t)n) == 0) {
		*ret = reader;
		return 0;
	}
	(void)fclose(in);
	return is_one ? -EPROTONOSUPPORT : -EBADMSG;
}

void record_reader_close(struct record_reader *reader)
{
	if (reader->in)
		(void)fclose(TAKE_PTR(reader->in));
}

/* What follows the last good frame. */
static int end(struct record_reader *reader, uint64_t read_bytes)
{
	char rest[4096];
	size_t n;

	reader->left_bytes = read_bytes;
	while ((n = fread(rest, 1, sizeof(rest), reader->in)) > 0)
		reader->left_bytes += n;
	return ferror(reader->in) ? -EIO : 0;
}

int record_reader_next(struct record_reader *reader, struct record *ret)
{
	uint8_t frame[RECORD_FRAME_MAX];
	uint8_t *record = frame + RECORD_FRAME_HEADER;
	size_t got = fread(frame, 1, RECORD_FRAME_HEADER, reader->in), n;
	uint32_t check = 0;

	if (got < RECORD_FRAME_HEADER)
		return end(reader, got);
	n = frame[0] | (size_t)frame[1] << 8;
	for (size_t i = 0; i < 4; i++)
		check |= (uint32_t)frame[2 + i] << (8 * i);
	if (n > RECORD_MAX)
		return end(reader, got);
	got += fread(record, 1, n, reader->in);
	if (got < RECORD_FRAME_HEADER + n || checksum(record, n) != check ||
	    record_decode(record, n, ret) < 0)
		return end(reader, got);
	reader->offset += got;
	return 1;
}
