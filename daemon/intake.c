/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/intake.h"

#include "daemon/converter.h"
#include "daemon/intake-priv.h"
#include "daemon/policy.h"
#include "daemon/retry.h"
#include "daemon/session-log.h"
#include "engine/convert.h"

/* A message between DATA_END and its answer; outlives the session. */
typedef struct {
	PliConn *conn;
	guint64 ask;
	PliMessage *message;
	PliTransaction *transaction; /* until the outcome; NULL: none */
	gboolean by_recipient; /* LMTP, PRDR */
	GPtrArray *targets;    /* each recipient's accounts */
	PliAnswer *outcomes;   /* then one an account */
	guint n_open;
	gboolean any_served;
	gint64 start_us; /* the end of its octets */
} Pending;

static void
pending_free(Pending *pending)
{
	pli_transaction_leave(pending->transaction);
	pli_message_free(pending->message);
	pli_conn_unref(pending->conn);
	g_ptr_array_unref(pending->targets);
	g_free(pending->outcomes);
	g_free(pending);
}

static const PliAnswer accept_answer = {.verdict = PLI_VERDICT_ACCEPT};
static const PliAnswer later_answer = {.verdict = PLI_VERDICT_TEMPORARY};

/* A binary message that the store cannot keep as it is. */
static PliAnswer
make_unfit_answer(const GError *error)
{
	gboolean is_line = g_error_matches(error, PLI_CONVERT_ERROR,
	                                   PLI_CONVERT_ERROR_FRAME);

	return (PliAnswer){PLI_VERDICT_REFUSE, is_line ? 550 : 554,
	                   is_line ? "5.6.11" : "5.6.3", error->message, NULL};
}

/* What a client is told about a message that is not kept. The text may be the
 * error's. */
static PliAnswer
make_answer(const GError *error)
{
	if (error == NULL)
		return accept_answer;
	if (g_error_matches(error, PLI_SPOOL_ERROR, PLI_SPOOL_ERROR_FULL) ||
	    g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC))
		return (PliAnswer){PLI_VERDICT_TEMPORARY, 452, "4.3.1",
		                   "Insufficient storage, try again later",
		                   NULL};
	if (error->domain == PLI_CONVERT_ERROR)
		return make_unfit_answer(error);
	if (g_error_matches(error, PLI_MESSAGE_ERROR, PLI_MESSAGE_ERROR_LOOP))
		return (PliAnswer){PLI_VERDICT_REFUSE, 554, "5.4.6",
		                   "Too many hops, the message goes round",
		                   NULL};
	return (PliAnswer){PLI_VERDICT_TEMPORARY, 451, "4.3.0",
	                   "The message could not be stored, try again later",
	                   NULL};
}

static void
count_outcome(const Pending *pending, const GError *error)
{
	PliIntake *intake = pli_conn_get_data(pending->conn);
	PliCounters *counters = intake->services->counters;

	if (error != NULL) {
		pli_counters_add(counters, messages_refused, 1);
		return;
	}
	pli_counters_add(counters, messages_accepted, 1);
	pli_histogram_add(&counters->accept_seconds,
	                  g_get_monotonic_time() - pending->start_us);
	intake->accepted++;
}

/* Logs and counts. A message that is kept while nobody waits for the reply is
 * likely to be sent again. */
static void
note_outcome(Pending *pending, const GError *error)
{
	PliIntake *intake = pli_conn_get_data(pending->conn);
	gboolean awaited = pli_conn_awaits(pending->conn, pending->ask);

	if (!awaited && error == NULL)
		pli_counters_add(intake->services->counters, unconfirmed, 1);
	pending->message->is_unconfirmed = !awaited;
	count_outcome(pending, error);
	pli_message_log(pending->message, error);
}

/* A message that is refused for good is not taken up again. */
static void
judge_transaction(Pending *pending, const GError *error)
{
	if (error != NULL &&
	    make_answer(error).verdict == PLI_VERDICT_REFUSE)
		pli_transaction_drop(g_steal_pointer(&pending->transaction));
}

/* For the message as a whole. */
static void
answer_whole(Pending *pending, const GError *error)
{
	PliAnswer answer = make_answer(error);

	judge_transaction(pending, error);
	note_outcome(pending, error);
	pli_retry_answer(pending->message, pending->conn, pending->ask, &answer,
	                 pending->outcomes);
}

