/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/encoder.h"

#include "engine/encoder-priv.h"

void
pli_encoder_init(PliEncoder *encoder, PliEncoding encoding,
		 PliEncoderMode mode)
{
	*encoder = (PliEncoder){.encoding = encoding, .mode = mode};
}

gsize
pli_encoder_get_bound(const PliEncoder *encoder, gsize len)
{
	gsize n = len;

	switch (encoder->encoding) {
	case PLI_ENCODING_BASE64:
		/* two octets may be held; the lines that may end: those that
		 * are filled, the one that was open, the last one */
		n += 4;
		return n / 3 * 4 + 2 * (n / PLI_ENCODER_BASE64_LINE + 2);
	case PLI_ENCODING_QUOTED_PRINTABLE:
		/* three for each octet; a soft line break, three, for each 73
		 * columns and one more at either end */
		n += PLI_ENCODER_QP_AHEAD - 1;
		return 3 * n + n / 8 + 9;
	default: return len;
	}
}

gsize
pli_encoder_feed(PliEncoder *encoder, PliSlice in, guint8 *out)
{
	gsize n;

	if (in.len == 0)
		return 0;
	switch (encoder->encoding) {
	case PLI_ENCODING_BASE64:
		n = pli_encoder_base64_feed(encoder, in, out);
		break;
	case PLI_ENCODING_QUOTED_PRINTABLE:
		n = pli_encoder_qp_feed(encoder, in, out);
		break;
	default:
		memcpy(out, in.data, in.len);
		n = in.len;
		break;
	}
	encoder->produced += n;
	return n;
}

gsize
pli_encoder_finish(PliEncoder *encoder, guint8 *out)
{
	gsize n = 0;

	switch (encoder->encoding) {
	case PLI_ENCODING_BASE64:
		n = pli_encoder_base64_finish(encoder, out);
		break;
	case PLI_ENCODING_QUOTED_PRINTABLE:
		n = pli_encoder_qp_finish(encoder, out);
		break;
	default: break;
	}
	encoder->produced += n;
	return n;
}
