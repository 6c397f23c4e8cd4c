/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/imap-access.h"

#include "daemon/account-name.h"
#include "daemon/imap-task.h"
#include "daemon/policy.h"
#include "daemon/session-log.h"

typedef struct {
	PliServices *services;
	PliPeer *peer;
	PliAccountUse *use;  /* once logged in */
	PliMailbox *mailbox; /* the selected one */
	gboolean read_only;
	guint served;
} Access;

/* What a thread of the pool does: a task, or closing a mailbox. */
typedef struct {
	PliServices *services;
	PliConn *conn; /* NULL when closing */
	guint64 ask;
	PliImapTask *task;
	PliAccountUse *use;  /* closing: given up afterwards */
	PliMailbox *mailbox; /* closing */
} Work;

static void
close_mailbox(PliAccountUse *use, PliMailbox *mailbox)
{
	g_autoptr(GError) error = NULL;

	/* An account with an open mailbox is open: this cannot fail. */
	if (mailbox != NULL && pli_account_use_lock(use, &error) != NULL) {
		pli_mailbox_free(mailbox);
		pli_account_use_unlock(use);
	}
	pli_account_use_free(use);
}

/* Gives a mailbox (may be NULL) and the use of its account up; both are
 * taken. Closing blocks, so it is work for the pool. */
static void
start_closing(PliServices *services, PliAccountUse *use, PliMailbox *mailbox)
{
	Work *work;

	if (services->stopping || mailbox == NULL) {
		close_mailbox(use, mailbox);
		return;
	}
	work = g_new0(Work, 1);
	work->use = use;
	work->mailbox = mailbox;
	g_thread_pool_push(services->pool, work, NULL);
}

static PliAccountUse *
use_again(const Access *access)
{
	return pli_accounts_take(access->services->accounts,
	                         pli_account_use_get_name(access->use));
}

static void
unselect(Access *access)
{
	PliMailbox *mailbox = g_steal_pointer(&access->mailbox);

	if (mailbox != NULL)
		start_closing(access->services, use_again(access), mailbox);
}

static void
note_task(Access *access, PliImapTask *task)
{
	if (task->error != NULL) {
		PliVerdict verdict = pli_imap_task_get_answer(task).verdict;

		if (verdict == PLI_VERDICT_TEMPORARY)
			pli_log_error(access->services->log, "mailbox",
			              task->error->message);
		return;
	}
	if (task->type == PLI_IMAP_EVENT_SELECT) {
		unselect(access);
		access->mailbox = g_steal_pointer(&task->opened);
		access->read_only = task->read_only;
	} else if (task->type == PLI_IMAP_EVENT_MESSAGE) {
		access->served++;
		pli_counters_add(access->services->counters, fetched_messages,
		                 1);
	}
}

/* Back on the loop. */
static void
on_task_done(gpointer data)
{
	Work *work = data;
	PliAnswer answer;

	note_task(pli_conn_get_data(work->conn), work->task);
	answer = pli_imap_task_get_answer(work->task);
	if (pli_conn_answer(work->conn, work->ask, &answer))
		pli_imap_task_release(work->task);
	pli_imap_task_free(work->task);
	pli_conn_unref(work->conn);
	g_free(work);
}

/* A thread of the pool. */
static void
do_work(gpointer data, gpointer user_data)
{
	Work *work = data;

	if (work->conn == NULL) {
		close_mailbox(work->use, work->mailbox);
		g_free(work);
		return;
	}
	pli_imap_task_run(work->task);
	pli_post_send(work->services->post, on_task_done, work);
}

GThreadPool *
pli_imap_access_pool_new(void)
{
	return g_thread_pool_new(do_work, NULL, PLI_IMAP_ACCESS_THREADS, FALSE,
	                         NULL);
}

static void
start_task(Access *access, PliConn *conn, const PliSessionEvent *event)
{
	Work *work = g_new0(Work, 1);

	work->services = access->services;
	work->conn = pli_conn_ref(conn);
	work->ask = event->ask;
	work->task = pli_imap_task_new(event);
	work->task->use = access->use;
	work->task->mailbox = access->mailbox;
	if (event->type == PLI_IMAP_EVENT_POLL)
		work->task->read_only = access->read_only;
	g_thread_pool_push(access->services->pool, work, NULL);
}

