/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Transfer encodings back to octets, streaming (RFC 2045 6).
 *
 * 7bit, 8bit, binary and unknown ones pass as they are. Junk is skipped and
 * noted as a defect, nothing fails: base64 takes what follows padding too
 * (with a defect); quoted-printable leaves a malformed "=" as it is, drops
 * blanks at the end of a line (the last 120 of a longer run) and leaves line
 * ends as they came; uuencode, xxencode and yEnc give the
 * first file, what stands before its beginning and after its end is no part
 * of it; BinHex gives the data fork (engine/binhex.h gives all of it), and
 * may give 96 times what it took.
 */
#ifndef PLI_ENGINE_DECODER_H
#define PLI_ENGINE_DECODER_H

#include "engine/buf.h"
#include "engine/defect.h"
#include "engine/structure.h"

PLI_BEGIN_DECLS

/* The caller's memory; no allocation, nothing to clear. */
typedef struct {
	PliEncoding encoding;
	PliDefectSet defects;
	guint32 state;
	guint32 bits;
	guint32 n_held;
	guint8 held[128];
	guint64 produced;
} PliDecoder;

/* Before the first octet of a body, and again before another's. */
void
pli_decoder_init(PliDecoder *decoder, PliEncoding encoding);

/* At most this many octets come out of any feed of `len` octets or fewer,
 * whatever was fed before. */
gsize
pli_decoder_get_bound(const PliDecoder *decoder, gsize len);

/* Takes all of `in`, writes octets to `out` and returns how many. `out` has
 * room for get_bound() octets, all of which may be written over; it does not
 * overlap `in`. */
gsize
pli_decoder_feed(PliDecoder *decoder, PliSlice in, guint8 *out);

/* The end of the part: writes at most sizeof held octets that were kept. */
gsize
pli_decoder_finish(PliDecoder *decoder, guint8 *out);

PLI_END_DECLS

#endif
