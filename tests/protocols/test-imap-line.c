/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/imap-line.h"

/* Everything that comes out of a stream of commands, as one text. */
static void
cut(PliImapLine *line, PliSlice in, GString *log)
{
	static const char *const names[] = {"",        "command", "literal",
	                                    "too long", "too big", "broken"};

	while (in.len > 0) {
		PliImapLineEvent event;

		in = pli_slice_skip(in, pli_imap_line_feed(line, in, &event));
		if (event == PLI_IMAP_LINE_NONE) {
			g_assert_cmpuint(in.len, ==, 0);
			return;
		}
		g_string_append_printf(log, "<%s", names[event]);
		if (event == PLI_IMAP_LINE_COMMAND)
			g_string_append_printf(log, " %.*s",
			                       (int)line->octets.len,
			                       (char *)line->octets.data);
		g_string_append_c(log, '>');
		if (event != PLI_IMAP_LINE_LITERAL)
			pli_imap_line_reset(line);
	}
}

/* The same at every two-way split and octet by octet. */
static void
check(const char *in, const char *expected)
{
	gsize len = strlen(in);

	for (gsize split = 0; split <= len + 1; split++) {
		g_autoptr(GString) log = g_string_new(NULL);
		PliImapLine line;

		pli_imap_line_init(&line, 40, 20);
		if (split <= len) {
			cut(&line, pli_slice_new(in, split), log);
			cut(&line, pli_slice_new(in + split, len - split), log);
		} else {
			for (gsize i = 0; i < len; i++)
				cut(&line, pli_slice_new(in + i, 1), log);
		}
		g_assert_cmpstr(log->str, ==, expected);
		pli_imap_line_clear(&line);
	}
}

static void
test_lines(void)
{
	check("a NOOP\r\nb NOOP\n\r\nc", "<command a NOOP><command b NOOP>"
	                                 "<command >");
	check("a {3\r\na {x}\r\na {}\r\na {3}x\r\na {3}\r \r\n",
	      "<command a {3><command a {x}><command a {}><command a {3}x>"
	      "<command a {3}\r >");
}

static void
test_literals(void)
{
	check("a {3}\r\nx\r\n {2+}\r\nyz\r\nb\r\n",
	      "<literal><command a {3}\r\nx\r\n {2+}\r\nyz><command b>");
	check("a {0}\r\n\r\n", "<literal><command a {0}\r\n>");
	check("a {5+}\r\n{3}\r\n\r\n", "<command a {5+}\r\n{3}\r\n>");
	check("a {2}\nxy\n", "<literal><command a {2}\nxy>");
}

static void
test_ceilings(void)
{
	check("a 34567890123456789012345678901234567890\r\nb\r\n",
	      "<too long><command b>");
	check("a 345678901234567890123456789012345678\r\n",
	      "<command a 345678901234567890123456789012345678>");
	/* A literal too large is not sent when the client waits, and is
	 * swallowed when it does not. */
	check("a {21}\r\nb\r\n", "<too big><command b>");
	check("a {21+}\r\n012345678901234567\r\nb more\r\nc\r\n",
	      "<too big><command c>");
	check("a {15+}\r\n012345678901234 {6+}\r\n012345\r\nc\r\n",
	      "<too big><command c>");
	check("a 345678901234567890123456789012345678901 {4+}\r\n\r\n\r\n\r\n"
	      "b\r\n",
	      "<too long><command b>");
	check("a 345678901234567890123456789012345678901 {4}\r\nb\r\n",
	      "<too long><command b>");
	check("a {99999999999999999999}\r\nb\r\n", "<too big><command b>");
	check("a {99999999999999999999+}\r\n", "<broken>");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/protocols/imap-line/lines", test_lines);
	g_test_add_func("/protocols/imap-line/literals", test_literals);
	g_test_add_func("/protocols/imap-line/ceilings", test_ceilings);
	return g_test_run();
}
