/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/smtp-param.h"
#include "protocols/smtp-server-priv.h"

#define START PLI_SMTP_PHASE_START
#define GREETED PLI_SMTP_PHASE_GREETED
#define MAIL PLI_SMTP_PHASE_MAIL
#define RCPT PLI_SMTP_PHASE_RCPT
#define ANY (START | GREETED | MAIL | RCPT)

#define IN_SMTP (1 << PLI_SMTP_MODE_SMTP | 1 << PLI_SMTP_MODE_SUBMISSION)
#define IN_LMTP (1 << PLI_SMTP_MODE_LMTP)
#define IN_ALL (IN_SMTP | IN_LMTP)

#define HELO_MAX 255

enum {
	NO_ARGUMENT = 1 << 0,
	OTHER_PROTOCOL = 1 << 1, /* 554 and close, says who spoke HTTP */
	UNLISTED = 1 << 2,	 /* not in HELP: not offered */
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
} PliSmtpVerb;

/* HELO, EHLO, LHLO */

/* A host name as hosts have it, '_' too, or an address literal. */
static gboolean
is_helo_name(PliSlice s)
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

static const PliSmtpReply *
parse_helo(PliSmtpServer *server, PliSlice args)
{
	static const PliSmtpReply no_name = {
		501, "5.5.4", "your host name or [address] was expected"};

	if (!is_helo_name(args))
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

static void
act_helo(PliSmtpServer *server)
{
	pli_smtp_transaction_clear(server);
	server->is_esmtp = FALSE;
	reply_greets(server, TRUE);
}

static void
act_ehlo(PliSmtpServer *server)
{
	char size[32];
	const char *const extensions[] = {"PIPELINING", size, "8BITMIME",
					  "ENHANCEDSTATUSCODES"};

	pli_smtp_transaction_clear(server);
	server->is_esmtp = TRUE;
	reply_greets(server, FALSE);
	g_snprintf(size, sizeof(size), "SIZE %" G_GUINT64_FORMAT,
		   server->config.size_limit);
	for (guint i = 0; i < G_N_ELEMENTS(extensions); i++)
		pli_smtp_reply_format_line(
			&(PliSmtpReply){250, NULL, extensions[i]},
			i + 1 == G_N_ELEMENTS(extensions), &server->output);
}

/* MAIL, RCPT */

/* Takes "FROM:" or "TO:" and the spaces that some put after it away. */
static gboolean
take_label(PliSlice *args, const char *label)
{
	gsize n = strlen(label);

	if (args->len < n || !pli_slice_is(pli_slice_new(args->data, n), label))
		return FALSE;
	*args = pli_slice_skip(*args, n);
	while (args->len > 0 && args->data[0] == ' ')
		*args = pli_slice_skip(*args, 1);
	return TRUE;
}

/* Reads the path that `args` begins with; what follows it stays in *args. */
static const PliSmtpReply *
take_path(PliSmtpServer *server, PliSlice *args, PliSmtpPathFlags flags,
	  const char *status, PliSmtpPath **ret_path)
{
	static const PliSmtpReply no_space = {
		501, "5.5.4", "a space was expected after the >"};
	PliSmtpPath *path;
	gsize used;
	PliSmtpPathResult result =
		pli_smtp_path_parse(*args, flags, &path, &used);

	if (result != PLI_SMTP_PATH_OK) {
		gboolean ascii = result != PLI_SMTP_PATH_NOT_ASCII;

		server->path_fault = (PliSmtpReply){
			ascii ? 501 : 553, ascii ? status : "5.6.7",
			pli_smtp_path_get_text(result)};
		return &server->path_fault;
	}
	*args = pli_slice_skip(*args, used);
	if (args->len > 0 && args->data[0] != ' ') {
		pli_smtp_path_free(path);
		return &no_space;
	}
	*ret_path = path;
	return NULL;
}

static const PliSmtpReply *
read_size(PliSmtpServer *server, PliSlice value)
{
	static const PliSmtpReply no_size = {
		501, "5.5.4", "SIZE= must be followed by 1 to 20 digits"};
	static const PliSmtpReply too_big = {
		552, "5.3.4", "the message is bigger than SIZE allows"};
	guint64 limit = server->config.size_limit;

	if (!pli_smtp_param_parse_size(value, &server->mail.size))
		return &no_size;
	return limit > 0 && server->mail.size > limit ? &too_big : NULL;
}

static const PliSmtpReply *
read_body(PliSmtpServer *server, PliSlice value)
{
	static const PliSmtpReply no_body = {
		501, "5.5.4", "BODY= must be followed by 7BIT or 8BITMIME"};

	if (pli_slice_is(value, "8BITMIME"))
		server->mail.body = PLI_SMTP_BODY_8BITMIME;
	else if (!pli_slice_is(value, "7BIT"))
		return &no_body;
	return NULL;
}

/* One row a parameter that a command takes. */
typedef struct {
	const char *keyword;
	const PliSmtpReply *(*read)(PliSmtpServer *server, PliSlice value);
} ParamRow;

static const ParamRow mail_params[] = {
	{"SIZE", read_size},
	{"BODY", read_body},
	{NULL, NULL},
};

static const ParamRow rcpt_params[] = {
	{NULL, NULL},
};

static const PliSmtpReply *
read_params(PliSmtpServer *server, PliSlice args, const ParamRow *rows)
{
	static const PliSmtpReply malformed = {
		501, "5.5.4", "KEYWORD or KEYWORD=value was expected"};
	static const PliSmtpReply unknown = {
		555, "5.5.4", "a parameter that EHLO did not offer"};
	static const PliSmtpReply twice = {501, "5.5.4",
					   "a parameter was given twice"};
	const PliSmtpReply *fault = NULL;
	PliSmtpParam param;
	guint seen = 0;
	PliStep step = PLI_STEP_WANT;

	while (fault == NULL &&
	       (step = pli_smtp_param_next(&args, &param)) == PLI_STEP_READY) {
		guint i = 0;

		while (rows[i].keyword != NULL &&
		       !pli_slice_is(param.keyword, rows[i].keyword))
			i++;
		if (rows[i].keyword == NULL)
			fault = &unknown;
		else if (seen & 1u << i)
			fault = &twice;
		else
			fault = rows[i].read(server, param.value);
		seen |= 1u << i;
	}
	return step == PLI_STEP_FAIL ? &malformed : fault;
}

static char *
dup_params(PliSlice args)
{
	return pli_slice_dup(pli_slice_trim(args));
}

static const PliSmtpReply *
parse_mail(PliSmtpServer *server, PliSlice args)
{
	static const PliSmtpReply no_from = {
		501, "5.5.4", "MAIL FROM:<address> was expected"};
	const PliSmtpReply *fault;
	PliSmtpPath *path;

	if (!take_label(&args, "FROM:"))
		return &no_from;
	fault = take_path(server, &args, PLI_SMTP_PATH_NULL, "5.1.7", &path);
	if (fault != NULL)
		return fault;
	server->mail.path = path;
	fault = read_params(server, args, mail_params);
	if (fault != NULL)
		pli_smtp_transaction_clear(server);
	else
		server->mail.parameters = dup_params(args);
	return fault;
}

static const PliSmtpReply *
check_rcpt(const PliSmtpServer *server)
{
	static const PliSmtpReply too_many = {
		452, "4.5.3", "too many recipients, send the rest later"};

	return server->rcpts != NULL && server->rcpts->len >=
						server->config.max_recipients
		       ? &too_many
		       : NULL;
}

static const PliSmtpReply *
parse_rcpt(PliSmtpServer *server, PliSlice args)
{
	static const PliSmtpReply no_to = {501, "5.5.4",
					   "RCPT TO:<address> was expected"};
	PliSmtpPathFlags flags = PLI_SMTP_PATH_POSTMASTER;
	const PliSmtpReply *fault;
	PliSmtpPath *path;

	if (server->config.allow_bare)
		flags |= PLI_SMTP_PATH_BARE;
	if (!take_label(&args, "TO:"))
		return &no_to;
	fault = take_path(server, &args, flags, "5.1.3", &path);
	if (fault != NULL)
		return fault;
	fault = read_params(server, args, rcpt_params);
	if (fault != NULL) {
		pli_smtp_path_free(path);
		return fault;
	}
	server->rcpt = g_new0(PliSmtpRcpt, 1);
	server->rcpt->path = path;
	server->rcpt->parameters = dup_params(args);
	return NULL;
}

/* RSET, NOOP, VRFY, HELP, QUIT */

static void
act_rset(PliSmtpServer *server)
{
	static const PliSmtpReply done = {250, "2.0.0", "forgotten"};

	pli_smtp_transaction_clear(server);
	pli_smtp_server_reply(server, &done);
}

static void
act_noop(PliSmtpServer *server)
{
	static const PliSmtpReply done = {250, "2.0.0", "still here"};

	pli_smtp_server_reply(server, &done);
}

static const PliSmtpReply *
parse_vrfy(PliSmtpServer *server, PliSlice args)
{
	static const PliSmtpReply no_name = {
		501, "5.5.4", "VRFY must be followed by a name or mailbox"};
	static const PliSmtpReply not_ascii = {
		553, "5.6.7",
		"the name must be ASCII: SMTPUTF8 is not offered"};

	if (args.len == 0)
		return &no_name;
	for (gsize i = 0; i < args.len; i++)
		if (args.data[i] >= 0x80)
			return &not_ascii;
	server->vrfy_argument = pli_slice_dup(args);
	return NULL;
}

static void
on_vrfy(PliSmtpServer *server, const PliAnswer *answer)
{
	static const PliSmtpUsual usual = {
		{252, "2.0.0", "not verified here; send the mail and see"},
		{550, "5.1.1", "there is no such mailbox here"},
		{451, "4.3.0", "the name cannot be looked up now, try later"},
	};

	g_clear_pointer(&server->vrfy_argument, g_free);
	pli_smtp_server_reply_answer(server, answer, &usual);
}

static void
act_vrfy(PliSmtpServer *server)
{
	server->vrfy.argument = server->vrfy_argument;
	pli_smtp_server_ask(server, PLI_SMTP_EVENT_VRFY, &server->vrfy,
			    on_vrfy);
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

/* A command that is known, and not offered (RFC 5321 4.2.4). */
#define NOT_OFFERED(verb)                                           \
	{                                                           \
		verb, NULL, NULL, NULL, IN_ALL, ANY, NULL, UNLISTED \
	}
#define HTTP(verb)                                                        \
	{                                                                 \
		verb, NULL, NULL, NULL, IN_ALL, ANY, NULL, OTHER_PROTOCOL \
	}

static const PliSmtpVerb verbs[] = {
	{"HELO", parse_helo, NULL, act_helo, IN_SMTP, ANY, NULL, 0},
	{"EHLO", parse_helo, NULL, act_ehlo, IN_SMTP, ANY, NULL, 0},
	{"LHLO", parse_helo, NULL, act_ehlo, IN_LMTP, ANY, NULL, 0},
	{"MAIL", parse_mail, NULL, pli_smtp_transaction_ask_mail, IN_ALL,
	 GREETED, &mail_again, 0},
	{"RCPT", parse_rcpt, check_rcpt, pli_smtp_transaction_ask_rcpt, IN_ALL,
	 MAIL | RCPT, &mail_first, 0},
	{"DATA", NULL, NULL, pli_smtp_transaction_ask_data, IN_ALL, RCPT,
	 &rcpt_first, NO_ARGUMENT},
	{"RSET", NULL, NULL, act_rset, IN_ALL, ANY, NULL, NO_ARGUMENT},
	{"NOOP", NULL, NULL, act_noop, IN_ALL, ANY, NULL, 0},
	{"VRFY", parse_vrfy, NULL, act_vrfy, IN_ALL, ANY, NULL, 0},
	{"HELP", NULL, NULL, act_help, IN_ALL, ANY, NULL, 0},
	{"QUIT", NULL, NULL, act_quit, IN_ALL, ANY, NULL, NO_ARGUMENT},
	NOT_OFFERED("AUTH"),
	NOT_OFFERED("BDAT"),
	NOT_OFFERED("ETRN"),
	NOT_OFFERED("EXPN"),
	NOT_OFFERED("STARTTLS"),
	NOT_OFFERED("TURN"),
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

static void
act_help(PliSmtpServer *server)
{
	g_autoptr(GString) text = g_string_new("commands:");

	for (guint i = 0; i < G_N_ELEMENTS(verbs); i++)
		if (verbs[i].act != NULL && is_in_mode(&verbs[i], server))
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
	gboolean lmtp = server->config.mode == PLI_SMTP_MODE_LMTP;
	PliSmtpPhase phase = pli_smtp_server_get_phase(server);

	if (verb == NULL)
		return &unknown;
	if (!is_in_mode(verb, server))
		return lmtp ? &in_lmtp : &in_smtp;
	if (verb->flags & UNLISTED)
		return &not_offered;
	if (verb->phases & phase)
		return NULL;
	if (phase == START)
		return lmtp ? &lhlo_first : &greet_first;
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
	if (fault != NULL)
		pli_smtp_server_fault(server, fault);
	else
		verb->act(server);
}
