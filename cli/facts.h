/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What one pass over a leaf's decoded octets tells: their number, digests,
 * what is wrong with their encoding and charset.
 */
#ifndef PLI_CLI_FACTS_H
#define PLI_CLI_FACTS_H

#include "cli/body-reader.h"
#include "engine/context.h"

typedef struct {
	gboolean known; /* a leaf that was read */
	guint64 size;	/* decoded octets */
	char sha256[PLI_DIGEST_TEXT];
	/* of text/ leaves: the text as UTF-8 with LF as line end; else "" */
	char text_sha256[PLI_DIGEST_TEXT];
	/* of text/plain with format=flowed: the same text, each paragraph a
	 * line (RFC 3676); else "" */
	char flowed_sha256[PLI_DIGEST_TEXT];
} PliFacts;

/* Reads one leaf with `reader`. Digests stay "" without `with_digests`.
 * Defects are added to `set`. FALSE when the file cannot be read. */
gboolean pli_facts_find(PliContext *context, PliBodyReader *reader,
			const PliMessage *message, const PliPart *leaf,
			gboolean with_digests, PliFacts *ret_facts,
			PliDefectSet *set, GError **error);

/* The charset of a text part as written; NULL when it names none. The caller
 * frees it. */
char *pli_facts_dup_charset(PliContext *context, const PliMessage *message,
			    const PliPart *part, PliDefectSet *set);

#endif
