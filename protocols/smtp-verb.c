/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of commands, and those that need no file of their own. */
#include "protocols/smtp-server-priv.h"

#define START PLI_SMTP_PHASE_START
#define GREETED PLI_SMTP_PHASE_GREETED
#define MAIL PLI_SMTP_PHASE_MAIL
#define RCPT PLI_SMTP_PHASE_RCPT
#define CHUNKS PLI_SMTP_PHASE_CHUNKS
#define ANY PLI_SMTP_PHASE_ANY

#define IN_SMTP (1 << PLI_SMTP_MODE_SMTP | 1 << PLI_SMTP_MODE_SUBMISSION)
#define IN_LMTP (1 << PLI_SMTP_MODE_LMTP)
#define IN_ALL (IN_SMTP | IN_LMTP)

enum {
	NO_ARGUMENT = 1 << 0,
	OTHER_PROTOCOL = 1 << 1, /* 554 and close, says who spoke HTTP */
	FOR_SOME = 1 << 2,	 /* 550 for those it is not offered to */
	HAS_OCTETS = 1 << 3,	 /* BDAT: octets follow, obeyed or not */
	ENDS_GROUP = 1 << 4,	 /* the last of a pipelined group (RFC 2920) */
};

typedef struct {
	const char *name;
	/* NULL, or the reply to arguments that are wrong. What it read lies
	 * in the server; nothing has happened yet. */
	const PliSmtpReply *(*parse)(PliSmtpServer *server, PliSlice args);
	/* NULL, or the reply to a command that cannot be obeyed now. Pure. */
	const PliSmtpReply *(*check)(const PliSmtpServer *server);
	void (*act)(PliSmtpServer *server);
	guint modes;
	guint phases;
	const PliSmtpReply *out_of_phase;
	guint flags;
	PliSmtpOffers offer; /* one that it needs; 0: none */
} PliSmtpVerb;

/* RSET, NOOP, HELP, QUIT */

static void
act_rset(PliSmtpServer *server)
{
	static const PliSmtpReply done = {250, "2.0.0", "forgotten"};

	pli_smtp_transaction_reset(server);
	pli_smtp_server_reply(server, &done);
}

static void
act_noop(PliSmtpServer *server)
{
	static const PliSmtpReply done = {250, "2.0.0", "still here"};

	pli_smtp_server_reply(server, &done);
}

static void
act_quit(PliSmtpServer *server)
{
	g_autofree char *text =
		g_strdup_printf("%s closes", server->config.hostname);

	pli_smtp_server_reply(server, &(PliSmtpReply){221, "2.0.0", text});
	pli_smtp_server_close(server);
}

static void act_help(PliSmtpServer *server);

static const PliSmtpReply greet_first = {503, "5.5.1",
					 "HELO or EHLO was expected first"};
static const PliSmtpReply lhlo_first = {503, "5.5.1",
					"LHLO was expected first"};
static const PliSmtpReply mail_first = {503, "5.5.1",
					"MAIL was expected first"};
static const PliSmtpReply rcpt_first = {
	503, "5.5.1", "a recipient that is accepted was expected first"};
static const PliSmtpReply mail_again = {
	503, "5.5.1", "there is a sender already; RSET starts again"};
static const PliSmtpReply no_mail = {
	503, "5.5.1", "not within a transaction; RSET ends it"};

static const PliSmtpReply data_first = {
	503, "5.5.1", "the message is on its way: BDAT or RSET was expected"};

#define HTTP(verb)                                                           \
	{                                                                    \
		verb, NULL, NULL, NULL, IN_ALL, ANY, NULL, OTHER_PROTOCOL, 0 \
	}

