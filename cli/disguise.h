/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the octets of a message look like where they lie, before any decoding:
 * parts in preambles and epilogues, quoted-printable that is read but not as
 * RFC 2045 6.7 writes it.
 *
 * The caller's memory; one for the parts of one message, in their order.
 */
#ifndef PLI_CLI_DISGUISE_H
#define PLI_CLI_DISGUISE_H

#include "cli/message.h"

typedef struct {
	const PliMessage *message;
	/* what was read last: kept, so that a decoding is read forward once */
	PliSource *source;
	guint32 index;
} PliDisguise;

/* The message is borrowed. */
void pli_disguise_init(PliDisguise *disguise, const PliMessage *message);

void pli_disguise_clear(PliDisguise *disguise);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PliDisguise, pli_disguise_clear)

/* Whether a preamble or epilogue looks like a part, or has parts or files in
 * uuencode or its kin; FALSE with
 * *error when the file cannot be read. */
gboolean pli_disguise_find_part(PliDisguise *disguise, const PliSpan *span,
				gboolean *ret_found, GError **error);

/* Adds what is odd about the escapes of a part in quoted-printable to `set`;
 * others have none. FALSE when the file cannot be read. */
gboolean pli_disguise_find_escapes(PliDisguise *disguise, const PliPart *part,
				   PliDefectSet *set, GError **error);

#endif
