/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What transcripts cannot show: bounds, slow and broken sources, damage. */
#include "protocols/imap-fetch-priv.h"
#include "tests/lib/imap-fake.h"

#define START "a LOGIN u p\r\nb EXAMINE INBOX\r\n"
#define HIGH_WATER 20000

/* What the most recent run of play() reached at most. */
static PliImapFake *watched;
static guint64 most_waiting;
static guint most_open;
static guint most_rows;

static void
watch(PliSession *session)
{
	PliImapServer *server = (PliImapServer *)session;
	PliImapFetching *fetching = server->command.data;

	most_waiting = MAX(most_waiting,
	                   pli_output_get_waiting(&server->output));
	most_open = MAX(most_open, watched->n_open);
	if (server->command.resume != NULL && fetching->rows != NULL)
		most_rows = MAX(most_rows, fetching->rows->len);
}

static PliStep
play(PliImapFake *fake, guint32 output_octets, gsize at_once, const char *in,
     GByteArray *out)
{
	PliImapConfig config = pli_imap_config_default;
	g_autoptr(PliSession) session = NULL;

	config.allow_login = TRUE;
	config.output_octets = output_octets;
	session = pli_imap_server_new(&config);
	watched = fake;
	most_waiting = most_open = most_rows = 0;
	return pli_imap_fake_play(fake, session, pli_slice_from_string(in),
	                          at_once, out, watch);
}

static gboolean
ends_with(const GByteArray *out, const char *end)
{
	gsize n = strlen(end);

	return out->len >= n && memcmp(out->data + out->len - n, end, n) == 0;
}

static void
add_text(PliImapFake *fake, const char *text, PliLineMode mode)
{
	pli_imap_fake_add(fake, pli_slice_from_string(text), mode);
}

/* All of a large mailbox holds a batch of rows, one bounded queue, and few
 * open messages, whatever is fetched. */
static void
check_bounds(PliImapFake *fake, const char *items, gsize least)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	g_autofree char *in =
	        g_strdup_printf(START "c FETCH 1:* %s\r\n", items);

	g_assert_cmpint(play(fake, HIGH_WATER, 100, in, out), ==,
	                PLI_STEP_WANT);
	g_assert_true(ends_with(out, "c OK FETCH completed\r\n"));
	g_assert_cmpuint(out->len, >, least);
	g_assert_cmpuint(most_rows, <=, PLI_IMAP_FETCH_BATCH);
	g_assert_cmpuint(most_waiting, <, 2 * HIGH_WATER);
	g_assert_cmpuint(most_open, <=,
	                 HIGH_WATER / PLI_OUTPUT_RANGE_COST + 2);
	g_assert_cmpuint(fake->n_open, ==, 0);
}

static void
test_bounds(void)
{
	PliImapFake fake;
	g_autoptr(GString) text = g_string_new("Subject: x\r\nX-A: y\r\n\r\n");

	for (int i = 0; i < 40; i++)
		g_string_append(text, "a line of text\r\n");
	pli_imap_fake_init(&fake);
	for (int i = 0; i < 10000; i++)
		add_text(&fake, text->str, PLI_LINE_AS_IS);
	check_bounds(&fake, "FAST", 10000 * 50);
	check_bounds(&fake, "(ENVELOPE BODYSTRUCTURE BODY)", 10000 * 100);
	check_bounds(&fake, "BODY.PEEK[]", 10000 * 600);
	check_bounds(&fake, "BODY.PEEK[]<7.1>", 10000 * 20);
	check_bounds(&fake, "(BODY[1]<1.1> BODY[HEADER.FIELDS (X-A)])",
	             10000 * 50);
	pli_imap_fake_clear(&fake);
}

/* One large converted message does not fill the queue either. */
static void
test_bounds_converted(void)
{
	PliImapFake fake;
	g_autoptr(GByteArray) out = g_byte_array_new();
	g_autoptr(GString) text = g_string_new("Subject: x\n\n");

	while (text->len < 1 << 20)
		g_string_append(text, "line\n");
	pli_imap_fake_init(&fake);
	add_text(&fake, text->str, PLI_LINE_LF_FILE);
	g_assert_cmpint(play(&fake, HIGH_WATER, 10,
	                     START "c FETCH 1 BODY[]\r\n", out),
	                ==, PLI_STEP_WANT);
	g_assert_true(ends_with(out, "\r\nline\r\n)\r\nc OK FETCH completed"
	                             "\r\n"));
	g_assert_cmpuint(most_waiting, <, HIGH_WATER + 20000);
	pli_imap_fake_clear(&fake);
}

static void
add_mails(PliImapFake *fake)
{
	pli_imap_fake_init(fake);
	add_text(fake,
	         "Subject: one\r\nX-Long: a\r\n b\r\nTo: x@y\r\n"
	         "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
	         "--b\r\n\r\ntext\r\n--b\r\nContent-Type: message/rfc822\r\n"
	         "\r\nSubject: in\r\n\r\ninner\r\n--b--\r\n",
	         PLI_LINE_AS_IS);
	add_text(fake, "Subject: two\nX-Long: a\n b\n\nline\r\nline\n\n",
	         PLI_LINE_LF_FILE);
	pli_imap_fake_add(fake,
	                  PLI_SLICE_LITERAL("Subject: three\n\na\0\nb\n\0"),
	                  PLI_LINE_LF_FILE);
	add_text(fake, "", PLI_LINE_AS_IS);
	add_text(fake, "Subject: five", PLI_LINE_LF_FILE);
}

