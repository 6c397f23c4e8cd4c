/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a message that was made goes: standard output, or a file that is there
 * whole or not at all. A file is written under another name in its folder,
 * synced, and then gets its own in one step, in place of what had it.
 */
#ifndef PLI_CLI_OUT_FILE_H
#define PLI_CLI_OUT_FILE_H

#include "engine/source.h"
#include "engine/structure.h"

typedef struct PliOutFile PliOutFile;

/* `path` NULL: standard output. Errors are of G_FILE_ERROR. */
PliOutFile *pli_out_file_new(const char *path, GError **error);

/* Removes what was not finished. */
void pli_out_file_free(PliOutFile *file);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliOutFile, pli_out_file_free)

/* What is added from now on has CRLF line ends, and gets LF where most lines of
 * `structure` end so. */
void pli_out_file_end_lines_as(PliOutFile *file,
			       const PliStructure *structure);

gboolean pli_out_file_add(PliOutFile *file, PliSlice octets, GError **error);

/* The first `length` octets of a source that never answers WANT. */
gboolean pli_out_file_add_source(PliOutFile *file, PliSource *source,
				 guint64 length, GError **error);

gboolean pli_out_file_finish(PliOutFile *file, GError **error);

#endif
