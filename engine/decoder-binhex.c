/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BinHex as a transfer encoding: its data fork. */
#include "engine/binhex.h"
#include "engine/decoder-priv.h"

G_STATIC_ASSERT(sizeof(PliBinhex) <= sizeof(((PliDecoder *)NULL)->held));

/* Two octets, of three characters, make a run of at most 255; one octet may
 * come of the characters before this feed. */
gsize
pli_decoder_binhex_get_bound(gsize len)
{
	return (len / 8 * 3 + 4) * 255;
}

gsize
pli_decoder_binhex_feed(PliDecoder *decoder, PliSlice in, guint8 *out)
{
	const gsize room = pli_decoder_binhex_get_bound(in.len);
	PliBinhexEvent event;
	PliBinhex binhex;
	gsize n = 0;

	memcpy(&binhex, decoder->held, sizeof binhex);
	while (n < room && pli_binhex_next(&binhex, &in, out + n, room - n,
					   &event) == PLI_STEP_READY)
		if (event.type == PLI_BINHEX_DATA)
			n += event.octets.len;
	memcpy(decoder->held, &binhex, sizeof binhex);
	pli_defect_set_add_all(&decoder->defects, &binhex.defects);
	return n;
}

void
pli_decoder_binhex_finish(PliDecoder *decoder)
{
	PliBinhexEvent event;
	PliBinhex binhex;

	memcpy(&binhex, decoder->held, sizeof binhex);
	while (pli_binhex_finish(&binhex, &event) == PLI_STEP_READY)
		continue;
	memcpy(decoder->held, &binhex, sizeof binhex);
	pli_defect_set_add_all(&decoder->defects, &binhex.defects);
}
