/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/imap-lexer.h"

#include "protocols/imap-line.h"

typedef gboolean (*Take)(PliImapLexer *lexer, PliSlice *ret_slice);

/* The command comes through imap-line at every split, so that what the lexer
 * reads is what a client's octets become. */
static void
check_taken(Take take, const char *in, gsize len, const char *expected,
            const char *rest)
{
	for (gsize split = 0; split <= len; split++) {
		PliImapLine line;
		PliImapLineEvent event;
		PliImapLexer lexer;
		PliSlice taken = PLI_SLICE_NONE;
		gboolean ok;

		pli_imap_line_init(&line, 100, 100);
		for (gsize at = 0; at < len;) {
			gsize end = at < split ? split : len;
			PliSlice piece = pli_slice_new(in + at, end - at);

			at += pli_imap_line_feed(&line, piece, &event);
		}
		pli_imap_line_feed(&line, PLI_SLICE_LITERAL("\r\n"), &event);
		g_assert_cmpint(event, ==, PLI_IMAP_LINE_COMMAND);
		pli_imap_lexer_init(&lexer, line.octets.data, line.octets.len);
		ok = take(&lexer, &taken);
		if (expected == NULL) {
			g_assert_false(ok);
			g_assert_nonnull(lexer.error);
		} else {
			g_assert_true(ok);
			g_assert_null(lexer.error);
			g_assert_cmpmem(taken.data, taken.len, expected,
			                strlen(expected));
			g_assert_cmpmem(lexer.at, lexer.end - lexer.at, rest,
			                strlen(rest));
		}
		pli_imap_line_clear(&line);
	}
}

static void
check(Take take, const char *in, const char *expected, const char *rest)
{
	check_taken(take, in, strlen(in), expected, rest);
}

static void
test_atoms(void)
{
	check(pli_imap_lexer_take_tag, "a001 NOOP", "a001", " NOOP");
	check(pli_imap_lexer_take_tag, "a+1 NOOP", "a", "+1 NOOP");
	check(pli_imap_lexer_take_tag, " NOOP", NULL, NULL);
	check(pli_imap_lexer_take_atom, "a]b", "a", "]b");
	check(pli_imap_lexer_take_atom, "(x)", NULL, NULL);
	check(pli_imap_lexer_take_atom, "\xe4", NULL, NULL);
	check(pli_imap_lexer_take_item, "BODY[TEXT]", "BODY", "[TEXT]");
	check(pli_imap_lexer_take_section, "1.2.mime]", "1.2.mime", "]");
	check(pli_imap_lexer_take_section, "]", "", "]");
	check(pli_imap_lexer_take_pattern, "a/%* x", "a/%*", " x");
	check(pli_imap_lexer_take_astring, "a%", "a", "%");
	check(pli_imap_lexer_take_astring, "a]b c", "a]b", " c");
}

static void
test_strings(void)
{
	Take take = pli_imap_lexer_take_astring;

	check(take, "\"\" x", "", " x");
	check(take, "\"a \\\"b\\\\\" x", "a \"b\\", " x");
	check(take, "\"a\\b\"", NULL, NULL);
	check(take, "\"a", NULL, NULL);
	check(take, "\"a\\", NULL, NULL);
	check(take, "\"a\rb\"", NULL, NULL);
	check(take, "{3}\r\na\r\n x", "a\r\n", " x");
	check(take, "{3+}\r\n\"{} x", "\"{}", " x");
	check(take, "{0}\r\n", "", "");
	check(take, "{3}\nabc", "abc", "");
	check(take, "{3x}", NULL, NULL);
	check(take, "{}", NULL, NULL);
	check(take, "{99999999999999999999999999", NULL, NULL);
	check(take, "", NULL, NULL);
	check_taken(take, "{3}\r\na\0b", 8, NULL, NULL);
	check_taken(take, "\"a\0b\"", 5, NULL, NULL);
	check(pli_imap_lexer_take_string, "abc", NULL, NULL);
}

static char *
read_sequence(const char *in)
{
	g_autoptr(GArray) ranges = g_array_new(FALSE, FALSE,
	                                       sizeof(PliImapRange));
	g_autofree char *octets = g_strdup(in);
	GString *out = g_string_new(NULL);
	PliImapLexer lexer;

	pli_imap_lexer_init(&lexer, (guint8 *)octets, strlen(octets));
	if (!pli_imap_lexer_take_sequence(&lexer, ranges) ||
	    !pli_imap_lexer_take_end(&lexer)) {
		g_assert_nonnull(lexer.error);
		return g_string_free(g_string_assign(out, "bad"), FALSE);
	}
	for (guint i = 0; i < ranges->len; i++) {
		PliImapRange r = g_array_index(ranges, PliImapRange, i);

		g_string_append_printf(out, "%u-%u ", r.first, r.last);
	}
	return g_string_free(out, FALSE);
}

static void
test_sequences(void)
{
	static const char *const cases[][2] = {
		{"1", "1-1 "},
		{"2,4:7,9,12:*", "2-2 4-7 9-9 12-0 "},
		{"*:4,*", "0-4 0-0 "},
		{"4294967295", "4294967295-4294967295 "},
		{"4294967296", "bad"},
		{"0", "bad"},
		{"1,", "bad"},
		{"1:", "bad"},
		{":1", "bad"},
		{"1:2:3", "bad"},
		{"", "bad"},
		{"1 2", "bad"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *read = read_sequence(cases[i][0]);

		g_assert_cmpstr(read, ==, cases[i][1]);
	}
}

static void
test_numbers(void)
{
	char octets[] = "9223372036854775807 9223372036854775808";
	PliImapLexer lexer;
	guint64 n;

	pli_imap_lexer_init(&lexer, (guint8 *)octets, strlen(octets));
	g_assert_true(pli_imap_lexer_take_number64(&lexer, &n));
	g_assert_cmpuint(n, ==, G_MAXINT64);
	g_assert_true(pli_imap_lexer_take_space(&lexer));
	g_assert_false(pli_imap_lexer_take_number64(&lexer, &n));
	g_assert_cmpuint(n, ==, G_MAXINT64);
	g_assert_nonnull(lexer.error);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/protocols/imap-lexer/atoms", test_atoms);
	g_test_add_func("/protocols/imap-lexer/strings", test_strings);
	g_test_add_func("/protocols/imap-lexer/sequences", test_sequences);
	g_test_add_func("/protocols/imap-lexer/numbers", test_numbers);
	return g_test_run();
}
