/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* HELO, EHLO, LHLO: the names and the offers; STARTTLS. */
#include "protocols/smtp-server-priv.h"

#define HELO_MAX 255

void
pli_smtp_hello_greet(PliSmtpServer *server)
{
	const PliSmtpConfig *config = &server->config;
	const char *usual =
		config->mode == PLI_SMTP_MODE_LMTP ? "LMTP Pli" : "ESMTP Pli";
	g_autofree char *text = g_strdup_printf(
		"%s %s", config->hostname,
		config->greeting != NULL ? config->greeting : usual);

	server->greeted = TRUE;
	pli_smtp_server_reply(server, &(PliSmtpReply){220, NULL, text});
}

void
pli_smtp_hello_begin(PliSmtpServer *server)
{
	if (server->config.greeting_ms == 0)
		pli_smtp_hello_greet(server);
}

gboolean
pli_smtp_hello_is_name(PliSlice s)
{
	if (s.len == 0 || s.len > HELO_MAX)
		return FALSE;
	if (s.data[0] == '[')
		return pli_smtp_path_is_literal(s);
	for (gsize i = 0; i < s.len; i++)
		if (!g_ascii_isalnum(s.data[i]) &&
		    (s.data[i] == '\0' || strchr("-_.:", s.data[i]) == NULL))
			return FALSE;
	return TRUE;
}

const PliSmtpReply *
pli_smtp_hello_parse(PliSmtpServer *server, PliSlice args)
{
	static const PliSmtpReply no_name = {
		501, "5.5.4", "your host name or [address] was expected"};

	if (!pli_smtp_hello_is_name(args))
		return &no_name;
	g_free(server->helo);
	server->helo = pli_slice_dup(args);
	return NULL;
}

static void
reply_greets(PliSmtpServer *server, gboolean last)
{
	g_autofree char *text = g_strdup_printf(
		"%s greets %s", server->config.hostname, server->helo);

	pli_smtp_reply_format_line(&(PliSmtpReply){250, NULL, text}, last,
				   &server->output);
}

void
pli_smtp_hello_run_helo(PliSmtpServer *server)
{
	pli_smtp_transaction_reset(server);
	server->is_esmtp = FALSE;
	reply_greets(server, TRUE);
}

static void
offer(PliSmtpServer *server, const char *text)
{
	pli_smtp_reply_format_line(&(PliSmtpReply){250, NULL, text}, FALSE,
				   &server->output);
}