/* The transaction is known as accepted: whoever misses the reply will be told
 * so (RFC 1845 3). */
static void
on_finished(gpointer data)
{
	Pending *pending = data;

	answer_whole(pending, NULL);
	pending_free(pending);
}

/* A recipient is served when each of its accounts is. */
static PliAnswer
judge_targets(const Pending *pending, char **accounts)
{
	for (; *accounts != NULL; accounts++) {
		const PliAnswer *outcome =
		        &pending->outcomes[pli_message_find_row(
		                pending->message, *accounts)];

		if (outcome->verdict != PLI_VERDICT_ACCEPT)
			return *outcome;
	}
	return accept_answer;
}

/* Each mailbox has the message, or not. */
static void
answer_each(Pending *pending, const GError *error)
{
	guint i, n = pending->targets->len;
	g_autofree PliAnswer *answers = g_new0(PliAnswer, n);
	PliSmtpReplies replies = {answers, n};
	PliAnswer answer = accept_answer;

	for (i = 0; i < n; i++)
		answers[i] = judge_targets(
		        pending, g_ptr_array_index(pending->targets, i));
	answer.detail = &replies;
	note_outcome(pending, error);
	pli_retry_answer(pending->message, pending->conn, pending->ask, &answer,
	                 pending->outcomes);
}

/* A mailbox has the message, or not. */
static void
on_delivered(gpointer data, guint row, const GError *error)
{
	Pending *pending = data;

	pending->outcomes[row] = make_answer(error);
	pending->any_served |= error == NULL;
	if (--pending->n_open > 0)
		return;
	/* what some have must not come a second time */
	if (pending->any_served)
		pli_transaction_drop(g_steal_pointer(&pending->transaction));
	answer_each(pending, pending->any_served ? NULL : error);
	pending_free(pending);
}

static void
deliver(Pending *pending)
{
	PliMessage *message = pending->message;
	PliDelivery *delivery = message->services->delivery;
	const char *id = pli_spool_entry_get_id(message->entry);
	guint i, n = message->recipients->len;

	pending->outcomes = g_new0(PliAnswer, n);
	pending->n_open = n;
	for (i = 0; i < n; i++)
		pli_delivery_add(delivery, id, i,
		                 g_array_index(message->recipients,
		                               PliSpoolRecipient, i)
		                         .account,
		                 pending->by_recipient ? on_delivered : NULL,
		                 pending);
}

static void
on_committed(gpointer data, const GError *error)
{
	Pending *pending = data;

	if (error == NULL)
		deliver(pending);
	if (error == NULL && pending->by_recipient)
		return; /* on_delivered goes on */
	if (error == NULL && pending->transaction != NULL) {
		pli_transaction_finish(g_steal_pointer(&pending->transaction),
		                       on_finished, pending);
		return;
	}
	answer_whole(pending, error);
	pending_free(pending);
}

/* The message is as it will be stored. */
static void
commit_message(Pending *pending)
{
	PliMessage *message = pending->message;

	if (!pli_message_finish(message)) {
		answer_whole(pending, message->error);
		pending_free(pending);
		return;
	}
	pli_committer_add(message->services->committer, message->entry,
	                  on_committed, pending);
}

static void
on_converted(gpointer data)
{
	commit_message(data);
}

static void
end_message(PliIntake *intake, PliConn *conn, const PliSessionEvent *event)
{
	const PliSmtpEnvelope *envelope = event->detail;
	Pending *pending = g_new0(Pending, 1);
	PliMessage *message = g_steal_pointer(&intake->message);

	pending->conn = pli_conn_ref(conn);
	pending->ask = event->ask;
	pending->start_us = g_get_monotonic_time();
	pending->message = message;
	message->n_normalised = envelope->n_normalised;
	pending->targets = g_steal_pointer(&intake->targets);
	pending->transaction = g_steal_pointer(&intake->transaction);
	pending->by_recipient = intake->protocol == PLI_PROTOCOL_LMTP ||
	                        envelope->mail->prdr;
	if (envelope->mail->body != PLI_SMTP_BODY_BINARYMIME ||
	    message->error != NULL) {
		commit_message(pending);
		return;
	}
	pli_message_end_scan(message);
	pli_converter_add(intake->services->converter, message, on_converted,
	                  pending);
}

