/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/encoder-priv.h"

static guint8 *
end_line(PliEncoder *encoder, guint8 *out)
{
	encoder->column = 0;
	*out++ = '\r';
	*out++ = '\n';
	return out;
}

static guint8 *
put_group(PliEncoder *encoder, const guint8 *in, guint8 *out)
{
	pli_encoder_base64_put_group(in, out);
	encoder->column += 4;
	out += 4;
	return encoder->column == PLI_ENCODER_COLUMNS ? end_line(encoder, out)
						      : out;
}

/* Fills the group that is open; FALSE: the input was not enough. */
static gboolean
fill_group(PliEncoder *encoder, PliSlice *in)
{
	while (encoder->n_held < 3 && in->len > 0) {
		encoder->held[encoder->n_held++] = in->data[0];
		*in = pli_slice_skip(*in, 1);
	}
	return encoder->n_held == 3;
}

gsize
pli_encoder_base64_feed(PliEncoder *encoder, PliSlice in, guint8 *out)
{
	guint8 *o = out;
	gsize n_lines;

	if (encoder->n_held > 0) {
		if (!fill_group(encoder, &in))
			return 0;
		o = put_group(encoder, encoder->held, o);
		encoder->n_held = 0;
	}
	for (; encoder->column > 0 && in.len >= 3; in = pli_slice_skip(in, 3))
		o = put_group(encoder, in.data, o);
	n_lines = in.len / PLI_ENCODER_BASE64_LINE;
	if (encoder->column == 0 && n_lines > 0) {
		pli_encoder_base64_put_lines(in.data, n_lines, o);
		o += n_lines * (PLI_ENCODER_COLUMNS + 2);
		in = pli_slice_skip(in, n_lines * PLI_ENCODER_BASE64_LINE);
	}
	for (; in.len >= 3; in = pli_slice_skip(in, 3))
		o = put_group(encoder, in.data, o);
	fill_group(encoder, &in);
	return o - out;
}

gsize
pli_encoder_base64_finish(PliEncoder *encoder, guint8 *out)
{
	guint8 *o = out;
	const guint32 n = encoder->n_held;

	if (n > 0) {
		memset(encoder->held + n, 0, 3 - n);
		pli_encoder_base64_put_group(encoder->held, o);
		memset(o + 1 + n, '=', 3 - n);
		encoder->column += 4;
		encoder->n_held = 0;
		o += 4;
	}
	if (encoder->column > 0)
		o = end_line(encoder, o);
	return o - out;
}
