/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/decoder-priv.h"

/*
 * What is held is always one of these beginnings, and the state says which:
 * blanks that may end a line, an "=" with what may still make it a pair or a
 * soft break; a CR may be the first half of the line end.
 */
typedef enum {
	QP_TEXT,      /* nothing */
	QP_BLANKS,    /* blanks */
	QP_BLANKS_CR, /* blanks CR */
	QP_EQUALS,    /* = */
	QP_HEX,	      /* = hex */
	QP_SOFT,      /* = blanks */
	QP_SOFT_CR,   /* = [blanks] CR */
} QpState;

/* Set when a run of blanks was longer than what can be held. */
#define QP_OVERFLOW 0x100
#define QP_HELD_MAX 120

static void
qp_hold(PliDecoder *decoder, guint8 octet, QpState state)
{
	decoder->held[decoder->n_held++] = octet;
	decoder->state = (decoder->state & QP_OVERFLOW) | state;
}

/* What is held was text after all. */
static gsize
qp_release(PliDecoder *decoder, guint8 *out)
{
	const gsize n = decoder->n_held;

	memcpy(out, decoder->held, n);
	decoder->n_held = 0;
	decoder->state = QP_TEXT;
	return n;
}

/* What is held is a soft line break, or blanks or a CR that end a line. */
static void
qp_drop(PliDecoder *decoder)
{
	const guint8 *held = decoder->held;

	if (decoder->state & QP_OVERFLOW)
		pli_defect_set_add(&decoder->defects, PLI_DEFECT_QP_MALFORMED);
	if (decoder->n_held > 0 && pli_octet_is_wsp(held[0]))
		pli_defect_set_add(&decoder->defects, PLI_DEFECT_QP_BLANKS);
	else if (decoder->n_held > 1 && pli_octet_is_wsp(held[1]))
		pli_defect_set_add(&decoder->defects,
				   PLI_DEFECT_QP_SOFT_BLANKS);
	decoder->n_held = 0;
	decoder->state = QP_TEXT;
}

/* One octet in state BLANKS or BLANKS_CR; FALSE when it is to be read again as
 * text. */
static gboolean
qp_take_after_blanks(PliDecoder *decoder, guint8 octet, guint8 **out)
{
	const gboolean is_cr =
		(decoder->state & ~(guint32)QP_OVERFLOW) == QP_BLANKS_CR;

	if (octet == '\n') {
		qp_drop(decoder);
		if (is_cr)
			*(*out)++ = '\r';
		*(*out)++ = '\n';
		return TRUE;
	}
	if (!is_cr && octet == '\r') {
		qp_hold(decoder, octet, QP_BLANKS_CR);
		return TRUE;
	}
	if (!is_cr && pli_octet_is_wsp(octet)) {
		if (decoder->n_held == QP_HELD_MAX) {
			*out += qp_release(decoder, *out);
			decoder->state = QP_OVERFLOW;
		}
		qp_hold(decoder, octet, QP_BLANKS);
		return TRUE;
	}
	*out += qp_release(decoder, *out);
	return FALSE;
}

/* One octet in a state that begins with "="; FALSE as above. */
static gboolean
qp_take_after_equals(PliDecoder *decoder, guint8 octet, guint8 **out)
{
	const QpState state = (QpState)decoder->state;

	if (octet == '\n' && state != QP_HEX) {
		qp_drop(decoder);
		return TRUE;
	}
	if (octet == '\r' && (state == QP_EQUALS || state == QP_SOFT)) {
		qp_hold(decoder, octet, QP_SOFT_CR);
		return TRUE;
	}
	if (pli_octet_is_wsp(octet) &&
	    (state == QP_EQUALS || state == QP_SOFT) &&
	    decoder->n_held < QP_HELD_MAX) {
		qp_hold(decoder, octet, QP_SOFT);
		return TRUE;
	}
	if (state == QP_EQUALS && g_ascii_isxdigit(octet)) {
		qp_hold(decoder, octet, QP_HEX);
		return TRUE;
	}
	if (state == QP_HEX && g_ascii_isxdigit(octet)) {
		*(*out)++ = g_ascii_xdigit_value(decoder->held[1]) << 4 |
			    g_ascii_xdigit_value(octet);
		decoder->n_held = 0;
		decoder->state = QP_TEXT;
		return TRUE;
	}
	pli_defect_set_add(&decoder->defects, PLI_DEFECT_QP_MALFORMED);
	*out += qp_release(decoder, *out);
	return FALSE;
}

