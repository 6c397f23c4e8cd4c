/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/body-decoder-priv.h"

static gsize
get_out_room(const PliBodyDecoder *decoder)
{
	gsize piece = PLI_BODY_DECODER_PIECE;

	return pli_decoder_get_bound(&decoder->decoder,
	                             decoder->to_crlf
	                                     ? PLI_LINE_END_BOUND(piece)
	                                     : piece);
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
		decoder->lines = g_malloc(
		        PLI_LINE_END_BOUND(PLI_BODY_DECODER_PIECE));
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
	decoder->line_end = (PliLineEnd){0};
}

PliSlice
pli_body_decoder_feed(PliBodyDecoder *decoder, PliSlice *in)
{
	PliSlice piece = {in->data, MIN(in->len, PLI_BODY_DECODER_PIECE)};

	*in = pli_slice_skip(*in, piece.len);
	if (decoder->to_crlf)
		piece = pli_slice_new(
		        decoder->lines,
		        pli_line_end_feed_crlf(&decoder->line_end, piece,
		                               decoder->lines));
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
	       (decoder->to_crlf ? PLI_LINE_END_BOUND(PLI_BODY_DECODER_PIECE)
	                         : 0);
}
