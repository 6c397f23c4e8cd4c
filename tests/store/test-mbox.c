/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/mbox.h"

#include "store/mbox-source.h"
#include "tests/store/piece-source.h"

#define FROM_A "From a@x Mon Nov 23 07:36:44 2026\n"
#define FROM_B "From \"b c\"@y Tue, 24 Nov 2026 07:36:44 +0100\n"
#define FROM_CR "From c@z Wed Nov 25 07:36 UTC 2026\r\n"

/*
 * Reads a whole mbox and writes down what was found, one line a message:
 * "offset+length date|octets". Steps through WANT.
 */
static char *
read_all(PliSource *source, PliMboxFormat format, guint64 *ret_skipped)
{
	g_autoptr(PliMboxReader) reader = pli_mbox_reader_new(source, format);
	g_autoptr(GString) message = g_string_new(NULL);
	GString *all = g_string_new(NULL);
	g_autoptr(GError) error = NULL;

	for (;;) {
		PliMboxEvent event;
		PliStep step = pli_mbox_reader_next(reader, &event, &error);

		g_assert_no_error(error);
		if (step == PLI_STEP_WANT)
			continue;
		if (event.type == PLI_MBOX_EVENT_EOF)
			break;
		if (event.type == PLI_MBOX_EVENT_OCTETS) {
			g_assert_cmpuint(event.octets.len, >, 0);
			g_string_append_len(message,
					    (const char *)event.octets.data,
					    (gssize)event.octets.len);
		}
		if (event.type != PLI_MBOX_EVENT_END)
			continue;
		g_assert_cmpuint(event.message.unquoted_length, ==,
				 message->len);
		g_string_append_printf(
			all, "%" G_GUINT64_FORMAT "+%" G_GUINT64_FORMAT "|%s;",
			event.message.offset, event.message.length,
			message->str);
		g_string_truncate(message, 0);
	}
	if (ret_skipped != NULL)
		*ret_skipped = pli_mbox_reader_get_skipped(reader);
	return g_string_free(all, FALSE);
}

/* Whole, and in pieces of every small size with waits between. */
static void
check(const char *mbox, PliMboxFormat format, const char *expected)
{
	gsize piece;

	for (piece = 0; piece < 9; piece++) {
		g_autoptr(PliSource) source = piece_source_new(
			pli_slice_from_string(mbox),
			piece == 0 ? G_MAXSIZE : piece, piece > 0);
		g_autofree char *found = read_all(source, format, NULL);

		g_assert_cmpstr(found, ==, expected);
	}
}

static void
test_separators(void)
{
	check(FROM_A "A: 1\n\none\n\n" FROM_B "B: 2\n\ntwo\n\n", PLI_MBOX_AUTO,
	      "34+10|A: 1\n\none\n;90+10|B: 2\n\ntwo\n;");
	/* no empty line before it, no date: not separators */
	check(FROM_A "A: 1\n\none\n" FROM_A "\nFrom here on\n", PLI_MBOX_AUTO,
	      "34+58|A: 1\n\none\n" FROM_A "\nFrom here on\n;");
	check("\n\n" FROM_A "A: 1\n\nend without newline", PLI_MBOX_RD,
	      "36+25|A: 1\n\nend without newline;");
	check(FROM_A, PLI_MBOX_AUTO, "34+0|;");
	check(FROM_A "\n" FROM_A "\n", PLI_MBOX_AUTO, "34+0|;69+0|;");
	check("", PLI_MBOX_AUTO, "");
}

