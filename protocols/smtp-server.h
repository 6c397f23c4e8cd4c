/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The receiving side of SMTP (RFC 5321) and LMTP (RFC 2033) as a session.
 *
 * It reads commands, keeps the sequence, frames the message and writes every
 * reply; it never looks a recipient up, stores an octet or reads a clock.
 * What must be decided elsewhere is an event with an `ask`. One question is
 * open at a time: until it is answered feed() consumes nothing.
 *
 * Input is borrowed: octets that feed() consumed must stay in place until
 * next() has said WANT, because DATA events point into them. So the pump is
 *
 *	n = feed(in); while (next(&event) == READY) ...; drop n octets of in
 *
 * Time-outs count from the last tick() after something was achieved (a whole
 * command, octets of a message, output sent): never early, late by at most
 * the time between two ticks. A drip of octets that never make a command does
 * not put them off. While a question is open there is no deadline.
 *
 * The daemon drops its spool entry itself when it frees a session between
 * DATA_BEGIN and the answer to DATA_END (the peer has gone).
 */
#ifndef PLI_PROTOCOLS_SMTP_SERVER_H
#define PLI_PROTOCOLS_SMTP_SERVER_H

#include "protocols/session.h"
#include "protocols/smtp-path.h"

typedef enum {
	PLI_SMTP_MODE_SMTP,
	PLI_SMTP_MODE_LMTP,
	PLI_SMTP_MODE_SUBMISSION,
} PliSmtpMode;

/* Start from PLI_SMTP_CONFIG_INIT. Strings are copied. */
typedef struct {
	PliSmtpMode mode;
	const char *hostname;      /* ours, in the greeting and EHLO's reply */
	const char *greeting;      /* what follows it; NULL: "ESMTP Pli" */
	const char *peer;          /* the peer's address as text */
	guint64 size_limit;        /* octets of a message; 0: no limit */
	guint max_recipients;      /* accepted ones of a message */
	guint max_errors;          /* then 421 and close */
	gsize command_line_limit;  /* octets with CRLF */
	guint64 output_high_water; /* octets; see protocols/output.h */
	guint command_timeout;     /* seconds waiting for a command */
	guint data_timeout;        /* seconds waiting for octets of DATA */
	gboolean allow_bare;       /* RCPT TO:<local>, without a domain */
} PliSmtpConfig;

/* RFC 5321 4.5.3.1 and 4.5.3.2 ask for at least: line 512, recipients 100,
 * five minutes. */
#define PLI_SMTP_CONFIG_INIT                                                   \
	((PliSmtpConfig){                                                      \
	        .mode = PLI_SMTP_MODE_SMTP,                                    \
	        .hostname = "localhost",                                       \
	        .peer = "",                                                    \
	        .size_limit = 50 * 1024 * 1024,                                \
	        .max_recipients = 1000,                                        \
	        .max_errors = 20,                                              \
	        .command_line_limit = 2048,                                    \
	        .output_high_water = 16384,                                    \
	        .command_timeout = 300,                                        \
	        .data_timeout = 300,                                           \
	})

/* The greeting waits in the output at once. Free with pli_session_free(). */
PliSession *
pli_smtp_server_new(const PliSmtpConfig *config);

