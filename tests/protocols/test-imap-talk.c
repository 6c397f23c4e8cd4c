/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The transcripts of tests/data/imap. An answer's words: "fake" (what the
 * mailbox in memory says), "ok", "nothing", "no [CODE text]", "later",
 * "names NAME...", "status N RECENT UIDNEXT UIDVALIDITY UNSEEN",
 * "view UID... [recent UID...] [unseen UID] [validity N]", "without UID...",
 * "flags N". The mailbox holds the messages of `mails` below. */
#include "tests/lib/imap-fake.h"
#include "tests/lib/talk.h"

static PliImapFake fake;
static PliSessionEvent asked; /* its detail lives as long as the question */

/* RFC 3501 8; the body is that long. */
#define GRAY                                                                   \
	"Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"                      \
	"From: Terry Gray <gray@cac.washington.edu>\r\n"                       \
	"Subject: IMAP4rev1 WG mtg summary and minutes\r\n"                    \
	"To: imap@cac.washington.edu\r\n"                                      \
	"cc: minutes@CNRI.Reston.VA.US, John Klensin <KLENSIN@MIT.EDU>\r\n"    \
	"Message-Id: <B27397-0100000@cac.washington.edu>\r\n"                  \
	"MIME-Version: 1.0\r\n"                                                \
	"Content-Type: TEXT/PLAIN; CHARSET=US-ASCII\r\n\r\n"

/* Its parts are those of the example in RFC 3501 6.4.5, from 3 on. */
#define NESTED                                                                 \
	"Subject: outer\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"  \
	"--a\r\n\r\none\r\n"                                                   \
	"--a\r\nContent-Type: message/rfc822\r\nX-Of: two\r\n\r\n"             \
	"Subject: inner\r\nX-More: yes\r\n"                                    \
	"Content-Type: multipart/alternative; boundary=b\r\n\r\n"              \
	"--b\r\n\r\ntwo one\r\n"                                               \
	"--b\r\nContent-Type: text/html\r\n\r\ntwo two\r\n--b--\r\n"           \
	"--a--\r\n"

#define WITH_LF                                                                \
	"Subject: lf\nX-A: 1\nX-B: 2\n"                                        \
	"Content-Type: multipart/mixed; boundary=a\n\n"                        \
	"--a\n\nline 1\nline 2\r\n\n--a\n\nsecond\n--a--\n"

static const struct {
	PliSlice octets;
	PliLineMode mode;
} mails[] = {
	{PLI_SLICE_LITERAL(NESTED), PLI_LINE_AS_IS},
	{PLI_SLICE_LITERAL(WITH_LF), PLI_LINE_LF_FILE},
	{PLI_SLICE_LITERAL("Subject: nul\r\n\r\na\0b\r\n"), PLI_LINE_AS_IS},
	{PLI_SLICE_LITERAL("Subject: only\r\nX-End: 1\r\n"), PLI_LINE_AS_IS},
	{PLI_SLICE_LITERAL("Content-Type: multipart/mixed; boundary=x\r\n"
	                   "\r\nno part\r\n"),
	 PLI_LINE_AS_IS},
};

static void
fill_fake(void)
{
	g_autoptr(GString) gray = g_string_new(GRAY);

	pli_imap_fake_clear(&fake);
	pli_imap_fake_init(&fake);
	for (int i = 0; i < 91; i++)
		g_string_append_printf(
		        gray, "This is line %2d of the minutes.\r\n", i + 1);
	g_string_append(gray, "This is line 92, the la\r\n");
	g_string_truncate(gray, 342 + 3026);
	g_string_append(gray, "\r\n");
	pli_imap_fake_add(&fake, pli_slice_new(gray->str, gray->len),
	                  PLI_LINE_AS_IS);
	for (gsize i = 0; i < G_N_ELEMENTS(mails); i++)
		pli_imap_fake_add(&fake, mails[i].octets, mails[i].mode);
}

