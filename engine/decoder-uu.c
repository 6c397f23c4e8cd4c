/* SPDX-License-Identifier: LGPL-2.1-or-later */
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

static void
uu_add_defect(PliDecoder *decoder)
{
	pli_defect_set_add(&decoder->defects, PLI_DEFECT_UU_MALFORMED);
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
uu_take_length(PliDecoder *decoder, guint8 octet)
{
	decoder->n_held = 0;
	decoder->held[UU_CHARS] = decoder->held[UU_SURPLUS] = 0;
	decoder->bits = 0;
	if (octet == '\n' || octet == '\r')
		return;
	if (octet == 'e') {
		decoder->n_held = 1;
		decoder->state = UU_END;
	} else if (octet < ' ' || octet > '`') {
		uu_add_defect(decoder);
		decoder->state = UU_TAIL;
	} else {
		decoder->held[UU_DUE] = (octet - ' ') & 63;
		decoder->state = decoder->held[UU_DUE] > 0 ? UU_DATA : UU_TAIL;
	}
}

static void
uu_match_end(PliDecoder *decoder, guint8 octet)
{
	if (decoder->n_held < 3 && octet == "end"[decoder->n_held]) {
		if (++decoder->n_held == 3)
			decoder->state = UU_DONE;
		return;
	}
	uu_add_defect(decoder);
	decoder->n_held = 0;
	decoder->state = octet == '\n' ? UU_LENGTH : UU_TAIL;
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
	gsize n = 0;

	if (octet == '\n' || octet == '\r') {
		n = uu_end_line(decoder, out);
		decoder->state = octet == '\n' ? UU_LENGTH : UU_TAIL;
		return n;
	}
	if (octet < ' ' || octet > '`')
		uu_add_defect(decoder);
	decoder->bits = decoder->bits << 6 | ((octet - ' ') & 63);
	if (++decoder->held[UU_CHARS] == 4)
		n = uu_close_group(decoder, out);
	if (decoder->held[UU_DUE] == 0)
		decoder->state = UU_TAIL;
	return n;
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
		case UU_END: uu_match_end(decoder, octet); break;
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
	if (decoder->state != UU_DONE)
		uu_add_defect(decoder);
	return n;
}