static void
offer_by_bit(PliSmtpServer *server)
{
	static const struct {
		PliSmtpOffers offer;
		const char *text;
	} rows[] = {
		{PLI_SMTP_OFFER_CHUNKING, "CHUNKING"},
		{PLI_SMTP_OFFER_BINARYMIME, "BINARYMIME"},
		{PLI_SMTP_OFFER_SMTPUTF8, "SMTPUTF8"},
		{PLI_SMTP_OFFER_DSN, "DSN"},
		{PLI_SMTP_OFFER_DELIVERBY, "DELIVERBY"},
		{PLI_SMTP_OFFER_MT_PRIORITY, "MT-PRIORITY"},
		{PLI_SMTP_OFFER_PRDR, "PRDR"},
		{PLI_SMTP_OFFER_CHECKPOINT, "CHECKPOINT"},
		{PLI_SMTP_OFFER_EXPN, "EXPN"},
		{PLI_SMTP_OFFER_ETRN, "ETRN"},
		{PLI_SMTP_OFFER_ATRN, "ATRN"},
		{PLI_SMTP_OFFER_TURN, "TURN"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		if (pli_smtp_server_has_offer(server, rows[i].offer))
			offer(server, rows[i].text);
	if (pli_smtp_server_has_offer(server, PLI_SMTP_OFFER_STARTTLS) &&
	    !server->is_tls)
		offer(server, "STARTTLS");
	if (pli_smtp_server_has_offer(server, PLI_SMTP_OFFER_REQUIRETLS) &&
	    server->is_tls)
		offer(server, "REQUIRETLS");
}

static void
offer_future_release(PliSmtpServer *server)
{
	const PliSmtpConfig *config = &server->config;
	g_autoptr(GDateTime) until =
		g_date_time_new_from_unix_utc(config->max_hold_until);
	g_autofree char *time = g_date_time_format_iso8601(until);
	g_autofree char *text = g_strdup_printf(
		"FUTURERELEASE %" G_GUINT32_FORMAT " %s",
		config->max_hold_seconds, time);

	offer(server, text);
}

static void
offer_with_text(PliSmtpServer *server)
{
	g_autoptr(GString) auth = g_string_new("AUTH");
	g_autoptr(GString) xclient = g_string_new("XCLIENT");
	g_autoptr(GString) xforward = g_string_new("XFORWARD");
	const PliSmtpConfig *config = &server->config;
	g_autofree char *limits =
		g_strdup_printf("LIMITS RCPTMAX=%u", config->max_recipients);

	pli_smtp_client_list(FALSE, xclient);
	pli_smtp_client_list(TRUE, xforward);
	if (pli_smtp_server_has_offer(server, PLI_SMTP_OFFER_LIMITS))
		offer(server, limits);
	if (pli_smtp_server_has_offer(server,
				      PLI_SMTP_OFFER_FUTURE_RELEASE))
		offer_future_release(server);
	if (pli_smtp_auth_add_mechanisms(server, auth))
		offer(server, auth->str);
	if (pli_smtp_server_has_offer(server, PLI_SMTP_OFFER_XCLIENT))
		offer(server, xclient->str);
	if (pli_smtp_server_has_offer(server, PLI_SMTP_OFFER_XFORWARD))
		offer(server, xforward->str);
}

void
pli_smtp_hello_run_ehlo(PliSmtpServer *server)
{
	g_autofree char *size =
		g_strdup_printf("SIZE %" G_GUINT64_FORMAT,
				server->config.size_limit);

	pli_smtp_transaction_reset(server);
	server->is_esmtp = TRUE;
	reply_greets(server, FALSE);
	offer(server, "PIPELINING");
	offer(server, size);
	offer(server, "8BITMIME");
	offer_by_bit(server);
	offer_with_text(server);
	pli_smtp_reply_format_line(
		&(PliSmtpReply){250, NULL, "ENHANCEDSTATUSCODES"}, TRUE,
		&server->output);
}

const PliSmtpReply *
pli_smtp_hello_check_starttls(const PliSmtpServer *server)
{
	static const PliSmtpReply again = {503, "5.5.1",
					   "TLS is up already"};

	return server->is_tls ? &again : NULL;
}

static void
on_tls(PliSmtpServer *server, const PliAnswer *answer)
{
	static const PliSmtpReply failed = {
		421, "4.7.0", "TLS did not come up, closing"};

	if (answer->verdict == PLI_VERDICT_ACCEPT)
		pli_smtp_server_set_tls(server, answer->detail);
	else
		pli_smtp_server_reply(server, &failed);
}

static void
on_first_tls(PliSmtpServer *server, const PliAnswer *answer)
{
	on_tls(server, answer);
	if (server->is_tls)
		pli_smtp_hello_begin(server);
}

void
pli_smtp_hello_await_tls(PliSmtpServer *server)
{
	pli_smtp_server_ask(server, PLI_SESSION_EVENT_STARTTLS, NULL,
			    on_first_tls);
}

/* All that was said in the clear is forgotten (RFC 3207 4.2). */
void
pli_smtp_hello_run_starttls(PliSmtpServer *server)
{
	static const PliSmtpReply go_on = {220, "2.0.0", "begin TLS"};

	pli_smtp_transaction_clear(server);
	pli_smtp_auth_clear(server);
	g_clear_pointer(&server->helo, g_free);
	g_clear_pointer(&server->user, g_free);
	server->is_esmtp = FALSE;
	pli_smtp_server_reply(server, &go_on);
	pli_smtp_server_ask(server, PLI_SESSION_EVENT_STARTTLS, NULL, on_tls);
}
