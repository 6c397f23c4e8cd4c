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
 * not put them off. A message must also come at a rate, on the whole:
 * data_timeout seconds, and one more for each data_rate octets that came.
 *
 * A question (but STARTTLS) that is not answered within answer_timeout seconds,
 * counted from the tick before it, gets 451 4.3.0 from the session itself (AUTH
 * 454 4.7.0, XCLIENT 421), as if the answer had been TEMPORARY without detail;
 * LATE tells so, and an answer that comes later is passed over. What it was
 * about is over: a transaction whose MAIL was late has no sender. After
 * DATA_END the message may be kept all the same, for what is on its way to the
 * disk is not called back: the client, which was told 451, sends it again, and
 * the recipients may have it twice, as after a connection that broke before the
 * 250 (RFC 5321 4.5.3.2.6). The daemon logs it as kept and not confirmed.
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

/*
 * What EHLO offers beside PIPELINING, SIZE, 8BITMIME and ENHANCEDSTATUSCODES.
 * What is not offered is refused: a command with 502 (XCLIENT and XFORWARD,
 * which are for some, with 550), a parameter with 555.
 * AUTH and FUTURERELEASE are offered when the configuration names mechanisms
 * and bounds, and not otherwise.
 */
typedef enum {
	PLI_SMTP_OFFER_CHUNKING = 1 << 0,   /* RFC 3030: BDAT */
	PLI_SMTP_OFFER_BINARYMIME = 1 << 1, /* RFC 3030; with CHUNKING only */
	PLI_SMTP_OFFER_SMTPUTF8 = 1 << 2,   /* RFC 6531 */
	PLI_SMTP_OFFER_STARTTLS = 1 << 3,   /* RFC 3207; until TLS is up */
	PLI_SMTP_OFFER_DSN = 1 << 4,	    /* RFC 3461 */
	PLI_SMTP_OFFER_DELIVERBY = 1 << 5,  /* RFC 2852 */
	PLI_SMTP_OFFER_MT_PRIORITY = 1 << 6, /* RFC 6710 */
	PLI_SMTP_OFFER_REQUIRETLS = 1 << 7, /* RFC 8689; once TLS is up */
	PLI_SMTP_OFFER_LIMITS = 1 << 8,	    /* RFC 9422: RCPTMAX */
	PLI_SMTP_OFFER_PRDR = 1 << 9,	    /* a reply for each recipient */
	PLI_SMTP_OFFER_EXPN = 1 << 10,	    /* RFC 5321 3.5 */
	PLI_SMTP_OFFER_ETRN = 1 << 11,	    /* RFC 1985 */
	PLI_SMTP_OFFER_ATRN = 1 << 12,	    /* RFC 2645 */
	PLI_SMTP_OFFER_AUTH = 1 << 13,	    /* RFC 4954 */
	PLI_SMTP_OFFER_FUTURE_RELEASE = 1 << 14, /* RFC 4865 */
	PLI_SMTP_OFFER_TURN = 1 << 15,	    /* RFC 821 3.8 */
	PLI_SMTP_OFFER_XCLIENT = 1 << 16,   /* Postfix's XCLIENT_README */
	PLI_SMTP_OFFER_XFORWARD = 1 << 17,  /* and XFORWARD_README */
	PLI_SMTP_OFFER_CHECKPOINT = 1 << 18, /* RFC 1845 */
} PliSmtpOffers;

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
	guint answer_timeout;	   /* seconds waiting for an answer; 0: any */
	guint data_rate;	   /* octets a second of a message; 0: any */
	/* How much of command_timeout and data_timeout there is now; borrowed,
	 * may change at any time; NULL: all of it. */
	const guint *time_percent;
	gboolean allow_bare;       /* RCPT TO:<local>, without a domain */
	PliSmtpOffers offers;
	const char *mechanisms;    /* SASL's, apart by spaces; NULL: no AUTH */
	guint32 max_hold_seconds; /* FUTURERELEASE's interval (RFC 4865); 0:
				     not offered */
	gint64 max_hold_until;    /* and its date-time, in seconds since 1970 */
	gboolean allow_clear;  /* PLAIN and LOGIN without TLS */
	gboolean require_auth; /* before MAIL (RFC 6409 4.3) */
	guint greeting_ms;     /* how long the greeting waits; who speaks
				  meanwhile gets 554 and is closed */
	gboolean require_sync; /* octets ahead of the reply to EHLO, AUTH or
				  DATA (RFC 2920 3.1): 554 and close */
	gboolean normalise_lines; /* bare CR and LF become CRLF; without it they
				     are refused, as NUL always is */
	gboolean implicit_tls; /* STARTTLS is the first event, and the
				  greeting waits for it (RFC 8314 3.3) */
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
	        .answer_timeout = 60,                                          \
	})

