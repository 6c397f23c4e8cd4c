/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A folder that files are put into, each whole or not at all.
 *
 * A file is written under a hidden name and gets its own when it is complete;
 * nothing that is there is ever written to or replaced, and no link is
 * followed: a name that is taken gives "name (2).ext". Names are those of
 * cli/safe-name.h. Errors are of G_FILE_ERROR.
 */
#ifndef PLI_CLI_OUT_FOLDER_H
#define PLI_CLI_OUT_FOLDER_H

#include "engine/slice.h"

typedef struct PliOutFolder PliOutFolder;

/* Made when it is missing, with what leads to it. */
PliOutFolder *pli_out_folder_new(const char *path, GError **error);

void pli_out_folder_free(PliOutFolder *folder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliOutFolder, pli_out_folder_free)

/* Starts a file; one at a time. */
gboolean pli_out_folder_begin(PliOutFolder *folder, GError **error);

/* More octets of it. */
gboolean pli_out_folder_add(PliOutFolder *folder, PliSlice octets,
			    GError **error);

/* Gives the file a name: `name`, or a numbered one. The name it got, which
 * the caller frees; NULL on error, when the file is gone. */
char *pli_out_folder_finish(PliOutFolder *folder, const char *name,
			    GError **error);

/* Removes the file that was begun, if any. */
void pli_out_folder_reset(PliOutFolder *folder);

#endif