static void
begin_message(PliIntake *intake, PliConn *conn, const PliSessionEvent *event)
{
	static const PliAnswer busy = {PLI_VERDICT_TEMPORARY, 451, "4.3.2",
	                               "Too much mail waits to be stored, "
	                               "try again later",
	                               NULL};

	g_clear_pointer(&intake->message, pli_message_free);
	if (pli_intake_checkpoint_begin_repeat(intake, conn, event))
		return;
	if (pli_committer_is_full(intake->services->committer)) {
		pli_transaction_leave(g_steal_pointer(&intake->transaction));
		pli_conn_answer(conn, event->ask, &busy);
		return;
	}
	intake->message = pli_message_new(intake->services);
	intake->message->is_submitted =
	        intake->protocol == PLI_PROTOCOL_SUBMISSION;
	intake->message->peer_name = g_strdup(intake->peer->name);
	intake->message->is_retried = intake->protocol == PLI_PROTOCOL_LMTP;
	pli_message_begin(intake->message, event->detail, intake->targets);
	if (intake->transaction == NULL ||
	    !pli_intake_checkpoint_begin(intake, conn, event))
		pli_conn_answer(conn, event->ask, &accept_answer);
}

void
pli_intake_clear_targets(PliIntake *intake)
{
	g_clear_pointer(&intake->targets, g_ptr_array_unref);
	intake->n_accounts = 0;
	intake->targets =
	        g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
}

/* A recipient that there is, while the policy judges it; holds the
 * connection. */
typedef struct {
	PliConn *conn;
	guint64 ask;
	char **accounts;
} Recipient;

static void
on_judged(gpointer data, const PliAnswer *answer)
{
	Recipient *recipient = data;
	PliIntake *intake = pli_conn_get_data(recipient->conn);

	if (pli_conn_awaits(recipient->conn, recipient->ask)) {
		if (answer == NULL) {
			intake->n_accounts +=
			        g_strv_length(recipient->accounts);
			g_ptr_array_add(intake->targets,
			                g_steal_pointer(&recipient->accounts));
			answer = &accept_answer;
		}
		pli_conn_answer(recipient->conn, recipient->ask, answer);
	}
	g_strfreev(recipient->accounts);
	pli_conn_unref(recipient->conn);
	g_free(recipient);
}

/* Takes the accounts. */
static void
ask_policy(PliIntake *intake, PliConn *conn, const PliSessionEvent *event,
           char **accounts)
{
	Recipient *recipient = g_new0(Recipient, 1);

	recipient->conn = pli_conn_ref(conn);
	recipient->ask = event->ask;
	recipient->accounts = accounts;
	pli_policy_judge_rcpt(intake->policy, event->detail, on_judged,
	                      recipient);
}

static void
begin_transaction(PliIntake *intake, PliConn *conn,
                  const PliSessionEvent *event)
{
	const PliSmtpMail *mail = event->detail;
	const PliAnswer *refusal = pli_policy_judge_mail(intake->policy, mail);

	pli_intake_clear_targets(intake);
	pli_transaction_leave(g_steal_pointer(&intake->transaction));
	intake->is_repeat = FALSE;
	if (refusal != NULL)
		pli_conn_answer(conn, event->ask, refusal);
	else if (mail->transid != NULL &&
	         intake->services->checkpointer != NULL)
		pli_intake_checkpoint_find(intake, conn, event->ask, mail);
	else
		pli_conn_answer(conn, event->ask, &accept_answer);
}

/* The message will not be finished. */
static void
abort_message(PliIntake *intake, PliSmtpAbortReason reason)
{
	if (intake->message != NULL)
		pli_counters_add(intake->services->counters, messages_refused,
		                 1);
	g_clear_pointer(&intake->message, pli_message_free);
	intake->is_repeat = FALSE;
	if (reason == PLI_SMTP_ABORT_TIMEOUT)
		pli_transaction_leave(g_steal_pointer(&intake->transaction));
	else
		pli_transaction_drop(g_steal_pointer(&intake->transaction));
}

