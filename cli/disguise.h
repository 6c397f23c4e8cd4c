/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the octets of a message look like where they lie, before any decoding:
 * parts in preambles and epilogues, quoted-printable that is read but not as
 * RFC 2045 6.7 writes it.
 */
#ifndef PLI_CLI_DISGUISE_H
#define PLI_CLI_DISGUISE_H

#include "cli/message.h"

/* Whether a preamble or epilogue looks like a part, or has some; FALSE with
 * *error when the file cannot be read. */
gboolean pli_disguise_find_part(const PliMessage *message, const PliSpan *span,
				gboolean *ret_found, GError **error);

/* Adds what is odd about the escapes of a part in quoted-printable to `set`;
 * others have none. FALSE when the file cannot be read. */
gboolean pli_disguise_find_escapes(const PliMessage *message,
				   const PliPart *part, PliDefectSet *set,
				   GError **error);

#endif
