/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What `pli edit` is to do: a list of operations, from options or from a JSON
 * file (doc/json-tree.md), and carried out on a PliEdit.
 */
#ifndef PLI_CLI_EDIT_SCRIPT_H
#define PLI_CLI_EDIT_SCRIPT_H

#include "engine/edit.h"

typedef struct PliEditScript PliEditScript;

PliEditScript *pli_edit_script_new(void);

void pli_edit_script_free(PliEditScript *script);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliEditScript, pli_edit_script_free)

/* One operation by the name of its option, such as "add-field", and its
 * argument. FALSE with an error of G_OPTION_ERROR. */
gboolean pli_edit_script_add_option(PliEditScript *script, const char *name,
				    const char *argument, GError **error);

/* All of a file. FALSE: G_OPTION_ERROR when what is in it is no script, or an
 * error of G_FILE_ERROR. */
gboolean pli_edit_script_add_file(PliEditScript *script, const char *path,
				  GError **error);

guint pli_edit_script_get_n(const PliEditScript *script);

typedef struct {
	PliEdit *edit;
	const PliStructure *structure;
	PliSource *source; /* of the message */
	PliSlice seed;	   /* for new boundaries */
} PliEditTarget;

/* Makes the changes. FALSE: a PLI_EDIT_ERROR, a PLI_HEADER_WRITER_ERROR, or
 * an error of G_FILE_ERROR for a file or the message. */
gboolean pli_edit_script_apply(const PliEditScript *script,
			       const PliEditTarget *target, GError **error);

#endif
