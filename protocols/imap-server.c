/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/imap-server.h"

#include "protocols/imap-server-priv.h"

const PliImapConfig pli_imap_config_default = {
	.hostname = "localhost",
	.allow_login = FALSE,
	.line_octets = 64 * 1024,
	.literal_octets = 8 * 1024 * 1024,
	.output_octets = 256 * 1024,
	.bad_commands = 20,
	.login_seconds = 60,
	.idle_seconds = 1800,
};

/* Who has not logged in has no use for large literals. */
#define LOGIN_LITERAL_OCTETS 4096

static void
clear_command(PliImapServer *server)
{
	PliImapCommand *command = &server->command;

	if (command->free_data != NULL)
		command->free_data(command->data);
	g_free(command->tag);
	memset(command, 0, sizeof *command);
	g_clear_pointer(&server->ending.expunged, g_array_unref);
}

void
pli_imap_server_ask(PliImapServer *server, guint32 type, gconstpointer detail,
                    PliImapAnswered answered)
{
	g_assert(server->ask == 0);
	g_assert(server->n_events < G_N_ELEMENTS(server->events));
	server->ask = ++server->n_asks;
	server->answered = answered;
	server->events[server->n_events++] = (PliSessionEvent){
		.type = type, .ask = server->ask, .detail = detail};
}

void
pli_imap_server_unselect(PliImapServer *server)
{
	if (server->phase != PLI_IMAP_PHASE_SELECTED)
		return;
	g_assert(server->n_events < G_N_ELEMENTS(server->events));
	server->phase = PLI_IMAP_PHASE_AUTHENTICATED;
	pli_imap_messages_clear(&server->messages);
	memset(&server->mark, 0, sizeof server->mark);
	server->events[server->n_events++] =
	        (PliSessionEvent){.type = PLI_IMAP_EVENT_UNSELECT};
}

const char *
pli_imap_server_get_capabilities(const PliImapServer *server)
{
	gboolean offers = server->config.offer_tls && !server->is_tls;

	if (server->phase != PLI_IMAP_PHASE_LOGIN)
		return "IMAP4rev1 LITERAL+ UNSELECT";
	if (!server->is_tls && !server->config.allow_login)
		return offers ? "IMAP4rev1 LITERAL+ UNSELECT STARTTLS "
		                "LOGINDISABLED"
		              : "IMAP4rev1 LITERAL+ UNSELECT LOGINDISABLED";
	return offers ? "IMAP4rev1 LITERAL+ UNSELECT STARTTLS"
	              : "IMAP4rev1 LITERAL+ UNSELECT";
}

void
pli_imap_server_set_tls(PliImapServer *server)
{
	server->is_tls = TRUE;
}

void
pli_imap_server_append_quoted(PliImapServer *server, const char *name)
{
	g_autoptr(GString) quoted = g_string_new("\"");

	for (; *name != '\0'; name++) {
		if (*name == '"' || *name == '\\')
			g_string_append_c(quoted, '\\');
		g_string_append_c(quoted, *name);
	}
	g_string_append_c(quoted, '"');
	pli_output_append(&server->output,
	                  pli_slice_new(quoted->str, quoted->len));
}

/* Text of somebody else's, made fit for one line of US-ASCII. */
static void
append_line(PliImapServer *server, const char *s)
{
	g_autofree char *text = g_strdup(s);

	for (char *p = text; *p != '\0'; p++)
		if (*p < 0x20 || *p > 0x7e)
			*p = '?';
	pli_output_append_string(&server->output, text);
}

void
pli_imap_server_bye(PliImapServer *server, const char *text)
{
	pli_output_append_printf(&server->output, "* BYE %s\r\n", text);
	server->closing = TRUE;
	server->phase = PLI_IMAP_PHASE_LOGOUT;
}

void
pli_imap_server_count_bad(PliImapServer *server)
{
	if (++server->n_bad >= server->config.bad_commands && !server->closing)
		pli_imap_server_bye(server, "Too many bad commands");
}

