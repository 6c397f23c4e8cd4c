/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VRFY, EXPN, ETRN, ATRN: questions about names; TURN. */
#include "engine/utf8.h"
#include "protocols/smtp-server-priv.h"

/* Takes a last word SMTPUTF8 off (RFC 6531 3.7.4.2). */
static gboolean
take_utf8(PliSmtpServer *server, PliSlice *args)
{
	static const char word[] = " SMTPUTF8";
	gsize n = sizeof(word) - 1;

	if (!pli_smtp_server_has_offer(server, PLI_SMTP_OFFER_SMTPUTF8) ||
	    args->len <= n ||
	    !pli_slice_is(pli_slice_skip(*args, args->len - n), word))
		return FALSE;
	*args = pli_slice_trim(pli_slice_new(args->data, args->len - n));
	return TRUE;
}

const PliSmtpReply *
pli_smtp_lookup_parse(PliSmtpServer *server, PliSlice args)
{
	static const PliSmtpReply no_name = {
		501, "5.5.4", "a name or mailbox must follow the command"};
	static const PliSmtpReply not_ascii = {
		553, "5.6.7",
		"the name must be ASCII, or UTF-8 with SMTPUTF8 behind it"};
	gboolean utf8 = take_utf8(server, &args);

	if (args.len == 0)
		return &no_name;
	if (!pli_utf8_is_ascii(args) && !(utf8 && pli_utf8_is_valid(args)))
		return &not_ascii;
	server->vrfy.utf8 = utf8;
	server->vrfy_argument = pli_slice_dup(args);
	return NULL;
}

static void
ask(PliSmtpServer *server, guint32 event, PliSmtpOnAnswer on_answer)
{
	server->vrfy.argument = server->vrfy_argument;
	pli_smtp_server_ask(server, event, &server->vrfy, on_answer);
}

static void
reply(PliSmtpServer *server, const PliAnswer *answer,
      const PliSmtpUsual *usual)
{
	g_clear_pointer(&server->vrfy_argument, g_free);
	pli_smtp_server_reply_answer(server, answer, usual);
}

static void
on_vrfy(PliSmtpServer *server, const PliAnswer *answer)
{
	static const PliSmtpUsual usual = {
		{252, "2.0.0", "not verified here; send the mail and see"},
		{550, "5.1.1", "there is no such mailbox here"},
		{451, "4.3.0", "the name cannot be looked up now, try later"},
	};

	reply(server, answer, &usual);
}

void
pli_smtp_lookup_run_vrfy(PliSmtpServer *server)
{
	ask(server, PLI_SMTP_EVENT_VRFY, on_vrfy);
}

static void
on_expn(PliSmtpServer *server, const PliAnswer *answer)
{
	static const PliSmtpUsual usual = {
		{250, "2.1.5", ""},
		{550, "5.1.1", "there is no such list here"},
		{451, "4.3.0", "the list cannot be looked up now, try later"},
	};
	const char *const *members = answer->detail;

	if (answer->verdict != PLI_VERDICT_ACCEPT || members == NULL ||
	    members[0] == NULL) {
		reply(server, answer, &usual);
		return;
	}
	g_clear_pointer(&server->vrfy_argument, g_free);
	for (guint i = 0; members[i] != NULL; i++)
		pli_smtp_reply_format_line(
			&(PliSmtpReply){250, "2.1.5", members[i]},
			members[i + 1] == NULL, &server->output);
}

void
pli_smtp_lookup_run_expn(PliSmtpServer *server)
{
	ask(server, PLI_SMTP_EVENT_EXPN, on_expn);
}

/* RFC 1985 5.2: a domain, "@" for all hosts of one, "#" for a queue. */
const PliSmtpReply *
pli_smtp_lookup_parse_node(PliSmtpServer *server, PliSlice args)
{
	static const PliSmtpReply no_node = {
		501, "5.5.4", "ETRN must be followed by a domain, @domain or "
			      "#queue"};
	gboolean is_queue = args.len > 0 && args.data[0] == '#';
	PliSlice name = args;

	if (args.len > 0 && (is_queue || args.data[0] == '@'))
		name = pli_slice_skip(args, 1);
	if (!pli_smtp_path_is_domain(name))
		return &no_node;
	server->vrfy_argument = pli_slice_dup(args);
	return NULL;
}

static void
on_etrn(PliSmtpServer *server, const PliAnswer *answer)
{
	g_autofree char *text = g_strdup_printf(
		"no messages wait for %s", server->vrfy_argument);
	const PliSmtpUsual usual = {
		{251, "2.0.0", text},
		{501, "5.5.4", "there is no such node here"},
		{458, "4.3.0", "messages cannot be queued now, try later"},
	};

	reply(server, answer, &usual);
}

void
pli_smtp_lookup_run_etrn(PliSmtpServer *server)
{
	ask(server, PLI_SMTP_EVENT_ETRN, on_etrn);
}

const PliSmtpReply *
pli_smtp_lookup_check_user(const PliSmtpServer *server)
{
	static const PliSmtpReply auth_first = {
		530, "5.7.0", "AUTH was expected first"};

	return server->user == NULL ? &auth_first : NULL;
}

/* RFC 2645 5.2.1: none, or domains with commas between. */
const PliSmtpReply *
pli_smtp_lookup_parse_domains(PliSmtpServer *server, PliSlice args)
{
	static const PliSmtpReply no_domain = {
		501, "5.5.4",
		"ATRN takes domains with commas between them, or nothing"};
	PliSlice rest = args;

	while (rest.len > 0) {
		const guint8 *comma = memchr(rest.data, ',', rest.len);
		PliSlice domain = rest;

		if (comma != NULL)
			domain.len = comma - rest.data;
		if (!pli_smtp_path_is_domain(domain) ||
		    (comma != NULL && domain.len + 1 == rest.len))
			return &no_domain;
		rest = pli_slice_skip(rest,
				      domain.len + (comma != NULL ? 1 : 0));
	}
	server->vrfy_argument = pli_slice_dup(args);
	return NULL;
}

static const PliSmtpUsual turn_usual = {
	{250, "2.0.0", "now you are the server"},
	{550, "5.7.1", "none of these domains is yours"},
	{453, "4.3.0", "no messages wait for you"},
};

static void
on_atrn(PliSmtpServer *server, const PliAnswer *answer)
{
	reply(server, answer, &turn_usual);
}

void
pli_smtp_lookup_run_atrn(PliSmtpServer *server)
{
	ask(server, PLI_SMTP_EVENT_ATRN, on_atrn);
}

/* RFC 821 3.8: as ATRN for all that waits. */
void
pli_smtp_lookup_run_turn(PliSmtpServer *server)
{
	server->vrfy_argument = g_strdup("");
	ask(server, PLI_SMTP_EVENT_TURN, on_atrn);
}