/* The greeting waits in the output at once, or for TLS. Free with
 * pli_session_free(). */
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
 *	EXPN		PliSmtpVrfy		250 2.1.5 550 5.1.1 451 4.3.0
 *	AUTH		PliSmtpAuth		235 2.7.0 535 5.7.8 454 4.7.0
 *	ETRN		PliSmtpVrfy		251 2.0.0 501 5.5.4 458 4.3.0
 *	ATRN		PliSmtpVrfy		250 2.0.0 550 5.7.1 453 4.3.0
 *	TURN		PliSmtpVrfy		250 2.0.0 550 5.7.1 453 4.3.0
 *	XCLIENT		PliSmtpClient		220	550 5.7.1 421 4.3.2
 *
 * MAIL		begins a transaction; what was kept of an earlier one that saw
 *		no DATA_END is void (RSET, EHLO and refusals bring no event).
 *		With `transid` an ACCEPT's detail may be a PliSmtpCheckpoint:
 *		then the reply is 355, the transaction has the recipients that
 *		it says, without RCPT events, and DATA_BEGIN's `offset` is its.
 *		An offset of 0 there says that it was not taken up after all.
 * RCPT		when accepted the recipient joins the envelope.
 * DATA_BEGIN	DATA, or the first BDAT: open a spool entry and a parser. 354 is
 *		fixed: code, status and text of an ACCEPT are not used. After
 *		REFUSE or TEMPORARY there comes neither DATA nor DATA_END, and
 *		the transaction is over.
 * DATA		the next octets of the message, dots unstuffed, in pieces of any
 *		size that together end in CRLF (or are none at all). By BDAT
 *		they end as they end, and with BODY=BINARYMIME they are any.
 * DATA_END	the last octet has come. The answer is the final reply: 250 only
 *		once the message is safe. In LMTP mode, and where MAIL said
 *		PRDR, the answer's `detail` may be a PliSmtpReplies with an
 *		answer for each accepted recipient, in order; without it each
 *		gets this answer.
 * DATA_ABORT	instead of DATA_END: the message will not be finished; drop the
 *		entry. The session swallows the rest and replies by itself.
 *		Also for a transaction that was taken up, ahead of DATA_BEGIN.
 * VRFY		ACCEPT with code 250 and the mailbox as text tells it.
 * EXPN		ACCEPT's `detail` is a NULL-terminated array of strings, the
 *		members, one at least.
 * AUTH		a step of an exchange. ACCEPT's `detail` is a PliSmtpAuthStep:
 *		a user, whom the session remembers, or a challenge (334). The
 *		client may cancel between two steps: a later AUTH is_first.
 * ETRN		nothing waits (251), unless the answer has code 250, 252 or 253.
 *		TEMPORARY with code 459: not for this client.
 * ATRN, TURN	only once authenticated. TEMPORARY: nothing waits (453). TURN's
 *		argument is "".
 * XCLIENT	the client is another one: what `told` has is to replace what
 *		was known. ACCEPT's `detail` must be a PliSmtpWelcome; the
 *		conversation is at its greeting again. Anything else closes
 *		after the reply.
 */
