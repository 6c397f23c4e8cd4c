/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/intake-priv.h"

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

void
pli_intake_change_client(PliIntake *intake, PliConn *conn,
                         const PliSessionEvent *event)
{
	Change *change = g_new0(Change, 1);

	change->conn = pli_conn_ref(conn);
	change->ask = event->ask;
	change->peer = pli_peer_dup_as(intake->peer, event->detail);
	intake->moving = TRUE;
	pli_moves_start(intake->services->moves, intake->peer->address,
	                change->peer->address, on_moved, change);
}
