/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of the SMTP server session, shared by its files: smtp-server.c
 * (the machine), smtp-verb.c (the commands), smtp-transaction.c (the questions
 * a mail transaction asks, DATA).
 */
#ifndef PLI_PROTOCOLS_SMTP_SERVER_PRIV_H
#define PLI_PROTOCOLS_SMTP_SERVER_PRIV_H

#include "engine/buf.h"
#include "protocols/output.h"
#include "protocols/smtp-dots.h"
#include "protocols/smtp-reply.h"
#include "protocols/smtp-server.h"

typedef struct PliSmtpServer PliSmtpServer;

/* What the next octets are; consumes one at least. */
typedef gsize (*PliSmtpState)(PliSmtpServer *server, PliSlice in);

/* What an answer leads to. */
typedef void (*PliSmtpOnAnswer)(PliSmtpServer *server, const PliAnswer *answer);

/* How far the conversation is; a verb names the phases it may come in. */
typedef enum {
	PLI_SMTP_PHASE_START = 1 << 0,   /* no HELO, EHLO or LHLO yet */
	PLI_SMTP_PHASE_GREETED = 1 << 1, /* no transaction */
	PLI_SMTP_PHASE_MAIL = 1 << 2,    /* a sender and no recipient */
	PLI_SMTP_PHASE_RCPT = 1 << 3,    /* a recipient at least */
} PliSmtpPhase;

struct PliSmtpServer {
	PliSession session;
	PliSmtpConfig config; /* strings owned */
	PliSmtpState state;
	PliOutputQueue output;
	PliBuf line; /* the command line so far, when it came in pieces */
	gboolean line_too_long;
	guint errors;
	gboolean closing; /* nothing more is read or said */
	gboolean close_told;
	gboolean dropped; /* the peer does not even read the last reply */

	/* At most one event waits for next(), one question for answer(). */
	PliSessionEvent event;
	guint64 last_ask;
	guint64 open_ask; /* 0: none */
	PliSmtpOnAnswer on_answer;

	/* See the time-outs in smtp-server.h. */
	gint64 now;
	gint64 since;
	gboolean achieved;

	char *helo;
	gboolean is_esmtp;
	PliSmtpReply path_fault; /* made for the path just read */
	PliSmtpVrfy vrfy;
	char *vrfy_argument;

	/* The transaction. */
	gboolean has_mail;
	PliSmtpMail mail;
	PliSmtpRcpt *rcpt; /* the one asked about */
	GPtrArray *rcpts;  /* PliSmtpRcpt, accepted; NULL before the first */
	PliSmtpEnvelope envelope;
	PliSmtpDots dots;
	guint64 received; /* message octets */
	PliSmtpAbort abort;
	const PliSmtpReply *abort_reply; /* not NULL: refused in the middle */
};

/* smtp-server.c */

void
pli_smtp_server_reply(PliSmtpServer *server, const PliSmtpReply *reply);

/* A reply to what the peer did wrong; too many of them close. */
void
pli_smtp_server_fault(PliSmtpServer *server, const PliSmtpReply *reply);

/* Replies as the answer says. */
void
pli_smtp_server_reply_answer(PliSmtpServer *server, const PliAnswer *answer,
                             const PliSmtpUsual *usual);

void
pli_smtp_server_close(PliSmtpServer *server);

/* Queues an event without a question. */
void
pli_smtp_server_tell(PliSmtpServer *server, guint32 type, const void *detail);

/* Queues an event with one; nothing is read until it is answered. */
void
pli_smtp_server_ask(PliSmtpServer *server, guint32 type, const void *detail,
                    PliSmtpOnAnswer on_answer);

PliSmtpPhase
pli_smtp_server_get_phase(const PliSmtpServer *server);

/* Reading commands. */
gsize
pli_smtp_server_read_line(PliSmtpServer *server, PliSlice in);

/* smtp-verb.c */

/* A command line without its CRLF, already known to hold no controls. */
void
pli_smtp_verb_run(PliSmtpServer *server, PliSlice line);

/* smtp-transaction.c */

/* Forgets sender and recipients. */
void
pli_smtp_transaction_clear(PliSmtpServer *server);

/* Each takes over the strings and the path it is given. */
void
pli_smtp_transaction_ask_mail(PliSmtpServer *server);

void
pli_smtp_transaction_ask_rcpt(PliSmtpServer *server);

void
pli_smtp_transaction_ask_data(PliSmtpServer *server);

void
pli_smtp_transaction_time_out(PliSmtpServer *server);

#endif
