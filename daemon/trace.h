/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The trace fields put before a message: Return-Path and Received
 * (RFC 5321 4.4).
 *
 * Safe whatever the client said: controls, octets over 127 (but for UTF-8 in
 * paths, where it was agreed on) and what would break the field's syntax become
 * '?'. Lines are folded under 78 columns where a blank may stand; a single
 * longer word stays whole. Knows no clock.
 */
#ifndef PLI_DAEMON_TRACE_H
#define PLI_DAEMON_TRACE_H

#include <glib.h>

typedef struct {
	const char *sender;    /* reverse-path without <>; NULL: no field */
	const char *helo;      /* as the client said; NULL: nothing */
	const char *peer;      /* address literal without [], "IPv6:::1" */
	const char *name;      /* its host name; NULL: not known */
	const char *hostname;  /* ours */
	const char *protocol;  /* "SMTP", "ESMTPSA", "UTF8LMTP" (RFC 3848) */
	const char *tls;       /* cipher suite; NULL: in the clear */
	const char *id;        /* of the message, ours */
	const char *recipient; /* NULL when there are several: RFC 5321 7.2 */
	gboolean utf8;         /* paths may be UTF-8 (RFC 6531 3.7.3) */
	gint64 seconds;        /* since 1970 */
	gint zone;             /* minutes east */
} PliTrace;

/* Whole header fields, each with its CRLF; to be freed. */
char *
pli_trace_format(const PliTrace *trace);

#endif