static const PliSmtpVerb verbs[] = {
	{"HELO", pli_smtp_hello_parse, NULL, pli_smtp_hello_run_helo, IN_SMTP,
	 ANY, NULL, 0, 0},
	{"EHLO", pli_smtp_hello_parse, NULL, pli_smtp_hello_run_ehlo, IN_SMTP,
	 ANY, NULL, ENDS_GROUP, 0},
	{"LHLO", pli_smtp_hello_parse, NULL, pli_smtp_hello_run_ehlo, IN_LMTP,
	 ANY, NULL, ENDS_GROUP, 0},
	{"MAIL", pli_smtp_mail_parse, pli_smtp_mail_check,
	 pli_smtp_transaction_ask_mail, IN_ALL, GREETED, &mail_again, 0, 0},
	{"RCPT", pli_smtp_mail_parse_rcpt, pli_smtp_mail_check_rcpt,
	 pli_smtp_transaction_ask_rcpt, IN_ALL, MAIL | RCPT, &mail_first, 0,
	 0},
	{"DATA", NULL, pli_smtp_transaction_check_data,
	 pli_smtp_transaction_ask_data, IN_ALL, RCPT, &rcpt_first,
	 NO_ARGUMENT | ENDS_GROUP, 0},
	{"BDAT", pli_smtp_transaction_parse_chunk, NULL,
	 pli_smtp_transaction_ask_chunk, IN_ALL, RCPT | CHUNKS, &rcpt_first,
	 HAS_OCTETS, PLI_SMTP_OFFER_CHUNKING},
	{"RSET", NULL, NULL, act_rset, IN_ALL, ANY, NULL, NO_ARGUMENT, 0},
	{"NOOP", NULL, NULL, act_noop, IN_ALL, ANY, NULL, 0, 0},
	{"VRFY", pli_smtp_lookup_parse, NULL, pli_smtp_lookup_run_vrfy, IN_ALL,
	 ANY, NULL, 0, 0},
	{"EXPN", pli_smtp_lookup_parse, NULL, pli_smtp_lookup_run_expn, IN_ALL,
	 ANY, NULL, 0, PLI_SMTP_OFFER_EXPN},
	{"HELP", NULL, NULL, act_help, IN_ALL, ANY, NULL, 0, 0},
	{"QUIT", NULL, NULL, act_quit, IN_ALL, ANY, NULL, NO_ARGUMENT, 0},
	{"STARTTLS", NULL, pli_smtp_hello_check_starttls,
	 pli_smtp_hello_run_starttls, IN_ALL, START | GREETED, &no_mail,
	 NO_ARGUMENT, PLI_SMTP_OFFER_STARTTLS},
	{"AUTH", pli_smtp_auth_parse, pli_smtp_auth_check, pli_smtp_auth_run,
	 IN_ALL, GREETED, &no_mail, ENDS_GROUP, PLI_SMTP_OFFER_AUTH},
	{"ETRN", pli_smtp_lookup_parse_node, NULL, pli_smtp_lookup_run_etrn,
	 IN_SMTP, GREETED, &no_mail, 0, PLI_SMTP_OFFER_ETRN},
	{"ATRN", pli_smtp_lookup_parse_domains, pli_smtp_lookup_check_user,
	 pli_smtp_lookup_run_atrn, IN_SMTP, GREETED, &no_mail, 0,
	 PLI_SMTP_OFFER_ATRN},
	/* refused unless it is offered (RFC 5321 F.1) */
	{"TURN", NULL, pli_smtp_lookup_check_user, pli_smtp_lookup_run_turn,
	 IN_ALL, GREETED, &no_mail, NO_ARGUMENT, PLI_SMTP_OFFER_TURN},
	{"XCLIENT", pli_smtp_client_parse_xclient, NULL,
	 pli_smtp_client_run_xclient, IN_ALL, START | GREETED, &no_mail,
	 FOR_SOME, PLI_SMTP_OFFER_XCLIENT},
	{"XFORWARD", pli_smtp_client_parse_xforward, NULL,
	 pli_smtp_client_run_xforward, IN_ALL, GREETED, &no_mail, FOR_SOME,
	 PLI_SMTP_OFFER_XFORWARD},
	HTTP("CONNECT"),
	HTTP("GET"),
	HTTP("HEAD"),
	HTTP("OPTIONS"),
	HTTP("POST"),
	HTTP("PUT"),
};

static gboolean
is_in_mode(const PliSmtpVerb *verb, const PliSmtpServer *server)
{
	return verb->modes & 1u << server->config.mode;
}

