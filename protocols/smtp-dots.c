/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/smtp-dots.h"

/* Where in a line the next octet falls. */
enum {
	LINE_START,
	LINE_TEXT,
	LINE_CR,     /* a CR that should have its LF next */
	LINE_DOT,    /* a dot at the start of a line, not passed on */
	LINE_DOT_CR, /* such a dot and a CR */
	LINE_END,
};

void
pli_smtp_dots_init(PliSmtpDots *dots)
{
	*dots = (PliSmtpDots){.state = LINE_START};
}

void
pli_smtp_dots_swallow(PliSmtpDots *dots)
{
	dots->swallow = TRUE;
}

/* Moves over one octet; FALSE when it must not be there. */
static gboolean
step(PliSmtpDots *dots, guint8 octet)
{
	guint8 state = dots->state;

	if (state == LINE_DOT_CR && octet == '\n') {
		dots->state = LINE_END;
		return TRUE;
	}
	if (state == LINE_CR && octet == '\n') {
		dots->state = LINE_START;
		return TRUE;
	}
	if (octet == '\r')
		dots->state = state == LINE_DOT ? LINE_DOT_CR : LINE_CR;
	else if (octet == '.' && state == LINE_START)
		dots->state = LINE_DOT;
	else
		dots->state = LINE_TEXT;
	if (dots->is_lenient) {
		dots->owes_cr |= state == LINE_DOT_CR;
		return TRUE;
	}
	return state != LINE_CR && state != LINE_DOT_CR && octet != '\n' &&
	       octet != '\0';
}

/*
 * How many octets of in[at..] belong to this line and need no thought. *lf is
 * where the line ends: found once a line, so that a line full of CRs costs no
 * more than any other.
 */
static gsize
plain_run(const PliSmtpDots *dots, PliSlice in, gsize at, gsize *lf)
{
	const guint8 *start = in.data + at;
	const guint8 *found;
	gsize n;

	if (*lf < at || *lf == G_MAXSIZE) {
		found = memchr(start, '\n', in.len - at);
		*lf = found != NULL ? (gsize)(found - in.data) : in.len;
	}
	n = *lf - at;
	found = memchr(start, '\r', n);
	if (found != NULL)
		n = found - start;
	found = dots->swallow || dots->is_lenient || n == 0
			? NULL
			: memchr(start, '\0', n);
	return found != NULL ? (gsize)(found - start) : n;
}

static gsize
skip_plain(PliSmtpDots *dots, PliSlice in, gsize at, gsize *lf)
{
	gsize n;

	if (dots->state == LINE_START ? in.data[at] == '.'
				      : dots->state != LINE_TEXT)
		return 0;
	n = plain_run(dots, in, at, lf);
	if (n > 0)
		dots->state = LINE_TEXT;
	return n;
}

PliSmtpDotsResult
pli_smtp_dots_take(PliSmtpDots *dots, PliSlice in, PliSlice *ret_octets,
		   gsize *ret_used)
{
	PliSmtpDotsResult result = PLI_SMTP_DOTS_MORE;
	gsize lf = G_MAXSIZE;
	gsize start = 0; /* of the run to pass on */
	gsize end = 0;
	gsize at = 0;

	while (at < in.len) {
		gsize n = skip_plain(dots, in, at, &lf);
		gboolean good = TRUE;

		if (n == 0) {
			good = step(dots, in.data[at]);
			n = 1;
		}
		at += n;
		if (!good && !dots->swallow) {
			dots->swallow = TRUE;
			result = PLI_SMTP_DOTS_BAD;
			break;
		}
		if (dots->state == LINE_END) {
			result = PLI_SMTP_DOTS_END;
			break;
		}
		if (dots->state != LINE_DOT && dots->state != LINE_DOT_CR)
			end = at;
		else if (end > start)
			break;
		else
			start = end = at;
	}
	*ret_used = at;
	*ret_octets = dots->swallow && result != PLI_SMTP_DOTS_BAD
			      ? PLI_SLICE_NONE
			      : pli_slice_new(in.data + start, end - start);
	return result;
}
