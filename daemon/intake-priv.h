/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of intake, shared by its files: intake.c (an SMTP session's
 * questions about recipients and messages), intake-auth.c (AUTH),
 * intake-checkpoint.c (transactions with a TRANSID), intake-client.c (XCLIENT),
 * intake-session.c (what a session is offered).
 *
 * The session may give a question up and reply by itself. Whoever answers later
 * asks pli_conn_awaits() before it changes what is the session's.
 */
#ifndef PLI_DAEMON_INTAKE_PRIV_H
#define PLI_DAEMON_INTAKE_PRIV_H

#include "daemon/intake.h"
#include "daemon/message.h"
#include "daemon/policy.h"
#include "daemon/transaction.h"

/* Of one transaction: past it no list is expanded any more. */
#define PLI_INTAKE_ACCOUNTS_MAX 20000

/* A session's side of it. */
typedef struct {
	PliServices *services;
	PliProtocol protocol;
	PliPeer *peer;
	gboolean moving; /* the master is asked about another one */
	gboolean closed;
	PliMessage *message; /* between DATA_BEGIN and DATA_END */
	guint accepted;
	GPtrArray *targets; /* of the transaction: each recipient's accounts,
	                       char ** */
	guint n_accounts;   /* in them */
	PliAuthExchange *exchange; /* an authentication that goes on */
	PliTransaction *transaction; /* with a TRANSID; until DATA_END */
	gboolean is_repeat;   /* of one that was accepted: the octets that */
	gboolean repeats_octets; /* come are none of its */
	PliPolicy *policy;
} PliIntake;

/* No recipients yet. */
void
pli_intake_clear_targets(PliIntake *intake);

/* As the configuration has it for clients of a listener. */
PliSession *
pli_intake_make_session(const PliServices *services,
                        const PliConfigListener *listener, const char *peer);

void
pli_intake_authenticate(PliIntake *intake, PliConn *conn,
                        const PliSessionEvent *event);

/* XCLIENT: answers once the master has said whether the new client may come. */
void
pli_intake_change_client(PliIntake *intake, PliConn *conn,
                         const PliSessionEvent *event);

/* intake-checkpoint.c */

/* MAIL with a TRANSID: answers once it is known what is here. */
void
pli_intake_checkpoint_find(PliIntake *intake, PliConn *conn, guint64 ask,
                           const PliSmtpMail *mail);

/* RCPT: comes only when the session did not take up what was found. */
void
pli_intake_checkpoint_reset(PliIntake *intake);

/* DATA of a message that was accepted before. TRUE: it is answered. */
gboolean
pli_intake_checkpoint_begin_repeat(PliIntake *intake, PliConn *conn,
                                   const PliSessionEvent *event);

/* DATA of a transaction with a TRANSID, the message being made. TRUE: it is,
 * or will be, answered. */
gboolean
pli_intake_checkpoint_begin(PliIntake *intake, PliConn *conn,
                            const PliSessionEvent *event);

/* The end of a message that was accepted before. */
void
pli_intake_checkpoint_end_repeat(PliIntake *intake, PliConn *conn,
                                 guint64 ask);

#endif
