/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an edit changed, for people and for programs (doc/json-tree.md).
 */
#ifndef PLI_CLI_EDIT_DIFF_H
#define PLI_CLI_EDIT_DIFF_H

#include "cli/json.h"
#include "engine/context.h"
#include "engine/edit.h"

/* A line for each change: "+ field X-Seen of part 2 (@10+14)". */
void pli_edit_diff_print(const PliEdit *edit, const PliStructure *structure,
			 PliContext *context, FILE *file);

/* "changes": [...] */
void pli_edit_diff_add(const PliEdit *edit, const PliStructure *structure,
		       PliContext *context, PliJson *json);

#endif
