/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/smtp-server-priv.h"

static void
rcpt_free(gpointer data)
{
	PliSmtpRcpt *rcpt = data;

	if (rcpt == NULL)
		return;
	pli_smtp_path_free((PliSmtpPath *)rcpt->path);
	g_free((char *)rcpt->parameters);
	g_free(rcpt);
}

static void
clear_mail(PliSmtpServer *server)
{
	pli_smtp_path_free((PliSmtpPath *)server->mail.path);
	g_free((char *)server->mail.parameters);
	server->mail = (PliSmtpMail){0};
	server->has_mail = FALSE;
}

void
pli_smtp_transaction_clear(PliSmtpServer *server)
{
	clear_mail(server);
	g_clear_pointer(&server->rcpt, rcpt_free);
	g_clear_pointer(&server->rcpts, g_ptr_array_unref);
	server->abort_reply = NULL;
	server->received = 0;
}

static void
on_mail(PliSmtpServer *server, const PliAnswer *answer)
{
	static const PliSmtpUsual usual = {
		{250, "2.1.0", "sender accepted"},
		{550, "5.7.1", "this sender is not accepted here"},
		{451, "4.3.0", "the sender cannot be checked now, try later"},
	};

	if (answer->verdict == PLI_VERDICT_ACCEPT)
		server->has_mail = TRUE;
	else
		clear_mail(server);
	pli_smtp_server_reply_answer(server, answer, &usual);
}

void
pli_smtp_transaction_ask_mail(PliSmtpServer *server)
{
	pli_smtp_server_ask(server, PLI_SMTP_EVENT_MAIL, &server->mail,
			    on_mail);
}

static void
on_rcpt(PliSmtpServer *server, const PliAnswer *answer)
{
	static const PliSmtpUsual usual = {
		{250, "2.1.5", "recipient accepted"},
		{550, "5.1.1", "there is no such mailbox here"},
		{451, "4.3.0", "the mailbox cannot be checked now, try later"},
	};
	PliSmtpRcpt *rcpt = g_steal_pointer(&server->rcpt);

	if (answer->verdict != PLI_VERDICT_ACCEPT) {
		rcpt_free(rcpt);
	} else {
		if (server->rcpts == NULL)
			server->rcpts =
				g_ptr_array_new_with_free_func(rcpt_free);
		g_ptr_array_add(server->rcpts, rcpt);
	}
	pli_smtp_server_reply_answer(server, answer, &usual);
}

void
pli_smtp_transaction_ask_rcpt(PliSmtpServer *server)
{
	server->rcpt->index = server->rcpts != NULL ? server->rcpts->len : 0;
	pli_smtp_server_ask(server, PLI_SMTP_EVENT_RCPT, server->rcpt, on_rcpt);
}

static const PliSmtpUsual end_usual = {
	{250, "2.0.0", "message accepted"},
	{554, "5.7.1", "this message is not accepted"},
	{451, "4.3.0", "the message cannot be taken now, try later"},
};

/* RFC 2033 4.2: a reply for each accepted recipient, in order. */
static void
reply_each(PliSmtpServer *server, const PliAnswer *answer)
{
	const PliSmtpReplies *each = answer->detail;

	g_assert(each == NULL || each->n_replies == server->rcpts->len);
	for (guint i = 0; i < server->rcpts->len; i++)
		pli_smtp_server_reply_answer(
			server, each != NULL ? &each->replies[i] : answer,
			&end_usual);
}

static void
on_data_end(PliSmtpServer *server, const PliAnswer *answer)
{
	if (server->config.mode == PLI_SMTP_MODE_LMTP)
		reply_each(server, answer);
	else
		pli_smtp_server_reply_answer(server, answer, &end_usual);
	pli_smtp_transaction_clear(server);
}

/* The end of a message that was refused on the way. */
static void
reply_abort(PliSmtpServer *server)
{
	guint n = server->config.mode == PLI_SMTP_MODE_LMTP ? server->rcpts->len
							    : 1;

	for (guint i = 0; i < n; i++)
		pli_smtp_server_reply(server, server->abort_reply);
	pli_smtp_transaction_clear(server);
}

