/* SPDX-License-Identifier: Apache-2.0 */
/* The drop-in file that enable and disable write. */
#pragma once

#define MODE_PATH_MAX 4096

/*
 * Writes agent.mode = MODE into CONFIG_FILE.d/90-mode.conf, whole or not at all; the directory is
 * made where it is missing. path is set in any case: to what was, or could not be, written.
 * -ENAMETOOLONG; -errno.
 */
int mode_write(const char *config_file, const char *mode, char path[MODE_PATH_MAX]);
