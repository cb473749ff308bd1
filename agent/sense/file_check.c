/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/file_check.h"

#include "agent/sense/mounts.h"
#include "base/kfile.h"
#include "base/ktext.h"
#include "base/lines.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

const char *file_refusal_name(enum file_refusal refusal)
{
	static const char *const names[FILE_REFUSALS] = {
		[FILE_PASSED] = "passed",
		[FILE_GONE] = "gone",
		[FILE_NOT_REGULAR] = "not-regular",
		[FILE_IN_MEMORY] = "in-memory",
		[FILE_REMOTE] = "remote",
		[FILE_HIDDEN] = "hidden",
		[FILE_DAX] = "dax",
		[FILE_OVERLAY] = "overlay",
		[FILE_READ_ONLY] = "read-only",
		[FILE_LEASED] = "leased",
	};

	return (unsigned int)refusal < FILE_REFUSALS ? names[refusal] : "unknown";
}

/* Those magic.h has no name for, from the file systems' own sources. */
#define XFS_MAGIC      0x58465342
#define BCACHEFS_MAGIC 0xca451a4e
#define JFS_MAGIC      0x3153464a
#define NTFS3_MAGIC    0x7366746e
#define SMB1_MAGIC     0xff534d42
#define LUSTRE_MAGIC   0x0bd00bd0
#define GFS2_MAGIC     0x01161970
#define GPFS_MAGIC     0x47504653

enum file_refusal file_system_check(uint64_t type, bool remote_wanted)
{
	static const uint64_t disks[] = {
		EXT4_SUPER_MAGIC,  XFS_MAGIC,	      BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC,
		BCACHEFS_MAGIC,	   JFS_MAGIC,	      NTFS3_MAGIC,	 MSDOS_SUPER_MAGIC,
		NILFS_SUPER_MAGIC, EXFAT_SUPER_MAGIC,
	};
	static const uint64_t remotes[] = {
		NFS_SUPER_MAGIC, FUSE_SUPER_MAGIC, CIFS_SUPER_MAGIC,  SMB2_SUPER_MAGIC,
		SMB1_MAGIC,	 CEPH_SUPER_MAGIC, V9FS_MAGIC,	      AFS_SUPER_MAGIC,
		AFS_FS_MAGIC,	 LUSTRE_MAGIC,	   OCFS2_SUPER_MAGIC, GFS2_MAGIC,
		GPFS_MAGIC,	 CODA_SUPER_MAGIC,
	};

	type &= UINT32_MAX;
	for (size_t i = 0; i < ARRAY_SIZE(disks); i++)
		if (type == disks[i])
			return FILE_PASSED;
	for (size_t i = 0; i < ARRAY_SIZE(remotes); i++)
		if (type == remotes[i])
			return remote_wanted ? FILE_PASSED : FILE_REMOTE;
	return type == OVERLAYFS_SUPER_MAGIC ? FILE_OVERLAY : FILE_IN_MEMORY;
}

/* "1: LEASE  ACTIVE    WRITE 123 fd:01:5678 0 EOF", with "->" after the number where it waits. */
int lease_parse(const char *text, size_t length, uint64_t *ret_inode)
{
	struct ktext_line line = {text, length}, word;
	const char *colon;
	uint64_t inode;

	if (!ktext_next_word(&line, &word) || word.text[word.length - 1] != ':' ||
	    !ktext_next_word(&line, &word))
		return -EBADMSG;
	if (ktext_word_is(word, "->") && !ktext_next_word(&line, &word))
		return -EBADMSG;
	if (!ktext_word_is(word, "LEASE") && !ktext_word_is(word, "DELEG"))
		return 0;
	for (int i = 0; i < 4; i++) /* state, type, process, file */
		if (!ktext_next_word(&line, &word))
			return -EBADMSG;
	colon = memrchr(word.text, ':', word.length);
	if (!colon ||
	    parse_u64_n(colon + 1, (size_t)(word.text + word.length - colon) - 1, &inode) < 0)
		return -EBADMSG;
	*ret_inode = inode;
	return 1;
}

int leases_read(int proc_fd, struct leases *ret)
{
	_cleanup_close_ int fd = kfile_open(proc_fd, "locks", O_RDONLY);
	struct line_reader reader = {.fd = fd};
	const char *line;
	size_t length;
	int n;

	if (fd < 0)
		return fd;
	ret->n = 0;
	ret->too_many = false;
	while ((n = line_reader_next(&reader, &line, &length)) > 0) {
		uint64_t inode;
		int r = lease_parse(line, length, &inode);

		if (r < 0)
			return r;
		if (r == 0)
			continue;
		if (ret->n == LEASES_MAX)
			ret->too_many = true;
		else
			ret->inode[ret->n++] = inode;
	}
	return n;
}

