/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/smtp-server.h"
#include "tests/lib/talk.h"

#include <stdlib.h>

static const struct {
	const char *word;
	PliSmtpOffers offer;
} offers[] = {
	{"chunking", PLI_SMTP_OFFER_CHUNKING},
	{"binary", PLI_SMTP_OFFER_BINARYMIME},
	{"utf8", PLI_SMTP_OFFER_SMTPUTF8},
	{"starttls", PLI_SMTP_OFFER_STARTTLS},
	{"dsn", PLI_SMTP_OFFER_DSN},
	{"by", PLI_SMTP_OFFER_DELIVERBY},
	{"priority", PLI_SMTP_OFFER_MT_PRIORITY},
	{"requiretls", PLI_SMTP_OFFER_REQUIRETLS},
	{"limits", PLI_SMTP_OFFER_LIMITS},
	{"prdr", PLI_SMTP_OFFER_PRDR},
	{"expn", PLI_SMTP_OFFER_EXPN},
	{"etrn", PLI_SMTP_OFFER_ETRN},
	{"atrn", PLI_SMTP_OFFER_ATRN},
	{"turn", PLI_SMTP_OFFER_TURN},
	{"xclient", PLI_SMTP_OFFER_XCLIENT},
	{"xforward", PLI_SMTP_OFFER_XFORWARD},
	{"checkpoint", PLI_SMTP_OFFER_CHECKPOINT},
};

/* An offer's word, or one of tls, clear, needauth, sync, bare, normalise. */
static void
set_word(PliSmtpConfig *config, const char *word)
{
	for (guint i = 0; i < G_N_ELEMENTS(offers); i++) {
		if (strcmp(word, offers[i].word) == 0) {
			config->offers |= offers[i].offer;
			return;
		}
	}
	if (strcmp(word, "bare") == 0)
		config->allow_bare = TRUE;
	else if (strcmp(word, "tls") == 0)
		config->implicit_tls = TRUE;
	else if (strcmp(word, "clear") == 0)
		config->allow_clear = TRUE;
	else if (strcmp(word, "needauth") == 0)
		config->require_auth = TRUE;
	else if (strcmp(word, "normalise") == 0)
		config->normalise_lines = TRUE;
	else if (strcmp(word, "sync") == 0)
		config->require_sync = TRUE;
	else
		g_assert_cmpstr(word, ==, "");
}

static void
set_hold(PliSmtpConfig *config, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, ",", 2);
	g_autoptr(GDateTime) until =
		g_date_time_new_from_iso8601(words[1], NULL);

	config->max_hold_seconds = (guint32)strtoul(words[0], NULL, 10);
	config->max_hold_until = g_date_time_to_unix(until);
}

/* "mode=lmtp greeting=2000 size=1000 rcpts=2 errors=3 line=100 bare water=50
 * auth=PLAIN,LOGIN tls hold=SECONDS,UNTIL answer=60 rate=500 chunking ..." */
static PliSession *
new_session(const char *text)
{
	PliSmtpConfig config = PLI_SMTP_CONFIG_INIT;
	g_auto(GStrv) words = g_strsplit(text, " ", -1);

	config.hostname = "foo.com";
	config.peer = "192.0.2.1";
	for (guint i = 0; words[i] != NULL; i++) {
		const char *equals = strchr(words[i], '=');
		guint64 n = equals != NULL ? strtoull(equals + 1, NULL, 10) : 0;

		if (strcmp(words[i], "mode=lmtp") == 0)
			config.mode = PLI_SMTP_MODE_LMTP;
		else if (g_str_has_prefix(words[i], "size="))
			config.size_limit = n;
		else if (g_str_has_prefix(words[i], "rcpts="))
			config.max_recipients = (guint)n;
		else if (g_str_has_prefix(words[i], "errors="))
			config.max_errors = (guint)n;
		else if (g_str_has_prefix(words[i], "line="))
			config.command_line_limit = n;
		else if (g_str_has_prefix(words[i], "water="))
			config.output_high_water = n;
		else if (g_str_has_prefix(words[i], "answer="))
			config.answer_timeout = (guint)n;
		else if (g_str_has_prefix(words[i], "rate="))
			config.data_rate = (guint)n;
		else if (g_str_has_prefix(words[i], "greeting="))
			config.greeting_ms = (guint)n;
		else if (g_str_has_prefix(words[i], "auth="))
			config.mechanisms =
				g_strdelimit(words[i] + 5, ",", ' ');
		else if (g_str_has_prefix(words[i], "hold="))
			set_hold(&config, words[i] + 5);
		else
			set_word(&config, words[i]);
	}
	return pli_smtp_server_new(&config);
}

