/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The framing of DATA (RFC 5321 4.5.2): takes stuffed dots out and finds the
 * end, which is CRLF.CRLF and nothing else.
 *
 * A bare CR, a bare LF or a NUL makes the message BAD: what follows is
 * swallowed to CRLF.CRLF. A lenient reader passes them on instead, for
 * smtp-line.h; dots and the end are the same for both. Copies nothing, holds
 * nothing back: a few octets around a dot are skipped, the rest are runs of the
 * input. Linear, and the same for any division of the input.
 */
#ifndef PLI_PROTOCOLS_SMTP_DOTS_H
#define PLI_PROTOCOLS_SMTP_DOTS_H

#include "engine/slice.h"

typedef enum {
	PLI_SMTP_DOTS_MORE, /* no end yet */
	PLI_SMTP_DOTS_END,  /* CRLF.CRLF is behind us */
	PLI_SMTP_DOTS_BAD,  /* said once; the rest will be swallowed */
} PliSmtpDotsResult;

typedef struct {
	guint8 state;
	gboolean swallow;
	gboolean is_lenient;
	gboolean owes_cr; /* lenient: a CR that was taken for one of the end
			     comes before the octets just given; the caller
			     clears it */
} PliSmtpDots;

/* Before the first octet after the reply to DATA. */
void
pli_smtp_dots_init(PliSmtpDots *dots);

/* From now on only the end is looked for. */
void
pli_smtp_dots_swallow(PliSmtpDots *dots);

/*
 * Reads some of `in` (one octet at least, when there is one): *ret_used says
 * how many, *ret_octets are message octets among them (maybe none; none with
 * END and while swallowing). After END, init before the next message.
 */
PliSmtpDotsResult
pli_smtp_dots_take(PliSmtpDots *dots, PliSlice in, PliSlice *ret_octets,
                   gsize *ret_used);

#endif