/*
 * The events. `code`, `status` and `text` of an answer replace the usual ones
 * given here. A code whose first digit does not fit the verdict (2, 5, 4), or a
 * status that does not fit the code, is passed over. An answer with code 421
 * closes the connection after the reply. In `text`, controls and octets over
 * 126 go out as '?', and what exceeds 400 octets not at all.
 *
 *	event		detail			ACCEPT	REFUSE	TEMPORARY
 *	MAIL		PliSmtpMail		250 2.1.0 550 5.7.1 451 4.3.0
 *	RCPT		PliSmtpRcpt		250 2.1.5 550 5.1.1 451 4.3.0
 *	DATA_BEGIN	PliSmtpEnvelope		354	554 5.7.1 451 4.3.0
 *	DATA		none; octets		(no ask)
 *	DATA_END	PliSmtpEnvelope		250 2.0.0 554 5.7.1 451 4.3.0
 *	DATA_ABORT	PliSmtpAbort		(no ask)
 *	VRFY		PliSmtpVrfy		252 2.0.0 550 5.1.1 451 4.3.0
 *
 * MAIL		begins a transaction; what was kept of an earlier one that saw
 *		no DATA_END is void (RSET, EHLO and refusals bring no event).
 * RCPT		when accepted the recipient joins the envelope.
 * DATA_BEGIN	open a spool entry and a parser. 354 is fixed: code, status and
 *		text of an ACCEPT are not used. After REFUSE or TEMPORARY there
 *		comes neither DATA nor DATA_END, and the transaction is over.
 * DATA		the next octets of the message, dots unstuffed, in pieces of any
 *		size that together end in CRLF (or are none at all).
 * DATA_END	the last octet has come. The answer is the final reply: 250 only
 *		once the message is safe. In LMTP mode the answer's `detail` may
 *		be a PliSmtpReplies with an answer for each accepted recipient,
 *		in order; without it each gets this answer.
 * DATA_ABORT	instead of DATA_END: the message will not be finished; drop the
 *		entry. The session swallows the rest and replies by itself.
 * VRFY		ACCEPT with code 250 and the mailbox as text tells it.
 */
enum {
	PLI_SMTP_EVENT_MAIL = PLI_SESSION_EVENT_FIRST_OWN,
	PLI_SMTP_EVENT_RCPT,
	PLI_SMTP_EVENT_DATA_BEGIN,
	PLI_SMTP_EVENT_DATA,
	PLI_SMTP_EVENT_DATA_END,
	PLI_SMTP_EVENT_DATA_ABORT,
	PLI_SMTP_EVENT_VRFY,
};

typedef enum {
	PLI_SMTP_BODY_7BIT, /* also when BODY was not given */
	PLI_SMTP_BODY_8BITMIME,
} PliSmtpBody;

/* Details lie in the session. They, and all they point to, stay valid until
 * the event's ask has been answered. */
typedef struct {
	const PliSmtpPath *path; /* <> has text "" */
	guint64 size;            /* of SIZE=; 0: not given */
	PliSmtpBody body;
	const char *parameters; /* all of them as written, or "" */
} PliSmtpMail;

typedef struct {
	const PliSmtpPath *path;
	const char *parameters; /* "" */
	guint index;            /* its place in the envelope if accepted */
} PliSmtpRcpt;

/* The transaction, with all that a Received field needs. */
typedef struct {
	const PliSmtpMail *mail;
	const PliSmtpRcpt *const *recipients; /* accepted ones, in order */
	guint n_recipients;                   /* at least 1 */
	const char *helo;     /* argument of HELO, EHLO or LHLO */
	const char *protocol; /* "SMTP", "ESMTP", "LMTP" (RFC 3848) */
	const char *peer;     /* as configured */
} PliSmtpEnvelope;

typedef enum {
	PLI_SMTP_ABORT_TOO_BIG,  /* 552 5.3.4 will follow */
	PLI_SMTP_ABORT_BAD_LINE, /* bare CR, bare LF or NUL: 550 5.6.11 */
	PLI_SMTP_ABORT_TIMEOUT,  /* 421 4.4.2 and CLOSE */
} PliSmtpAbortReason;

typedef struct {
	PliSmtpAbortReason reason;
} PliSmtpAbort;

typedef struct {
	const char *argument; /* a mailbox or a name, as written */
} PliSmtpVrfy;

/* For DATA_END in LMTP mode; the members' own `detail` is not used. */
typedef struct {
	const PliAnswer *replies;
	guint n_replies; /* must be n_recipients */
} PliSmtpReplies;

#endif