static gboolean
is_offered(const PliSmtpVerb *verb, const PliSmtpServer *server)
{
	return pli_smtp_server_has_offer(server, verb->offer);
}

static void
act_help(PliSmtpServer *server)
{
	g_autoptr(GString) text = g_string_new("commands:");

	for (guint i = 0; i < G_N_ELEMENTS(verbs); i++)
		if (verbs[i].act != NULL && is_in_mode(&verbs[i], server) &&
		    is_offered(&verbs[i], server))
			g_string_append_printf(text, " %s", verbs[i].name);
	pli_smtp_reply_format_line(&(PliSmtpReply){214, "2.0.0", text->str},
				   FALSE, &server->output);
	pli_smtp_reply_format_line(
		&(PliSmtpReply){214, "2.0.0", "see RFC 5321 and RFC 2033"},
		TRUE, &server->output);
}

static const PliSmtpVerb *
find_verb(PliSlice name)
{
	for (guint i = 0; i < G_N_ELEMENTS(verbs); i++)
		if (pli_slice_is(name, verbs[i].name))
			return &verbs[i];
	return NULL;
}

/* The reply to a command that is not for this server, or not now. */
static const PliSmtpReply *
check_verb(const PliSmtpServer *server, const PliSmtpVerb *verb)
{
	static const PliSmtpReply unknown = {
		500, "5.5.1", "not a command; HELP lists those that are"};
	static const PliSmtpReply in_lmtp = {500, "5.5.1",
					     "this is LMTP: LHLO was expected"};
	static const PliSmtpReply in_smtp = {
		500, "5.5.1", "this is SMTP: EHLO or HELO was expected"};
	static const PliSmtpReply not_offered = {
		502, "5.5.1", "this command is not offered here"};
	static const PliSmtpReply not_yours = {
		550, "5.7.0", "this command is for clients of the networks "
			      "that the configuration names"};
	gboolean lmtp = server->config.mode == PLI_SMTP_MODE_LMTP;
	PliSmtpPhase phase = pli_smtp_server_get_phase(server);

	if (verb == NULL)
		return &unknown;
	if (!is_in_mode(verb, server))
		return lmtp ? &in_lmtp : &in_smtp;
	if (!is_offered(verb, server))
		return verb->flags & FOR_SOME ? &not_yours : &not_offered;
	if (verb->phases & phase)
		return NULL;
	if (phase == START)
		return lmtp ? &lhlo_first : &greet_first;
	if (phase == CHUNKS)
		return &data_first;
	return phase == GREETED ? &mail_first : verb->out_of_phase;
}

void
pli_smtp_verb_run(PliSmtpServer *server, PliSlice line)
{
	static const PliSmtpReply http = {
		554, "5.5.0", "this is a mail server and speaks no HTTP"};
	static const PliSmtpReply no_argument = {
		501, "5.5.4", "this command takes no argument"};
	PliSlice name = line;
	PliSlice args = PLI_SLICE_NONE;
	const guint8 *space =
		line.len > 0 ? memchr(line.data, ' ', line.len) : NULL;
	const PliSmtpVerb *verb;
	const PliSmtpReply *fault;

	if (space != NULL) {
		name.len = space - line.data;
		args = pli_slice_trim(pli_slice_skip(line, name.len));
	}
	verb = find_verb(name);
	if (verb != NULL && verb->flags & OTHER_PROTOCOL) {
		pli_smtp_server_reply(server, &http);
		pli_smtp_server_close(server);
		return;
	}
	fault = check_verb(server, verb);
	if (fault == NULL && verb->flags & NO_ARGUMENT && args.len > 0)
		fault = &no_argument;
	if (fault == NULL && verb->check != NULL)
		fault = verb->check(server);
	if (fault == NULL && verb->parse != NULL)
		fault = verb->parse(server, args);
	if (fault == NULL) {
		server->in_sync = server->config.require_sync &&
				  verb->flags & ENDS_GROUP;
		verb->act(server);
	} else if (verb != NULL && verb->flags & HAS_OCTETS) {
		pli_smtp_transaction_refuse_chunk(server, args, fault);
	} else {
		pli_smtp_server_fault(server, fault);
	}
}
