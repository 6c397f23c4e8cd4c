/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The SMTP server session under any octets. The first octet of the input
 * chooses the configuration, the second the answers and the rest of the
 * configuration; the rest is what the peer
 * sends. Whole and octet by octet must give the same replies and events, and
 * nothing may pass a limit.
 */
#include "protocols/smtp-server.h"

#define SIZE_LIMIT 200
#define MAX_RECIPIENTS 3

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

typedef struct {
	PliSession *session;
	guint8 answers;
	gboolean is_lmtp;
	gboolean is_binary; /* the message that is open */
	gboolean offers_chunks; /* a message need not end in CRLF */
	GString *log;	  /* replies and events in order */
	GString *message; /* of the DATA that is open */
} Run;

static void
check_path(const PliSmtpPath *path)
{
	g_assert(strlen(path->original) <= PLI_SMTP_PATH_MAX);
	g_assert(strlen(path->local) <= PLI_SMTP_PATH_LOCAL_MAX);
	g_assert(strlen(path->domain) <= PLI_SMTP_PATH_DOMAIN_MAX);
	g_assert(g_utf8_validate(path->original, -1, NULL));
	for (const char *s = path->original; *s != '\0'; s++)
		g_assert((guint8)*s >= 0x80 || g_ascii_isprint(*s));
}

static void
note_text(Run *run, const char *name, const char *text)
{
	if (text != NULL)
		g_string_append_printf(run->log, " %s=%s", name, text);
}

static void
note_attribute(Run *run, const char *name, const char *text)
{
	for (const char *s = text; s != NULL && *s != '\0'; s++)
		g_assert((guint8)*s >= 0x80 || g_ascii_isprint(*s));
	g_assert(text == NULL || (*text != '\0' && strlen(text) <= 255));
	note_text(run, name, text);
}

static void
note_client(Run *run, const PliSmtpClient *client)
{
	g_assert(client->told != 0);
	g_string_append_printf(run->log, " %x", client->told);
	note_attribute(run, "name", client->name);
	note_attribute(run, "address", client->address);
	note_attribute(run, "port", client->port);
	note_attribute(run, "protocol", client->protocol);
	note_attribute(run, "helo", client->helo);
	note_attribute(run, "login", client->login);
	note_attribute(run, "destination", client->destination);
	note_attribute(run, "ident", client->ident);
	note_attribute(run, "source", client->source);
	g_assert(client->login == NULL ||
		 g_utf8_validate(client->login, -1, NULL));
}

static void
note_envelope(Run *run, const PliSmtpEnvelope *envelope)
{
	g_assert(envelope->n_recipients > 0);
	g_assert(envelope->n_recipients <= MAX_RECIPIENTS);
	g_assert(envelope->offset == 0 || envelope->mail->transid != NULL);
	g_assert(run->message->len + envelope->offset <= SIZE_LIMIT);
	check_path(envelope->mail->path);
	g_string_append_printf(run->log, " %s %s %s %s %u", envelope->helo,
			       envelope->protocol, envelope->mail->path->text,
			       envelope->mail->parameters,
			       (guint)envelope->offset);
	if (envelope->forwarded != NULL)
		note_client(run, envelope->forwarded);
	for (guint i = 0; i < envelope->n_recipients; i++) {
		g_assert(envelope->recipients[i]->index == i);
		check_path(envelope->recipients[i]->path);
		g_string_append_printf(run->log, " %s",
				       envelope->recipients[i]->path->text);
	}
}

/* Every CR and LF is part of CRLF, there is no NUL; by DATA it ends in CRLF,
 * and with BINARYMIME it is anything. */
static void
check_message(const Run *run)
{
	const GString *message = run->message;

	g_assert(message->len <= SIZE_LIMIT);
	if (run->is_binary)
		return;
	g_assert(run->offers_chunks || message->len == 0 ||
		 message->str[message->len - 1] == '\n');
	for (gsize i = 0; i < message->len; i++) {
		char octet = message->str[i];

		g_assert(octet != '\0');
		g_assert(octet != '\n' ||
			 (i > 0 && message->str[i - 1] == '\r'));
		g_assert(octet != '\r' || message->str[i + 1] == '\n');
	}
}

static void
note_mail(Run *run, const PliSmtpMail *mail)
{
	check_path(mail->path);
	g_assert(mail->size <= SIZE_LIMIT);
	g_assert(mail->priority >= -9 && mail->priority <= 9);
	g_assert(mail->hold_until == NULL || mail->hold_seconds == 0);
	run->is_binary = mail->body == PLI_SMTP_BODY_BINARYMIME;
	g_string_append_printf(run->log, " %s %d %d %d %d %s",
			       mail->path->text, mail->body, mail->ret,
			       mail->by, mail->by_seconds, mail->parameters);
	note_text(run, "envid", mail->envid);
	note_text(run, "auth", mail->auth);
	note_text(run, "until", mail->hold_until);
	note_text(run, "transid", mail->transid);
}

