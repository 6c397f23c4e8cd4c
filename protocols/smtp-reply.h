/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A reply of an SMTP server: code, enhanced status code (RFC 2034), sentence.
 *
 * Formats into an output queue; knows no state. Text that came from elsewhere
 * is cut at PLI_SMTP_REPLY_TEXT_MAX octets and made printable ASCII, so it can
 * neither break the line nor pass the 512 octets of RFC 5321 4.5.3.1.5.
 */
#ifndef PLI_PROTOCOLS_SMTP_REPLY_H
#define PLI_PROTOCOLS_SMTP_REPLY_H

#include "protocols/output.h"

#define PLI_SMTP_REPLY_TEXT_MAX 400

/* Strings are static or live as long as the reply is used. */
typedef struct {
	int code;
	const char *status; /* NULL where RFC 2034 wants none */
	const char *text;
} PliSmtpReply;

/* The usual replies to one question, by verdict. */
typedef struct {
	PliSmtpReply accept;
	PliSmtpReply refuse;
	PliSmtpReply temporary;
} PliSmtpUsual;

void
pli_smtp_reply_format(const PliSmtpReply *reply, PliOutputQueue *output);

/* One line of a reply of several; `last` ends it. */
void
pli_smtp_reply_format_line(const PliSmtpReply *reply, gboolean last,
                           PliOutputQueue *output);

/*
 * What an answer says, filled up with the usual. A code that does not fit the
 * verdict and a status that does not fit the code are passed over.
 */
PliSmtpReply
pli_smtp_reply_find(const PliAnswer *answer, const PliSmtpUsual *usual);

#endif