/* The same octets go out however small the queue is, however the input is cut
 * up, and however slowly the sources are read. */
static void
test_same_octets(void)
{
	static const char in[] =
	        START "c FETCH 1:* (BODY BODY[] BODY[1] BODY[2] BODY[2.1] "
	              "BODY[2.HEADER] BODY[1.MIME] RFC822.TEXT "
	              "BODY[]<3.9> BODY[TEXT]<2.4> BODY[TEXT]<6.9> "
	              "BODY[HEADER.FIELDS (X-LONG to)] "
	              "BODY[HEADER.FIELDS.NOT (Subject)]<1.12>)\r\n"
	              "d UID FETCH *:1 ALL\r\n";
	static const guint32 high_waters[] = {1, 50, 100000};
	static const gsize sizes[] = {1, 7, 100000};
	g_autoptr(GByteArray) first = g_byte_array_new();
	PliImapFake fake;

	add_mails(&fake);
	play(&fake, 1000000, 1000000, in, first);
	g_assert_true(ends_with(first, "d OK FETCH completed\r\n"));
	for (gsize i = 0; i < 27; i++) {
		g_autoptr(GByteArray) out = g_byte_array_new();

		fake.slow = i % 2;
		fake.read_octets = sizes[i / 3 % 3];
		g_assert_cmpint(play(&fake, high_waters[i % 3], sizes[i / 9],
		                     in, out),
		                ==, PLI_STEP_WANT);
		g_assert_cmpmem(out->data, out->len, first->data, first->len);
	}
	g_assert_cmpuint(fake.n_open, ==, 0);
	pli_imap_fake_clear(&fake);
}

/* Octets that were promised and cannot be had end the connection. */
static void
test_broken_source(void)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	PliImapFake fake;

	add_mails(&fake);
	fake.broken = TRUE;
	g_assert_cmpint(play(&fake, 1000, 1000, START "c FETCH 2 BODY[]\r\n",
	                     out),
	                ==, PLI_STEP_FAIL);
	g_assert_cmpuint(fake.n_open, ==, 0);
	pli_imap_fake_clear(&fake);
}

static void
set_octets(PliImapFakeMessage *message, const char *text)
{
	g_bytes_unref(message->octets);
	message->octets = g_bytes_new(text, strlen(text));
}

/* A file that lost its end, and a structure that was damaged: those messages
 * are passed over, the others come. */
static void
test_damage(void)
{
	g_autoptr(GByteArray) out = g_byte_array_new();
	PliImapFake fake;
	PliImapFakeMessage *message;
	const char *text;

	add_mails(&fake);
	set_octets(pli_imap_fake_find(&fake, 1), "Subj");
	message = pli_imap_fake_find(&fake, 3);
	g_bytes_unref(message->structure);
	message->structure = g_bytes_new("damaged", 7);
	g_assert_cmpint(play(&fake, 1000, 1000,
	                     START "c FETCH 1:3 BODY[1]\r\nd NOOP\r\n", out),
	                ==, PLI_STEP_WANT);
	g_byte_array_append(out, (const guint8 *)"", 1);
	text = strstr((const char *)out->data, "b OK");
	g_assert_nonnull(text);
	g_assert_cmpstr(text, ==,
	                "b OK [READ-ONLY] completed\r\n"
	                "* 2 FETCH (BODY[1] {14}\r\nline\r\nline\r\n\r\n)\r\n"
	                "c NO [UNAVAILABLE] Some messages cannot be read\r\n"
	                "d OK completed\r\n");
	pli_imap_fake_clear(&fake);
}

/* A session may be freed at any moment, its question open. */
static void
test_free_anywhere(void)
{
	static const char in[] = START "c FETCH 1:* (BODY[] BODY[TEXT])\r\n";
	PliImapConfig config = pli_imap_config_default;
	PliImapFake fake;

	add_mails(&fake);
	config.allow_login = TRUE;
	config.output_octets = 1;
	for (guint stop = 0; stop < 40; stop++) {
		PliSession *session = pli_imap_server_new(&config);
		PliSlice rest = pli_slice_from_string(in);
		PliSessionEvent event;

		for (guint i = 0; i < stop; i++) {
			PliOutput head;

			rest = pli_slice_skip(rest,
			                      pli_session_feed(session, rest));
			if (pli_session_next(session, &event) ==
			            PLI_STEP_READY &&
			    i + 1 < stop)
				pli_imap_fake_answer(&fake, session, &event);
			if (i + 1 < stop && pli_session_output(session, &head))
				pli_session_sent(session,
				                 head.source != NULL
				                         ? head.length
				                         : head.octets.len);
		}
		pli_session_free(session);
		g_assert_cmpuint(fake.n_open, ==, 0);
	}
	pli_imap_fake_clear(&fake);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/protocols/imap-server/bounds", test_bounds);
	g_test_add_func("/protocols/imap-server/bounds-converted",
	                test_bounds_converted);
	g_test_add_func("/protocols/imap-server/same-octets",
	                test_same_octets);
	g_test_add_func("/protocols/imap-server/broken-source",
	                test_broken_source);
	g_test_add_func("/protocols/imap-server/damage", test_damage);
	g_test_add_func("/protocols/imap-server/free-anywhere",
	                test_free_anywhere);
	return g_test_run();
}
