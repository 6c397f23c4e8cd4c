/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of the SMTP server session, shared by its files: smtp-server.c
 * (the machine), smtp-verb.c (the table of commands), smtp-hello.c (EHLO,
 * STARTTLS), smtp-mail.c (what MAIL and RCPT say), smtp-transaction.c (the
 * questions a mail transaction asks, DATA, BDAT), smtp-checkpoint.c
 * (transactions that go on), smtp-auth.c (AUTH), smtp-lookup.c (VRFY and other
 * questions), smtp-client.c (XCLIENT, XFORWARD), smtp-deadline.c (time-outs).
 */
#ifndef PLI_PROTOCOLS_SMTP_SERVER_PRIV_H
#define PLI_PROTOCOLS_SMTP_SERVER_PRIV_H

#include "engine/buf.h"
#include "protocols/output.h"
#include "protocols/smtp-chunk.h"
#include "protocols/smtp-dots.h"
#include "protocols/smtp-line.h"
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
	PLI_SMTP_PHASE_CHUNKS = 1 << 4,  /* BDAT has begun */
} PliSmtpPhase;

#define PLI_SMTP_PHASE_ANY                                                     \
	(PLI_SMTP_PHASE_START | PLI_SMTP_PHASE_GREETED | PLI_SMTP_PHASE_MAIL | \
	 PLI_SMTP_PHASE_RCPT | PLI_SMTP_PHASE_CHUNKS)

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
	guint32 ask_type;
	gint64 asked_us;
	PliSessionLate late;
	PliSmtpOnAnswer on_answer;
	void (*then)(PliSmtpServer *server); /* once the event was taken */

	/* See the time-outs in smtp-server.h. */
	gint64 now; /* of the last tick */
	gint64 since;
	gboolean achieved;
	gboolean counts_message; /* how fast its octets come */
	gint64 message_us;
	guint64 message_octets;

	char *helo;
	gboolean is_esmtp;
	gboolean greeted;
	gboolean in_sync;     /* the command just read ends its group */
	gboolean out_of_sync; /* and octets came ahead of its reply */
	PliSmtpReply path_fault; /* made for the path just read */
	PliSmtpVrfy vrfy;
	char *vrfy_argument;

	gboolean is_tls;
	PliSessionTls tls; /* strings owned */

	char *user; /* who authenticated */
	PliSmtpAuth auth;
	char *mechanism;   /* of the exchange that goes on */
	PliBuf auth_line;  /* a response so far */
	GByteArray *response;

	PliSmtpClient client;	 /* what XCLIENT or XFORWARD just said */
	PliSmtpClient forwarded; /* what XFORWARD said; told 0: nothing */

	/* The transaction. */
	gboolean has_mail;
	PliSmtpMail mail;
	PliSmtpRcpt *rcpt; /* the one asked about */
	GPtrArray *rcpts;  /* PliSmtpRcpt, accepted; NULL before the first */
	PliSmtpEnvelope envelope;
	PliSmtpDots dots;
	PliSmtpChunk chunk;
	PliSmtpLine lines;   /* when they are normalised */
	PliSlice rest;	     /* of the input, to be so */
	GByteArray *normal;  /* what was made of some of it; or NULL */
	gboolean has_chunks; /* BDAT has begun a message */
	gboolean in_message; /* the daemon has one open */
	gboolean is_resumed; /* 355 was said: DATA is to follow */
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

/* Closes with 421 when there were too many. */
void
pli_smtp_server_check_errors(PliSmtpServer *server);

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

/* What an answer leads to, be it the session's own. */
void
pli_smtp_server_take_answer(PliSmtpServer *server, const PliAnswer *answer);

/* Whether that is offered; 0 needs no offer. */
static inline gboolean
pli_smtp_server_has_offer(const PliSmtpServer *server, PliSmtpOffers offer)
{
	return (server->config.offers & offer) == offer;
}

/* Copies what is known of TLS; NULL forgets it. */
void
pli_smtp_server_set_tls(PliSmtpServer *server, const PliSessionTls *tls);

/* Reading commands. */
gsize
pli_smtp_server_read_line(PliSmtpServer *server, PliSlice in);

/* smtp-verb.c */

/* A command line without its CRLF, already known to hold no controls. */
void
pli_smtp_verb_run(PliSmtpServer *server, PliSlice line);

/* The parse, check and act functions that the table of verbs names; see
 * PliSmtpVerb in smtp-verb.c. */

/* smtp-hello.c */

void
pli_smtp_hello_greet(PliSmtpServer *server);

/* Greets at once, or leaves it to a tick. */
void
pli_smtp_hello_begin(PliSmtpServer *server);

/* Greets once TLS is up. */
void
pli_smtp_hello_await_tls(PliSmtpServer *server);

/* A host name as hosts have it, '_' too, or an address literal. */
gboolean
pli_smtp_hello_is_name(PliSlice s);

const PliSmtpReply *
pli_smtp_hello_parse(PliSmtpServer *server, PliSlice args);

void
pli_smtp_hello_run_helo(PliSmtpServer *server);

void
pli_smtp_hello_run_ehlo(PliSmtpServer *server);