/* Octets of a line without "=", its line end not among them: blanks and a CR
 * at the end are held, what stands before them goes out. */
static gsize
qp_take_open_text(PliDecoder *decoder, const guint8 *in, gsize len, guint8 *out)
{
	gsize text = len, n_blanks;

	if (text > 0 && in[text - 1] == '\r')
		text--;
	while (text > 0 && pli_octet_is_wsp(in[text - 1]))
		text--;
	/* Hold what feeding octet by octet would hold. */
	n_blanks = len - text - (len > text && in[len - 1] == '\r');
	decoder->state = QP_TEXT;
	if (n_blanks > QP_HELD_MAX) {
		text += (n_blanks - 1) / QP_HELD_MAX * QP_HELD_MAX;
		decoder->state = QP_OVERFLOW;
	}
	memcpy(out, in, text);
	for (gsize i = text; i < len; i++)
		qp_hold(decoder, in[i],
			in[i] == '\r' ? QP_BLANKS_CR : QP_BLANKS);
	return text;
}

/* The input of one feed; the next line end and the next "=" are searched for
 * once and remembered, so that a line of nothing but "=" costs no more. */
typedef struct {
	const guint8 *at, *end;
	const guint8 *lf, *equals; /* end: there is none */
} QpInput;

static const guint8 *
qp_find(const QpInput *in, const guint8 *known, int octet)
{
	const guint8 *found;

	if (known != NULL && known >= in->at)
		return known;
	found = memchr(in->at, octet, in->end - in->at);
	return found != NULL ? found : in->end;
}

/* Text up to the next "=" or line end, which is taken too. */
static void
qp_take_text(PliDecoder *decoder, QpInput *in, guint8 **out)
{
	gsize n;

	in->lf = qp_find(in, in->lf, '\n');
	in->equals = qp_find(in, in->equals, '=');
	if (in->equals < in->lf) {
		n = in->equals - in->at;
		memcpy(*out, in->at, n);
		*out += n;
		qp_hold(decoder, '=', QP_EQUALS);
		in->at = in->equals + 1;
		return;
	}
	n = in->lf - in->at;
	*out += qp_take_open_text(decoder, in->at, n, *out);
	in->at = in->lf;
	if (in->lf < in->end && decoder->n_held == 0) {
		*(*out)++ = '\n';
		in->at++;
	}
}

gsize
pli_decoder_qp_feed(PliDecoder *decoder, PliSlice octets, guint8 *out)
{
	QpInput in = {.at = octets.data, .end = octets.data + octets.len};
	guint8 *o = out;

	while (in.at < in.end) {
		const QpState state =
			(QpState)(decoder->state & ~(guint32)QP_OVERFLOW);

		if (state == QP_TEXT) {
			in.at = pli_decoder_qp_take_plain(in.at, in.end, &o);
			if (in.at < in.end)
				qp_take_text(decoder, &in, &o);
		} else if (state <= QP_BLANKS_CR)
			in.at += qp_take_after_blanks(decoder, *in.at, &o);
		else
			in.at += qp_take_after_equals(decoder, *in.at, &o);
	}
	return o - out;
}

/* The end of a part ends its last line too: the line end that was there is
 * the boundary's (RFC 2046 5.1.1). */
gsize
pli_decoder_qp_finish(PliDecoder *decoder, guint8 *out)
{
	switch ((QpState)(decoder->state & ~(guint32)QP_OVERFLOW)) {
	case QP_BLANKS_CR: return qp_release(decoder, out);
	case QP_HEX:
		pli_defect_set_add(&decoder->defects, PLI_DEFECT_QP_MALFORMED);
		return qp_release(decoder, out);
	case QP_SOFT_CR:
		pli_defect_set_add(&decoder->defects, PLI_DEFECT_QP_MALFORMED);
		break;
	default: break;
	}
	qp_drop(decoder);
	return 0;
}
