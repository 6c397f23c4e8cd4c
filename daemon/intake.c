/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/intake.h"

#include "daemon/converter.h"
#include "daemon/intake-priv.h"
#include "daemon/policy.h"
#include "daemon/retry.h"
#include "daemon/session-log.h"
#include "engine/convert.h"

typedef struct PliIntakePending Pending;
typedef struct PliIntakeRecipient Recipient;
typedef struct PliIntakeStep AuthStep;

/* A message between DATA_END and its answer; outlives the session. */
struct PliIntakePending {
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
};

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
	gboolean awaited = intake->ending == pending;

	if (awaited)
		intake->ending = NULL;
	else if (error == NULL)
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
	intake->ending = pending;
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
struct PliIntakeRecipient {
	PliConn *conn;
	guint64 ask;
	char **accounts;
};

static void
on_judged(gpointer data, const PliAnswer *answer)
{
	Recipient *recipient = data;
	PliIntake *intake = pli_conn_get_data(recipient->conn);

	if (intake->judged == recipient) {
		intake->judged = NULL;
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
	intake->judged = recipient;
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

/* A step of an authentication that was taken; holds the connection. */
struct PliIntakeStep {
	PliConn *conn;
	guint64 ask;
	PliAuthExchange *orphan; /* nobody waits: freed when the step is done */
};

static void
log_failure(PliIntake *intake)
{
	PliLogLine line;

	pli_log_line_begin(&line, intake->services->log, "auth");
	pli_log_line_add_text(&line, "protocol",
	                      pli_protocol_get_name(intake->protocol));
	pli_log_line_add_text(&line, "peer", intake->peer->address);
	pli_log_line_add_text(&line, "user",
	                      pli_auth_exchange_get_user(intake->exchange));
	pli_log_line_add_text(&line, "result", "refused");
	pli_log_line_send(&line);
}

static PliAnswer
judge_step(PliIntake *intake, PliSaslResult result, PliSmtpAuthStep *step)
{
	PliAnswer answer = {.verdict = PLI_VERDICT_ACCEPT, .detail = step};

	switch (result) {
	case PLI_SASL_CHALLENGE: break;
	case PLI_SASL_DONE:
		step->user = pli_auth_exchange_get_account(intake->exchange);
		break;
	case PLI_SASL_REFUSED:
		answer.verdict = PLI_VERDICT_REFUSE;
		log_failure(intake);
		break;
	case PLI_SASL_MALFORMED:
		answer = (PliAnswer){PLI_VERDICT_REFUSE, 501, "5.5.2",
		                     "the response is not one of the mechanism",
		                     NULL};
		break;
	case PLI_SASL_TROUBLE:
		answer.verdict = PLI_VERDICT_TEMPORARY;
		break;
	}
	return answer;
}

static void
on_auth_step(gpointer data, PliSaslResult result, PliSlice challenge)
{
	AuthStep *taken = data;
	PliIntake *intake = pli_conn_get_data(taken->conn);
	PliSmtpAuthStep step = {.challenge = challenge};
	PliAnswer answer;

	if (result == PLI_SASL_REFUSED)
		pli_policy_note_failed_login(intake->policy);
	if (taken->orphan == NULL) {
		intake->step = NULL;
		answer = judge_step(intake, result, &step);
		pli_conn_answer(taken->conn, taken->ask, &answer);
	}
	pli_auth_exchange_free(taken->orphan);
	pli_conn_unref(taken->conn);
	g_free(taken);
}

static PliAuthExchange *
start_exchange(PliIntake *intake, PliConn *conn, const PliSmtpAuth *auth)
{
	g_autoptr(GBytes) exporter = pli_conn_get_channel_binding(
	        conn, PLI_CONN_BINDING_EXPORTER);
	g_autoptr(GBytes) unique = pli_conn_get_channel_binding(
	        conn, PLI_CONN_BINDING_UNIQUE);
	PliSaslChannel channel = {
	        .hostname = intake->services->config->hostname,
	        .exporter = exporter,
	        .unique = unique,
	        .client_name = pli_conn_get_client_name(conn),
	};

	return pli_auth_start(intake->services->auth, auth->mechanism,
	                      &channel);
}

static void
authenticate(PliIntake *intake, PliConn *conn, const PliSessionEvent *event)
{
	const PliSmtpAuth *auth = event->detail;
	const PliAnswer *refusal;
	AuthStep *step;

	refusal = auth->is_first ? pli_policy_admit_auth(intake->policy)
	                         : NULL;
	if (refusal != NULL) {
		pli_conn_answer(conn, event->ask, refusal);
		return;
	}
	if (auth->is_first) {
		g_clear_pointer(&intake->exchange, pli_auth_exchange_free);
		intake->exchange = start_exchange(intake, conn, auth);
	}
	step = g_new0(AuthStep, 1);
	step->conn = pli_conn_ref(conn);
	step->ask = event->ask;
	intake->step = step;
	pli_auth_step(intake->services->auth, intake->exchange, auth->response,
	              on_auth_step, step);
}

/* XCLIENT, until the master has said whether the new client may come. */
typedef struct {
	PliConn *conn;
	guint64 ask;
	PliPeer *peer;
} Change;

/* Policies and the log are about the new client from now on, and so is the
 * right to say XCLIENT once more. */
static void
become(PliIntake *intake, Change *change)
{
	const PliServices *services = intake->services;
	const PliConfig *config = services->config;
	const char *address = change->peer->address;
	PliSmtpWelcome welcome = {
	        .peer = address,
	        .may_xclient = pli_networks_has(config->xclient, address),
	        .may_xforward = pli_networks_has(config->xforward, address),
	};
	PliAnswer answer = {.verdict = PLI_VERDICT_ACCEPT, .detail = &welcome};
	PliLogLine line;

	pli_log_line_begin(&line, services->log, "xclient");
	pli_log_line_add_text(&line, "protocol",
	                      pli_protocol_get_name(intake->protocol));
	pli_peer_log(change->peer, &line);
	pli_log_line_send(&line);
	pli_peer_free(intake->peer);
	intake->peer = pli_peer_dup(change->peer);
	pli_policy_set_peer(intake->policy, intake->peer);
	pli_conn_answer(change->conn, change->ask, &answer);
}

static void
on_moved(gpointer data, gboolean admitted)
{
	static const PliAnswer too_many = {
	        PLI_VERDICT_TEMPORARY, 421, "4.7.0",
	        "Too many connections from your address", NULL};
	Change *change = data;
	PliIntake *intake = pli_conn_get_data(change->conn);

	intake->moving = FALSE;
	if (intake->closed)
		pli_services_leave(intake->services,
		                   admitted ? change->peer->address
		                            : intake->peer->address);
	else if (admitted)
		become(intake, change);
	else
		pli_conn_answer(change->conn, change->ask, &too_many);
	pli_conn_unref(change->conn);
	pli_peer_free(change->peer);
	g_free(change);
}

static void
change_client(PliIntake *intake, PliConn *conn, const PliSessionEvent *event)
{
	Change *change = g_new0(Change, 1);

	change->conn = pli_conn_ref(conn);
	change->ask = event->ask;
	change->peer = pli_peer_dup_as(intake->peer, event->detail);
	intake->moving = TRUE;
	pli_moves_start(intake->services->moves, intake->peer->address,
	                change->peer->address, on_moved, change);
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

	intake->ending = NULL;
	intake->judged = NULL;
	intake->asked = NULL;
	pli_policy_forget(intake->policy);
	/* the thread works with the exchange until the step is done */
	if (intake->step != NULL)
		intake->step->orphan = g_steal_pointer(&intake->exchange);
	intake->step = NULL;
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
		authenticate(intake, conn, event);
		break;
	case PLI_SESSION_EVENT_LATE:
		note_late(intake, event->detail);
		break;
	case PLI_SMTP_EVENT_XCLIENT:
		change_client(intake, conn, event);
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

	intake->ending = NULL;
	intake->judged = NULL;
	intake->asked = NULL;
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

/* What EHLO offers there. */
static PliSmtpOffers
get_offers(const PliServices *services, const PliConfigListener *listener,
           const char *peer)
{
	const PliConfig *config = services->config;
	const struct {
		gboolean wanted;
		PliSmtpOffers offer;
	} rows[] = {
	        {TRUE, PLI_SMTP_OFFER_CHUNKING},
	        {TRUE, PLI_SMTP_OFFER_BINARYMIME},
	        {TRUE, PLI_SMTP_OFFER_SMTPUTF8},
	        {TRUE, PLI_SMTP_OFFER_LIMITS},
	        {listener->tls == PLI_LISTENER_STARTTLS &&
	                 pli_conn_loop_has_tls(services->conns),
	         PLI_SMTP_OFFER_STARTTLS},
	        {config->prdr && listener->protocol != PLI_PROTOCOL_LMTP,
	         PLI_SMTP_OFFER_PRDR},
	        {config->dsn, PLI_SMTP_OFFER_DSN},
	        {config->deliver_by, PLI_SMTP_OFFER_DELIVERBY},
	        {config->mt_priority, PLI_SMTP_OFFER_MT_PRIORITY},
	        {config->require_tls, PLI_SMTP_OFFER_REQUIRETLS},
	        {config->expn, PLI_SMTP_OFFER_EXPN},
	        {config->etrn, PLI_SMTP_OFFER_ETRN},
	        {services->checkpointer != NULL &&
	                 config->bare_line_ends !=
	                         PLI_BARE_LINE_ENDS_NORMALISE &&
	                 listener->protocol != PLI_PROTOCOL_LMTP,
	         PLI_SMTP_OFFER_CHECKPOINT},
	        {config->atrn &&
	                 listener->protocol == PLI_PROTOCOL_SUBMISSION,
	         PLI_SMTP_OFFER_ATRN},
	        {config->turn &&
	                 listener->protocol == PLI_PROTOCOL_SUBMISSION,
	         PLI_SMTP_OFFER_TURN},
	        {pli_networks_has(config->xclient, peer),
	         PLI_SMTP_OFFER_XCLIENT},
	        {pli_networks_has(config->xforward, peer),
	         PLI_SMTP_OFFER_XFORWARD},
	};
	PliSmtpOffers offers = 0;
	guint i;

	for (i = 0; i < G_N_ELEMENTS(rows); i++)
		offers |= rows[i].wanted ? rows[i].offer : 0;
	return offers;
}

static PliSession *
make_session(const PliServices *services, const PliConfigListener *listener,
             const char *peer)
{
	const PliConfig *from = services->config;
	gboolean any = from->accounts == PLI_ACCOUNTS_ANY;
	PliSmtpConfig config = PLI_SMTP_CONFIG_INIT;

	if (listener->protocol == PLI_PROTOCOL_LMTP)
		config.mode = PLI_SMTP_MODE_LMTP;
	if (listener->protocol == PLI_PROTOCOL_SUBMISSION) {
		config.mode = PLI_SMTP_MODE_SUBMISSION;
		config.mechanisms = from->mechanisms;
		config.require_auth = TRUE;
		config.max_hold_seconds = (guint32)from->hold_seconds;
		config.max_hold_until = g_get_real_time() / G_USEC_PER_SEC +
		                        (gint64)from->hold_seconds;
		/* such accounts are served on loopback addresses only */
		config.allow_clear = any;
	}
	config.hostname = from->hostname;
	config.peer = peer;
	config.size_limit = from->message_octets;
	config.max_recipients = (guint)from->recipients;
	config.allow_bare = any;
	config.offers = get_offers(services, listener, peer);
	config.require_sync = from->early_octets == 0;
	config.normalise_lines =
	        from->bare_line_ends == PLI_BARE_LINE_ENDS_NORMALISE;
	if (listener->protocol == PLI_PROTOCOL_SMTP)
		config.greeting_ms = (guint)from->greeting_ms;
	config.command_timeout = (guint)from->command_seconds;
	config.data_timeout = (guint)from->data_seconds;
	config.answer_timeout = (guint)from->answer_seconds;
	config.data_rate = (guint)from->data_rate;
	config.time_percent = &services->shared->patience.percent;
	config.implicit_tls = listener->tls == PLI_LISTENER_IMPLICIT;
	return pli_smtp_server_new(&config);
}

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
	             make_session(services, listener, peer->address),
	             &handler, intake);
	look_at_load(services);
}
