/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/decoder-priv.h"

/*
 * Values of the alphabet, and classes above 63. A group of four is clean when
 * no value has a bit above 63.
 */
enum {
	B64_END = 64, /* CR and LF */
	B64_PAD = 65, /* "=" */
	B64_JUNK = 128,
};

#define J8 128, 128, 128, 128, 128, 128, 128, 128
#define J64 J8, J8, J8, J8, J8, J8, J8, J8
static const guint8 base64_values[256] = {
	128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 64,  128, 128, 64,
	128, 128, J8,  J8,  J8,	 128, 128, 128, 62,  128, 128, 128, 63,	 52,
	53,  54,  55,  56,  57,	 58,  59,  60,	61,  128, 128, 128, 65,	 128,
	128, 128, 0,   1,   2,	 3,   4,   5,	6,   7,	  8,   9,   10,	 11,
	12,  13,  14,  15,  16,	 17,  18,  19,	20,  21,  22,  23,  24,	 25,
	128, 128, 128, 128, 128, 128, 26,  27,	28,  29,  30,  31,  32,	 33,
	34,  35,  36,  37,  38,	 39,  40,  41,	42,  43,  44,  45,  46,	 47,
	48,  49,  50,  51,  128, 128, 128, 128, 128, J64, J64};
#undef J64
#undef J8

/* state: how many sextets of the open group stand in bits */
enum {
	B64_N = 3,
	B64_HAS_PADDED = 4,    /* the last group was closed by padding */
	B64_WANTS_PADDING = 8, /* "xx=": another "=" belongs to it */
};

/*
 * The kernel: whole clean groups from the front, as many as there are. Returns
 * the octets taken, a multiple of four; each four give three. Nothing else
 * needs to know how it does that.
 */
static gsize
base64_decode_clean(const guint8 *in, gsize len, guint8 *out)
{
	gsize i = 0;

	for (; len - i >= 4; i += 4, out += 3) {
		guint32 a = base64_values[in[i]];
		guint32 b = base64_values[in[i + 1]];
		guint32 c = base64_values[in[i + 2]];
		guint32 d = base64_values[in[i + 3]];
		guint32 group;

		if ((a | b | c | d) > 63)
			break;
		group = a << 18 | b << 12 | c << 6 | d;
		out[0] = group >> 16;
		out[1] = group >> 8;
		out[2] = group;
	}
	return i;
}

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
 * clean run; so a line that is no multiple of four costs at most three slow
 * octets and its line end.
 */
gsize
pli_decoder_base64_feed(PliDecoder *decoder, PliSlice in, guint8 *out)
{
	guint8 *o = out;
	gsize i = 0;

	while (i < in.len) {
		guint8 value = base64_values[in.data[i]];

		if (value < 64 && decoder->state == 0) {
			gsize n =
				base64_decode_clean(in.data + i, in.len - i, o);

			i += n;
			o += n / 4 * 3;
			if (i == in.len)
				break;
			value = base64_values[in.data[i]];
		}
		i++;
		if (value < 64)
			o += base64_take_value(decoder, value, o);
		else if (value == B64_PAD)
			o += base64_take_padding(decoder, o);
		else if (value == B64_JUNK)
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
