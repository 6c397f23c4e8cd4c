/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/body-decoder-priv.h"

static gsize
get_out_room(const PliBodyDecoder *decoder)
{
	gsize piece = PLI_BODY_DECODER_PIECE;

	return pli_decoder_get_bound(&decoder->decoder,
	                             decoder->to_crlf ? 2 * piece : piece);
}

void
pli_body_decoder_init(PliBodyDecoder *decoder, PliEncoding encoding,
                      gboolean to_crlf)
{
	*decoder = (PliBodyDecoder){.to_crlf = to_crlf};
	pli_decoder_init(&decoder->decoder, encoding);
	decoder->out = g_malloc(MAX(get_out_room(decoder),
	                            sizeof decoder->decoder.held));
	if (to_crlf)
		decoder->lines = g_malloc(2 * PLI_BODY_DECODER_PIECE);
}

void
pli_body_decoder_clear(PliBodyDecoder *decoder)
{
	g_clear_pointer(&decoder->lines, g_free);
	g_clear_pointer(&decoder->out, g_free);
}

void
pli_body_decoder_reset(PliBodyDecoder *decoder)
{
	pli_decoder_init(&decoder->decoder, decoder->decoder.encoding);
	decoder->after_cr = FALSE;
}

static PliSlice
make_crlf(PliBodyDecoder *decoder, PliSlice in)
{
	gsize n = 0;

	for (gsize i = 0; i < in.len; i++) {
		if (in.data[i] == '\n' && !decoder->after_cr)
			decoder->lines[n++] = '\r';
		decoder->lines[n++] = in.data[i];
		decoder->after_cr = in.data[i] == '\r';
	}
	return pli_slice_new(decoder->lines, n);
}

PliSlice
pli_body_decoder_feed(PliBodyDecoder *decoder, PliSlice *in)
{
	PliSlice piece = {in->data, MIN(in->len, PLI_BODY_DECODER_PIECE)};

	*in = pli_slice_skip(*in, piece.len);
	if (decoder->to_crlf)
		piece = make_crlf(decoder, piece);
	return pli_slice_new(decoder->out,
	                     pli_decoder_feed(&decoder->decoder, piece,
	                                      decoder->out));
}

PliSlice
pli_body_decoder_finish(PliBodyDecoder *decoder)
{
	return pli_slice_new(decoder->out,
	                     pli_decoder_finish(&decoder->decoder,
	                                        decoder->out));
}

gsize
pli_body_decoder_get_memory(const PliBodyDecoder *decoder)
{
	return get_out_room(decoder) +
	       (decoder->to_crlf ? 2 * PLI_BODY_DECODER_PIECE : 0);
}
