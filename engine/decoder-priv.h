/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The codecs behind pli_decoder_feed(), one a file. Each takes all of `in`
 * and keeps what it must remember in the PliDecoder; what comes out, and
 * which defects, does not depend on where the input was split.
 */
#ifndef PLI_ENGINE_DECODER_PRIV_H
#define PLI_ENGINE_DECODER_PRIV_H

#include "engine/decoder.h"

gsize pli_decoder_base64_feed(PliDecoder *decoder, PliSlice in, guint8 *out);

gsize pli_decoder_base64_finish(PliDecoder *decoder, guint8 *out);

/* Values of the alphabet, and classes above 63. A group of four is clean when
 * no value has a bit above 63. */
enum {
	PLI_DECODER_BASE64_END = 64, /* CR and LF */
	PLI_DECODER_BASE64_PAD = 65, /* "=" */
	PLI_DECODER_BASE64_JUNK = 128,
};

extern const guint8 pli_decoder_base64_values[256];

/*
 * The kernel: whole clean groups from the front, and the line ends between
 * them, as far as it likes. Returns the octets taken, moves *out on by those
 * written. What it writes past *out lies within the feed's bound.
 */
gsize pli_decoder_base64_take_clean(PliSlice in, guint8 **out);

/*
 * The kernel: text from the front, escapes and soft line breaks in it undone,
 * as far as it likes, but only to where nothing need be held: neither inside
 * an escape nor after blanks. Returns where that is, moves *out on by what it
 * wrote. Writes at most as many octets as there are.
 */
const guint8 *pli_decoder_qp_take_plain(const guint8 *in, const guint8 *end,
					guint8 **out);

gsize pli_decoder_qp_feed(PliDecoder *decoder, PliSlice in, guint8 *out);

gsize pli_decoder_qp_finish(PliDecoder *decoder, guint8 *out);

gsize pli_decoder_uu_feed(PliDecoder *decoder, PliSlice in, guint8 *out);

gsize pli_decoder_uu_finish(PliDecoder *decoder, guint8 *out);

#endif
