/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* XCLIENT and XFORWARD: who the client is, as another one says that may.
 * https://www.postfix.org/XCLIENT_README.html and XFORWARD_README.html */
#include "protocols/ip-address.h"
#include "protocols/smtp-param.h"
#include "protocols/smtp-server-priv.h"

#define VALUE_MAX 255 /* XFORWARD, Note 1 */
#define PROTO_MAX 64
#define IPV6_TAG "IPV6:"

/* Whether the value, decoded, may be that attribute's. */
typedef gboolean (*IsValue)(PliSlice value);

typedef struct {
	const char *keyword;
	PliSmtpClientTold bit;
	gsize offset;	    /* of a string in PliSmtpClient */
	IsValue in_xclient; /* NULL: no attribute of that command */
	IsValue in_xforward;
} Attribute;

static gboolean
is_host(PliSlice s)
{
	for (gsize i = 0; i < s.len; i++)
		if (!g_ascii_isalnum(s.data[i]) &&
		    strchr("-_.", s.data[i]) == NULL)
			return FALSE;
	return s.len > 0;
}

static gboolean
is_address(PliSlice s)
{
	const gsize n = sizeof(IPV6_TAG) - 1;

	if (s.len > n && pli_slice_is(pli_slice_new(s.data, n), IPV6_TAG))
		return pli_ip_address_is_v6(pli_slice_skip(s, n));
	return pli_ip_address_is_v4(s);
}

static gboolean
is_port(PliSlice s)
{
	guint64 port;

	return s.len <= 5 && pli_smtp_param_parse_size(s, &port) &&
	       port <= G_MAXUINT16;
}

static gboolean
is_smtp(PliSlice s)
{
	return pli_slice_is(s, "SMTP") || pli_slice_is(s, "ESMTP");
}

static gboolean
is_any(PliSlice s)
{
	return TRUE;
}

static gboolean
is_proto(PliSlice s)
{
	return s.len <= PROTO_MAX;
}

static gboolean
is_source(PliSlice s)
{
	return pli_slice_is(s, "LOCAL") || pli_slice_is(s, "REMOTE");
}

#define AT(member) G_STRUCT_OFFSET(PliSmtpClient, member)

static const Attribute attributes[] = {
	{"NAME", PLI_SMTP_CLIENT_NAME, AT(name), is_host, is_any},
	{"ADDR", PLI_SMTP_CLIENT_ADDR, AT(address), is_address, is_address},
	{"PORT", PLI_SMTP_CLIENT_PORT, AT(port), is_port, is_port},
	{"PROTO", PLI_SMTP_CLIENT_PROTO, AT(protocol), is_smtp, is_proto},
	{"HELO", PLI_SMTP_CLIENT_HELO, AT(helo), pli_smtp_hello_is_name,
	 is_any},
	{"LOGIN", PLI_SMTP_CLIENT_LOGIN, AT(login), is_any, NULL},
	{"DESTADDR", PLI_SMTP_CLIENT_DESTADDR, AT(destination), is_address,
	 NULL},
	{"DESTPORT", PLI_SMTP_CLIENT_DESTPORT, AT(destination_port), is_port,
	 NULL},
	{"IDENT", PLI_SMTP_CLIENT_IDENT, AT(ident), NULL, is_any},
	{"SOURCE", PLI_SMTP_CLIENT_SOURCE, AT(source), NULL, is_source},
};

static char **
string_of(PliSmtpClient *client, const Attribute *attribute)
{
	return (char **)G_STRUCT_MEMBER_P(client, attribute->offset);
}

static IsValue
rule_of(const Attribute *attribute, gboolean forwards)
{
	return forwards ? attribute->in_xforward : attribute->in_xclient;
}

void
pli_smtp_client_clear(PliSmtpClient *client)
{
	for (guint i = 0; i < G_N_ELEMENTS(attributes); i++)
		g_free(*string_of(client, &attributes[i]));
	*client = (PliSmtpClient){0};
}