/* A date and a field after it make up for the empty line. */
static void
test_no_empty_line(void)
{
	check(FROM_A "A: 1\n\none\n" FROM_B "B: 2\n\ntwo\n" FROM_CR
		     "C : 3\r\n\r\nthree\r\n",
	      PLI_MBOX_AUTO,
	      "34+10|A: 1\n\none\n;89+10|B: 2\n\ntwo\n;"
	      "135+16|C : 3\r\n\r\nthree\r\n;");
	/* in a header that nothing ended, but not at its start */
	check(FROM_A "A: 1\n" FROM_A "B: 2\n\n", PLI_MBOX_RD,
	      "34+5|A: 1\n;73+5|B: 2\n;");
	check(FROM_A FROM_A "A: 1\n\none\n", PLI_MBOX_AUTO,
	      "34+44|" FROM_A "A: 1\n\none\n;");
	/* no date, no field, quoted, or not at the start of its line */
	check(FROM_A "A: 1\n\none\nFrom \nB: 2\nFrom me\nB: 2\n>" FROM_A
		     "B: 2\n " FROM_A "B: 2\n" FROM_A "text\n" FROM_A ": x\n",
	      PLI_MBOX_RD,
	      "34+191|A: 1\n\none\nFrom \nB: 2\nFrom me\nB: 2\n" FROM_A
	      "B: 2\n " FROM_A "B: 2\n" FROM_A "text\n" FROM_A ": x\n;");
	check("From -\nA: 1\n\none\nFrom - \r\nB: 2\n\ntwo\nFrom -\nthree\n",
	      PLI_MBOX_AUTO,
	      "7+10|A: 1\n\none\n;26+23|B: 2\n\ntwo\nFrom -\nthree\n;");
	/* octets that Content-Length counts are the message's */
	check(FROM_A "Content-Length: 44\n\nhey,\n" FROM_A
		     "B: 2\n\n" FROM_B "C: 3\n\n",
	      PLI_MBOX_AUTO,
	      "34+64|Content-Length: 44\n\nhey,\n" FROM_A
	      "B: 2\n;144+5|C: 3\n;");
}

static void
test_crlf(void)
{
	check(FROM_CR "A: 1\r\n\r\none\r\n\r\n" FROM_CR
		      "B: 2\r\n\r\n>From x\r\n",
	      PLI_MBOX_AUTO,
	      "36+13|A: 1\r\n\r\none\r\n;87+17|B: 2\r\n\r\nFrom x\r\n;");
}

static void
test_quoting(void)
{
	static const char mbox[] =
		FROM_A "A: 1\n\n>From a\n>>From b\n >From\n>Frommage\n>\n\n";

	check(mbox, PLI_MBOX_RD,
	      "34+42|A: 1\n\nFrom a\n>From b\n >From\n>Frommage\n>\n;");
	check(mbox, PLI_MBOX_O,
	      "34+42|A: 1\n\nFrom a\n>>From b\n >From\n>Frommage\n>\n;");
	check(mbox, PLI_MBOX_CL2,
	      "34+42|A: 1\n\n>From a\n>>From b\n >From\n>Frommage\n>\n;");
}

static void
test_content_length(void)
{
	static const char inside[] =
		FROM_A "content-length : 47\n\n>From q\n\n" FROM_A
		       "hid\n\n" FROM_B "B: 2\n\n";
	static const char wrong[] =
		FROM_A "Content-Length: 5\n\nlonger\n\n" FROM_B "B: 2\n\n";

	/* it leads to a From line, over one that is none */
	check(inside, PLI_MBOX_AUTO,
	      "34+68|content-length : 47\n\n>From q\n\n" FROM_A "hid\n;"
	      "148+5|B: 2\n;");
	check(inside, PLI_MBOX_CL,
	      "34+68|content-length : 47\n\nFrom q\n\n" FROM_A "hid\n;"
	      "148+5|B: 2\n;");
	check(inside, PLI_MBOX_RD,
	      "34+29|content-length : 47\n\nFrom q\n;98+4|hid\n;148+5|B: 2\n;");
	check(wrong, PLI_MBOX_AUTO,
	      "34+26|Content-Length: 5\n\nlonger\n;106+5|B: 2\n;");
	check(FROM_A "Content-Length: 999999999999999999\n\nx\n", PLI_MBOX_AUTO,
	      "34+38|Content-Length: 999999999999999999\n\nx\n;");
	check(FROM_A "Content-Length: 3\n\nab\n", PLI_MBOX_CL2,
	      "34+22|Content-Length: 3\n\nab\n;");
	check(FROM_A "Content-Length: 0\n\n\n" FROM_A "\n", PLI_MBOX_CL2,
	      "34+19|Content-Length: 0\n\n;88+0|;");
}