/* More octets of the message. */
static void
take_octets(PliIntake *intake, PliSlice octets)
{
	intake->repeats_octets |= intake->is_repeat && octets.len > 0;
	if (intake->is_repeat)
		return;
	pli_message_append(intake->message, octets);
	if (intake->transaction != NULL)
		pli_transaction_append(intake->transaction, octets);
}

static void
judge_recipient(PliIntake *intake, PliConn *conn, const PliSessionEvent *event)
{
	static const PliAnswer no_user = {PLI_VERDICT_REFUSE, 550, "5.1.1",
	                                  "there is no such mailbox here",
	                                  NULL};
	static const PliAnswer elsewhere = {
	        PLI_VERDICT_REFUSE, 550, "5.7.1",
	        "mail for other domains is not taken here", NULL};
	static const PliAnswer no_relay = {
	        PLI_VERDICT_REFUSE, 550, "5.7.1",
	        "this server does not send mail on; only accounts here can be "
	        "written to",
	        NULL};
	static const PliAnswer too_many = {
	        PLI_VERDICT_TEMPORARY, 452, "4.5.3",
	        "the recipients lead to too many accounts, send the rest later",
	        NULL};
	const PliSmtpRcpt *rcpt = event->detail;
	gboolean submits = intake->protocol == PLI_PROTOCOL_SUBMISSION;
	const PliAnswer *refusal = pli_policy_admit_rcpt(intake->policy);
	char **accounts;

	if (refusal != NULL) {
		pli_conn_answer(conn, event->ask, refusal);
		return;
	}
	pli_intake_checkpoint_reset(intake);
	if (intake->n_accounts >= PLI_INTAKE_ACCOUNTS_MAX) {
		pli_conn_answer(conn, event->ask, &too_many);
		return;
	}
	switch (pli_directory_resolve(intake->services->directory, rcpt->path,
	                              &accounts)) {
	case PLI_DIRECTORY_HERE:
		ask_policy(intake, conn, event, accounts);
		break;
	case PLI_DIRECTORY_NO_USER:
		pli_policy_note_failed_rcpt(intake->policy);
		pli_conn_answer(conn, event->ask, &no_user);
		break;
	case PLI_DIRECTORY_ELSEWHERE:
		pli_policy_note_failed_rcpt(intake->policy);
		pli_conn_answer(conn, event->ask,
		                submits ? &no_relay : &elsewhere);
		break;
	}
}

static void
show_members(PliIntake *intake, PliConn *conn, const PliSessionEvent *event)
{
	static const PliAnswer no_list = {PLI_VERDICT_REFUSE, 550, "5.1.1",
	                                  "there is no such list here", NULL};
	const PliSmtpVrfy *asked = event->detail;
	g_auto(GStrv) members = pli_directory_dup_members(
	        intake->services->directory, asked->argument);
	PliAnswer answer = {.verdict = PLI_VERDICT_ACCEPT, .detail = members};

	pli_conn_answer(conn, event->ask,
	                members != NULL ? &answer : &no_list);
}

/* The session has answered by itself. */
static void
note_late(PliIntake *intake, const PliSessionLate *late)
{
	static const char *const names[] = {
	        [PLI_SMTP_EVENT_MAIL] = "MAIL",
	        [PLI_SMTP_EVENT_RCPT] = "RCPT",
	        [PLI_SMTP_EVENT_DATA_BEGIN] = "DATA",
	        [PLI_SMTP_EVENT_DATA_END] = "end of data",
	        [PLI_SMTP_EVENT_VRFY] = "VRFY",
	        [PLI_SMTP_EVENT_EXPN] = "EXPN",
	        [PLI_SMTP_EVENT_AUTH] = "AUTH",
	        [PLI_SMTP_EVENT_ETRN] = "ETRN",
	        [PLI_SMTP_EVENT_ATRN] = "ATRN",
	        [PLI_SMTP_EVENT_TURN] = "TURN",
	        [PLI_SMTP_EVENT_XCLIENT] = "XCLIENT",
	};
	PliLogLine line;

	pli_policy_forget(intake->policy);
	pli_counters_add(intake->services->counters, late_answers, 1);
	pli_log_line_begin(&line, intake->services->log, "late");
	pli_log_line_add_text(&line, "protocol",
	                      pli_protocol_get_name(intake->protocol));
	pli_log_line_add_text(&line, "peer", intake->peer->address);
	pli_log_line_add_text(&line, "question",
	                      late->type < G_N_ELEMENTS(names)
	                              ? names[late->type]
	                              : NULL);
	pli_log_line_send(&line);
}

