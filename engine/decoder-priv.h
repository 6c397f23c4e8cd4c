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

gsize pli_decoder_qp_feed(PliDecoder *decoder, PliSlice in, guint8 *out);

gsize pli_decoder_qp_finish(PliDecoder *decoder, guint8 *out);

/* uuencode and xxencode */
gsize pli_decoder_uu_feed(PliDecoder *decoder, PliSlice in, guint8 *out);

gsize pli_decoder_uu_finish(PliDecoder *decoder, guint8 *out);

/* Nothing is held back, so nothing comes out at the end. */
gsize pli_decoder_yenc_feed(PliDecoder *decoder, PliSlice in, guint8 *out);

void pli_decoder_yenc_finish(PliDecoder *decoder);

/* The data fork. */
gsize pli_decoder_binhex_get_bound(gsize len);

gsize pli_decoder_binhex_feed(PliDecoder *decoder, PliSlice in, guint8 *out);

void pli_decoder_binhex_finish(PliDecoder *decoder);

#endif
