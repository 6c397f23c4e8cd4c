/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files and directories as the store handles them: errors with errno kept,
 * whole writes, syncs.
 */
#ifndef PLI_STORE_FILES_PRIV_H
#define PLI_STORE_FILES_PRIV_H

#include "engine/slice.h"
#include "engine/source.h"

/* A G_FILE_ERROR of errno: "Cannot DOING PATH: reason"; path may be NULL. */
void
pli_files_set_error(GError **error, const char *doing, const char *path);

/* Writes all of the octets, or fails with errno set. */
gboolean
pli_files_write(int fd, PliSlice octets);

/* Writes all octets of a source, which must be there; `path` is for errors. */
gboolean
pli_files_write_source(int fd, PliSource *source, const char *path,
                       GError **error);

/* 32 hexadecimal digits that nobody had before: the kernel's, since a forked
 * process goes on with the same g_random. */
char *
pli_files_make_name(void);

/* Opens a directory of `at` (or AT_FDCWD). -1 with *error set on failure. */
int
pli_files_open_dir(int at, const char *path, GError **error);

/* Puts the names in a directory on disk. */
gboolean
pli_files_sync_dir(int at, const char *path, GError **error);

/* Makes a directory (mode 0700) if it is not there, and syncs its parent's
 * entry; parents must exist. */
gboolean
pli_files_make_dir(int at, const char *path, GError **error);

/* Closes and sets -1; -1 is allowed. */
void
pli_files_close(int *fd);

#endif
