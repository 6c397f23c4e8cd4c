/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A PliSource over a file: reads with pread(), offers its descriptor for
 * sendfile.
 *
 * Never moves the descriptor's own position, so two sources may share a
 * descriptor made by dup(). A file cut short while it is read gives an early
 * end, not an error. Holds one buffer of at most 64 KiB, made at the first
 * read.
 */
#ifndef PLI_STORE_FILE_SOURCE_H
#define PLI_STORE_FILE_SOURCE_H

#include "engine/source.h"

/*
 * The octets [start, start+length) of a regular file; a length of
 * G_MAXUINT64, or one that passes the end, means up to the end. The source
 * owns `fd` from now on and closes it, also when this fails.
 */
PliSource *
pli_file_source_new(int fd, guint64 start, guint64 length, GError **error);

/* A whole file by its path; errors are of G_FILE_ERROR. */
PliSource *
pli_file_source_open(const char *path, GError **error);

#endif
