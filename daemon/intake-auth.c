/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/intake-priv.h"

/* A step of an authentication that was taken; holds the connection. */
typedef struct {
	PliConn *conn;
	guint64 ask;
} AuthStep;

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
	if (pli_conn_awaits(taken->conn, taken->ask)) {
		answer = judge_step(intake, result, &step);
		pli_conn_answer(taken->conn, taken->ask, &answer);
	}
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

void
pli_intake_authenticate(PliIntake *intake, PliConn *conn,
                        const PliSessionEvent *event)
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
	pli_auth_step(intake->services->auth, intake->exchange, auth->response,
	              on_auth_step, step);
}
