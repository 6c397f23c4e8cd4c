/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The line ends of a message that arrives: whether they are CRLF, or made so
 * (a bare LF and a bare CR each become CRLF).
 *
 * Works on the octets of the message, after its framing: where a message ends
 * is decided by smtp-dots.h and smtp-chunk.h on what came, never on what is
 * made of it. Linear, and the same for any division of the input.
 */
#ifndef PLI_PROTOCOLS_SMTP_LINE_H
#define PLI_PROTOCOLS_SMTP_LINE_H

#include "engine/slice.h"

/* Each CR is followed by LF, each LF preceded by CR, and there is no NUL. A
 * CR at the end is judged by what comes next: `after_cr` says that the octets
 * before `octets` (not empty) ended in one. */
gboolean
pli_smtp_line_is_whole(PliSlice octets, gboolean after_cr);

typedef struct {
	gboolean has_cr;   /* a CR that was not passed on yet */
	guint64 n_changed; /* line ends that were none */
} PliSmtpLine;

/* Appends the octets to `out`, which grows by twice as many and two at most.
 * FALSE: a NUL; `out` has what came before it. */
gboolean
pli_smtp_line_take(PliSmtpLine *line, PliSlice octets, GByteArray *out);

/* The message has ended. */
void
pli_smtp_line_finish(PliSmtpLine *line, GByteArray *out);

#endif
