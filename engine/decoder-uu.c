/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* uuencode, and xxencode, which is the same with another alphabet. */
#include "engine/decoder-priv.h"

typedef enum {
	UU_LINE,   /* before "begin", at the start of a line; held matches */
	UU_SEARCH, /* before "begin", inside a line that is none */
	UU_BEGIN,  /* inside the "begin" line */
	UU_LENGTH, /* the next octet is a line's count */
	UU_DATA,
	UU_TAIL, /* the rest of a line */
	UU_END,	 /* held matches "end" */
	UU_DONE,
} UuState;

/* bits holds the open group; held[0] counts octets still due on this line,
 * held[1] characters of the group, held[2] surplus characters. */
#define UU_DUE 0
#define UU_CHARS 1
#define UU_SURPLUS 2

static gboolean
uu_is_xx(const PliDecoder *decoder)
{
	return decoder->encoding == PLI_ENCODING_XXENCODE;
}

static void
uu_add_defect(PliDecoder *decoder)
{
	pli_defect_set_add(&decoder->defects,
			   uu_is_xx(decoder) ? PLI_DEFECT_XX_MALFORMED
					     : PLI_DEFECT_UU_MALFORMED);
}

/* "+-0123456789A...Za...z"; 64 for anything else. */
static guint
xx_get_value(guint8 octet)
{
	if (g_ascii_islower(octet))
		return octet - 'a' + 38;
	if (g_ascii_isupper(octet))
		return octet - 'A' + 12;
	if (g_ascii_isdigit(octet))
		return octet - '0' + 2;
	return octet == '+' ? 0 : octet == '-' ? 1 : 64;
}

/* 64 for an octet that the alphabet does not have. */
static guint
uu_get_value(const PliDecoder *decoder, guint8 octet)
{
	if (uu_is_xx(decoder))
		return xx_get_value(octet);
	return octet < ' ' || octet > '`' ? 64 : (octet - ' ') & 63;
}

/* "begin 644 name": matched octet by octet, so that text before it that only
 * starts with "begin " stays text. */
static void
uu_match_begin(PliDecoder *decoder, guint8 octet)
{
	static const char begin[] = "begin ";
	const guint32 n = decoder->n_held;

	if (octet == '\n') {
		decoder->n_held = 0;
		decoder->state = UU_LINE;
	} else if (n < 6 ? octet == begin[n] : octet >= '0' && octet <= '7') {
		decoder->n_held = MIN(n + 1, 10);
	} else if (n >= 9 && octet == ' ') {
		decoder->state = UU_BEGIN;
	} else {
		decoder->state = UU_SEARCH;
	}
}

static void
uu_set_length(PliDecoder *decoder, guint due)
{
	decoder->held[UU_DUE] = due;
	decoder->state = due > 0 ? UU_DATA : UU_TAIL;
}

static void
uu_take_length(PliDecoder *decoder, guint8 octet)
{
	const guint due = uu_get_value(decoder, octet);

	decoder->n_held = 0;
	decoder->held[UU_CHARS] = decoder->held[UU_SURPLUS] = 0;
	decoder->bits = 0;
	if (octet == '\n' || octet == '\r')
		return;
	if (octet == 'e') {
		decoder->n_held = 1;
		decoder->state = UU_END;
	} else if (due == 64) {
		uu_add_defect(decoder);
		decoder->state = UU_TAIL;
	} else {
		uu_set_length(decoder, due);
	}
}

/* The open group's octets, as many as the line is still due. */
static gsize
uu_close_group(PliDecoder *decoder, guint8 *out)
{
	const guint32 group = decoder->bits
			      << 6 * (4 - decoder->held[UU_CHARS]);
	gsize n = 0;

	for (; n < 3 && decoder->held[UU_DUE] > 0; n++) {
		out[n] = group >> (16 - 8 * n);
		decoder->held[UU_DUE]--;
	}
	decoder->bits = 0;
	decoder->held[UU_CHARS] = 0;
	return n;
}