/* A login that waits for its password to be judged. */
typedef struct {
	PliConn *conn;
	PliSessionEvent event; /* its detail is not used */
	char *name;
} Login;

static void
login_free(Login *login)
{
	pli_conn_unref(login->conn);
	g_free(login->name);
	g_free(login);
}

static void
on_judged(gpointer data, PliSaslResult result, PliSlice challenge)
{
	static const PliAnswer refusal = {PLI_VERDICT_REFUSE, 0, NULL, NULL,
	                                  NULL};
	static const PliAnswer trouble = {PLI_VERDICT_TEMPORARY, 0, NULL, NULL,
	                                  NULL};
	Login *login = data;
	Access *access = pli_conn_get_data(login->conn);

	if (result == PLI_SASL_REFUSED)
		pli_policy_note_login(access->services,
		                      access->peer->address);
	if (result == PLI_SASL_DONE) {
		g_clear_pointer(&access->use, pli_account_use_free);
		access->use = pli_accounts_take(access->services->accounts,
		                                login->name);
		start_task(access, login->conn, &login->event);
	} else {
		pli_conn_answer(login->conn, login->event.ask,
		                result == PLI_SASL_TROUBLE ? &trouble
		                                           : &refusal);
	}
	login_free(login);
}

static void
log_in(Access *access, PliConn *conn, const PliSessionEvent *event)
{
	static const PliAnswer refusal = {PLI_VERDICT_REFUSE, 0, NULL, NULL,
	                                  NULL};
	static const PliAnswer too_many = {
	        PLI_VERDICT_TEMPORARY, 0, NULL,
	        "too many failed logins from your address, try later", NULL};
	const PliImapLogin *given = event->detail;
	g_autofree char *name = pli_account_name_from_address(given->user);
	Login *login;

	if (pli_policy_refuses_login(access->services,
	                             access->peer->address)) {
		pli_conn_answer(conn, event->ask, &too_many);
		return;
	}
	if (name == NULL) {
		pli_conn_answer(conn, event->ask, &refusal);
		return;
	}
	login = g_new0(Login, 1);
	login->conn = pli_conn_ref(conn);
	login->event = *event;
	login->event.detail = NULL;
	login->name = g_steal_pointer(&name);
	pli_auth_check(access->services->auth, given->user, given->password,
	               on_judged, login);
}

static void
on_event(PliConn *conn, gpointer data, const PliSessionEvent *event)
{
	Access *access = data;

	if (event->type == PLI_IMAP_EVENT_LOGIN)
		log_in(access, conn, event);
	else if (event->type == PLI_IMAP_EVENT_UNSELECT)
		unselect(access);
	else if (event->ask != 0)
		start_task(access, conn, event);
}

static void
on_closed(PliConn *conn, gpointer data, const PliConnStats *stats)
{
	Access *access = data;

	pli_services_leave(access->services, access->peer->address);
	pli_counters_take(access->services->counters,
	                  connections[PLI_PROTOCOL_IMAP], 1);
	pli_session_log(access->services->log, PLI_PROTOCOL_IMAP, access->peer,
	                stats, access->served);
}

/* The last task has come back, so nobody uses the mailbox. */
static void
on_free(gpointer data)
{
	Access *access = data;

	if (access->use != NULL)
		start_closing(access->services, access->use, access->mailbox);
	pli_peer_free(access->peer);
	g_free(access);
}

static const PliConnHandler handler = {on_event, on_closed, on_free};

void
pli_imap_access_start(PliServices *services, const PliConfigListener *listener,
                      evutil_socket_t fd, const PliPeer *peer)
{
	Access *access = g_new0(Access, 1);
	PliImapConfig config = pli_imap_config_default;

	access->services = services;
	access->peer = pli_peer_dup(peer);
	pli_counters_add(services->counters, connections[PLI_PROTOCOL_IMAP],
	                 1);
	config.hostname = services->config->hostname;
	/* accounts of mode any are served on loopback addresses only */
	config.allow_login = services->config->accounts == PLI_ACCOUNTS_ANY;
	config.offer_tls = listener->tls == PLI_LISTENER_STARTTLS &&
	                   pli_conn_loop_has_tls(services->conns);
	config.implicit_tls = listener->tls == PLI_LISTENER_IMPLICIT;
	pli_conn_new(services->conns, fd, pli_imap_server_new(&config),
	             &handler, access);
}