static void
set_config(PliImapConfig *config, const char *key, const char *value)
{
	guint32 n = g_ascii_strtoull(value, NULL, 10);

	if (strcmp(key, "login") == 0)
		config->allow_login = n;
	else if (strcmp(key, "starttls") == 0)
		config->offer_tls = n;
	else if (strcmp(key, "tls") == 0)
		config->implicit_tls = n;
	else if (strcmp(key, "line") == 0)
		config->line_octets = n;
	else if (strcmp(key, "literal") == 0)
		config->literal_octets = n;
	else if (strcmp(key, "output") == 0)
		config->output_octets = n;
	else if (strcmp(key, "bad") == 0)
		config->bad_commands = n;
	else
		g_error("unknown word in config: %s", key);
}

static PliSession *
new_session(const char *words)
{
	PliImapConfig config = pli_imap_config_default;
	g_auto(GStrv) pairs = g_strsplit_set(words, " =", -1);

	fill_fake();
	config.allow_login = TRUE;
	config.hostname = "host";
	for (char **p = pairs; p[0] != NULL && p[1] != NULL; p += 2)
		set_config(&config, p[0], p[1]);
	return pli_imap_server_new(&config);
}

static char *
describe_fetch(const PliImapFetch *fetch)
{
	GString *out = g_string_new("fetch");

	for (guint i = 0; i < fetch->n_uids; i++)
		g_string_append_printf(out, " %u", fetch->uids[i]);
	if (fetch->columns & PLI_ROW_STRUCTURE)
		g_string_append(out, " structure");
	if (fetch->columns & PLI_ROW_ENVELOPE)
		g_string_append(out, " envelope");
	if (fetch->columns & PLI_ROW_BODYSTRUCTURE)
		g_string_append(out, " bodystructure");
	return g_string_free(out, FALSE);
}

static char *
describe(const PliSessionEvent *event)
{
	const PliImapLogin *login = event->detail;
	const PliImapList *list = event->detail;
	const PliImapSelect *select = event->detail;
	const PliImapStatus *status = event->detail;
	const PliImapMessage *message = event->detail;
	const PliImapFlags *flags = event->detail;
	const PliImapPoll *poll = event->detail;

	asked = *event;
	switch (event->type) {
	case PLI_SESSION_EVENT_CLOSE:
		return g_strdup("close");
	case PLI_SESSION_EVENT_STARTTLS:
		return g_strdup("starttls");
	case PLI_IMAP_EVENT_LOGIN:
		return g_strdup_printf("login <%s> <%s>", login->user,
		                       login->password);
	case PLI_IMAP_EVENT_LIST:
		return g_strdup_printf("list <%s> <%s>", list->reference,
		                       list->pattern);
	case PLI_IMAP_EVENT_SELECT:
		return g_strdup_printf("%s %s",
		                       select->read_only ? "examine" : "select",
		                       select->name);
	case PLI_IMAP_EVENT_STATUS:
		return g_strdup_printf("status %s %u", status->name,
		                       status->items);
	case PLI_IMAP_EVENT_FETCH:
		return describe_fetch(event->detail);
	case PLI_IMAP_EVENT_MESSAGE:
		return g_strdup_printf("message %u", message->uid);
	case PLI_IMAP_EVENT_FLAGS:
		return g_strdup_printf("flags %u +%u -%u", flags->uid,
		                       flags->set, flags->clear);
	case PLI_IMAP_EVENT_POLL:
		return g_strdup_printf("poll %u", poll->n_messages);
	case PLI_IMAP_EVENT_UNSELECT:
		return g_strdup("unselect");
	}
	g_assert_not_reached();
}

static void
read_view(char **words, PliImapView *view)
{
	GArray *into = view->uids;

	for (; *words != NULL; words++) {
		guint32 n = g_ascii_strtoull(*words, NULL, 10);

		if (strcmp(*words, "recent") == 0)
			into = view->recent;
		else if (strcmp(*words, "unseen") == 0)
			view->first_unseen =
			        g_ascii_strtoull(*++words, NULL, 10);
		else if (strcmp(*words, "validity") == 0)
			view->status.uid_validity =
			        g_ascii_strtoull(*++words, NULL, 10);
		else
			g_array_append_val(into, n);
		if (n > 0)
			view->status.uid_next = n + 1;
	}
}

