/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/intake.h"

#include "daemon/account-name.h"
#include "daemon/message.h"
#include "daemon/session-log.h"

/* A session's side of it. */
typedef struct {
	PliServices *services;
	PliProtocol protocol;
	char *peer;
	PliMessage *message; /* between DATA_BEGIN and DATA_END */
	guint accepted;
} Intake;

/* A message between DATA_END and its answer; outlives the session. */
typedef struct {
	PliConn *conn;
	guint64 ask;
	PliMessage *message;
	gboolean by_recipient; /* LMTP */
	PliAnswer *replies;    /* LMTP: one a recipient */
	guint n_replies, n_open;
	gboolean any_served;
} Pending;

static void
pending_free(Pending *pending)
{
	pli_message_free(pending->message);
	pli_conn_unref(pending->conn);
	g_free(pending->replies);
	g_free(pending);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Pending, pending_free)

static const PliAnswer accept_answer = {.verdict = PLI_VERDICT_ACCEPT};

/* What a client is told about a failure on our side. */
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
	return (PliAnswer){PLI_VERDICT_TEMPORARY, 451, "4.3.0",
	                   "The message could not be stored, try again later",
	                   NULL};
}

static void
count_outcome(Intake *intake, const GError *error)
{
	if (error == NULL)
		pli_counters_add(intake->services->counters, messages_accepted,
		                 1);
	else
		pli_counters_add(intake->services->counters, messages_refused,
		                 1);
	intake->accepted += error == NULL;
}

/* Logs, counts and answers for the message as a whole. */
static void
answer_whole(Pending *pending, const GError *error)
{
	Intake *intake = pli_conn_get_data(pending->conn);
	PliAnswer answer = make_answer(error);

	count_outcome(intake, error);
	pli_message_log(pending->message, error);
	pli_conn_answer(pending->conn, pending->ask, &answer);
}

/* A recipient's mailbox has the message, or not. */
static void
on_delivered(gpointer data, guint recipient, const GError *error)
{
	Pending *pending = data;
	PliSmtpReplies replies = {pending->replies, pending->n_replies};
	PliAnswer answer = accept_answer;

	pending->replies[recipient] = make_answer(error);
	pending->any_served |= error == NULL;
	if (--pending->n_open > 0)
		return;
	if (pending->any_served)
		error = NULL;
	answer.detail = &replies;
	count_outcome(pli_conn_get_data(pending->conn), error);
	pli_message_log(pending->message, error);
	pli_conn_answer(pending->conn, pending->ask, &answer);
	pending_free(pending);
}

static void
deliver(Pending *pending)
{
	PliMessage *message = pending->message;
	PliDelivery *delivery = message->services->delivery;
	const char *id = pli_spool_entry_get_id(message->entry);
	guint i, n = message->recipients->len - 1;

	pending->replies = g_new0(PliAnswer, n);
	pending->n_replies = pending->n_open = n;
	for (i = 0; i < n; i++)
		pli_delivery_add(delivery, id, i,
		                 g_ptr_array_index(message->recipients, i),
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
	answer_whole(pending, error);
	pending_free(pending);
}

static void
end_message(Intake *intake, PliConn *conn, const PliSessionEvent *event)
{
	g_autoptr(Pending) pending = g_new0(Pending, 1);

	pending->conn = pli_conn_ref(conn);
	pending->ask = event->ask;
	pending->message = g_steal_pointer(&intake->message);
	pending->by_recipient = intake->protocol == PLI_PROTOCOL_LMTP;
	if (!pli_message_finish(pending->message, event->detail)) {
		answer_whole(pending, pending->message->error);
		return;
	}
	pli_committer_add(intake->services->committer,
	                  pending->message->entry, on_committed, pending);
	pending = NULL;
}

static void
begin_message(Intake *intake, PliConn *conn, guint64 ask)
{
	static const PliAnswer busy = {PLI_VERDICT_TEMPORARY, 451, "4.3.2",
	                               "Too much mail waits to be stored, "
	                               "try again later",
	                               NULL};

	g_clear_pointer(&intake->message, pli_message_free);
	if (pli_committer_is_full(intake->services->committer)) {
		pli_conn_answer(conn, ask, &busy);
		return;
	}
	intake->message = pli_message_new(intake->services);
	pli_conn_answer(conn, ask, &accept_answer);
}

static void
judge_recipient(PliConn *conn, guint64 ask, const PliSmtpRcpt *rcpt)
{
	static const PliAnswer refusal = {
	        PLI_VERDICT_REFUSE, 550, "5.1.1",
	        "No account can have that name", NULL};
	g_autofree char *name = NULL;

	name = pli_account_name_from_address(rcpt->path->text);
	pli_conn_answer(conn, ask, name != NULL ? &accept_answer : &refusal);
}

static void
on_event(PliConn *conn, gpointer data, const PliSessionEvent *event)
{
	Intake *intake = data;

	switch (event->type) {
	case PLI_SMTP_EVENT_RCPT:
		judge_recipient(conn, event->ask, event->detail);
		break;
	case PLI_SMTP_EVENT_DATA_BEGIN:
		begin_message(intake, conn, event->ask);
		break;
	case PLI_SMTP_EVENT_DATA:
		pli_message_append(intake->message, event->octets);
		break;
	case PLI_SMTP_EVENT_DATA_END:
		end_message(intake, conn, event);
		break;
	case PLI_SMTP_EVENT_DATA_ABORT:
		pli_counters_add(intake->services->counters, messages_refused,
		                 1);
		g_clear_pointer(&intake->message, pli_message_free);
		break;
	default: /* MAIL, VRFY: the usual reply */
		if (event->ask != 0)
			pli_conn_answer(conn, event->ask, &accept_answer);
	}
}

static void
on_closed(PliConn *conn, gpointer data, const PliConnStats *stats)
{
	Intake *intake = data;

	g_clear_pointer(&intake->message, pli_message_free);
	pli_session_log(intake->services->log, intake->protocol, intake->peer,
	                stats, intake->accepted);
}

static void
on_free(gpointer data)
{
	Intake *intake = data;

	g_free(intake->peer);
	g_free(intake);
}

static const PliConnHandler handler = {on_event, on_closed, on_free};

void
pli_intake_start(PliServices *services, PliProtocol protocol,
                 evutil_socket_t fd, const char *peer)
{
	Intake *intake = g_new0(Intake, 1);
	PliSmtpConfig config = PLI_SMTP_CONFIG_INIT;

	intake->services = services;
	intake->protocol = protocol;
	intake->peer = g_strdup(peer);
	if (protocol == PLI_PROTOCOL_LMTP)
		config.mode = PLI_SMTP_MODE_LMTP;
	config.hostname = services->config->hostname;
	config.peer = peer;
	config.size_limit = services->config->message_octets;
	config.max_recipients = (guint)services->config->recipients;
	config.allow_bare = TRUE;
	pli_conn_new(services->conns, fd, pli_smtp_server_new(&config),
	             &handler, intake);
}
