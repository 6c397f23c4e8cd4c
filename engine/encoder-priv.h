/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The codecs behind pli_encoder_feed(), one a file. Each takes all of `in`
 * and keeps what it must remember in the PliEncoder.
 */
#ifndef PLI_ENGINE_ENCODER_PRIV_H
#define PLI_ENGINE_ENCODER_PRIV_H

#include "engine/encoder.h"

/* RFC 2045 6.7 (5), 6.8 */
#define PLI_ENCODER_COLUMNS 76
/* What a line of base64 encodes. */
#define PLI_ENCODER_BASE64_LINE (PLI_ENCODER_COLUMNS / 4 * 3)

gsize pli_encoder_base64_feed(PliEncoder *encoder, PliSlice in, guint8 *out);

gsize pli_encoder_base64_finish(PliEncoder *encoder, guint8 *out);

/* Three octets to four. */
void pli_encoder_base64_put_group(const guint8 *in, guint8 *out);

/* The kernel: whole lines and their line ends. Reads no octet behind them. */
void pli_encoder_base64_put_lines(const guint8 *in, gsize n_lines, guint8 *out);

/*
 * The kernel of quoted-printable: encodes what starts before `stop`. It looks
 * at up to PLI_ENCODER_QP_AHEAD octets from where it stands; what is decided
 * about an octet depends on these and the column alone.
 */
#define PLI_ENCODER_QP_AHEAD 5

typedef struct {
	const guint8 *at, *stop;
	guint8 *out;
	guint column;
	gboolean is_text;
} PliEncoderQp;

void pli_encoder_qp_take(PliEncoderQp *qp);

gsize pli_encoder_qp_feed(PliEncoder *encoder, PliSlice in, guint8 *out);

gsize pli_encoder_qp_finish(PliEncoder *encoder, guint8 *out);

#endif
