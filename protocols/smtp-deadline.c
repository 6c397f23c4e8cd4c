/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/smtp-server-priv.h"

/* A part of what a client has when nothing presses. */
static gint64
scale(const PliSmtpServer *server, gint64 us)
{
	const guint *percent = server->config.time_percent;

	return percent != NULL ? us / 100 * *percent : us;
}

static gint64
time_out(const PliSmtpServer *server)
{
	gint64 greeting = (gint64)server->config.greeting_ms * 1000;
	guint seconds = server->state == pli_smtp_server_read_line
				? server->config.command_timeout
				: server->config.data_timeout;

	return server->greeted || server->open_ask != 0 || server->closing
		       ? scale(server, (gint64)seconds * G_USEC_PER_SEC)
		       : greeting;
}

static gboolean
has_deadline(const PliSmtpServer *server)
{
	if (server->open_ask != 0 || server->event.type != 0 ||
	    server->then != NULL || server->dropped)
		return FALSE;
	return !server->closing || pli_output_get_waiting(&server->output) > 0;
}

/* When the octets that came should have been more. */
static gint64
message_deadline(const PliSmtpServer *server)
{
	guint64 rate = server->config.data_rate;
	gint64 seconds = server->config.data_timeout;

	if (!server->counts_message || rate == 0 || server->closing)
		return G_MAXINT64;
	seconds += (gint64)MIN(server->message_octets / rate, G_MAXUINT32);
	return server->message_us + scale(server, seconds * G_USEC_PER_SEC);
}

static gboolean
waits_for_answer(const PliSmtpServer *server)
{
	return server->open_ask != 0 && server->event.type == 0 &&
	       server->ask_type != PLI_SESSION_EVENT_STARTTLS &&
	       server->config.answer_timeout > 0;
}

gint64
pli_smtp_deadline_get(const PliSmtpServer *server)
{
	if (waits_for_answer(server))
		return server->asked_us +
		       (gint64)server->config.answer_timeout * G_USEC_PER_SEC;
	if (!has_deadline(server))
		return G_MAXINT64;
	return MIN(server->since + time_out(server), message_deadline(server));
}

/* The reply that a late answer will not change. */
static void
give_up(PliSmtpServer *server)
{
	static const char text[] = "no answer was ready in time, try later";
	static const PliAnswer late = {PLI_VERDICT_TEMPORARY, 451, "4.3.0",
				       text, NULL};
	static const PliAnswer late_auth = {PLI_VERDICT_TEMPORARY, 454,
					    "4.7.0", text, NULL};

	/* who the client is would not be known */
	static const PliAnswer late_client = {PLI_VERDICT_TEMPORARY, 421,
					      "4.3.0", text, NULL};
	const PliAnswer *answer = &late;

	if (server->ask_type == PLI_SMTP_EVENT_AUTH)
		answer = &late_auth;
	else if (server->ask_type == PLI_SMTP_EVENT_XCLIENT)
		answer = &late_client;
	server->late = (PliSessionLate){server->open_ask, server->ask_type};
	pli_smtp_server_take_answer(server, answer);
	pli_smtp_server_tell(server, PLI_SESSION_EVENT_LATE, &server->late);
}

void
pli_smtp_deadline_tick(PliSmtpServer *server, gint64 now_us)
{
	static const PliSmtpReply silent = {
		421, "4.4.2", "nothing came for too long, closing"};
	static const PliSmtpReply too_slow = {
		421, "4.4.2", "the message came too slowly, closing"};
	gboolean is_slow;

	server->now = now_us;
	if (waits_for_answer(server) && now_us >= pli_smtp_deadline_get(server))
		give_up(server);
	if (server->achieved || !has_deadline(server)) {
		server->since = now_us;
		server->achieved = FALSE;
	}
	if (!has_deadline(server) || now_us < pli_smtp_deadline_get(server))
		return;
	if (server->closing) {
		server->dropped = TRUE;
		return;
	}
	server->since = now_us;
	if (!server->greeted) {
		pli_smtp_hello_greet(server);
		return;
	}
	is_slow = now_us >= message_deadline(server);
	pli_smtp_transaction_time_out(server);
	/* who has not read what was said will not read this either */
	if (pli_output_get_waiting(&server->output) > 0)
		server->dropped = TRUE;
	else
		pli_smtp_server_reply(server, is_slow ? &too_slow : &silent);
}

void
pli_smtp_deadline_begin_message(PliSmtpServer *server)
{
	server->counts_message = TRUE;
	server->message_us = server->now;
	server->message_octets = 0;
}
