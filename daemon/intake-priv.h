/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of intake, shared by its files: intake.c (an SMTP session's
 * questions), intake-checkpoint.c (those of transactions with a TRANSID).
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
	/* What the session waits for; NULL: not for that, or it has answered
	 * itself, and what comes late is not taken. */
	struct PliIntakePending *ending;   /* of DATA_END */
	struct PliIntakeStep *step;	   /* of AUTH */
	struct PliIntakeRecipient *judged; /* of RCPT */
	struct PliIntakeAsked *asked;	   /* of a TRANSID */
} PliIntake;

/* No recipients yet. */
void
pli_intake_clear_targets(PliIntake *intake);

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
