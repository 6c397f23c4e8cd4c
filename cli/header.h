/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Header fields of a message, decoded, as the reports show them.
 */
#ifndef PLI_CLI_HEADER_H
#define PLI_CLI_HEADER_H

#include "cli/json.h"
#include "engine/context.h"
#include "engine/structure.h"

/* A field's text in UTF-8; NULL when the part has no such field. The caller
 * frees it. */
char *pli_header_dup_text(PliContext *context, const PliStructure *structure,
			  const PliPart *part, PliItemKind kind);

/* "type/subtype" in lower case. The caller frees it. */
char *pli_header_dup_type(const PliStructure *structure, const PliPart *part);

/* A Message-ID or Content-ID without its angle brackets; NULL as above. */
char *pli_header_dup_id(PliContext *context, const PliStructure *structure,
			const PliPart *part, PliItemKind kind);

/* The seconds of the Date field; FALSE when there is none to be read. */
gboolean pli_header_find_date(const PliStructure *structure,
			      const PliPart *part, gint64 *ret_seconds,
			      gint *ret_zone);

/* "Name <local@domain>, ..." in UTF-8, at most `max` mailboxes and then
 * "..."; NULL when the part has no such field. The caller frees it. */
char *pli_header_dup_addresses(PliContext *context,
			       const PliStructure *structure,
			       const PliPart *part, PliItemKind kind,
			       guint max);

/* Writes the mailboxes of an address field, each as [name, address], as an
 * array; `only_first` writes the first alone, or null. */
void pli_header_add_addresses(PliContext *context,
			      const PliStructure *structure,
			      const PliPart *part, PliItemKind kind,
			      gboolean only_first, PliJson *json);

#endif