void
pli_imap_server_finish(PliImapServer *server, PliImapResult result,
                       const char *code, const char *text)
{
	static const char *const words[] = {"OK", "NO", "BAD"};
	PliOutputQueue *output = &server->output;

	g_assert(server->ask == 0);
	pli_output_append_printf(output, "%s %s ", server->command.tag,
	                         words[result]);
	if (code != NULL) {
		pli_output_append_string(output, "[");
		append_line(server, code);
		pli_output_append_string(output, "] ");
	}
	append_line(server, text);
	pli_output_append_string(output, "\r\n");
	clear_command(server);
	if (result == PLI_IMAP_BAD)
		pli_imap_server_count_bad(server);
	else if (result == PLI_IMAP_OK)
		server->n_bad = 0;
}

void
pli_imap_server_refuse(PliImapServer *server, const PliAnswer *answer,
                       const char *code, const char *text)
{
	if (answer->verdict == PLI_VERDICT_TEMPORARY) {
		code = "UNAVAILABLE";
		text = "That cannot be done now, try again later";
	}
	pli_imap_server_finish(server, PLI_IMAP_NO,
	                       answer->status != NULL ? answer->status : code,
	                       answer->text != NULL ? answer->text : text);
}

/* Carries on until something is asked, the output is full, or all is done. */
static PliStep
run(PliImapServer *server)
{
	while (server->n_events == 0 && server->ask == 0 &&
	       server->command.resume != NULL &&
	       !pli_output_is_full(&server->output)) {
		PliStep step = server->command.resume(server);

		if (step == PLI_STEP_FAIL)
			server->failed = TRUE;
		if (step != PLI_STEP_READY)
			return step;
	}
	return PLI_STEP_WANT;
}

/* Tag, command and its row. FALSE: it was answered. */
static gboolean
start_command(PliImapServer *server, PliImapLexer *lexer)
{
	PliImapCommand *command = &server->command;
	const PliImapVerb *verb;
	PliSlice tag, name;

	if (!pli_imap_lexer_take_tag(lexer, &tag) ||
	    (!pli_imap_lexer_is_end(lexer) &&
	     pli_imap_lexer_get_next(lexer) != ' ')) {
		pli_output_append_string(&server->output,
		                         "* BAD A tag is missing\r\n");
		pli_imap_server_count_bad(server);
		return FALSE;
	}
	command->tag = pli_slice_dup(tag);
	if (!pli_imap_lexer_take_space(lexer) ||
	    !pli_imap_lexer_take_atom(lexer, &name))
		goto bad;
	command->by_uid = pli_slice_is(name, "UID");
	if (command->by_uid && (!pli_imap_lexer_take_space(lexer) ||
	                        !pli_imap_lexer_take_atom(lexer, &name)))
		goto bad;
	verb = pli_imap_verb_find(name, command->by_uid);
	if (verb == NULL) {
		pli_imap_server_finish(server, PLI_IMAP_BAD, NULL,
		                       "Unknown command");
		return FALSE;
	}
	if (!(verb->phases & server->phase)) {
		pli_imap_server_finish(server, PLI_IMAP_BAD, NULL,
		                       "Not in this state");
		return FALSE;
	}
	if (verb->flags & PLI_IMAP_VERB_REFUSED) {
		g_autofree char *text = g_strdup_printf(
		        "%s is not offered by this server", verb->name);

		pli_imap_server_finish(server, PLI_IMAP_NO, "CANNOT", text);
		return FALSE;
	}
	command->verb = verb;
	return TRUE;
bad:
	pli_imap_server_finish(server, PLI_IMAP_BAD, NULL, lexer->error);
	return FALSE;
}

static void
carry_out(PliImapServer *server, PliImapLexer *lexer)
{
	const PliImapVerb *verb;

	if (!start_command(server, lexer))
		return;
	verb = server->command.verb;
	if (verb->parse != NULL ? !verb->parse(server, lexer)
	                        : !pli_imap_lexer_take_end(lexer))
		pli_imap_server_finish(server, PLI_IMAP_BAD, NULL,
		                       lexer->error);
	else
		verb->act(server);
}