void
pli_smtp_client_list(gboolean forwards, GString *text)
{
	for (guint i = 0; i < G_N_ELEMENTS(attributes); i++)
		if (rule_of(&attributes[i], forwards) != NULL)
			g_string_append_printf(text, " %s",
					       attributes[i].keyword);
}

static const Attribute *
find_attribute(PliSlice keyword, gboolean forwards)
{
	for (guint i = 0; i < G_N_ELEMENTS(attributes); i++)
		if (pli_slice_is(keyword, attributes[i].keyword) &&
		    rule_of(&attributes[i], forwards) != NULL)
			return &attributes[i];
	return NULL;
}

/* What is special in a header goes no further. */
static void
mask_specials(char *text)
{
	for (; *text != '\0'; text++)
		if (strchr(" <>()\\\";@", *text) != NULL)
			*text = '?';
}

/* FALSE: the value is none of the attribute's. */
static gboolean
take_value(PliSmtpClient *client, const Attribute *attribute, PliSlice value,
	   gboolean forwards)
{
	gboolean is_login = attribute->bit == PLI_SMTP_CLIENT_LOGIN;
	g_autofree char *text = NULL;

	client->told |= attribute->bit;
	if (pli_slice_is(value, "[UNAVAILABLE]"))
		return forwards || attribute->bit != PLI_SMTP_CLIENT_PROTO;
	if (pli_slice_is(value, "[TEMPUNAVAIL]")) {
		client->is_name_temporary = TRUE;
		return !forwards && attribute->bit == PLI_SMTP_CLIENT_NAME;
	}
	text = is_login ? pli_smtp_param_dup_utf8_xtext(value)
			: pli_smtp_param_dup_xtext(value);
	if (text == NULL || value.len > VALUE_MAX ||
	    !rule_of(attribute, forwards)(pli_slice_from_string(text)))
		return FALSE;
	if (forwards)
		mask_specials(text);
	*string_of(client, attribute) = g_steal_pointer(&text);
	return TRUE;
}

/* What a value must be. */
static const char *
get_wanted(const Attribute *attribute, gboolean forwards)
{
	IsValue rule = rule_of(attribute, forwards);
	static const struct {
		IsValue rule;
		const char *text;
	} rows[] = {
		{is_host, "NAME is a host name of at most 255 octets, "
			  "[UNAVAILABLE] or [TEMPUNAVAIL]"},
		{is_address, "an address is 192.0.2.1, IPV6:2001:db8::1 or "
			     "[UNAVAILABLE]"},
		{is_port, "a port is a number from 0 to 65535 or "
			  "[UNAVAILABLE]"},
		{is_smtp, "PROTO is SMTP or ESMTP"},
		{is_proto, "PROTO is at most 64 octets of xtext or "
			   "[UNAVAILABLE]"},
		{pli_smtp_hello_is_name, "HELO is what HELO takes, at most "
					 "255 octets, or [UNAVAILABLE]"},
		{is_source, "SOURCE is LOCAL, REMOTE or [UNAVAILABLE]"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].rule == rule)
			return rows[i].text;
	return "a value is at most 255 octets of xtext (RFC 3461 4) that "
	       "stand for no controls";
}

/* All attributes of a command, into an empty `client`. */
static const PliSmtpReply *
read_attributes(PliSmtpServer *server, PliSlice args, gboolean forwards,
		PliSmtpClient *client)
{
	static const PliSmtpReply none = {
		501, "5.5.4", "attributes were expected, such as NAME=VALUE"};
	static const PliSmtpReply twice = {
		501, "5.5.4", "an attribute is given twice"};
	static const PliSmtpReply unknown = {
		501, "5.5.4", "an attribute is none of those that EHLO lists"};
	const PliSmtpReply *fault = args.len == 0 ? &none : NULL;
	PliSmtpParam param;
	PliStep step;

	while (fault == NULL &&
	       (step = pli_smtp_param_next(&args, &param)) != PLI_STEP_WANT) {
		const Attribute *attribute =
			step == PLI_STEP_READY && param.value.data != NULL
				? find_attribute(param.keyword, forwards)
				: NULL;

		if (step == PLI_STEP_FAIL || param.value.data == NULL) {
			fault = &none;
		} else if (attribute == NULL) {
			fault = &unknown;
		} else if (client->told & attribute->bit) {
			fault = &twice;
		} else if (!take_value(client, attribute, param.value,
				       forwards)) {
			server->path_fault = (PliSmtpReply){
				501, "5.5.4",
				get_wanted(attribute, forwards)};
			fault = &server->path_fault;
		}
	}
	return fault;
}