static void
describe_client(const PliSmtpClient *client, GString *s)
{
	const struct {
		const char *name, *value;
		PliSmtpClientTold bit;
	} rows[] = {
		{"NAME", client->name, PLI_SMTP_CLIENT_NAME},
		{"ADDR", client->address, PLI_SMTP_CLIENT_ADDR},
		{"PORT", client->port, PLI_SMTP_CLIENT_PORT},
		{"PROTO", client->protocol, PLI_SMTP_CLIENT_PROTO},
		{"HELO", client->helo, PLI_SMTP_CLIENT_HELO},
		{"LOGIN", client->login, PLI_SMTP_CLIENT_LOGIN},
		{"DESTADDR", client->destination, PLI_SMTP_CLIENT_DESTADDR},
		{"DESTPORT", client->destination_port,
		 PLI_SMTP_CLIENT_DESTPORT},
		{"IDENT", client->ident, PLI_SMTP_CLIENT_IDENT},
		{"SOURCE", client->source, PLI_SMTP_CLIENT_SOURCE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		if (client->told & rows[i].bit)
			g_string_append_printf(
				s, " %s=%s", rows[i].name,
				rows[i].value != NULL ? rows[i].value : "?");
	if (client->is_name_temporary)
		g_string_append(s, " later");
}

static char *
describe_xclient(const PliSmtpClient *client)
{
	g_autoptr(GString) s = g_string_new("XCLIENT");

	describe_client(client, s);
	return g_string_free(g_steal_pointer(&s), FALSE);
}

static char *
describe_envelope(const char *event, const PliSmtpEnvelope *envelope)
{
	g_autoptr(GString) s = g_string_new(NULL);

	g_assert_cmpuint(envelope->n_recipients, >, 0);
	g_string_printf(s, "%s <%s> %s %s %s", event,
			envelope->mail->path->text, envelope->helo,
			envelope->protocol, envelope->peer);
	for (guint i = 0; i < envelope->n_recipients; i++)
		g_string_append_printf(s, " <%s>",
				       envelope->recipients[i]->path->text);
	if (envelope->user != NULL)
		g_string_append_printf(s, " user=%s", envelope->user);
	if (envelope->tls != NULL)
		g_string_append_printf(s, " tls=%s", envelope->tls->version);
	if (envelope->forwarded != NULL) {
		g_string_append(s, " forwarded:");
		describe_client(envelope->forwarded, s);
	}
	if (envelope->n_normalised > 0)
		g_string_append_printf(s, " normalised=%" G_GUINT64_FORMAT,
				       envelope->n_normalised);
	if (envelope->offset != 0)
		g_string_append_printf(s, " offset=%" G_GUINT64_FORMAT,
				       envelope->offset);
	return g_string_free(g_steal_pointer(&s), FALSE);
}

static void
describe_extras(const PliSmtpMail *mail, GString *s)
{
	if (mail->utf8)
		g_string_append(s, " utf8");
	if (mail->prdr)
		g_string_append(s, " prdr");
	if (mail->require_tls)
		g_string_append(s, " requiretls");
	if (mail->ret != PLI_SMTP_RET_DEFAULT)
		g_string_append(s, mail->ret == PLI_SMTP_RET_FULL
					   ? " ret=full"
					   : " ret=hdrs");
	if (mail->by != PLI_SMTP_BY_NONE)
		g_string_append_printf(
			s, " by=%d%s%s", mail->by_seconds,
			mail->by == PLI_SMTP_BY_NOTIFY ? "notify" : "return",
			mail->by_trace ? "+trace" : "");
	if (mail->priority != 0)
		g_string_append_printf(s, " priority=%d", mail->priority);
	if (mail->hold_seconds != 0)
		g_string_append_printf(s, " hold=%u", mail->hold_seconds);
	if (mail->hold_until != NULL)
		g_string_append_printf(s, " until=%s", mail->hold_until);
	if (mail->envid != NULL)
		g_string_append_printf(s, " envid=%s", mail->envid);
	if (mail->auth != NULL)
		g_string_append_printf(s, " auth=%s", mail->auth);
	if (mail->transid != NULL)
		g_string_append_printf(s, " transid=%s of=%s,%s",
				       mail->transid, mail->helo,
				       mail->user != NULL ? mail->user : "");
}

static char *
describe_mail(const PliSmtpMail *mail)
{
	static const char *const bodies[] = {"7", "8", "binary"};
	g_autoptr(GString) s = g_string_new(NULL);

	g_string_printf(s,
			"MAIL <%s> size=%" G_GUINT64_FORMAT
			" body=%s params=%s",
			mail->path->text, mail->size, bodies[mail->body],
			mail->parameters);
	describe_extras(mail, s);
	return g_string_free(g_steal_pointer(&s), FALSE);
}

static char *
describe_rcpt(const PliSmtpRcpt *rcpt)
{
	g_autoptr(GString) s = g_string_new(NULL);

	g_string_printf(s, "RCPT %u %s local=%s domain=%s", rcpt->index,
			rcpt->path->original, rcpt->path->local,
			rcpt->path->domain);
	if (rcpt->notify != 0)
		g_string_append_printf(s, " notify=%u", rcpt->notify);
	if (rcpt->orcpt != NULL)
		g_string_append_printf(s, " orcpt=%s", rcpt->orcpt);
	return g_string_free(g_steal_pointer(&s), FALSE);
}

static char *
describe_auth(const PliSmtpAuth *auth)
{
	g_autofree char *response = pli_slice_dup(auth->response);

	for (char *c = response; c < response + auth->response.len; c++)
		if (*c == '\0')
			*c = '|';
	return g_strdup_printf("AUTH %s%s %s", auth->mechanism,
			       auth->is_first ? " first" : "",
			       auth->response.data == NULL ? "none" : response);
}

static char *
describe_abort(const PliSmtpAbort *cut)
{
	static const char *const reasons[] = {"too-big", "bad-line",
					      "time-out", "reset"};

	return g_strdup_printf("ABORT %s", reasons[cut->reason]);
}

static char *
describe_late(const PliSessionLate *late)
{
	static const char *const names[] = {
		[PLI_SMTP_EVENT_MAIL] = "MAIL",
		[PLI_SMTP_EVENT_RCPT] = "RCPT",
		[PLI_SMTP_EVENT_DATA_BEGIN] = "BEGIN",
		[PLI_SMTP_EVENT_DATA_END] = "END",
		[PLI_SMTP_EVENT_VRFY] = "VRFY",
		[PLI_SMTP_EVENT_EXPN] = "EXPN",
		[PLI_SMTP_EVENT_AUTH] = "AUTH",
		[PLI_SMTP_EVENT_ETRN] = "ETRN",
		[PLI_SMTP_EVENT_ATRN] = "ATRN",
		[PLI_SMTP_EVENT_TURN] = "TURN",
		[PLI_SMTP_EVENT_XCLIENT] = "XCLIENT",
	};

	g_assert_cmpuint(late->ask, >, 0);
	g_assert_cmpuint(late->type, <, G_N_ELEMENTS(names));
	return g_strdup_printf("LATE %s", names[late->type]);
}

static char *
describe(const PliSessionEvent *event)
{
	const PliSmtpVrfy *vrfy = event->detail;

	switch (event->type) {
	case PLI_SESSION_EVENT_CLOSE: return g_strdup("CLOSE");
	case PLI_SMTP_EVENT_MAIL: return describe_mail(event->detail);
	case PLI_SMTP_EVENT_RCPT: return describe_rcpt(event->detail);
	case PLI_SMTP_EVENT_DATA_BEGIN:
		return describe_envelope("BEGIN", event->detail);
	case PLI_SMTP_EVENT_DATA: return NULL;
	case PLI_SMTP_EVENT_DATA_END:
		return describe_envelope("END", event->detail);
	case PLI_SMTP_EVENT_DATA_ABORT: return describe_abort(event->detail);
	case PLI_SESSION_EVENT_LATE: return describe_late(event->detail);
	case PLI_SESSION_EVENT_STARTTLS: return g_strdup("STARTTLS");
	case PLI_SMTP_EVENT_VRFY:
		return g_strdup_printf("VRFY %s%s", vrfy->argument,
				       vrfy->utf8 ? " utf8" : "");
	case PLI_SMTP_EVENT_EXPN:
		return g_strdup_printf("EXPN %s", vrfy->argument);
	case PLI_SMTP_EVENT_ETRN:
		return g_strdup_printf("ETRN %s", vrfy->argument);
	case PLI_SMTP_EVENT_ATRN:
		return g_strdup_printf("ATRN %s", vrfy->argument);
	case PLI_SMTP_EVENT_TURN:
		g_assert_cmpstr(vrfy->argument, ==, "");
		return g_strdup("TURN");
	case PLI_SMTP_EVENT_XCLIENT: return describe_xclient(event->detail);
	case PLI_SMTP_EVENT_AUTH: return describe_auth(event->detail);
	default: g_assert_not_reached();
	}
}

static gboolean
is_abort(const PliSessionEvent *event)
{
	return event->type == PLI_SMTP_EVENT_DATA_ABORT;
}

/* "accept|refuse|temporary [code [status [text]]]", '-' for the usual. */
static PliAnswer
read_answer(char **words)
{
	PliAnswer answer = {0};
	guint n = g_strv_length(words);

	if (strcmp(words[0], "refuse") == 0)
		answer.verdict = PLI_VERDICT_REFUSE;
	else if (strcmp(words[0], "temporary") == 0)
		answer.verdict = PLI_VERDICT_TEMPORARY;
	else
		g_assert_cmpstr(words[0], ==, "accept");
	if (n > 1)
		answer.code = (int)strtol(words[1], NULL, 10);
	if (n > 2 && strcmp(words[2], "-") != 0)
		answer.status = words[2];
	if (n > 3)
		answer.text = words[3];
	return answer;
}

static void
accept_with(PliSession *session, guint64 ask, void *detail)
{
	pli_session_answer(session, ask, &(PliAnswer){.detail = detail});
}

/* "OFFSET RCPT, RCPT ..." */
static void
accept_checkpoint(PliSession *session, guint64 ask, const char *text)
{
	char *end;
	PliSmtpCheckpoint checkpoint = {.offset = strtoull(text, &end, 10)};
	g_auto(GStrv) recipients = g_strsplit(end + 1, ", ", -1);

	checkpoint.recipients = (const char *const *)recipients;
	accept_with(session, ask, &checkpoint);
}

/* What an ACCEPT may carry; FALSE: it is no such answer. */
static gboolean
answer_detailed(PliSession *session, guint64 ask, const char *text)
{
	PliSessionTls tls = {"TLSv1.3", "TLS_AES_256_GCM_SHA384", NULL};
	PliSmtpAuthStep step = {0};
	g_auto(GStrv) members = NULL;
	g_auto(GStrv) words = NULL;

	if (g_str_has_prefix(text, "user ")) {
		step.user = text + 5;
		accept_with(session, ask, &step);
	} else if (g_str_has_prefix(text, "challenge ")) {
		step.challenge = pli_slice_from_string(text + 10);
		accept_with(session, ask, &step);
	} else if (g_str_has_prefix(text, "welcome ")) {
		words = g_strsplit(text, " ", -1);
		accept_with(session, ask, &(PliSmtpWelcome){
			words[1],
			g_strv_contains((const char *const *)words, "xclient"),
			g_strv_contains((const char *const *)words,
					"xforward")});
	} else if (g_str_has_prefix(text, "resume ")) {
		accept_checkpoint(session, ask, text + 7);
	} else if (g_str_has_prefix(text, "tls")) {
		tls.client_name = text[3] == ' ' ? text + 4 : NULL;
		accept_with(session, ask, &tls);
	} else if (g_str_has_prefix(text, "members ")) {
		members = g_strsplit(text + 8, ", ", -1);
		accept_with(session, ask, members);
	} else {
		return FALSE;
	}
	return TRUE;
}

/* "each ANSWER | ANSWER | ..." is one for each recipient; "user NAME",
 * "challenge TEXT", "tls", "tls CLIENT", "members A, B",
 * "welcome PEER xclient" and "resume OFFSET A, B" accept with what they say. */
static void
answer(PliSession *session, guint64 ask, const char *text)
{
	gboolean each = g_str_has_prefix(text, "each ");
	g_auto(GStrv) parts = g_strsplit(each ? text + 5 : text, " | ", -1);
	guint n = g_strv_length(parts);
	g_autofree PliAnswer *answers = g_new0(PliAnswer, n);
	g_autoptr(GPtrArray) kept =
		g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
	PliSmtpReplies replies = {.replies = answers, .n_replies = n};

	if (answer_detailed(session, ask, text))
		return;
	for (guint i = 0; i < n; i++) {
		char **words = g_strsplit(parts[i], " ", 4);

		g_ptr_array_add(kept, words);
		answers[i] = read_answer(words);
	}
	if (each)
		pli_session_answer(session, ask,
				   &(PliAnswer){.detail = &replies});
	else
		pli_session_answer(session, ask, &answers[0]);
}

/* Random divisions of one input: the same replies and events. */

typedef struct {
	GString *replies;
	GString *events;
	GString *message; /* of the DATA that is open */
} Trace;

static void
note_event(Trace *trace, PliSession *session, const PliSessionEvent *event)
{
	g_autofree char *text = describe(event);

	if (text == NULL) {
		g_string_append_len(trace->message,
				    (const char *)event->octets.data,
				    event->octets.len);
		return;
	}
	if (event->type == PLI_SMTP_EVENT_DATA_END)
		g_string_append_len(trace->events, trace->message->str,
				    trace->message->len);
	g_string_truncate(trace->message, 0);
	g_string_append_printf(trace->events, "%s\n", text);
	if (event->ask != 0)
		answer(session, event->ask,
		       strstr(text, "nobody") != NULL ? "refuse" : "accept");
}

static void
drain(Trace *trace, PliSession *session)
{
	PliSessionEvent event;
	PliOutput head;

	while (pli_session_next(session, &event) == PLI_STEP_READY)
		note_event(trace, session, &event);
	while (pli_session_output(session, &head)) {
		g_string_append_len(trace->replies,
				    (const char *)head.octets.data,
				    head.octets.len);
		pli_session_sent(session, head.octets.len);
	}
}

static char *
trace_of(const char *config, PliSlice in, GRand *rand)
{
	g_autoptr(PliSession) session = new_session(config);
	Trace trace = {g_string_new(NULL), g_string_new(NULL),
		       g_string_new(NULL)};
	char *all;

	pli_session_tick(session, 0);
	while (in.len > 0) {
		gsize n = rand != NULL ? (gsize)g_rand_int_range(rand, 1, 40)
				       : in.len;
		g_autofree guint8 *piece = NULL;
		gsize used;

		n = MIN(n, in.len);
		piece = g_malloc(n);
		memcpy(piece, in.data, n);
		drain(&trace, session);
		used = pli_session_feed(session, pli_slice_new(piece, n));
		g_assert_cmpuint(used, >, 0);
		drain(&trace, session);
		in = pli_slice_skip(in, used);
	}
	all = g_strconcat(trace.events->str, "--\n", trace.replies->str, NULL);
	g_string_free(trace.replies, TRUE);
	g_string_free(trace.events, TRUE);
	g_string_free(trace.message, TRUE);
	return all;
}

static char *
check_splits(const char *config, const char *text)
{
	g_autoptr(GRand) rand = g_rand_new_with_seed(20);
	g_autoptr(GByteArray) in = pli_talk_unescape(text);
	PliSlice slice = pli_slice_new(in->data, in->len);
	char *whole = trace_of(config, slice, NULL);

	for (guint i = 0; i < 300; i++) {
		g_autofree char *pieces = trace_of(config, slice, rand);

		g_assert_cmpstr(whole, ==, pieces);
	}
	return whole;
}

static void
test_random_splits(void)
{
	g_autofree char *whole = check_splits(
		"size=4000 line=512",
		"EHLO a.example\\r\\nMAIL FROM:<a@b.example> SIZE=10\\r\\n"
		"RCPT TO:<nobody@foo.com>\\r\\nRCPT TO:<c@foo.com>\\r\\n"
		"DATA\\r\\nSubject: x\\r\\n\\r\\n..dot\\r\\n.\\\\.\\r\\n"
		"\\{700*long}\\r\\n..\\r\\n.\\r\\nbogus\\r\\nNOOP\\n"
		"\\{600*x}\\r\\n"
		"MAIL FROM:<>\\r\\nRCPT TO:<c@foo.com>\\r\\nDATA\\r\\n"
		"bare\\n.\\nhere\\r\\n.\\r\\r\\n.\\r\\nVRFY c\\r\\n"
		"MAIL FROM:<>\\r\\nRCPT TO:<c@foo.com>\\r\\nDATA\\r\\n"
		"\\{900*too big}\\r\\n.\\r\\nQUIT\\r\\n");

	g_assert_nonnull(strstr(whole, "550 5.6.11"));
	g_assert_nonnull(strstr(whole, "552 5.3.4"));
	g_assert_nonnull(strstr(whole, "\r\n\\.\r\n"));
}

static void
test_random_chunks(void)
{
	g_autofree char *whole = check_splits(
		"size=4000 chunking binary",
		"EHLO a.example\\r\\nBDAT 6\\r\\nQUIT\\r\\n"
		"MAIL FROM:<a@b.example>\\r\\nRCPT TO:<c@foo.com>\\r\\n"
		"BDAT 702\\r\\n\\{700*long}\\r\\nBDAT 6 LAST\\r\\n"
		"QUIT\\r\\n"
		"MAIL FROM:<> BODY=BINARYMIME\\r\\nRCPT TO:<c@foo.com>\\r\\n"
		"BDAT 5\\r\\n\\n.\\n\\r\\rBDAT 0 LAST\\r\\n"
		"MAIL FROM:<>\\r\\nRCPT TO:<c@foo.com>\\r\\n"
		"BDAT 9\\r\\nbare\\nLF\\r\\nBDAT 6 LAST\\r\\nQUIT\\r\\n"
		"MAIL FROM:<>\\r\\nRCPT TO:<c@foo.com>\\r\\n"
		"BDAT 4001\\r\\n\\{4001*x}QUIT\\r\\n");

	g_assert_nonnull(strstr(whole, "250 2.0.0 702 octets"));
	g_assert_nonnull(strstr(whole, "550 5.6.11"));
	g_assert_nonnull(strstr(whole, "552 5.3.4"));
	g_assert_nonnull(strstr(whole, "221 2.0.0"));
}

/* What comes ahead of a reply that it must wait for, in one piece. */
static void
test_out_of_sync(void)
{
	static const struct {
		const char *octets;
		gboolean refused;
	} rows[] = {
		{"EHLO a\r\n", FALSE},
		{"EHLO a\r\nNOOP\r\n", TRUE},
		{"EHLO a\r\n\n", TRUE},
		{"HELO a\r\nMAIL FROM:<>\r\nRCPT TO:<c@foo.com>\r\n", FALSE},
		{"HELO a\r\nMAIL FROM:<>\r\nRCPT TO:<c@foo.com>\r\nDATA\r\n"
		 "x\r\n.\r\n",
		 TRUE},
		{"HELO a\r\nMAIL FROM:<>\r\nRCPT TO:<c@foo.com>\r\n"
		 "BDAT 3 LAST\r\nx\r\n",
		 FALSE},
		{"HELO a\r\nAUTH PLAIN AGEAYg==\r\nNOOP\r\n", TRUE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *trace = trace_of(
			"sync chunking auth=PLAIN clear",
			pli_slice_from_string(rows[i].octets), NULL);

		g_assert_cmpint(strstr(trace, "554 5.5.0") != NULL, ==,
				rows[i].refused);
		g_assert_cmpint(strstr(trace, "CLOSE") != NULL, ==,
				rows[i].refused);
	}
}

/* Octets of DATA are handed on where they lie. */
static void
test_data_borrows(void)
{
	static const char message[] = "one\r\ntwo\r\n..three\r\n.\r\n";
	g_autoptr(PliSession) session = new_session("");
	g_autoptr(GString) got = g_string_new(NULL);
	PliSlice in = PLI_SLICE_LITERAL("EHLO a\r\nMAIL FROM:<>\r\n"
					"RCPT TO:<a@foo.com>\r\nDATA\r\n");
	PliSessionEvent event;

	while (in.len > 0) {
		in = pli_slice_skip(in, pli_session_feed(session, in));
		while (pli_session_next(session, &event) == PLI_STEP_READY)
			answer(session, event.ask, "accept");
	}
	in = pli_slice_from_string(message);
	while (in.len > 0) {
		in = pli_slice_skip(in, pli_session_feed(session, in));
		while (pli_session_next(session, &event) == PLI_STEP_READY) {
			const char *data = (const char *)event.octets.data;

			if (event.type != PLI_SMTP_EVENT_DATA)
				continue;
			g_assert_true(data >= message &&
				      data < message + sizeof(message));
			g_string_append_len(got, data, event.octets.len);
		}
	}
	g_assert_cmpstr(got->str, ==, "one\r\ntwo\r\n.three\r\n");
}

/* Nothing is read while a question is open or the output is full. */
static void
test_back_pressure(void)
{
	g_autoptr(PliSession) session = new_session("water=40");
	PliSlice in = PLI_SLICE_LITERAL("HELO a\r\nNOOP\r\nMAIL FROM:<>\r\n");
	PliSessionEvent event;
	PliOutput head;

	while (pli_session_output(session, &head))
		pli_session_sent(session, head.octets.len);
	/* The two replies pass the mark of 40 octets. */
	g_assert_cmpuint(pli_session_feed(session, in), ==, 14);
	in = pli_slice_skip(in, 14);
	g_assert_cmpuint(pli_session_feed(session, in), ==, 0);
	while (pli_session_output(session, &head))
		pli_session_sent(session, head.octets.len);
	g_assert_cmpuint(pli_session_feed(session, in), ==, in.len);
	in = PLI_SLICE_LITERAL("QUIT\r\n");
	g_assert_cmpuint(pli_session_feed(session, in), ==, 0);
	g_assert_cmpint(pli_session_next(session, &event), ==, PLI_STEP_READY);
	g_assert_cmpuint(event.type, ==, PLI_SMTP_EVENT_MAIL);
	g_assert_cmpuint(pli_session_feed(session, in), ==, 0);
	answer(session, event.ask, "accept");
	g_assert_cmpuint(pli_session_feed(session, in), ==, in.len);
}

static PliSessionEvent
ask_mail(PliSession *session)
{
	const PliSlice in = PLI_SLICE_LITERAL("HELO a\r\nMAIL FROM:<>\r\n");
	PliSessionEvent event;

	pli_session_tick(session, 1000);
	g_assert_cmpuint(pli_session_feed(session, in), ==, in.len);
	g_assert_cmpint(pli_session_next(session, &event), ==, PLI_STEP_READY);
	g_assert_cmpuint(event.type, ==, PLI_SMTP_EVENT_MAIL);
	return event;
}

/* 60 seconds after the tick before the question, and never earlier. */
static void
test_answer_late(void)
{
	g_autoptr(PliSession) session = new_session("");
	PliSessionEvent asked = ask_mail(session), event;
	const PliSlice again = PLI_SLICE_LITERAL("MAIL FROM:<>\r\n");
	const gint64 end = 1000 + 60 * G_USEC_PER_SEC;
	const PliSessionLate *late;

	g_assert_cmpint(pli_session_deadline(session), ==, end);
	pli_session_tick(session, end - 1);
	g_assert_cmpint(pli_session_next(session, &event), ==, PLI_STEP_WANT);
	pli_session_tick(session, end);
	g_assert_cmpint(pli_session_next(session, &event), ==, PLI_STEP_READY);
	g_assert_cmpuint(event.type, ==, PLI_SESSION_EVENT_LATE);
	late = event.detail;
	g_assert_cmpuint(late->ask, ==, asked.ask);
	/* the peer has its 300 seconds from here */
	g_assert_cmpint(pli_session_deadline(session), ==,
			end + 300 * G_USEC_PER_SEC);
	g_assert_false(pli_session_awaits(session, asked.ask));
	pli_session_answer(session, asked.ask, &(PliAnswer){0});
	/* nor does it answer the next question */
	g_assert_cmpuint(pli_session_feed(session, again), ==, again.len);
	g_assert_cmpint(pli_session_next(session, &event), ==, PLI_STEP_READY);
	g_assert_cmpuint(event.ask, >, asked.ask);
	pli_session_answer(session, asked.ask, &(PliAnswer){0});
	g_assert_true(pli_session_awaits(session, event.ask));
	pli_session_answer(session, event.ask, &(PliAnswer){0});
	g_assert_false(pli_session_awaits(session, event.ask));
}

/* Time-outs follow the percentage as it is now. */
static void
test_time_percent(void)
{
	PliSmtpConfig config = PLI_SMTP_CONFIG_INIT;
	guint percent = 100;
	g_autoptr(PliSession) session = NULL;

	config.time_percent = &percent;
	session = pli_smtp_server_new(&config);
	pli_session_tick(session, 7);
	g_assert_cmpint(pli_session_deadline(session), ==,
			7 + 300 * G_USEC_PER_SEC);
	percent = 10;
	g_assert_cmpint(pli_session_deadline(session), ==,
			7 + 30 * G_USEC_PER_SEC);
}

/* Who does not even read the 421 is dropped; who has not read what was said
 * before is not told. */
static void
test_drops_deaf_peer(void)
{
	g_autoptr(PliSession) session = new_session("");
	g_autoptr(PliSession) deaf = new_session("");
	PliSessionEvent event;
	PliOutput head;
	gint64 at;

	while (pli_session_output(session, &head))
		pli_session_sent(session, head.octets.len);
	pli_session_tick(session, 5);
	at = pli_session_deadline(session);
	g_assert_cmpint(at, ==, 5 + 300 * G_USEC_PER_SEC);
	pli_session_tick(session, at);
	g_assert_cmpint(pli_session_next(session, &event), ==, PLI_STEP_READY);
	g_assert_cmpuint(event.type, ==, PLI_SESSION_EVENT_CLOSE);
	g_assert_cmpint(pli_session_next(session, &event), ==, PLI_STEP_WANT);
	at = pli_session_deadline(session);
	g_assert_cmpint(at, ==, 5 + 600 * G_USEC_PER_SEC);
	pli_session_tick(session, at);
	g_assert_cmpint(pli_session_next(session, &event), ==, PLI_STEP_FAIL);
	pli_session_tick(deaf, 5);
	at = pli_session_deadline(deaf);
	pli_session_tick(deaf, at - 1);
	g_assert_cmpint(pli_session_next(deaf, &event), ==, PLI_STEP_WANT);
	pli_session_tick(deaf, at);
	g_assert_cmpint(pli_session_next(deaf, &event), ==, PLI_STEP_FAIL);
}

int
main(int argc, char **argv)
{
	static const PliTalkProtocol smtp = {
		.new_session = new_session,
		.describe = describe,
		.is_abort = is_abort,
		.answer = answer,
	};

	g_test_init(&argc, &argv, NULL);
	pli_talk_add_folder(&smtp, "tests/data/smtp",
			    "/protocols/smtp-server/talk");
	g_test_add_func("/protocols/smtp-server/random-splits",
			test_random_splits);
	g_test_add_func("/protocols/smtp-server/random-chunks",
			test_random_chunks);
	g_test_add_func("/protocols/smtp-server/out-of-sync",
			test_out_of_sync);
	g_test_add_func("/protocols/smtp-server/data-borrows",
			test_data_borrows);
	g_test_add_func("/protocols/smtp-server/back-pressure",
			test_back_pressure);
	g_test_add_func("/protocols/smtp-server/answer-late",
			test_answer_late);
	g_test_add_func("/protocols/smtp-server/time-percent",
			test_time_percent);
	g_test_add_func("/protocols/smtp-server/drops-deaf-peer",
			test_drops_deaf_peer);
	return g_test_run();
}
