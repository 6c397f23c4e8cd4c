/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A message as it is served, with CRLF line ends, and its structure: what
 * rewrites mail works on. The copy is a file without a name, or the message's
 * own source when no line end had to change.
 */
#ifndef PLI_CLI_SERVED_COPY_H
#define PLI_CLI_SERVED_COPY_H

#include "cli/message.h"

typedef struct {
	PliSource *source;
	PliStructure *structure; /* read with PLI_LINE_AS_IS */
} PliServedCopy;

/* NULL with *error when it cannot be read or written. */
PliServedCopy *pli_served_copy_new(const PliMessage *message, GError **error);

void pli_served_copy_free(PliServedCopy *copy);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliServedCopy, pli_served_copy_free)

#endif