static void
test_skipped(void)
{
	g_autoptr(PliSource) source = piece_source_new(
		PLI_SLICE_LITERAL("junk\n" FROM_A "more\n\n" FROM_A "A: 1\n\n"),
		G_MAXSIZE, FALSE);
	guint64 skipped = 0;
	g_autofree char *found = read_all(source, PLI_MBOX_AUTO, &skipped);

	g_assert_cmpstr(found, ==, "79+5|A: 1\n;");
	g_assert_cmpuint(skipped, ==, 44);
}

static gint64
date_of(const char *line)
{
	g_autoptr(PliSource) source =
		piece_source_new(pli_slice_from_string(line), 100, FALSE);
	g_autoptr(PliMboxReader) reader =
		pli_mbox_reader_new(source, PLI_MBOX_AUTO);
	PliMboxEvent event;

	if (pli_mbox_reader_next(reader, &event, NULL) != PLI_STEP_READY ||
	    event.type != PLI_MBOX_EVENT_BEGIN)
		return -1;
	return event.message.date;
}

static void
test_dates(void)
{
	static const char *const good[] = {
		"From a Mon Nov 23 07:36:44 2026",
		"From  Mon Nov 23 07:36:44 2026\n",
		"From Mon Mon Nov 23 07:36:44 2026",
		"From a Mon Nov 23 07:36:44 UTC 2026 remote from b",
		"From a Mon Nov 23 08:36:44 2026 +0100",
		"From 1@xxx Mon Nov 23 06:36:44 -0100 2026\r\n",
		"From a Mon, 23 Nov 2026 7:36:44 +0000",
		"From - mon nov 23 07:36:44 2026",
	};
	static const char *const bad[] = {
		"From a",
		"From a@b Mon Nov 23",
		"From the Mon Nov 32 07:36 2026",
		"From a Mon Nov 23 25:00:00 2026",
		"From a Mon Nov 23 07:36:44",
		"From: a Mon Nov 23 07:36:44 2026",
		"from a Mon Nov 23 07:36:44 2026",
		"From a Mon Nov 23 07:36:44 1826",
		"From -a",
		"From - a",
		"From",
		"From-",
	};
	static const char *const bare[] = {
		"From - ",
		"From -\r\n",
		"From \t- \n",
		"From \n",
		"From ",
	};
	gsize i;

	for (i = 0; i < G_N_ELEMENTS(good); i++)
		g_assert_cmpint(date_of(good[i]), ==, 1795419404);
	for (i = 0; i < G_N_ELEMENTS(bad); i++)
		g_assert_cmpint(date_of(bad[i]), ==, -1);
	for (i = 0; i < G_N_ELEMENTS(bare); i++)
		g_assert_cmpint(date_of(bare[i]), ==, 0);
	g_assert_cmpint(date_of("From a Thu Feb 29 00:00:00 1996"), ==,
			825552000);
	g_assert_cmpint(date_of("From a Wed Dec 31 23:59:59 1969"), ==, -1);
}

static void
test_is_mbox(void)
{
	g_assert_true(pli_mbox_is_mbox(PLI_SLICE_LITERAL(FROM_A "x")));
	g_assert_true(pli_mbox_is_mbox(PLI_SLICE_LITERAL("\r\n\n" FROM_CR)));
	g_assert_true(pli_mbox_is_mbox(PLI_SLICE_LITERAL("From - \nA: 1\n")));
	g_assert_false(pli_mbox_is_mbox(PLI_SLICE_LITERAL("From me\nA: 1\n")));
	g_assert_false(pli_mbox_is_mbox(PLI_SLICE_NONE));
	g_assert_false(pli_mbox_is_mbox(PLI_SLICE_LITERAL("From: a\n")));
	g_assert_false(pli_mbox_is_mbox(PLI_SLICE_LITERAL("x\n" FROM_A)));
}

