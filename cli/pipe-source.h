/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What comes out of a pipe, a terminal or a device, made readable at any
 * offset: up to 128 KiB is held in memory, more goes to a file without a name
 * in the directory for temporary files.
 */
#ifndef PLI_CLI_PIPE_SOURCE_H
#define PLI_CLI_PIPE_SOURCE_H

#include "engine/source.h"

/* Reads to the end; `fd` stays the caller's. Errors are of G_FILE_ERROR. */
PliSource *pli_pipe_source_new(int fd, GError **error);

#endif
