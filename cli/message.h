/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One message out of the input: where it came from, its octets, its
 * structure.
 */
#ifndef PLI_CLI_MESSAGE_H
#define PLI_CLI_MESSAGE_H

#include "cli/digest.h"
#include "engine/source.h"
#include "engine/structure.h"

typedef struct {
	char *file;	   /* the file it is in, "-" for standard input */
	guint32 number;	   /* from 1 in an mbox, else 0 */
	guint64 offset;	   /* of an mbox's `From ` line in the file */
	PliSource *source; /* the message as it lies there, unquoted */
	PliStructure *structure;
	char sha256[PLI_DIGEST_TEXT]; /* as served; "" unless asked for */
} PliMessage;

void pli_message_free(PliMessage *message);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliMessage, pli_message_free)

/* "file" or "file#3"; not made safe to show. The caller frees it. */
char *pli_message_dup_name(const PliMessage *message);

/* The next octets of a span of `source`, at most `max`, valid until it is read
 * again; none at the span's end. The span is moved on. FALSE, with *error, when
 * they cannot be read or are not there. */
gboolean pli_message_read_span(PliSource *source, PliSpan *span, gsize max,
			       PliSlice *ret_octets, GError **error);

/*
 * Whether the structure is one of a fragment: empty, cut off (by a reader, in
 * a header, a multipart or base64), binary (NUL octets), no header at all, or
 * over a limit. Then tree, structure and the others exit with 1.
 */
gboolean pli_message_is_damaged(const PliMessage *message);

/*
 * The IMAP section number of every part, by part: "TEXT" for a multipart that
 * is the message itself, "1" for its only part; a multipart in message/rfc822
 * shares that part's number. The caller frees it with g_strfreev.
 */
char **pli_message_dup_paths(const PliStructure *structure);

#endif