static void
answer_view(PliSession *session, guint64 ask, char **words)
{
	PliImapView view = {
		.status = {.uid_validity = 1, .highest_modseq = 1},
		.uids = g_array_new(FALSE, FALSE, sizeof(guint32)),
		.recent = g_array_new(FALSE, FALSE, sizeof(guint32)),
	};
	PliAnswer answer = {.detail = &view};

	read_view(words, &view);
	view.status.n_messages = view.uids->len;
	pli_session_answer(session, ask, &answer);
}

static void
answer_status(PliSession *session, guint64 ask, char **words)
{
	PliMailboxStatus status = {.highest_modseq = 1};
	PliAnswer answer = {.detail = &status};
	guint32 *const fields[] = {&status.n_messages, &status.n_recent,
	                           &status.uid_next, &status.uid_validity,
	                           &status.n_unseen};

	for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
		*fields[i] = g_ascii_strtoull(words[i], NULL, 10);
	pli_session_answer(session, ask, &answer);
}

/* The rows asked for, but for those of these UIDs. */
static void
answer_without(PliSession *session, guint64 ask, char **words)
{
	GArray *rows = pli_imap_fake_get_rows(&fake, asked.detail);
	PliAnswer answer = {.detail = rows};

	for (; *words != NULL; words++)
		for (guint i = 0; i < rows->len; i++)
			if (g_array_index(rows, PliMailboxRow, i).uid ==
			    g_ascii_strtoull(*words, NULL, 10))
				g_array_remove_index(rows, i--);
	pli_session_answer(session, ask, &answer);
}

static void
answer_refusal(PliSession *session, guint64 ask, char **words)
{
	g_autofree char *text = NULL;
	PliAnswer answer = {.verdict = PLI_VERDICT_REFUSE};

	if (words[0] != NULL) {
		text = g_strjoinv(" ", words + 1);
		answer.status = words[0];
		answer.text = text;
	}
	pli_session_answer(session, ask, &answer);
}

static void
answer_words(PliSession *session, guint64 ask, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);
	PliAnswer answer = {.verdict = PLI_VERDICT_ACCEPT};
	guint32 flags;

	if (strcmp(words[0], "fake") == 0) {
		pli_imap_fake_answer(&fake, session, &asked);
	} else if (strcmp(words[0], "view") == 0) {
		answer_view(session, ask, words + 1);
	} else if (strcmp(words[0], "status") == 0) {
		answer_status(session, ask, words + 1);
	} else if (strcmp(words[0], "without") == 0) {
		answer_without(session, ask, words + 1);
	} else if (strcmp(words[0], "no") == 0) {
		answer_refusal(session, ask, words + 1);
	} else if (strcmp(words[0], "later") == 0) {
		answer.verdict = PLI_VERDICT_TEMPORARY;
		pli_session_answer(session, ask, &answer);
	} else if (strcmp(words[0], "names") == 0) {
		answer.detail = g_strdupv(words + 1);
		pli_session_answer(session, ask, &answer);
	} else if (strcmp(words[0], "flags") == 0) {
		flags = g_ascii_strtoull(words[1], NULL, 10);
		answer.detail = &flags;
		pli_session_answer(session, ask, &answer);
	} else {
		g_assert_true(strcmp(words[0], "ok") == 0 ||
		              strcmp(words[0], "nothing") == 0);
		pli_session_answer(session, ask, &answer);
	}
}

static const PliTalkProtocol protocol = {
	.new_session = new_session,
	.describe = describe,
	.answer = answer_words,
};

int
main(int argc, char **argv)
{
	int status;

	g_test_init(&argc, &argv, NULL);
	pli_talk_add_folder(&protocol, "tests/data/imap",
	                    "/protocols/imap-talk");
	status = g_test_run();
	pli_imap_fake_clear(&fake);
	return status;
}
