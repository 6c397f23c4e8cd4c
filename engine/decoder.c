/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/decoder.h"

#include "engine/decoder-priv.h"

void
pli_decoder_init(PliDecoder *decoder, PliEncoding encoding)
{
	*decoder = (PliDecoder){.encoding = encoding};
}

gsize
pli_decoder_get_bound(const PliDecoder *decoder, gsize len)
{
	switch (decoder->encoding) {
	case PLI_ENCODING_BASE64: return len / 4 * 3 + 6;
	case PLI_ENCODING_QUOTED_PRINTABLE:
		return len + sizeof decoder->held;
	case PLI_ENCODING_UUENCODE: return len + 3;
	default: return len;
	}
}

gsize
pli_decoder_feed(PliDecoder *decoder, PliSlice in, guint8 *out)
{
	gsize n;

	if (in.len == 0)
		return 0;
	switch (decoder->encoding) {
	case PLI_ENCODING_BASE64:
		n = pli_decoder_base64_feed(decoder, in, out);
		break;
	case PLI_ENCODING_QUOTED_PRINTABLE:
		n = pli_decoder_qp_feed(decoder, in, out);
		break;
	case PLI_ENCODING_UUENCODE:
		n = pli_decoder_uu_feed(decoder, in, out);
		break;
	default:
		memcpy(out, in.data, in.len);
		n = in.len;
		break;
	}
	decoder->produced += n;
	return n;
}

gsize
pli_decoder_finish(PliDecoder *decoder, guint8 *out)
{
	gsize n = 0;

	switch (decoder->encoding) {
	case PLI_ENCODING_BASE64:
		n = pli_decoder_base64_finish(decoder, out);
		break;
	case PLI_ENCODING_QUOTED_PRINTABLE:
		n = pli_decoder_qp_finish(decoder, out);
		break;
	case PLI_ENCODING_UUENCODE:
		n = pli_decoder_uu_finish(decoder, out);
		break;
	default: break;
	}
	decoder->produced += n;
	return n;
}