/* A long message of which some lines are quoted, over many blocks. */
static char *
make_long(guint n_lines, GString *plain)
{
	GString *mbox = g_string_new(FROM_A "A: 1\n\n");
	guint i;

	g_string_append(plain, "A: 1\n\n");
	for (i = 0; i < n_lines; i++) {
		const char *quote = i % 3 == 0 ? ">" : i % 3 == 1 ? ">>" : "";

		g_string_append_printf(mbox, "%sFrom line %u\n", quote, i);
		g_string_append_printf(plain, "%sFrom line %u\n",
				       i % 3 == 1 ? ">" : "", i);
	}
	g_string_append(mbox, "\n");
	return g_string_free(mbox, FALSE);
}

static void
test_source(void)
{
	g_autoptr(GString) plain = g_string_new(NULL);
	g_autofree char *mbox = make_long(30000, plain);
	g_autoptr(PliSource) file =
		piece_source_new(pli_slice_from_string(mbox), 5000, FALSE);
	g_autoptr(PliMboxReader) reader =
		pli_mbox_reader_new(file, PLI_MBOX_RD);
	g_autoptr(PliSource) source = NULL;
	g_autoptr(GRand) rand = g_rand_new_with_seed(7);
	PliMboxEvent event;
	guint i;

	do
		g_assert_true(pli_mbox_reader_next(reader, &event, NULL) ==
			      PLI_STEP_READY);
	while (event.type != PLI_MBOX_EVENT_END);
	g_assert_cmpuint(event.message.unquoted_length, ==, plain->len);
	source = pli_mbox_source_new(file, &event.message);
	g_assert_cmpuint(pli_source_get_length(source), ==, plain->len);
	for (i = 0; i < 2000; i++) {
		guint64 offset = (guint64)g_rand_int_range(
			rand, 0, (gint32)plain->len + 10);
		PliSlice got;

		g_assert_true(pli_source_read_at(source, offset, 300, &got,
						 NULL) == PLI_STEP_READY);
		if (offset >= plain->len)
			g_assert_cmpuint(got.len, ==, 0);
		else
			g_assert_cmpuint(got.len, >, 0);
		if (got.len > 0)
			g_assert_cmpmem(got.data, got.len, plain->str + offset,
					got.len);
	}
}

/* Content-Length in every message must not make it re-read the file. */
static void
test_linear(void)
{
	g_autoptr(GString) mbox = g_string_new(NULL);
	g_autoptr(PliSource) source = NULL;
	g_autofree char *found = NULL;
	guint i;

	for (i = 0; i < 5000; i++)
		g_string_append(mbox, FROM_A "Content-Length: 90000\n\nx\n\n");
	source = piece_source_new(pli_slice_new(mbox->str, mbox->len), 4096,
				  FALSE);
	found = read_all(source, PLI_MBOX_AUTO, NULL);
	g_assert_cmpuint(((PieceSource *)source)->n_reads, <, 5000 + 200);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/store/mbox/separators", test_separators);
	g_test_add_func("/store/mbox/no-empty-line", test_no_empty_line);
	g_test_add_func("/store/mbox/crlf", test_crlf);
	g_test_add_func("/store/mbox/quoting", test_quoting);
	g_test_add_func("/store/mbox/content-length", test_content_length);
	g_test_add_func("/store/mbox/skipped", test_skipped);
	g_test_add_func("/store/mbox/dates", test_dates);
	g_test_add_func("/store/mbox/is-mbox", test_is_mbox);
	g_test_add_func("/store/mbox/source", test_source);
	g_test_add_func("/store/mbox/linear", test_linear);
	return g_test_run();
}
