/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parameters after the path of MAIL and RCPT (RFC 5321 4.1.2):
 * KEYWORD or KEYWORD=value, apart by spaces. Reads, and knows no keyword.
 */
#ifndef PLI_PROTOCOLS_SMTP_PARAM_H
#define PLI_PROTOCOLS_SMTP_PARAM_H

#include "engine/slice.h"

/* Points into the octets that are read. */
typedef struct {
	PliSlice keyword;
	PliSlice value; /* data NULL: without '=' */
} PliSmtpParam;

/* READY: *ret_param is the next one and *rest begins after it. WANT: there is
 * none left. FAIL: what comes is no parameter. */
PliStep
pli_smtp_param_next(PliSlice *rest, PliSmtpParam *ret_param)
        G_GNUC_WARN_UNUSED_RESULT;

/* The value as 1 to 20 digits (RFC 1870 4); more than 64 bits hold becomes
 * G_MAXUINT64. */
gboolean
pli_smtp_param_parse_size(PliSlice value, guint64 *ret_size);

/* The value as 1 to `digits` (9 at most) digits, with a sign or without. */
gboolean
pli_smtp_param_parse_signed(PliSlice value, guint digits, gint32 *ret_number);

/* Xtext (RFC 3461 4) decoded; NULL: it is none, is empty, or stands for
 * octets that are not printable US-ASCII. Free with g_free. */
char *
pli_smtp_param_dup_xtext(PliSlice value);

/* The same, where it may stand for printable UTF-8. */
char *
pli_smtp_param_dup_utf8_xtext(PliSlice value);

/* A transid-value of RFC 1845 2: "<local@domain>", at most 80 octets. */
gboolean
pli_smtp_param_is_transid(PliSlice value);

/* A date-time of RFC 3339 5.6 that there is, in seconds since 1970. */
gboolean
pli_smtp_param_parse_time(PliSlice value, gint64 *ret_seconds);

#endif
