/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/smtp-server.h"
#include "protocols/smtp-server-priv.h"

#define RESPONSE_MAX 12288 /* of AUTH, with its CRLF (RFC 4954 4) */

static PliSmtpServer *
server_of(PliSession *session)
{
	return (PliSmtpServer *)session;
}

void
pli_smtp_server_reply(PliSmtpServer *server, const PliSmtpReply *reply)
{
	pli_smtp_reply_format(reply, &server->output);
	if (reply->code == 421)
		pli_smtp_server_close(server);
}

static const PliSmtpReply too_many = {
	421, "4.7.0", "too many errors, closing the connection"};

void
pli_smtp_server_check_errors(PliSmtpServer *server)
{
	if (server->errors >= server->config.max_errors && !server->closing)
		pli_smtp_server_reply(server, &too_many);
}

void
pli_smtp_server_fault(PliSmtpServer *server, const PliSmtpReply *reply)
{
	server->errors += reply->code >= 500;
	if (server->errors >= server->config.max_errors)
		reply = &too_many;
	pli_smtp_server_reply(server, reply);
}

void
pli_smtp_server_reply_answer(PliSmtpServer *server, const PliAnswer *answer,
			     const PliSmtpUsual *usual)
{
	PliSmtpReply reply = pli_smtp_reply_find(answer, usual);

	pli_smtp_server_reply(server, &reply);
}

void
pli_smtp_server_close(PliSmtpServer *server)
{
	server->closing = TRUE;
}

void
pli_smtp_server_tell(PliSmtpServer *server, guint32 type, const void *detail)
{
	g_assert(server->event.type == 0);
	server->event = (PliSessionEvent){.type = type, .detail = detail};
}

void
pli_smtp_server_ask(PliSmtpServer *server, guint32 type, const void *detail,
		    PliSmtpOnAnswer on_answer)
{
	g_assert(server->open_ask == 0);
	pli_smtp_server_tell(server, type, detail);
	server->open_ask = ++server->last_ask;
	server->event.ask = server->open_ask;
	server->ask_type = type;
	server->asked_us = server->now;
	server->on_answer = on_answer;
}

void
pli_smtp_server_set_tls(PliSmtpServer *server, const PliSessionTls *tls)
{
	g_free((char *)server->tls.version);
	g_free((char *)server->tls.cipher);
	g_free((char *)server->tls.client_name);
	server->tls = (PliSessionTls){0};
	server->is_tls = tls != NULL;
	if (tls == NULL)
		return;
	server->tls.version = g_strdup(tls->version);
	server->tls.cipher = g_strdup(tls->cipher);
	server->tls.client_name = g_strdup(tls->client_name);
}

PliSmtpPhase
pli_smtp_server_get_phase(const PliSmtpServer *server)
{
	if (server->has_chunks)
		return PLI_SMTP_PHASE_CHUNKS;
	if (server->rcpts != NULL && server->rcpts->len > 0)
		return PLI_SMTP_PHASE_RCPT;
	if (server->has_mail)
		return PLI_SMTP_PHASE_MAIL;
	return server->helo != NULL ? PLI_SMTP_PHASE_GREETED
				    : PLI_SMTP_PHASE_START;
}

/* A line with its LF. */
static void
run_line(PliSmtpServer *server, PliSlice line)
{
	static const PliSmtpReply bare_lf = {
		500, "5.5.2", "a command must end in CRLF, not in a bare LF"};
	static const PliSmtpReply control = {
		500, "5.5.2", "a command must hold no control characters"};
	gboolean has_control = FALSE;

	server->achieved = TRUE;
	if (line.len < 2 || line.data[line.len - 2] != '\r') {
		pli_smtp_server_fault(server, &bare_lf);
		return;
	}
	line.len -= 2;
	while (line.len > 0 && (line.data[line.len - 1] == ' ' ||
				line.data[line.len - 1] == '\t'))
		line.len--;
	for (gsize i = 0; i < line.len; i++)
		has_control |= g_ascii_iscntrl(line.data[i]);
	if (has_control)
		pli_smtp_server_fault(server, &control);
	else
		pli_smtp_verb_run(server, line);
}

/* A whole line, or the end of one; `piece` is at the end of the input when
 * it has no LF. */
static void
take_piece(PliSmtpServer *server, PliSlice piece, gboolean is_end)
{
	static const PliSmtpReply too_long = {
		500, "5.5.2", "the command line is longer than allowed"};
	gboolean fits = !server->line_too_long &&
			piece.len <= server->config.command_line_limit -
					     server->line.len;

	if (is_end && fits && server->line.len == 0) {
		run_line(server, piece);
		return;
	}
	if (!fits || !pli_buf_append(&server->line, piece.data, piece.len)) {
		server->line_too_long = TRUE;
		pli_buf_reset(&server->line);
	}
	if (!is_end)
		return;
	if (server->line_too_long) {
		server->achieved = TRUE;
		pli_smtp_server_fault(server, &too_long);
	} else {
		run_line(server, pli_buf_slice(&server->line));
	}
	server->line_too_long = FALSE;
	pli_buf_clear(&server->line);
}

gsize
pli_smtp_server_read_line(PliSmtpServer *server, PliSlice in)
{
	const guint8 *lf = memchr(in.data, '\n', in.len);
	gsize n = lf != NULL ? (gsize)(lf - in.data) + 1 : in.len;

	take_piece(server, pli_slice_new(in.data, n), lf != NULL);
	return n;
}

/* Whether it takes octets now. */
static gboolean
is_reading(const PliSmtpServer *server)
{
	return !server->closing && server->open_ask == 0 &&
	       server->event.type == 0 && server->then == NULL &&
	       !pli_output_is_full(&server->output);
}