/* A command that will not be looked at; its tag may be known. */
static void
refuse_command(PliImapServer *server, PliImapLexer *lexer,
               PliImapResult result, const char *code, const char *text)
{
	PliSlice tag;

	if (pli_imap_lexer_take_tag(lexer, &tag) &&
	    pli_imap_lexer_get_next(lexer) == ' ')
		server->command.tag = pli_slice_dup(tag);
	else
		server->command.tag = g_strdup("*");
	pli_imap_server_finish(server, result, code, text);
}

/* The client waits: it may send the literal if its command is one. */
static void
allow_literal(PliImapServer *server, PliImapLexer *lexer)
{
	if (!start_command(server, lexer)) {
		pli_imap_line_reset(&server->line);
		return;
	}
	clear_command(server);
	pli_output_append_string(&server->output, "+ Go on\r\n");
}

static void
handle_line(PliImapServer *server, PliImapLineEvent event)
{
	PliImapLexer lexer;

	pli_imap_lexer_init(&lexer, server->line.octets.data,
	                    server->line.octets.len);
	switch (event) {
	case PLI_IMAP_LINE_NONE:
		return;
	case PLI_IMAP_LINE_LITERAL:
		allow_literal(server, &lexer);
		return;
	case PLI_IMAP_LINE_COMMAND:
		carry_out(server, &lexer);
		break;
	case PLI_IMAP_LINE_TOO_LONG:
		refuse_command(server, &lexer, PLI_IMAP_BAD, NULL,
		               "The command line is too long");
		break;
	case PLI_IMAP_LINE_TOO_BIG:
		refuse_command(server, &lexer, PLI_IMAP_NO, "LIMIT",
		               "The literal is too large");
		break;
	case PLI_IMAP_LINE_BROKEN:
		pli_imap_server_bye(server, "No literal is that large");
		break;
	}
	pli_imap_line_reset(&server->line);
}

static gboolean
is_busy(const PliImapServer *server)
{
	return server->failed || server->n_events > 0 || server->ask != 0 ||
	       server->command.tag != NULL ||
	       pli_output_is_full(&server->output);
}

static void
set_literal_ceiling(PliImapServer *server)
{
	PliImapLine *line = &server->line;
	gsize ceiling = server->config.literal_octets;

	if (!pli_imap_line_is_empty(line))
		return;
	if (server->phase == PLI_IMAP_PHASE_LOGIN)
		ceiling = MIN(ceiling, LOGIN_LITERAL_OCTETS);
	if (line->literal_ceiling != ceiling) {
		line->literal_ceiling = ceiling;
		pli_imap_line_reset(line);
	}
}

static gsize
imap_feed(PliSession *session, PliSlice in)
{
	PliImapServer *server = (PliImapServer *)session;
	gsize used = 0;

	server->active |= in.len > 0;
	while (used < in.len && !server->closing && !is_busy(server)) {
		PliImapLineEvent event;

		set_literal_ceiling(server);
		used += pli_imap_line_feed(&server->line,
		                           pli_slice_skip(in, used), &event);
		handle_line(server, event);
		(void)run(server);
	}
	return server->closing ? in.len : used;
}

static PliStep
imap_next(PliSession *session, PliSessionEvent *ret_event)
{
	PliImapServer *server = (PliImapServer *)session;

	if (server->n_events == 0 && !server->failed)
		(void)run(server);
	if (server->failed)
		return PLI_STEP_FAIL;
	if (server->n_events > 0) {
		*ret_event = server->events[0];
		server->events[0] = server->events[1];
		server->n_events--;
		return PLI_STEP_READY;
	}
	if (server->closing && !server->close_told) {
		server->close_told = TRUE;
		*ret_event =
		        (PliSessionEvent){.type = PLI_SESSION_EVENT_CLOSE};
		return PLI_STEP_READY;
	}
	return PLI_STEP_WANT;
}

static gboolean
imap_awaits(const PliSession *session, guint64 ask)
{
	return ask != 0 && ask == ((const PliImapServer *)session)->ask;
}

