/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* AUTH (RFC 4954): frames an exchange whose steps are taken elsewhere. */
#include "protocols/smtp-server-priv.h"

#define MECHANISM_MAX 20   /* RFC 4422 3.1 */

/* A password in the clear crosses the wire. */
static gboolean
is_clear(PliSlice mechanism)
{
	return pli_slice_is(mechanism, "PLAIN") ||
	       pli_slice_is(mechanism, "LOGIN");
}

static gboolean
needs_tls(const PliSmtpServer *server, PliSlice mechanism)
{
	static const char plus[] = "-PLUS";
	gsize n = sizeof(plus) - 1;

	if (server->is_tls)
		return pli_slice_is(mechanism, "EXTERNAL") &&
		       server->tls.client_name == NULL;
	if (is_clear(mechanism))
		return !server->config.allow_clear;
	return pli_slice_is(mechanism, "EXTERNAL") ||
	       (mechanism.len > n &&
		pli_slice_is(pli_slice_skip(mechanism, mechanism.len - n),
			     plus));
}

static gboolean
has_mechanism(const PliSmtpServer *server, PliSlice name)
{
	g_auto(GStrv) words =
		g_strsplit(server->config.mechanisms, " ", -1);

	for (guint i = 0; words[i] != NULL; i++)
		if (*words[i] != '\0' && pli_slice_is(name, words[i]))
			return TRUE;
	return FALSE;
}

gboolean
pli_smtp_auth_add_mechanisms(const PliSmtpServer *server, GString *text)
{
	g_auto(GStrv) words = NULL;
	gboolean any = FALSE;

	if (!pli_smtp_server_has_offer(server, PLI_SMTP_OFFER_AUTH) ||
	    server->user != NULL)
		return FALSE;
	words = g_strsplit(server->config.mechanisms, " ", -1);
	for (guint i = 0; words[i] != NULL; i++) {
		if (*words[i] == '\0' ||
		    needs_tls(server, pli_slice_from_string(words[i])))
			continue;
		g_string_append_printf(text, " %s", words[i]);
		any = TRUE;
	}
	return any;
}

static void
wipe(GByteArray *octets)
{
	if (octets == NULL)
		return;
	if (octets->len > 0)
		explicit_bzero(octets->data, octets->len);
	g_byte_array_unref(octets);
}

static void
clear_line(PliSmtpServer *server)
{
	if (server->auth_line.len > 0)
		explicit_bzero(server->auth_line.data, server->auth_line.len);
	pli_buf_clear(&server->auth_line);
}

void
pli_smtp_auth_clear(PliSmtpServer *server)
{
	g_clear_pointer(&server->mechanism, g_free);
	g_clear_pointer(&server->response, wipe);
	clear_line(server);
}

const PliSmtpReply *
pli_smtp_auth_check(const PliSmtpServer *server)
{
	static const PliSmtpReply again = {
		503, "5.5.1", "you have authenticated already"};

	return server->user != NULL ? &again : NULL;
}

/* Base64, whole and without anything else (RFC 4648 4). */
static GByteArray *
decode(PliSlice s)
{
	g_autofree char *text = pli_slice_dup(s);
	gsize n = s.len, len;
	guchar *octets;

	while (n > 0 && n + 2 > s.len && s.data[n - 1] == '=')
		n--;
	if (s.len % 4 != 0)
		return NULL;
	for (gsize i = 0; i < n; i++)
		if (!g_ascii_isalnum(text[i]) && text[i] != '+' &&
		    text[i] != '/')
			return NULL;
	octets = g_base64_decode(*text != '\0' ? text : "", &len);
	explicit_bzero(text, s.len);
	return g_byte_array_new_take(octets, len);
}

static const PliSmtpReply not_base64 = {
	501, "5.5.2", "a response must be base64 and nothing else"};

/* Sets server->response; "=" is an empty one, nothing is none. */
static const PliSmtpReply *
take_initial(PliSmtpServer *server, PliSlice text)
{
	if (text.len == 0)
		return NULL;
	server->response = pli_slice_is(text, "=") ? g_byte_array_new()
						   : decode(text);
	return server->response == NULL ? &not_base64 : NULL;
}