static const PliSmtpReply out_of_sync = {
	554, "5.5.0", "octets came ahead of the reply that they must wait for"};

/* Octets follow a command whose reply has not been given. */
static void
note_early(PliSmtpServer *server)
{
	if (server->open_ask != 0) {
		server->out_of_sync = TRUE;
		return;
	}
	pli_smtp_server_reply(server, &out_of_sync);
	pli_smtp_server_close(server);
}

static gsize
server_feed(PliSession *session, PliSlice in)
{
	PliSmtpServer *server = server_of(session);
	gsize used = 0;

	if (in.len > 0 && !server->greeted && server->open_ask == 0 &&
	    !server->closing) {
		note_early(server);
		return in.len;
	}
	while (used < in.len && is_reading(server) && !server->in_sync)
		used += server->state(server, pli_slice_skip(in, used));
	if (server->in_sync && used < in.len)
		note_early(server);
	if (server->open_ask == 0)
		server->in_sync = FALSE;
	return server->closing ? in.len : used;
}

static PliStep
server_next(PliSession *session, PliSessionEvent *ret_event)
{
	PliSmtpServer *server = server_of(session);

	if (server->dropped)
		return PLI_STEP_FAIL;
	while (server->event.type == 0 && server->then != NULL) {
		void (*then)(PliSmtpServer *) = server->then;

		server->then = NULL;
		then(server);
	}
	if (server->event.type != 0) {
		*ret_event = server->event;
		server->event = (PliSessionEvent){0};
		return PLI_STEP_READY;
	}
	if (server->closing && !server->close_told) {
		server->close_told = TRUE;
		*ret_event = (PliSessionEvent){.type = PLI_SESSION_EVENT_CLOSE};
		return PLI_STEP_READY;
	}
	return PLI_STEP_WANT;
}

void
pli_smtp_server_take_answer(PliSmtpServer *server, const PliAnswer *answer)
{
	g_assert(server->event.type == 0);
	server->open_ask = 0;
	server->achieved = TRUE;
	server->in_sync = FALSE;
	if (server->out_of_sync) {
		pli_smtp_server_reply(server, &out_of_sync);
		pli_smtp_server_close(server);
		return;
	}
	server->on_answer(server, answer);
}

static gboolean
server_awaits(const PliSession *session, guint64 ask)
{
	const PliSmtpServer *server = (const PliSmtpServer *)session;

	g_assert(ask != 0 && ask <= server->last_ask);
	return ask == server->open_ask;
}

static void
server_answer(PliSession *session, guint64 ask, const PliAnswer *answer)
{
	if (server_awaits(session, ask))
		pli_smtp_server_take_answer(server_of(session), answer);
}

static gboolean
server_output(const PliSession *session, PliOutput *ret_head)
{
	const PliSmtpServer *server = (const PliSmtpServer *)session;

	return pli_output_get_head(&server->output, ret_head);
}

static void
server_sent(PliSession *session, gsize n)
{
	PliSmtpServer *server = server_of(session);

	pli_output_sent(&server->output, n);
	server->achieved |= n > 0;
}

static gint64
server_deadline(const PliSession *session)
{
	return pli_smtp_deadline_get((const PliSmtpServer *)session);
}

static void
server_tick(PliSession *session, gint64 now_us)
{
	pli_smtp_deadline_tick(server_of(session), now_us);
}

static void
server_free(PliSession *session)
{
	PliSmtpServer *server = server_of(session);

	pli_smtp_transaction_clear(server);
	pli_smtp_auth_clear(server);
	pli_smtp_client_clear(&server->client);
	pli_smtp_server_set_tls(server, NULL);
	g_free(server->user);
	pli_output_clear(&server->output);
	pli_buf_clear(&server->line);
	g_free(server->helo);
	g_free(server->vrfy_argument);
	g_free((char *)server->config.hostname);
	g_free((char *)server->config.greeting);
	g_free((char *)server->config.peer);
	g_free((char *)server->config.mechanisms);
	g_free(server);
}

static void
set_offer(PliSmtpServer *server, PliSmtpOffers offer, gboolean is_offered)
{
	server->config.offers &= ~offer;
	server->config.offers |= is_offered ? offer : 0;
}

PliSession *
pli_smtp_server_new(const PliSmtpConfig *config)
{
	static const PliSessionClass klass = {
		.feed = server_feed,
		.next = server_next,
		.awaits = server_awaits,
		.answer = server_answer,
		.output = server_output,
		.sent = server_sent,
		.deadline = server_deadline,
		.tick = server_tick,
		.free = server_free,
	};
	PliSmtpServer *server = g_new0(PliSmtpServer, 1);

	server->session.klass = &klass;
	server->config = *config;
	server->config.hostname = g_strdup(config->hostname);
	server->config.greeting = g_strdup(config->greeting);
	server->config.peer = g_strdup(config->peer);
	server->config.mechanisms = g_strdup(config->mechanisms);
	set_offer(server, PLI_SMTP_OFFER_AUTH, config->mechanisms != NULL);
	set_offer(server, PLI_SMTP_OFFER_FUTURE_RELEASE,
		  config->max_hold_seconds > 0);
	server->state = pli_smtp_server_read_line;
	server->achieved = TRUE;
	pli_output_init(&server->output, config->output_high_water);
	pli_buf_init(&server->line, config->command_line_limit);
	pli_buf_init(&server->auth_line, RESPONSE_MAX);
	if (config->implicit_tls)
		pli_smtp_hello_await_tls(server);
	else
		pli_smtp_hello_begin(server);
	return &server->session;
}