static gsize
uu_end_line(PliDecoder *decoder, guint8 *out)
{
	gsize n = 0;

	/* Fill characters at the end of a line get lost; others must not. */
	if (decoder->held[UU_DUE] * 8 > decoder->held[UU_CHARS] * 6)
		uu_add_defect(decoder);
	if (decoder->held[UU_CHARS] > 0)
		n = uu_close_group(decoder, out);
	return n;
}

static gsize
uu_take_data(PliDecoder *decoder, guint8 octet, guint8 *out)
{
	guint value;
	gsize n = 0;

	if (octet == '\n' || octet == '\r') {
		n = uu_end_line(decoder, out);
		decoder->state = octet == '\n' ? UU_LENGTH : UU_TAIL;
		return n;
	}
	value = uu_get_value(decoder, octet);
	if (value == 64)
		uu_add_defect(decoder);
	decoder->bits = decoder->bits << 6 | (value & 63);
	if (++decoder->held[UU_CHARS] == 4)
		n = uu_close_group(decoder, out);
	if (decoder->held[UU_DUE] == 0)
		decoder->state = UU_TAIL;
	return n;
}

/* "end", when a blank or the line's end follows. In xxencode "e" is a count
 * too, so there another line is data; in uuencode it is junk. */
static gsize
uu_match_end(PliDecoder *decoder, guint8 octet, guint8 *out)
{
	gsize n = 0;

	if (decoder->n_held < 3 && octet == "end"[decoder->n_held]) {
		decoder->n_held++;
		return 0;
	}
	if (decoder->n_held == 3 && g_ascii_isspace(octet)) {
		decoder->state = UU_DONE;
		return 0;
	}
	if (!uu_is_xx(decoder)) {
		uu_add_defect(decoder);
		decoder->n_held = 0;
		decoder->state = octet == '\n' ? UU_LENGTH : UU_TAIL;
		return 0;
	}
	uu_set_length(decoder, xx_get_value('e'));
	for (guint i = 1; i < decoder->n_held; i++)
		n += uu_take_data(decoder, "end"[i], out + n);
	return n + uu_take_data(decoder, octet, out + n);
}

/* One checksum character may follow the data, and blanks. */
static void
uu_take_tail(PliDecoder *decoder, guint8 octet)
{
	if (octet == '\n')
		decoder->state = UU_LENGTH;
	else if (octet > ' ' && octet != '`' &&
		 ++decoder->held[UU_SURPLUS] == 2) {
		uu_add_defect(decoder);
		decoder->held[UU_SURPLUS] = 1;
	}
}

gsize
pli_decoder_uu_feed(PliDecoder *decoder, PliSlice in, guint8 *out)
{
	guint8 *o = out;

	for (gsize i = 0; i < in.len; i++) {
		const guint8 octet = in.data[i];

		switch ((UuState)decoder->state) {
		case UU_LINE: uu_match_begin(decoder, octet); break;
		case UU_SEARCH:
			if (octet == '\n')
				uu_match_begin(decoder, octet);
			break;
		case UU_BEGIN:
			if (octet == '\n')
				decoder->state = UU_LENGTH;
			break;
		case UU_LENGTH: uu_take_length(decoder, octet); break;
		case UU_DATA: o += uu_take_data(decoder, octet, o); break;
		case UU_TAIL: uu_take_tail(decoder, octet); break;
		case UU_END: o += uu_match_end(decoder, octet, o); break;
		case UU_DONE: return o - out;
		}
	}
	return o - out;
}

gsize
pli_decoder_uu_finish(PliDecoder *decoder, guint8 *out)
{
	gsize n = 0;

	if (decoder->state == UU_DATA)
		n = uu_end_line(decoder, out);
	if (decoder->state == UU_END && decoder->n_held == 3)
		decoder->state = UU_DONE;
	if (decoder->state != UU_DONE)
		uu_add_defect(decoder);
	return n;
}