const PliSmtpReply *
pli_smtp_auth_parse(PliSmtpServer *server, PliSlice args)
{
	static const PliSmtpReply no_mechanism = {
		501, "5.5.4", "AUTH must be followed by a mechanism"};
	static const PliSmtpReply unknown = {
		504, "5.5.4", "the mechanism is none that EHLO offered"};
	static const PliSmtpReply no_tls = {
		538, "5.7.11", "this mechanism needs TLS: STARTTLS was "
			       "expected first"};
	PliSlice name = args;
	PliSlice initial = PLI_SLICE_NONE;
	const guint8 *space =
		args.len > 0 ? memchr(args.data, ' ', args.len) : NULL;

	if (space != NULL) {
		name.len = space - args.data;
		initial = pli_slice_trim(pli_slice_skip(args, name.len));
	}
	if (name.len == 0 || name.len > MECHANISM_MAX)
		return &no_mechanism;
	if (!has_mechanism(server, name))
		return &unknown;
	if (needs_tls(server, name))
		return is_clear(name) ? &no_tls : &unknown;
	pli_smtp_auth_clear(server);
	server->auth.is_first = TRUE;
	server->mechanism = g_ascii_strup((const char *)name.data,
					  (gssize)name.len);
	return take_initial(server, initial);
}

static void
on_step(PliSmtpServer *server, const PliAnswer *answer);

static void
ask(PliSmtpServer *server)
{
	GByteArray *response = server->response;

	server->auth.mechanism = server->mechanism;
	server->auth.response = PLI_SLICE_NONE;
	/* an empty response is no absent one */
	if (response != NULL)
		server->auth.response = pli_slice_new(
			response->len > 0 ? response->data : (guint8 *)"",
			response->len);
	pli_smtp_server_ask(server, PLI_SMTP_EVENT_AUTH, &server->auth,
			    on_step);
}

void
pli_smtp_auth_run(PliSmtpServer *server)
{
	ask(server);
}

static void
end_with_fault(PliSmtpServer *server, const PliSmtpReply *fault)
{
	pli_smtp_auth_clear(server);
	pli_smtp_server_fault(server, fault);
}

/* A response line without its CRLF. */
static void
take_response(PliSmtpServer *server, PliSlice line)
{
	static const PliSmtpReply cancelled = {501, "5.7.0",
					       "AUTH is cancelled"};

	if (pli_slice_is(line, "*")) {
		end_with_fault(server, &cancelled);
		return;
	}
	g_clear_pointer(&server->response, wipe);
	server->response = decode(line);
	if (server->response == NULL)
		end_with_fault(server, &not_base64);
	else
		ask(server);
}

static gsize
read_response(PliSmtpServer *server, PliSlice in)
{
	static const PliSmtpReply too_long = {
		500, "5.5.6", "a response has at most 12288 octets"};
	static const PliSmtpReply bare_lf = {
		500, "5.5.2", "a response must end in CRLF, not in a bare LF"};
	const guint8 *lf = memchr(in.data, '\n', in.len);
	gsize n = lf != NULL ? (gsize)(lf - in.data) + 1 : in.len;
	PliSlice line;

	if (!server->line_too_long &&
	    !pli_buf_append(&server->auth_line, in.data, n))
		server->line_too_long = TRUE;
	if (lf == NULL)
		return n;
	server->achieved = TRUE;
	line = pli_buf_slice(&server->auth_line);
	server->state = pli_smtp_server_read_line;
	if (server->line_too_long) {
		server->line_too_long = FALSE;
		end_with_fault(server, &too_long);
	} else if (line.len < 2 || line.data[line.len - 2] != '\r') {
		end_with_fault(server, &bare_lf);
	} else {
		take_response(server,
			      pli_slice_new(line.data, line.len - 2));
	}
	clear_line(server);
	return n;
}

static void
send_challenge(PliSmtpServer *server, PliSlice octets)
{
	g_autofree char *text =
		octets.len > 0 ? g_base64_encode(octets.data, octets.len)
			       : g_strdup("");

	/* longer than the text of other replies may be (RFC 4954 4) */
	pli_output_append_printf(&server->output, "334 %s\r\n", text);
	g_clear_pointer(&server->response, wipe);
	server->auth.is_first = FALSE;
	server->state = read_response;
}

static void
on_step(PliSmtpServer *server, const PliAnswer *answer)
{
	static const PliSmtpUsual usual = {
		{235, "2.7.0", "you are authenticated"},
		{535, "5.7.8", "the credentials are not valid"},
		{454, "4.7.0", "the credentials cannot be checked now, try "
			       "later"},
	};
	const PliSmtpAuthStep *step = answer->detail;
	PliSmtpReply reply = pli_smtp_reply_find(answer, &usual);

	if (answer->verdict != PLI_VERDICT_ACCEPT) {
		end_with_fault(server, &reply);
		return;
	}
	if (step->user == NULL) {
		send_challenge(server, step->challenge);
		return;
	}
	server->user = g_strdup(step->user);
	pli_smtp_auth_clear(server);
	pli_smtp_server_reply(server, &reply);
}