bool leases_have(const struct leases *leases, uint64_t inode)
{
	for (size_t i = 0; i < leases->n; i++)
		if (leases->inode[i] == inode)
			return true;
	return leases->too_many;
}

/* One with a block device is hardly ever remote (fuseblk, ocfs2), if its mount can't be seen. */
static enum file_refusal refusal_of_mount(int proc_fd, const char *process, const struct statx *stx)
{
	int r = mount_is_remote(proc_fd, process, stx->stx_mnt_id);

	if (r < 0)
		return stx->stx_dev_major == 0 ? FILE_HIDDEN : FILE_PASSED;
	return r > 0 ? FILE_REMOTE : FILE_PASSED;
}

/*
 * Whether the file is on a network or FUSE file system, as can be told without asking that. One
 * whose server does not answer is often unmounted lazily, and then nobody's mountinfo has it.
 */
static enum file_refusal check_mount(int proc_fd, const char *link, struct file_rules *rules,
				     const struct statx *stx)
{
	uint64_t device = makedev(stx->stx_dev_major, stx->stx_dev_minor);
	struct device_rule *rule = rules->devices, *end = rule + rules->n_devices;
	char process[sizeof(rule->process)];

	if (!(stx->stx_mask & STATX_MNT_ID))
		return FILE_PASSED;
	(void)snprintf(process, sizeof(process), "%.*s", (int)strcspn(link, "/"), link);
	while (rule < end && rule->device != device)
		rule++;
	if (rule < end && (rule->refusal != FILE_HIDDEN || strcmp(rule->process, process) == 0))
		return rule->refusal;
	if (rule == end && rules->n_devices == RULES_DEVICES_MAX)
		rule--;
	else if (rule == end)
		rules->n_devices++;
	rule->device = device;
	rule->refusal = refusal_of_mount(proc_fd, process, stx);
	memcpy(rule->process, process, sizeof(process));
	return rule->refusal;
}

static enum file_refusal check(int proc_fd, const char *link, int path_fd, struct file_rules *rules,
			       struct statx *ret)
{
	const unsigned int wanted = STATX_TYPE | STATX_INO | STATX_SIZE | STATX_MTIME |
				    STATX_MNT_ID;
	struct statfs fs;
	enum file_refusal refusal = FILE_PASSED;

	/* A server or a daemon far away is not asked, and not waited for. */
	if (statx(path_fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, wanted, ret) < 0)
		return FILE_GONE;
	if (!S_ISREG(ret->stx_mode))
		return FILE_NOT_REGULAR;
	if (!rules->remote_wanted)
		refusal = check_mount(proc_fd, link, rules, ret);
	if (refusal != FILE_PASSED)
		return refusal;
	if (fstatfs(path_fd, &fs) < 0)
		return FILE_GONE;
	refusal = file_system_check((uint64_t)fs.f_type, rules->remote_wanted);
	if (refusal != FILE_PASSED)
		return refusal;
	if ((unsigned long)fs.f_flags & ST_RDONLY)
		return FILE_READ_ONLY;
	return ret->stx_attributes & STATX_ATTR_DAX ? FILE_DAX : FILE_PASSED;
}

enum file_refusal file_open_checked(int proc_fd, const char *link, struct file_rules *rules,
				    bool (*known)(void *context, uint64_t device, uint64_t inode),
				    void *context, struct checked_file *ret)
{
	_cleanup_close_ int path_fd = openat(proc_fd, link, O_PATH | O_CLOEXEC);
	struct checked_file file = {.fd = -1};
	enum file_refusal refusal;
	struct statx stx;
	char again[32];

	if (path_fd < 0)
		return FILE_GONE;
	refusal = check(proc_fd, link, path_fd, rules, &stx);
	if (refusal != FILE_PASSED)
		return refusal;
	file.device = makedev(stx.stx_dev_major, stx.stx_dev_minor);
	file.inode = stx.stx_ino;
	file.size_bytes = stx.stx_size;
	file.modified_s = stx.stx_mtime.tv_sec;
	if (known && known(context, file.device, file.inode)) {
		*ret = file;
		return FILE_PASSED;
	}
	if (leases_have(&rules->leases, file.inode))
		return FILE_LEASED;
	(void)snprintf(again, sizeof(again), "self/fd/%d", path_fd);
	file.fd = openat(proc_fd, again, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (file.fd < 0)
		return errno == EWOULDBLOCK ? FILE_LEASED : FILE_GONE;
	*ret = file;
	return FILE_PASSED;
}