static void
on_event(PliConn *conn, gpointer data, const PliSessionEvent *event)
{
	PliIntake *intake = data;

	switch (event->type) {
	case PLI_SMTP_EVENT_MAIL:
		begin_transaction(intake, conn, event);
		break;
	case PLI_SMTP_EVENT_RCPT:
		judge_recipient(intake, conn, event);
		break;
	case PLI_SMTP_EVENT_EXPN:
		show_members(intake, conn, event);
		break;
	case PLI_SMTP_EVENT_DATA_BEGIN:
		begin_message(intake, conn, event);
		break;
	case PLI_SMTP_EVENT_DATA:
		take_octets(intake, event->octets);
		break;
	case PLI_SMTP_EVENT_DATA_END:
		if (intake->is_repeat)
			pli_intake_checkpoint_end_repeat(intake, conn,
			                                 event->ask);
		else
			end_message(intake, conn, event);
		break;
	case PLI_SMTP_EVENT_DATA_ABORT:
		abort_message(intake,
		              ((const PliSmtpAbort *)event->detail)->reason);
		break;
	case PLI_SMTP_EVENT_AUTH:
		pli_intake_authenticate(intake, conn, event);
		break;
	case PLI_SESSION_EVENT_LATE:
		note_late(intake, event->detail);
		break;
	case PLI_SMTP_EVENT_XCLIENT:
		pli_intake_change_client(intake, conn, event);
		break;
	case PLI_SMTP_EVENT_TURN:
	case PLI_SMTP_EVENT_ATRN: /* nothing waits (RFC 2645 5.2.1) */
		pli_conn_answer(conn, event->ask, &later_answer);
		break;
	default: /* VRFY, ETRN: the usual reply */
		if (event->ask != 0)
			pli_conn_answer(conn, event->ask, &accept_answer);
	}
}

/* Who waits already has no more time than who comes now. */
static void
look_at_load(PliServices *services)
{
	guint percent = services->shared->patience.percent;

	if (percent == services->time_percent)
		return;
	services->time_percent = percent;
	pli_conn_loop_wake(services->conns);
}

static void
on_closed(PliConn *conn, gpointer data, const PliConnStats *stats)
{
	PliIntake *intake = data;

	pli_policy_close(intake->policy);
	/* QUIT gives up what did not end (RFC 1845 3) */
	if (stats->end == PLI_CONN_END_QUIT)
		pli_transaction_drop(g_steal_pointer(&intake->transaction));
	else
		pli_transaction_leave(g_steal_pointer(&intake->transaction));
	g_clear_pointer(&intake->message, pli_message_free);
	intake->closed = TRUE;
	if (!intake->moving) /* who is to leave is not known before the end */
		pli_services_leave(intake->services, intake->peer->address);
	look_at_load(intake->services);
	pli_counters_take(intake->services->counters,
	                  connections[intake->protocol], 1);
	pli_session_log(intake->services->log, intake->protocol, intake->peer,
	                stats, intake->accepted);
}

static void
on_free(gpointer data)
{
	PliIntake *intake = data;

	pli_policy_free(intake->policy);
	pli_auth_exchange_free(intake->exchange);
	if (intake->targets != NULL)
		g_ptr_array_unref(intake->targets);
	pli_peer_free(intake->peer);
	g_free(intake);
}

static const PliConnHandler handler = {on_event, on_closed, on_free};

void
pli_intake_start(PliServices *services, const PliConfigListener *listener,
                 evutil_socket_t fd, const PliPeer *peer)
{
	PliIntake *intake = g_new0(PliIntake, 1);

	intake->services = services;
	intake->protocol = (PliProtocol)listener->protocol;
	intake->peer = pli_peer_dup(peer);
	intake->policy =
	        pli_policy_new(services, intake->protocol, peer, fd);
	pli_counters_add(services->counters, connections[intake->protocol], 1);
	pli_conn_new(services->conns, fd,
	             pli_intake_make_session(services, listener,
	                                     peer->address),
	             &handler, intake);
	look_at_load(services);
}
