/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The octets of a body, decoded as they are served: where an LF alone stands
 * for CRLF it is made that before the decoder sees it. In bounded memory,
 * the same however the body is cut.
 */
#ifndef PLI_ENGINE_BODY_DECODER_PRIV_H
#define PLI_ENGINE_BODY_DECODER_PRIV_H

#include "engine/decoder.h"
#include "engine/line-end.h"

/* Octets of the body that are taken at once. */
#define PLI_BODY_DECODER_PIECE 8192

typedef struct {
	PliDecoder decoder;
	gboolean to_crlf;
	PliLineEnd line_end;
	guint8 *lines; /* NULL unless to_crlf */
	guint8 *out;
} PliBodyDecoder;

void
pli_body_decoder_init(PliBodyDecoder *decoder, PliEncoding encoding,
                      gboolean to_crlf);

void
pli_body_decoder_clear(PliBodyDecoder *decoder);

/* Starts over with the first octet of the body. */
void
pli_body_decoder_reset(PliBodyDecoder *decoder);

/* Takes some octets from the front of *in, moving it on, and gives what they
 * decode to, often nothing; valid until the next call. */
PliSlice
pli_body_decoder_feed(PliBodyDecoder *decoder, PliSlice *in);

/* What comes at the end. */
PliSlice
pli_body_decoder_finish(PliBodyDecoder *decoder);

/* Octets of memory behind one. */
gsize
pli_body_decoder_get_memory(const PliBodyDecoder *decoder);

#endif
