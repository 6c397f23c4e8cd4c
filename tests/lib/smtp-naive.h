/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SMTP's framing, read by who has all octets at once and is as naive as can
 * be: what the readers of protocols/ are held against.
 */
#ifndef PLI_TESTS_LIB_SMTP_NAIVE_H
#define PLI_TESTS_LIB_SMTP_NAIVE_H

#include "engine/slice.h"

/* Where the first octet is that makes a CR or LF no part of CRLF, or is NUL;
 * the length when there is none. A CR at the end is judged by nobody yet. */
gsize pli_smtp_naive_find_bad(PliSlice message);

/* Appends the message with CRLF for each bare CR and bare LF, which
 * *ret_changed counts. FALSE: up to a NUL; a CR ahead of it counts. */
gboolean pli_smtp_naive_normalise(PliSlice message, GString *out,
				  guint64 *ret_changed);

typedef struct {
	gsize used; /* octets up to the end, CRLF.CRLF, with it; or all */
	gboolean has_end;
	gboolean is_bad;  /* a bare CR, bare LF or NUL among them */
	gsize bad_at;	  /* where that is seen; otherwise `used` */
	GString *message; /* without stuffed dots and the end; the caller's */
} PliSmtpNaive;

/* What follows the reply to DATA. */
void pli_smtp_naive_read(PliSlice in, PliSmtpNaive *data);

#endif
