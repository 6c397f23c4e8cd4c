/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/encoder-priv.h"

#define AHEAD PLI_ENCODER_QP_AHEAD

/* Encodes what starts in the first `n` of `in`; gives how many octets that
 * takes, one more when a line end is the last. */
static gsize
take(PliEncoder *encoder, const guint8 *in, gsize n, guint8 **out)
{
	PliEncoderQp qp = {
		.at = in,
		.stop = in + n,
		.out = *out,
		.column = encoder->column,
		.is_text = encoder->mode == PLI_ENCODER_TEXT,
	};

	pli_encoder_qp_take(&qp);
	encoder->column = qp.column;
	*out = qp.out;
	return qp.at - in;
}

/* The last octets of a feed wait until it is known what follows them. */
gsize
pli_encoder_qp_feed(PliEncoder *encoder, PliSlice in, guint8 *out)
{
	guint8 joined[2 * AHEAD];
	guint8 *o = out;

	if (encoder->n_held > 0) {
		const gsize n_held = encoder->n_held;
		const gsize n = MIN(in.len, sizeof joined - n_held);
		gsize taken = 0;

		memcpy(joined, encoder->held, n_held);
		memcpy(joined + n_held, in.data, n);
		if (n_held + n >= AHEAD)
			taken = take(encoder, joined,
				     MIN(n_held, n_held + n - (AHEAD - 1)), &o);
		if (taken < n_held) {
			encoder->n_held = n_held + n - taken;
			memcpy(encoder->held, joined + taken, encoder->n_held);
			return o - out;
		}
		in = pli_slice_skip(in, taken - n_held);
	}
	if (in.len >= AHEAD)
		in = pli_slice_skip(
			in, take(encoder, in.data, in.len - (AHEAD - 1), &o));
	encoder->n_held = in.len;
	if (in.len > 0)
		memcpy(encoder->held, in.data, in.len);
	return o - out;
}

gsize
pli_encoder_qp_finish(PliEncoder *encoder, guint8 *out)
{
	guint8 last[2 * AHEAD] = {0};
	guint8 *o = out;

	memcpy(last, encoder->held, encoder->n_held);
	take(encoder, last, encoder->n_held, &o);
	encoder->n_held = 0;
	if (encoder->column > 0) {
		memcpy(o, "=\r\n", 3);
		o += 3;
		encoder->column = 0;
	}
	return o - out;
}
