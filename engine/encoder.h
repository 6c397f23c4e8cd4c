/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Octets to transfer encodings, streaming (RFC 2045 6).
 *
 * Base64 and quoted-printable; every other encoding passes octets as they
 * are, whether or not they may stand in it (engine/encoder-choice.h says).
 * Nothing fails, nothing is allocated, and what comes out does not depend on
 * where the input was cut. Decoding gives exactly the octets that went in.
 *
 * Lines that are written end in CRLF, the last one too, and have at most 76
 * octets before it. What is empty stays empty.
 *
 * Quoted-printable: in TEXT a CRLF is a line end and stays one, CR alone and
 * LF alone are octets like any other and encoded (engine/line-end.h makes
 * CRLF of LF before); in BINARY all of them are encoded. A blank before a
 * line end is encoded, and so is what mbox files and mail transport might
 * change: the F of "From " at the start of a line, and the only octet of a
 * line that is "." (RFC 2049 3, RFC 5321 4.5.2). Input that does not end with
 * a line end gives a soft line break at the end, so that the line end which
 * transport adds is none of the text.
 */
#ifndef PLI_ENGINE_ENCODER_H
#define PLI_ENGINE_ENCODER_H

#include "engine/slice.h"
#include "engine/structure.h"

PLI_BEGIN_DECLS

typedef enum {
	PLI_ENCODER_BINARY,
	PLI_ENCODER_TEXT, /* CRLF are line ends, where that matters */
} PliEncoderMode;

/* The caller's memory; nothing to clear. */
typedef struct {
	PliEncoding encoding;
	PliEncoderMode mode;
	guint32 column; /* octets in the open line */
	guint32 n_held; /* octets that were taken and not yet encoded */
	guint8 held[8];
	guint64 produced;
} PliEncoder;

/* Before the first octet of a body, and again before another's. */
void
pli_encoder_init(PliEncoder *encoder, PliEncoding encoding,
                 PliEncoderMode mode);

/* At most this many octets come out of any feed of `len` octets or fewer,
 * whatever was fed before; and for a `len` of 0, out of the finish. */
gsize
pli_encoder_get_bound(const PliEncoder *encoder, gsize len);

/* Takes all of `in`, writes octets to `out` and returns how many. `out` has
 * room for get_bound() octets, all of which may be written over; it does not
 * overlap `in`. */
gsize
pli_encoder_feed(PliEncoder *encoder, PliSlice in, guint8 *out);

/* The end of the body. The encoder must be initialized to be used again. */
gsize
pli_encoder_finish(PliEncoder *encoder, guint8 *out);

PLI_END_DECLS

#endif