static void
imap_answer(PliSession *session, guint64 ask, const PliAnswer *answer)
{
	PliImapServer *server = (PliImapServer *)session;

	g_assert(imap_awaits(session, ask));
	server->ask = 0;
	server->answered(server, answer);
	(void)run(server);
}

static gboolean
imap_output(const PliSession *session, PliOutput *ret_head)
{
	const PliImapServer *server = (const PliImapServer *)session;

	return pli_output_get_head(&server->output, ret_head);
}

static void
imap_sent(PliSession *session, gsize n)
{
	PliImapServer *server = (PliImapServer *)session;

	server->active |= n > 0;
	pli_output_sent(&server->output, n);
}

static gint64
imap_deadline(const PliSession *session)
{
	return ((const PliImapServer *)session)->deadline;
}

static void
set_deadline(PliImapServer *server, gint64 now_us, guint32 seconds)
{
	server->active = FALSE;
	server->deadline = now_us + (gint64)seconds * G_USEC_PER_SEC;
}

/* Whether it was idle is known to within one period: it is never cut off
 * before a whole one has passed without an octet. */
static void
imap_tick(PliSession *session, gint64 now_us)
{
	PliImapServer *server = (PliImapServer *)session;

	if (!server->started) {
		server->started = TRUE;
		set_deadline(server, now_us, server->config.login_seconds);
		return;
	}
	if (now_us < server->deadline)
		return;
	if (server->closing) {
		server->failed = TRUE; /* nor the last of it */
	} else if (server->ask != 0) {
		set_deadline(server, now_us, server->config.login_seconds);
	} else if (server->phase != PLI_IMAP_PHASE_LOGIN && server->active) {
		set_deadline(server, now_us, server->config.idle_seconds);
	} else if (server->command.tag != NULL ||
	           pli_output_get_waiting(&server->output) > 0) {
		server->failed = TRUE; /* nobody takes what is sent */
	} else {
		pli_imap_server_bye(server, "Idle for too long");
		set_deadline(server, now_us, server->config.login_seconds);
	}
	if (server->failed)
		server->deadline = G_MAXINT64;
}

static void
imap_free(PliSession *session)
{
	PliImapServer *server = (PliImapServer *)session;

	clear_command(server);
	pli_imap_messages_clear(&server->messages);
	pli_imap_line_clear(&server->line);
	pli_output_clear(&server->output);
	g_free(server->hostname);
	g_free(server);
}

static const PliSessionClass imap_class = {
	.feed = imap_feed,
	.next = imap_next,
	.awaits = imap_awaits,
	.answer = imap_answer,
	.output = imap_output,
	.sent = imap_sent,
	.deadline = imap_deadline,
	.tick = imap_tick,
	.free = imap_free,
};

static void
greet(PliImapServer *server)
{
	pli_output_append_printf(&server->output,
	                         "* OK [CAPABILITY %s] %s Pli is ready\r\n",
	                         pli_imap_server_get_capabilities(server),
	                         server->hostname);
}

static void
on_tls(PliImapServer *server, const PliAnswer *answer)
{
	if (answer->verdict == PLI_VERDICT_ACCEPT) {
		pli_imap_server_set_tls(server);
		greet(server);
	} else {
		pli_imap_server_bye(server, "TLS did not come up");
	}
}

PliSession *
pli_imap_server_new(const PliImapConfig *config)
{
	PliImapServer *server = g_new0(PliImapServer, 1);

	server->base.klass = &imap_class;
	server->config = config != NULL ? *config : pli_imap_config_default;
	server->hostname = g_strdup(server->config.hostname);
	server->config.hostname = server->hostname;
	server->phase = PLI_IMAP_PHASE_LOGIN;
	server->deadline = G_MAXINT64;
	pli_output_init(&server->output, server->config.output_octets);
	pli_imap_line_init(&server->line, server->config.line_octets,
	                   server->config.literal_octets);
	if (server->config.implicit_tls)
		pli_imap_server_ask(server, PLI_SESSION_EVENT_STARTTLS, NULL,
		                    on_tls);
	else
		greet(server);
	return &server->base;
}