static void
abort_data(PliSmtpServer *server, PliSmtpAbortReason reason,
	   const PliSmtpReply *reply)
{
	server->abort.reason = reason;
	server->abort_reply = reply;
	pli_smtp_dots_swallow(&server->dots);
	pli_smtp_server_tell(server, PLI_SMTP_EVENT_DATA_ABORT, &server->abort);
}

void
pli_smtp_transaction_time_out(PliSmtpServer *server)
{
	if (server->abort_reply == NULL) {
		server->abort.reason = PLI_SMTP_ABORT_TIMEOUT;
		pli_smtp_server_tell(server, PLI_SMTP_EVENT_DATA_ABORT,
				     &server->abort);
	}
}

static void
end_data(PliSmtpServer *server)
{
	server->state = pli_smtp_server_read_line;
	if (server->abort_reply != NULL)
		reply_abort(server);
	else
		pli_smtp_server_ask(server, PLI_SMTP_EVENT_DATA_END,
				    &server->envelope, on_data_end);
}

static gsize
read_data(PliSmtpServer *server, PliSlice in)
{
	static const PliSmtpReply too_big = {
		552, "5.3.4", "the message is bigger than SIZE allows"};
	static const PliSmtpReply bad_line = {
		550, "5.6.11",
		"lines must end in CRLF; bare CR, bare LF and NUL are refused"};
	PliSlice octets;
	gsize used;
	PliSmtpDotsResult result =
		pli_smtp_dots_take(&server->dots, in, &octets, &used);
	guint64 limit = server->config.size_limit;

	server->achieved = TRUE;
	server->received += octets.len;
	if (server->abort_reply == NULL && limit > 0 &&
	    server->received > limit) {
		abort_data(server, PLI_SMTP_ABORT_TOO_BIG, &too_big);
	} else if (result == PLI_SMTP_DOTS_BAD) {
		abort_data(server, PLI_SMTP_ABORT_BAD_LINE, &bad_line);
	} else if (result == PLI_SMTP_DOTS_END) {
		end_data(server);
	} else if (octets.len > 0) {
		pli_smtp_server_tell(server, PLI_SMTP_EVENT_DATA, NULL);
		server->event.octets = octets;
	}
	return used;
}

static void
on_data_begin(PliSmtpServer *server, const PliAnswer *answer)
{
	static const PliSmtpReply go_on = {
		354, NULL, "send the message; end it with <CRLF>.<CRLF>"};
	static const PliSmtpUsual usual = {
		{250, "2.0.0", ""},
		{554, "5.7.1", "no message is accepted in this transaction"},
		{451, "4.3.0", "no message can be taken now, try later"},
	};

	if (answer->verdict != PLI_VERDICT_ACCEPT) {
		pli_smtp_server_reply_answer(server, answer, &usual);
		pli_smtp_transaction_clear(server);
		return;
	}
	pli_smtp_dots_init(&server->dots);
	server->state = read_data;
	pli_smtp_server_reply(server, &go_on);
}

static const char *
protocol_name(const PliSmtpServer *server)
{
	if (server->config.mode == PLI_SMTP_MODE_LMTP)
		return "LMTP";
	return server->is_esmtp ? "ESMTP" : "SMTP";
}

void
pli_smtp_transaction_ask_data(PliSmtpServer *server)
{
	server->envelope = (PliSmtpEnvelope){
		.mail = &server->mail,
		.recipients = (const PliSmtpRcpt *const *)server->rcpts->pdata,
		.n_recipients = server->rcpts->len,
		.helo = server->helo,
		.protocol = protocol_name(server),
		.peer = server->config.peer,
	};
	pli_smtp_server_ask(server, PLI_SMTP_EVENT_DATA_BEGIN,
			    &server->envelope, on_data_begin);
}
