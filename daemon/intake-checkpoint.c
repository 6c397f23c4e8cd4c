/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/intake-priv.h"

static const PliAnswer accept_answer = {.verdict = PLI_VERDICT_ACCEPT};
static const PliAnswer later_answer = {.verdict = PLI_VERDICT_TEMPORARY};

/* A question whose answer comes from the checkpointer's thread, with what it
 * holds meanwhile. */
typedef struct {
	PliConn *conn;
	guint64 ask;
	PliTransaction *transaction;
	PliMessage *message;
} Asked;

static Asked *
asked_new(PliConn *conn, guint64 ask, PliTransaction *transaction,
          PliMessage *message)
{
	Asked *asked = g_new(Asked, 1);

	*asked = (Asked){pli_conn_ref(conn), ask, transaction, message};
	return asked;
}

/* With the answer; NULL: nobody waits. */
static void
asked_free(Asked *asked, const PliAnswer *answer)
{
	if (answer != NULL)
		pli_conn_answer(asked->conn, asked->ask, answer);
	else
		pli_transaction_leave(asked->transaction);
	pli_message_free(asked->message);
	pli_conn_unref(asked->conn);
	g_free(asked);
}

/* The octets of the earlier sessions are in the message. */
static void
on_read(gpointer data)
{
	Asked *asked = data;
	PliIntake *intake = pli_conn_get_data(asked->conn);
	PliTransaction *transaction = asked->transaction;

	if (!pli_conn_awaits(asked->conn, asked->ask)) {
		asked_free(asked, NULL);
	} else if (pli_transaction_get_error(transaction) != NULL) {
		pli_transaction_drop(transaction);
		asked_free(asked, &later_answer);
	} else {
		intake->transaction = transaction;
		intake->message = g_steal_pointer(&asked->message);
		asked_free(asked, &accept_answer);
	}
}

gboolean
pli_intake_checkpoint_begin_repeat(PliIntake *intake, PliConn *conn,
                                   const PliSessionEvent *event)
{
	const PliSmtpEnvelope *envelope = event->detail;

	if (intake->transaction == NULL || envelope->offset == 0 ||
	    pli_transaction_get_state(intake->transaction) !=
	            PLI_CHECKPOINT_DONE)
		return FALSE;
	intake->is_repeat = TRUE;
	intake->repeats_octets = FALSE;
	pli_conn_answer(conn, event->ask, &accept_answer);
	return TRUE;
}

gboolean
pli_intake_checkpoint_begin(PliIntake *intake, PliConn *conn,
                            const PliSessionEvent *event)
{
	const PliSmtpEnvelope *envelope = event->detail;
	PliTransaction *transaction = intake->transaction;
	Asked *asked;

	if (envelope->offset == 0) {
		/* the session may not have taken it up */
		if (pli_transaction_get_state(transaction) !=
		    PLI_CHECKPOINT_NONE)
			pli_transaction_reset(transaction);
		pli_transaction_begin(transaction, envelope);
		return FALSE;
	}
	intake->transaction = NULL;
	asked = asked_new(conn, event->ask, transaction,
	                  g_steal_pointer(&intake->message));
	pli_transaction_read(transaction, asked->message, on_read, asked);
	return TRUE;
}

/* Where the mail leads now; FALSE: one of the recipients is no more. */
static gboolean
resolve_again(PliIntake *intake, const char *const *recipients)
{
	pli_intake_clear_targets(intake);
	for (; *recipients != NULL; recipients++) {
		g_autoptr(PliSmtpPath) path = NULL;
		char **accounts;
		gsize used;

		if (pli_smtp_path_parse(pli_slice_from_string(*recipients),
		                        PLI_SMTP_PATH_POSTMASTER |
		                                PLI_SMTP_PATH_BARE |
		                                PLI_SMTP_PATH_UTF8,
		                        &path, &used) != PLI_SMTP_PATH_OK ||
		    pli_directory_resolve(intake->services->directory, path,
		                          &accounts) != PLI_DIRECTORY_HERE)
			return FALSE;
		g_ptr_array_add(intake->targets, accounts);
		intake->n_accounts += g_strv_length(accounts);
	}
	return intake->n_accounts <= PLI_INTAKE_ACCOUNTS_MAX;
}

/* It is known what is here of it. */
static void
on_found(gpointer data)
{
	static const PliAnswer busy = {
	        PLI_VERDICT_TEMPORARY, 451, "4.4.2",
	        "this transaction is still open on another connection, try "
	        "again later",
	        NULL};
	Asked *asked = data;
	PliIntake *intake = pli_conn_get_data(asked->conn);
	PliTransaction *transaction = asked->transaction;
	PliSmtpCheckpoint checkpoint;
	PliAnswer answer = accept_answer;

	if (!pli_conn_awaits(asked->conn, asked->ask)) {
		asked_free(asked, NULL);
		return;
	}
	if (pli_transaction_is_busy(transaction)) {
		pli_transaction_leave(transaction);
		asked_free(asked, &busy);
		return;
	}
	intake->transaction = transaction;
	if (pli_transaction_get_state(transaction) != PLI_CHECKPOINT_NONE) {
		checkpoint = pli_transaction_get_checkpoint(transaction);
		if (pli_transaction_get_state(transaction) ==
		            PLI_CHECKPOINT_DONE ||
		    resolve_again(intake, checkpoint.recipients)) {
			answer.detail = &checkpoint;
		} else {
			pli_transaction_reset(transaction);
			pli_intake_clear_targets(intake);
		}
	}
	asked_free(asked, &answer);
}

void
pli_intake_checkpoint_find(PliIntake *intake, PliConn *conn, guint64 ask,
                           const PliSmtpMail *mail)
{
	PliTransaction *transaction = pli_transaction_new(
	        intake->services->checkpointer, mail, intake->peer->address);

	pli_transaction_find(transaction, on_found,
	                     asked_new(conn, ask, transaction, NULL));
}

void
pli_intake_checkpoint_reset(PliIntake *intake)
{
	if (intake->transaction == NULL ||
	    pli_transaction_get_state(intake->transaction) ==
	            PLI_CHECKPOINT_NONE)
		return;
	pli_transaction_reset(intake->transaction);
	pli_intake_clear_targets(intake);
}

void
pli_intake_checkpoint_end_repeat(PliIntake *intake, PliConn *conn, guint64 ask)
{
	static const PliAnswer again = {PLI_VERDICT_ACCEPT, 250, "2.0.0",
	                                "message accepted before", NULL};
	static const PliAnswer other = {
	        PLI_VERDICT_REFUSE, 554, "5.5.0",
	        "a message was accepted with this TRANSID before, and it is "
	        "shorter",
	        NULL};

	intake->is_repeat = FALSE;
	pli_transaction_leave(g_steal_pointer(&intake->transaction));
	pli_conn_answer(conn, ask, intake->repeats_octets ? &other : &again);
}
