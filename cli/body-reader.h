/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The octets of a part's body with the transfer encoding taken off, in pieces
 * of bounded size.
 *
 * Octets are read as they are served: an LF alone counts as CRLF. The one
 * exception is a part in "binary" under a header with CRLF line ends, where
 * an LF is data and stays. Base64 does not care. Inside an encoded message or
 * multipart there is no such reading: octets are what was decoded.
 */
#ifndef PLI_CLI_BODY_READER_H
#define PLI_CLI_BODY_READER_H

#include "cli/message.h"

typedef struct PliBodyReader PliBodyReader;

/* One for any number of parts; it keeps its buffers. */
PliBodyReader *pli_body_reader_new(void);

void pli_body_reader_free(PliBodyReader *reader);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliBodyReader, pli_body_reader_free)

/* Starts with a part of the message, which is borrowed. */
void pli_body_reader_begin(PliBodyReader *reader, const PliMessage *message,
			   guint32 part);

/* READY: *ret_octets holds some, valid until the next call. WANT: the body is
 * at its end. FAIL: the file could not be read, or became shorter. */
PliStep pli_body_reader_next(PliBodyReader *reader, PliSlice *ret_octets,
			     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* What was wrong with the encoding of the part so far. */
void pli_body_reader_get_defects(const PliBodyReader *reader,
				 PliDefectSet *set);

#endif