static void
note_rcpt(Run *run, const PliSmtpRcpt *rcpt)
{
	check_path(rcpt->path);
	g_string_append_printf(run->log, " %s %u", rcpt->path->original,
			       rcpt->notify);
	note_text(run, "orcpt", rcpt->orcpt);
}

static void
note_auth(Run *run, const PliSmtpAuth *auth)
{
	g_assert(auth->response.len <= 12288);
	g_assert((auth->response.data == NULL) <= auth->is_first);
	g_string_append_printf(run->log, " %s %d ", auth->mechanism,
			       auth->is_first);
	g_string_append_len(run->log, (const char *)auth->response.data,
			    (gssize)auth->response.len);
}

static void
note_event(Run *run, const PliSessionEvent *event)
{
	const PliSmtpVrfy *vrfy = event->detail;

	g_string_append_printf(run->log, "event %u", event->type);
	if (event->type == PLI_SMTP_EVENT_MAIL) {
		note_mail(run, event->detail);
	} else if (event->type == PLI_SMTP_EVENT_RCPT) {
		note_rcpt(run, event->detail);
	} else if (event->type == PLI_SMTP_EVENT_AUTH) {
		note_auth(run, event->detail);
	} else if (event->type == PLI_SMTP_EVENT_VRFY ||
		   event->type == PLI_SMTP_EVENT_EXPN ||
		   event->type == PLI_SMTP_EVENT_ETRN ||
		   event->type == PLI_SMTP_EVENT_ATRN ||
		   event->type == PLI_SMTP_EVENT_TURN) {
		g_string_append(run->log, vrfy->argument);
	} else if (event->type == PLI_SMTP_EVENT_XCLIENT) {
		note_client(run, event->detail);
	} else if (event->type == PLI_SMTP_EVENT_DATA_BEGIN) {
		note_envelope(run, event->detail);
	} else if (event->type == PLI_SMTP_EVENT_DATA_END) {
		note_envelope(run, event->detail);
		check_message(run);
		g_string_append_len(run->log, run->message->str,
				    (gssize)run->message->len);
	}
	g_string_truncate(run->message, 0);
	g_string_append_c(run->log, '\n');
}

/* The n-th question of a run always gets the same answer. */
static void
answer(Run *run, const PliSessionEvent *event)
{
	guint bits = run->answers >> (event->ask % 7);
	const PliSmtpEnvelope *envelope = event->detail;
	PliAnswer each[MAX_RECIPIENTS] = {
		{0},
		{.verdict = PLI_VERDICT_REFUSE, .code = 552, .text = "a\r\nb"},
		{.verdict = PLI_VERDICT_TEMPORARY, .status = "4.2.2"},
	};
	PliSmtpReplies replies = {.replies = each};
	PliSmtpAuthStep step = {.challenge = PLI_SLICE_LITERAL("what?")};
	PliSessionTls tls = {"TLSv1.3", "TLS_AES_256_GCM_SHA384", NULL};
	PliSmtpWelcome welcome = {"192.0.2.9", bits & 8, bits & 16};
	const char *members[] = {"one", "two\r\n", NULL};
	const char *const kept[] = {"<a@b.example>",
				    "<d@e.example> NOTIFY=NEVER",
				    bits & 8 ? "<a@" : NULL, NULL};
	PliSmtpCheckpoint checkpoint = {bits * 7, kept};
	PliAnswer one = {0};
	gint64 deadline = pli_session_deadline(run->session);

	if ((bits & 15) == 11 && deadline != G_MAXINT64) {
		pli_session_tick(run->session, deadline);
		g_assert(!pli_session_awaits(run->session, event->ask));
		pli_session_answer(run->session, event->ask, &one);
		return;
	}
	if (bits & 1)
		one.verdict =
			bits & 2 ? PLI_VERDICT_REFUSE : PLI_VERDICT_TEMPORARY;
	if ((bits & 7) == 5)
		one.code = 452;
	if (event->type == PLI_SMTP_EVENT_DATA_END &&
	    (run->is_lmtp || envelope->mail->prdr)) {
		replies.n_replies = envelope->n_recipients;
		one.detail = &replies;
	}
	if (event->type == PLI_SMTP_EVENT_AUTH) {
		step.user = bits & 8 ? "user" : NULL;
		one.detail = &step;
	} else if (event->type == PLI_SESSION_EVENT_STARTTLS) {
		one.detail = &tls;
	} else if (event->type == PLI_SMTP_EVENT_EXPN) {
		one.detail = members;
	} else if (event->type == PLI_SMTP_EVENT_XCLIENT) {
		one.detail = &welcome;
	} else if (event->type == PLI_SMTP_EVENT_MAIL) {
		one.detail = &checkpoint;
	}
	pli_session_answer(run->session, event->ask, &one);
}