enum {
	PLI_SMTP_EVENT_MAIL = PLI_SESSION_EVENT_FIRST_OWN,
	PLI_SMTP_EVENT_RCPT,
	PLI_SMTP_EVENT_DATA_BEGIN,
	PLI_SMTP_EVENT_DATA,
	PLI_SMTP_EVENT_DATA_END,
	PLI_SMTP_EVENT_DATA_ABORT,
	PLI_SMTP_EVENT_VRFY,
	PLI_SMTP_EVENT_EXPN,
	PLI_SMTP_EVENT_AUTH,
	PLI_SMTP_EVENT_ETRN,
	PLI_SMTP_EVENT_ATRN,
	PLI_SMTP_EVENT_TURN,
	PLI_SMTP_EVENT_XCLIENT,
};

typedef enum {
	PLI_SMTP_BODY_7BIT, /* also when BODY was not given */
	PLI_SMTP_BODY_8BITMIME,
	PLI_SMTP_BODY_BINARYMIME,
} PliSmtpBody;

/* What a report of failure is to hold (RFC 3461 4.3). */
typedef enum {
	PLI_SMTP_RET_DEFAULT,
	PLI_SMTP_RET_FULL,
	PLI_SMTP_RET_HDRS,
} PliSmtpRet;

/* When a report is wanted (RFC 3461 4.1); 0: NOTIFY was not given. */
typedef enum {
	PLI_SMTP_NOTIFY_NEVER = 1 << 0,
	PLI_SMTP_NOTIFY_SUCCESS = 1 << 1,
	PLI_SMTP_NOTIFY_FAILURE = 1 << 2,
	PLI_SMTP_NOTIFY_DELAY = 1 << 3,
} PliSmtpNotify;

/* RFC 2852 4. */
typedef enum {
	PLI_SMTP_BY_NONE,
	PLI_SMTP_BY_NOTIFY, /* N: say that it is late */
	PLI_SMTP_BY_RETURN, /* R: give up */
} PliSmtpByMode;

/* Details lie in the session. They, and all they point to, stay valid until
 * the event's ask has been answered. */
typedef struct {
	const PliSmtpPath *path; /* <> has text "" */
	guint64 size;            /* of SIZE=; 0: not given */
	PliSmtpBody body;
	gboolean utf8; /* SMTPUTF8: addresses and header may be UTF-8 */
	gboolean prdr;
	gboolean require_tls;
	PliSmtpRet ret;
	PliSmtpByMode by;
	gboolean by_trace;
	gint32 by_seconds;    /* from now; may be past */
	gint32 priority;      /* -9 to 9 (RFC 6710) */
	guint32 hold_seconds; /* HOLDFOR; 0: not given (RFC 4865) */
	const char *hold_until; /* HOLDUNTIL, an RFC 3339 time; or NULL */
	const char *envid;	/* decoded; NULL: not given */
	const char *auth;	/* AUTH= decoded, "<>" too; NULL: not given */
	const char *parameters; /* all of them as written, or "" */
	const char *transid;	/* of TRANSID=, with <>; NULL: not given */
	const char *helo;	/* who gives it: argument of EHLO, */
	const char *user;	/* and who authenticated, or NULL */
} PliSmtpMail;

/* The detail of MAIL's ACCEPT: a transaction that broke off (RFC 1845 3). */
typedef struct {
	guint64 offset; /* octets of the message that are here, undotted; a
			   line ends there. 0: it begins anew */
	const char *const *recipients; /* what followed "RCPT TO:", at least
					  one; NULL at the end */
} PliSmtpCheckpoint;

typedef struct {
	const PliSmtpPath *path;
	PliSmtpNotify notify;
	const char *orcpt;	/* "rfc822;Bob@Example.org", decoded; or NULL */
	const char *parameters; /* all of them as written, or "" */
	guint index;            /* its place in the envelope if accepted */
} PliSmtpRcpt;

/* Attributes that were told, with a value or as [UNAVAILABLE]. */
typedef enum {
	PLI_SMTP_CLIENT_NAME = 1 << 0,
	PLI_SMTP_CLIENT_ADDR = 1 << 1,
	PLI_SMTP_CLIENT_PORT = 1 << 2,
	PLI_SMTP_CLIENT_PROTO = 1 << 3,
	PLI_SMTP_CLIENT_HELO = 1 << 4,
	PLI_SMTP_CLIENT_LOGIN = 1 << 5,
	PLI_SMTP_CLIENT_DESTADDR = 1 << 6,
	PLI_SMTP_CLIENT_DESTPORT = 1 << 7,
	PLI_SMTP_CLIENT_IDENT = 1 << 8,
	PLI_SMTP_CLIENT_SOURCE = 1 << 9,
} PliSmtpClientTold;

