/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/imap-name.h"

/* RFC 3501 5.1.3's example, and others; both ways. */
static void
test_both_ways(void)
{
	static const char *const cases[][2] = {
		{"~peter/mail/&U,BTFw-/&ZeVnLIqe-",
	         "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/"
	         "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"},
		{"a&-b", "a&b"},
		{"Entw&APw-rfe", "Entw\xc3\xbcrfe"},
		{"&2D3eAA-", "\xf0\x9f\x98\x80"},
		{"plain/name", "plain/name"},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *name = NULL, *wire = NULL;

		name = pli_imap_name_parse(pli_slice_from_string(cases[i][0]));
		wire = pli_imap_name_format(cases[i][1]);
		g_assert_cmpstr(name, ==, cases[i][1]);
		g_assert_cmpstr(wire, ==, cases[i][0]);
	}
}

static void
test_malformed(void)
{
	static const char *const cases[] = {
		"",         "&",       "a&b",     "&AGEAYg-", /* plain ASCII */
		"&Jjo!",    "&U,BTFw", "&2D0-",   "&3gDYPQ-",
		"&U,BTFx-", /* bits left over */
		"&AAo-",    /* a control */
		"\xc3\xa4", "a\tb",    "&U,A-&U,A-",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_null(pli_imap_name_parse(
		        pli_slice_from_string(cases[i])));
	g_assert_null(pli_imap_name_format("a\nb"));
	g_assert_null(pli_imap_name_format("\xff"));
}

static void
test_inbox(void)
{
	g_autofree char *name =
	        pli_imap_name_parse(PLI_SLICE_LITERAL("iNbOx"));

	g_assert_cmpstr(name, ==, "INBOX");
}

static gboolean
matches(const char *pattern, const char *name)
{
	return pli_imap_name_matches(pattern, name, strlen(name));
}

static void
test_patterns(void)
{
	g_assert_true(matches("*", "a/b/c"));
	g_assert_true(matches("%", "a"));
	g_assert_false(matches("%", "a/b"));
	g_assert_true(matches("%/%", "a/b"));
	g_assert_true(matches("a*c", "a/b/c"));
	g_assert_true(matches("*%", "a/b"));
	g_assert_true(matches("a/%", "a/"));
	g_assert_false(matches("a", "A"));
	g_assert_true(matches("inbox", "INBOX"));
	g_assert_true(matches("inb*", "INBOX"));
	g_assert_true(matches("Inbox/Sent", "INBOX/Sent"));
	g_assert_false(matches("Inbox/sent", "INBOX/Sent"));
	g_assert_false(matches("", "a"));
	g_assert_false(matches("ab", "a"));
	g_assert_true(matches("**%%**", ""));
	g_assert_true(pli_imap_name_matches("%", "a/b", 1));
}

/* Stars must not make it try every way to share out the name. */
static void
test_many_stars(void)
{
	g_autoptr(GString) pattern = g_string_new(NULL);
	g_autofree char *name = g_strnfill(PLI_IMAP_NAME_OCTETS, 'a');

	while (pattern->len < PLI_IMAP_NAME_OCTETS - 2)
		g_string_append(pattern, "*a");
	g_string_append_c(pattern, 'b');
	g_assert_false(matches(pattern->str, name));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/protocols/imap-name/both-ways", test_both_ways);
	g_test_add_func("/protocols/imap-name/malformed", test_malformed);
	g_test_add_func("/protocols/imap-name/inbox", test_inbox);
	g_test_add_func("/protocols/imap-name/patterns", test_patterns);
	g_test_add_func("/protocols/imap-name/many-stars", test_many_stars);
	return g_test_run();
}