static void
take_output(Run *run)
{
	PliOutput head;

	while (pli_session_output(run->session, &head)) {
		g_assert(head.source == NULL && head.octets.len > 0);
		g_string_append_len(run->log, (const char *)head.octets.data,
				    (gssize)head.octets.len);
		pli_session_sent(run->session, head.octets.len);
	}
}

static void
take_events(Run *run)
{
	PliSessionEvent event;
	PliStep step;

	take_output(run);
	while ((step = pli_session_next(run->session, &event)) ==
	       PLI_STEP_READY) {
		if (event.type == PLI_SMTP_EVENT_DATA) {
			g_assert(event.octets.len > 0 && event.ask == 0);
			g_string_append_len(run->message,
					    (const char *)event.octets.data,
					    (gssize)event.octets.len);
			continue;
		}
		note_event(run, &event);
		if (event.ask != 0)
			answer(run, &event);
		take_output(run);
	}
	take_output(run);
	g_assert(step == PLI_STEP_WANT);
}

/* RFC 5321 4.5.3.1.5: a reply line has at most 512 octets. */
static void
check_lines(const GString *log)
{
	const char *line = log->str;
	const char *end;

	while ((end = strchr(line, '\n')) != NULL) {
		/* a challenge of AUTH may be longer */
		if (g_ascii_isdigit(line[0]) && end > line &&
		    end[-1] == '\r' && !g_str_has_prefix(line, "334"))
			g_assert(end - line < 512);
		line = end + 1;
	}
}

static void
set_offers(PliSmtpConfig *config)
{
	config->offers = ~0u;
	config->mechanisms = "PLAIN LOGIN EXTERNAL SCRAM-SHA-256-PLUS";
	config->max_hold_seconds = 86400;
	config->max_hold_until = 1924905600; /* 2030-12-31 */
}

static GString *
run_session(guint8 choice, guint8 answers, PliSlice in, gsize piece)
{
	PliSmtpConfig config = PLI_SMTP_CONFIG_INIT;
	Run run = {
		.answers = answers,
		.is_lmtp = choice & 1,
		.log = g_string_new(NULL),
		.message = g_string_new(NULL),
	};

	config.mode = choice & 1 ? PLI_SMTP_MODE_LMTP : PLI_SMTP_MODE_SMTP;
	config.allow_bare = (choice & 2) != 0;
	config.command_line_limit = choice & 4 ? 64 : 512;
	config.output_high_water = choice & 8 ? 1 : 1000;
	config.max_errors = choice & 16 ? 3 : 20;
	config.size_limit = SIZE_LIMIT;
	config.max_recipients = MAX_RECIPIENTS;
	config.greeting_ms = answers == 255 ? 10 : 0;
	config.normalise_lines = (answers & 192) == 64;
	config.require_sync = (choice & 32) != 0;
	if (choice & 64)
		set_offers(&config);
	run.offers_chunks = (choice & 64) != 0;
	config.allow_clear = (choice & 128) != 0;
	run.session = pli_smtp_server_new(&config);
	pli_session_tick(run.session, 0);
	take_events(&run);
	while (in.len > 0) {
		gsize n = MIN(piece, in.len);
		/* Its own memory, so that a slice kept too long is seen. */
		guint8 *copy = g_malloc(n);
		gsize used;

		memcpy(copy, in.data, n);
		used = pli_session_feed(run.session, pli_slice_new(copy, n));
		g_assert(used > 0 && used <= n);
		take_events(&run);
		g_free(copy);
		in = pli_slice_skip(in, used);
	}
	pli_session_free(run.session);
	g_string_free(run.message, TRUE);
	check_lines(run.log);
	return run.log;
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	PliSlice in;
	GString *whole;
	GString *octets;

	/* Each piece is copied: a bound keeps a run short. */
	if (len < 2 || len > 16384)
		return 0;
	in = pli_slice_new(data + 2, len - 2);
	whole = run_session(data[0], data[1], in, in.len);
	octets = run_session(data[0], data[1], in, 1);
	/* what comes ahead of a reply is a matter of pieces */
	g_assert(data[0] & 32 || g_string_equal(whole, octets));
	g_string_free(whole, TRUE);
	g_string_free(octets, TRUE);
	return 0;
}
