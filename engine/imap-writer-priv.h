/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes the strings of ENVELOPE and BODYSTRUCTURE (RFC 9051 4.3): quoted,
 * US-ASCII, without CR, LF and NUL. Once the buffer is full nothing more is
 * written and `ok` is FALSE.
 */
#ifndef PLI_ENGINE_IMAP_WRITER_PRIV_H
#define PLI_ENGINE_IMAP_WRITER_PRIV_H

#include "engine/buf.h"

typedef struct {
	PliBuf *buf;
	gboolean ok;
} PliImapWriter;

/* As it is. */
static inline void
pli_imap_writer_add(PliImapWriter *writer, const char *text)
{
	writer->ok = writer->ok && pli_buf_append_string(writer->buf, text);
}

void
pli_imap_writer_add_number(PliImapWriter *writer, guint64 number);

/* A name (token): quoted; octets over 127 become "?". */
void
pli_imap_writer_add_token(PliImapWriter *writer, PliSlice token);

/* Text of a header: quoted; octets over 127 become encoded-words. */
void
pli_imap_writer_add_text(PliImapWriter *writer, PliSlice text);

/* A parameter's name and value, quoted; a value with octets over 127 is
 * given in RFC 2231 form. */
void
pli_imap_writer_add_param(PliImapWriter *writer, PliSlice name,
                          PliSlice value);

#endif