const PliSmtpReply *
pli_smtp_client_parse_xclient(PliSmtpServer *server, PliSlice args)
{
	pli_smtp_client_clear(&server->client);
	return read_attributes(server, args, FALSE, &server->client);
}

/* Helo, protocol and login last until the next XCLIENT, so what it does not
 * say is forgotten. */
static void
become(PliSmtpServer *server, const PliSmtpWelcome *welcome)
{
	PliSmtpClient *client = &server->client;

	g_assert(welcome != NULL && welcome->peer != NULL);
	g_free((char *)server->config.peer);
	server->config.peer = g_strdup(welcome->peer);
	server->config.offers &=
		~(PLI_SMTP_OFFER_XCLIENT | PLI_SMTP_OFFER_XFORWARD);
	if (welcome->may_xclient)
		server->config.offers |= PLI_SMTP_OFFER_XCLIENT;
	if (welcome->may_xforward)
		server->config.offers |= PLI_SMTP_OFFER_XFORWARD;
	g_free(server->helo);
	server->helo = g_steal_pointer((char **)&client->helo);
	g_free(server->user);
	server->user = g_steal_pointer((char **)&client->login);
	server->is_esmtp =
		server->config.mode == PLI_SMTP_MODE_LMTP ||
		(client->protocol != NULL &&
		 g_ascii_strcasecmp(client->protocol, "ESMTP") == 0);
}

/* "Depending on the outcome of optional access decisions, the server responds
 * with 220 or with a suitable rejection code." Who is refused is not let go
 * on as who it was. */
static void
on_xclient(PliSmtpServer *server, const PliAnswer *answer)
{
	static const PliSmtpUsual usual = {
		{220, NULL, ""},
		{550, "5.7.1", "this client is not let in"},
		{421, "4.3.2", "this client cannot be let in now, closing"},
	};

	if (answer->verdict == PLI_VERDICT_ACCEPT) {
		become(server, answer->detail);
		pli_smtp_hello_greet(server);
	} else {
		pli_smtp_server_reply_answer(server, answer, &usual);
		pli_smtp_server_close(server);
	}
	pli_smtp_client_clear(&server->client);
}

void
pli_smtp_client_run_xclient(PliSmtpServer *server)
{
	pli_smtp_transaction_reset(server);
	pli_smtp_auth_clear(server);
	pli_smtp_server_ask(server, PLI_SMTP_EVENT_XCLIENT, &server->client,
			    on_xclient);
}

const PliSmtpReply *
pli_smtp_client_parse_xforward(PliSmtpServer *server, PliSlice args)
{
	pli_smtp_client_clear(&server->client);
	return read_attributes(server, args, TRUE, &server->client);
}

void
pli_smtp_client_run_xforward(PliSmtpServer *server)
{
	static const PliSmtpReply done = {250, "2.0.0", "noted for the next "
							"message"};
	PliSmtpClient *from = &server->client, *to = &server->forwarded;

	for (guint i = 0; i < G_N_ELEMENTS(attributes); i++) {
		char **kept = string_of(to, &attributes[i]);

		if (!(from->told & attributes[i].bit))
			continue;
		g_free(*kept);
		*kept = g_steal_pointer(string_of(from, &attributes[i]));
	}
	to->told |= from->told;
	pli_smtp_server_reply(server, &done);
}
