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

#endif
