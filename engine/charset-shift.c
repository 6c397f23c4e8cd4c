/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/charset-shift-priv.h"

#define ESC 0x1b
#define SO 0x0e
#define SI 0x0f
#define NO_CHARACTER 0xff

enum {
	MODE_ASCII,
	MODE_PAIRS,
	MODE_JISX0212,
	MODE_KANA
};

static const struct {
	const char *sequence; /* after ESC */
	guint8 mode;
} escapes[] = {
	{"(B", MODE_ASCII},  {"(J", MODE_ASCII},  {"(H", MODE_ASCII},
	{"(I", MODE_KANA},   {"$@", MODE_PAIRS},  {"$B", MODE_PAIRS},
	{"$(@", MODE_PAIRS}, {"$(B", MODE_PAIRS}, {"$(D", MODE_JISX0212},
};

/* The first of a pair that got no second. */
static guint8 *
drop_lead(PliCharsetShift *shift, guint8 *out)
{
	if (shift->lead != 0)
		*out++ = NO_CHARACTER;
	shift->lead = 0;
	return out;
}

static guint8 *
put_kana(guint8 octet, guint8 *out)
{
	octet |= 0x80;
	*out++ = octet < 0xa1 || octet > 0xdf ? NO_CHARACTER : octet;
	return out;
}

/* JIS X 0208 by row and cell, as Shift_JIS packs it: two rows a first octet. */
static guint8 *
put_jis_pair(guint8 row, guint8 cell, guint8 *out)
{
	const guint8 first = ((row - 0x21) >> 1) + 0x81;

	*out++ = first > 0x9f ? first + 0x40 : first;
	*out++ = row % 2 == 0 ? cell + 0x7e : cell + 0x1f + (cell >= 0x60);
	return out;
}

/* An octet of a pair. */
static guint8 *
take_half(PliCharsetShift *shift, guint8 octet, guint8 *out)
{
	if (shift->lead == 0) {
		shift->lead = octet;
		return out;
	}
	if (shift->mode == MODE_JISX0212) {
		*out++ = NO_CHARACTER;
	} else if (shift->kind == PLI_CHARSET_SHIFT_JIS) {
		out = put_jis_pair(shift->lead, octet, out);
	} else {
		*out++ = shift->lead | 0x80;
		*out++ = octet | 0x80;
	}
	shift->lead = 0;
	return out;
}

/* ---- ISO-2022-JP ---- */

/* An octet that belongs to no escape sequence. */
static guint8 *
take_jis(PliCharsetShift *shift, guint8 octet, guint8 *out)
{
	if (octet <= ' ' || octet == 127) {
		out = drop_lead(shift, out);
		if (octet == SO || octet == SI)
			shift->is_out = octet == SO;
		else
			*out++ = octet;
		return out;
	}
	if (octet > 127)
		return put_kana(octet, drop_lead(shift, out));
	if (shift->is_out || shift->mode == MODE_KANA)
		return put_kana(octet, out);
	if (shift->mode != MODE_ASCII)
		return take_half(shift, octet, out);
	*out++ = octet;
	return out;
}

/* TRUE: what is held is or may become an escape sequence. */
static gboolean
judge_escape(PliCharsetShift *shift)
{
	const gsize n = shift->n_held - 1;

	for (gsize i = 0; i < G_N_ELEMENTS(escapes); i++) {
		if (strncmp(escapes[i].sequence, (const char *)shift->held + 1,
			    n) != 0)
			continue;
		if (escapes[i].sequence[n] == '\0') {
			shift->mode = escapes[i].mode;
			shift->is_out = FALSE;
			shift->n_held = 0;
		}
		return TRUE;
	}
	return FALSE;
}

static guint8 *
begin_escape(PliCharsetShift *shift, guint8 *out)
{
	shift->held[0] = ESC;
	shift->n_held = 1;
	return drop_lead(shift, out);
}

/* What is held is no escape sequence: ESC is no character, the rest may be. */
static guint8 *
give_up_escape(PliCharsetShift *shift, guint8 *out)
{
	const gsize n = shift->n_held;

	*out++ = NO_CHARACTER;
	shift->n_held = 0;
	for (gsize i = 1; i < n; i++)
		out = shift->held[i] == ESC
			      ? begin_escape(shift, out) /* the last one only */
			      : take_jis(shift, shift->held[i], out);
	return out;
}

static guint8 *
feed_jis(PliCharsetShift *shift, guint8 octet, guint8 *out)
{
	if (shift->n_held > 0) {
		shift->held[shift->n_held++] = octet;
		return judge_escape(shift) ? out : give_up_escape(shift, out);
	}
	return octet == ESC ? begin_escape(shift, out)
			    : take_jis(shift, octet, out);
}

/* ---- HZ ---- */

static guint8 *
take_hz(PliCharsetShift *shift, guint8 octet, guint8 *out)
{
	if (octet == '~' && shift->lead == 0) {
		shift->n_held = 1;
		return out;
	}
	if (octet == '\n')
		shift->mode = MODE_ASCII;
	if (shift->mode == MODE_PAIRS && octet > ' ' && octet < 127)
		return take_half(shift, octet, out);
	out = drop_lead(shift, out);
	*out++ = octet;
	return out;
}

/* The octet after a tilde. */
static guint8 *
take_hz_escape(PliCharsetShift *shift, guint8 octet, guint8 *out)
{
	shift->n_held = 0;
	switch (octet) {
	case '{': shift->mode = MODE_PAIRS; return out;
	case '}': shift->mode = MODE_ASCII; return out;
	case '\n': return out; /* a line that goes on */
	case '~': *out++ = '~'; return out;
	default: *out++ = NO_CHARACTER; return take_hz(shift, octet, out);
	}
}

gsize
pli_charset_shift_feed(PliCharsetShift *shift, PliSlice octets, guint8 *out)
{
	guint8 *o = out;

	for (gsize i = 0; i < octets.len; i++) {
		if (shift->kind == PLI_CHARSET_SHIFT_JIS)
			o = feed_jis(shift, octets.data[i], o);
		else if (shift->n_held > 0)
			o = take_hz_escape(shift, octets.data[i], o);
		else
			o = take_hz(shift, octets.data[i], o);
	}
	return o - out;
}

gsize
pli_charset_shift_finish(PliCharsetShift *shift, guint8 *out)
{
	guint8 *o = out;

	if (shift->n_held > 0 && shift->kind == PLI_CHARSET_SHIFT_JIS)
		o = give_up_escape(shift, o);
	else if (shift->n_held > 0)
		*o++ = NO_CHARACTER;
	shift->n_held = 0;
	return drop_lead(shift, o) - out;
}