const PliSmtpReply *
pli_smtp_hello_check_starttls(const PliSmtpServer *server);

void
pli_smtp_hello_run_starttls(PliSmtpServer *server);

/* smtp-mail.c */

const PliSmtpReply *
pli_smtp_mail_check(const PliSmtpServer *server);

const PliSmtpReply *
pli_smtp_mail_parse(PliSmtpServer *server, PliSlice args);

const PliSmtpReply *
pli_smtp_mail_check_rcpt(const PliSmtpServer *server);

const PliSmtpReply *
pli_smtp_mail_parse_rcpt(PliSmtpServer *server, PliSlice args);

/* Forgets what MAIL said. */
void
pli_smtp_mail_clear(PliSmtpServer *server);

void
pli_smtp_mail_free_rcpt(gpointer rcpt);

/* smtp-checkpoint.c */

/* Takes up the transaction and says 355; FALSE: it is as MAIL began it. */
gboolean
pli_smtp_checkpoint_resume(PliSmtpServer *server,
                           const PliSmtpCheckpoint *checkpoint);

/* RCPT in a transaction that was taken up. */
void
pli_smtp_checkpoint_repeat_rcpt(PliSmtpServer *server);

/* The 354 that names the octet. */
void
pli_smtp_checkpoint_invite(PliSmtpServer *server);

/* smtp-auth.c */

const PliSmtpReply *
pli_smtp_auth_check(const PliSmtpServer *server);

const PliSmtpReply *
pli_smtp_auth_parse(PliSmtpServer *server, PliSlice args);

void
pli_smtp_auth_run(PliSmtpServer *server);

/* Appends EHLO's " PLAIN LOGIN ..." of what can be used now; FALSE: none. */
gboolean
pli_smtp_auth_add_mechanisms(const PliSmtpServer *server, GString *text);

void
pli_smtp_auth_clear(PliSmtpServer *server);

/* smtp-client.c */

/* Appends EHLO's " NAME ADDR ..." of XFORWARD or XCLIENT. */
void
pli_smtp_client_list(gboolean forwards, GString *text);

const PliSmtpReply *
pli_smtp_client_parse_xclient(PliSmtpServer *server, PliSlice args);

void
pli_smtp_client_run_xclient(PliSmtpServer *server);

const PliSmtpReply *
pli_smtp_client_parse_xforward(PliSmtpServer *server, PliSlice args);

void
pli_smtp_client_run_xforward(PliSmtpServer *server);

/* Frees what it says, and makes that nothing. */
void
pli_smtp_client_clear(PliSmtpClient *client);

/* smtp-lookup.c */

const PliSmtpReply *
pli_smtp_lookup_parse(PliSmtpServer *server, PliSlice args);

const PliSmtpReply *
pli_smtp_lookup_parse_node(PliSmtpServer *server, PliSlice args);

const PliSmtpReply *
pli_smtp_lookup_parse_domains(PliSmtpServer *server, PliSlice args);

/* ATRN and TURN want an authenticated client. */
const PliSmtpReply *
pli_smtp_lookup_check_user(const PliSmtpServer *server);

void
pli_smtp_lookup_run_vrfy(PliSmtpServer *server);

void
pli_smtp_lookup_run_expn(PliSmtpServer *server);

void
pli_smtp_lookup_run_etrn(PliSmtpServer *server);

void
pli_smtp_lookup_run_atrn(PliSmtpServer *server);

void
pli_smtp_lookup_run_turn(PliSmtpServer *server);

/* smtp-transaction.c */

/* Forgets sender and recipients. */
void
pli_smtp_transaction_clear(PliSmtpServer *server);

/* The same between two commands: tells the daemon when chunks came. */
void
pli_smtp_transaction_reset(PliSmtpServer *server);

/* The sender, the recipient, and the message that comes. */
void
pli_smtp_transaction_ask_mail(PliSmtpServer *server);

/* The one that was asked about joins the envelope. */
void
pli_smtp_transaction_add_rcpt(PliSmtpServer *server);

void
pli_smtp_transaction_ask_rcpt(PliSmtpServer *server);

const PliSmtpReply *
pli_smtp_transaction_check_data(const PliSmtpServer *server);

void
pli_smtp_transaction_ask_data(PliSmtpServer *server);

const PliSmtpReply *
pli_smtp_transaction_parse_chunk(PliSmtpServer *server, PliSlice args);

void
pli_smtp_transaction_ask_chunk(PliSmtpServer *server);

/* A BDAT that cannot be obeyed: its octets are no commands all the same. */
void
pli_smtp_transaction_refuse_chunk(PliSmtpServer *server, PliSlice args,
				  const PliSmtpReply *fault);

void
pli_smtp_transaction_time_out(PliSmtpServer *server);

/* smtp-deadline.c */

gint64
pli_smtp_deadline_get(const PliSmtpServer *server);

void
pli_smtp_deadline_tick(PliSmtpServer *server, gint64 now_us);

/* The octets of a message, or of what nobody wants, come from now on. */
void
pli_smtp_deadline_begin_message(PliSmtpServer *server);

#endif
