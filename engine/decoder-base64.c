/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/decoder-priv.h"

/* state: how many sextets of the open group stand in bits */
enum {
	B64_N = 3,
	B64_HAS_PADDED = 4,    /* the last group was closed by padding */
	B64_WANTS_PADDING = 8, /* "xx=": another "=" belongs to it */
};

/* An "=": closes the open group, whose whole octets go out. */
static gsize
base64_take_padding(PliDecoder *decoder, guint8 *out)
{
	const guint32 n = decoder->state & B64_N;
	const guint32 bits = decoder->bits;

	if (n == 0) {
		if (decoder->state & B64_WANTS_PADDING)
			decoder->state &= ~(guint32)B64_WANTS_PADDING;
		else
			pli_defect_set_add(&decoder->defects,
					   PLI_DEFECT_BASE64_PADDING);
		decoder->state |= B64_HAS_PADDED;
		return 0;
	}
	decoder->bits = 0;
	decoder->state = B64_HAS_PADDED | (n == 2 ? B64_WANTS_PADDING : 0);
	if (n == 1) {
		pli_defect_set_add(&decoder->defects,
				   PLI_DEFECT_BASE64_TRUNCATED);
		return 0;
	}
	out[0] = bits >> (n == 2 ? 4 : 10);
	if (n == 3)
		out[1] = bits >> 2;
	return n - 1;
}

/* An octet of the alphabet. */
static gsize
base64_take_value(PliDecoder *decoder, guint8 value, guint8 *out)
{
	guint32 n = decoder->state & B64_N;

	if (decoder->state & B64_HAS_PADDED)
		pli_defect_set_add(&decoder->defects,
				   PLI_DEFECT_BASE64_PADDING);
	decoder->bits = decoder->bits << 6 | value;
	if (n < 3) {
		decoder->state = n + 1;
		return 0;
	}
	out[0] = decoder->bits >> 16;
	out[1] = decoder->bits >> 8;
	out[2] = decoder->bits;
	decoder->bits = 0;
	decoder->state = 0;
	return 3;
}

/*
 * Octets one by one until a group is closed and the next octet may start a
 * clean run; so a line that is no multiple of four costs at most six slow
 * octets and its line end.
 */
gsize
pli_decoder_base64_feed(PliDecoder *decoder, PliSlice in, guint8 *out)
{
	guint8 *o = out;
	gsize i = 0;

	while (i < in.len) {
		guint8 value;

		if (decoder->state == 0) {
			i += pli_decoder_base64_take_clean(
				pli_slice_skip(in, i), &o);
			if (i == in.len)
				break;
		}
		value = pli_decoder_base64_values[in.data[i++]];
		if (value < 64)
			o += base64_take_value(decoder, value, o);
		else if (value == PLI_DECODER_BASE64_PAD)
			o += base64_take_padding(decoder, o);
		else if (value == PLI_DECODER_BASE64_JUNK)
			pli_defect_set_add(&decoder->defects,
					   PLI_DEFECT_BASE64_JUNK);
	}
	return o - out;
}

gsize
pli_decoder_base64_finish(PliDecoder *decoder, guint8 *out)
{
	gsize n = 0;

	if ((decoder->state & B64_N) != 0) {
		pli_defect_set_add(&decoder->defects,
				   PLI_DEFECT_BASE64_TRUNCATED);
		n = base64_take_padding(decoder, out);
	} else if (decoder->state & B64_WANTS_PADDING) {
		pli_defect_set_add(&decoder->defects,
				   PLI_DEFECT_BASE64_TRUNCATED);
	}
	return n;
}