/* Who a client is (XCLIENT), or whom a message is from that another server
 * hands on (XFORWARD). Decoded; at most 255 octets; NULL: [UNAVAILABLE], or
 * not told. No controls, and UTF-8 in `login` only; of XFORWARD nothing that
 * is special in a header either. */
typedef struct {
	PliSmtpClientTold told;
	const char *name;
	gboolean is_name_temporary; /* [TEMPUNAVAIL]: ask again later */
	const char *address;	    /* "192.0.2.1", "IPV6:2001:db8::1" */
	const char *port;	    /* 0 to 65535 */
	const char *protocol; /* SMTP or ESMTP; of XFORWARD any, at most 64 */
	const char *helo;
	const char *login;	 /* XCLIENT: who authenticated */
	const char *destination; /* XCLIENT: the server's address */
	const char *destination_port;
	const char *ident;  /* XFORWARD: the other server's message id */
	const char *source; /* XFORWARD: LOCAL or REMOTE */
} PliSmtpClient;

/* The detail of XCLIENT's ACCEPT; copied. */
typedef struct {
	const char *peer;	/* as PliSmtpConfig's, from now on */
	gboolean may_xclient;	/* the new client, that is */
	gboolean may_xforward;
} PliSmtpWelcome;

/* The transaction, with all that a Received field needs. */
typedef struct {
	const PliSmtpMail *mail;
	const PliSmtpRcpt *const *recipients; /* accepted ones, in order */
	guint n_recipients;                   /* at least 1 */
	const char *helo;     /* argument of HELO, EHLO or LHLO */
	const char *protocol; /* "SMTP", "ESMTPSA", "UTF8LMTP" ... (RFC 3848,
				 RFC 6531 4.3) */
	const char *peer;     /* as configured, or as XCLIENT was answered */
	const char *user;     /* who authenticated, or NULL */
	guint64 offset;       /* where a transaction goes on; 0: at the start */
	const PliSessionTls *tls; /* NULL: in the clear */
	const PliSmtpClient *forwarded; /* what XFORWARD told; or NULL */
	guint64 n_normalised; /* at DATA_END: line ends that became CRLF */
} PliSmtpEnvelope;

typedef enum {
	PLI_SMTP_ABORT_TOO_BIG,  /* 552 5.3.4 will follow */
	PLI_SMTP_ABORT_BAD_LINE, /* bare CR, bare LF or NUL: 550 5.6.11 */
	PLI_SMTP_ABORT_TIMEOUT,  /* 421 4.4.2 and CLOSE */
	PLI_SMTP_ABORT_RESET,	 /* RSET, EHLO, or a chunk that is refused,
				    after a chunk */
} PliSmtpAbortReason;

typedef struct {
	PliSmtpAbortReason reason;
} PliSmtpAbort;

typedef struct {
	const char *argument; /* a mailbox or a name, as written */
	gboolean utf8;	      /* the reply may be UTF-8 (RFC 6531 3.7.4) */
} PliSmtpVrfy;

/* A step of an authentication (RFC 4954). */
typedef struct {
	const char *mechanism; /* one of the configuration's */
	gboolean is_first;
	PliSlice response; /* decoded; data NULL: no initial response */
} PliSmtpAuth;

/* The detail of AUTH's ACCEPT. */
typedef struct {
	const char *user;   /* who the client is; NULL: it goes on, with: */
	PliSlice challenge; /* sent in base64 */
} PliSmtpAuthStep;

/* For DATA_END in LMTP mode or with PRDR; the members' own `detail` is not
 * used. */
typedef struct {
	const PliAnswer *replies;
	guint n_replies; /* must be n_recipients */
} PliSmtpReplies;

#endif
