/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/flowed-run.h"
#include "tests/lib/split.h"

static void
check(gboolean delsp, const char *in, const char *expected)
{
	const guint flags =
		PLI_FLOWED_RUN_MARKS | (delsp ? PLI_FLOWED_RUN_DELSP : 0);
	PliSlice whole = pli_slice_from_string(in);
	g_autoptr(GBytes) got =
		pli_flowed_run(&whole, 1, GUINT_TO_POINTER(flags));

	g_assert_cmpmem(g_bytes_get_data(got, NULL), g_bytes_get_size(got),
			expected, strlen(expected));
	pli_split_check("flowed", whole, G_MAXSIZE, pli_flowed_run,
			GUINT_TO_POINTER(flags));
}

static void
test_join(void)
{
	check(FALSE, "one \r\ntwo \r\nthree\r\nfour\r\n",
	      "0|one two three\n0|four\n");
	check(FALSE, "one \ntwo\n", "0|one two\n");
	check(FALSE, "one  \r\ntwo\r\n", "0|one  two\n");
	check(FALSE, "one \r\n\r\ntwo", "0|one \n0|two\n");
	check(FALSE, "one \r\n", "0|one \n");
	check(FALSE, "one ", "0|one \n");
	check(FALSE, "\r\n\r\n", "0|\n0|\n");
	check(FALSE, "", "");
}

static void
test_delsp(void)
{
	check(TRUE, "unbe \r\nlievable  \r\nword\r\n", "0|unbelievable word\n");
	check(TRUE, "end \r\n", "0|end\n");
}

static void
test_stuffing(void)
{
	check(FALSE, " From me \r\n  two\r\n >no quote\r\n \r\n",
	      "0|From me  two\n0|>no quote\n0|\n");
}

/* RFC 3676 4.5: depths that differ end the paragraph. */
static void
test_quotes(void)
{
	check(FALSE,
	      ">> in \r\n>> deep\r\n> less \r\nnone \r\n>quote \r\n> end\r\n",
	      "2|in deep\n1|less \n0|none \n1|quote end\n");
	check(FALSE, ">\r\n> >x\r\n>>", "1|\n1|>x\n2|\n");
}

static void
test_signature(void)
{
	check(FALSE, "bye \r\n-- \r\nAda \r\nMarsh\r\n",
	      "0|bye \n0|-- ~\n0|Ada Marsh\n");
	check(FALSE, "> -- \n> Ada\n", "1|-- ~\n1|Ada\n");
	check(FALSE, "-- ", "0|-- ~\n");
	check(FALSE, "-- \r", "0|-- ~\n");
	check(FALSE, "--\r\n-- x\r\n-\r\n--  \r\nno\r\n",
	      "0|--\n0|-- x\n0|-\n0|--  no\n");
}

static void
test_bare_cr(void)
{
	check(FALSE, "a\rb \r\r\nc \rd\n-- \rx\r\n",
	      "0|a\rb \r\n0|c \rd\n0|-- \rx\n");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/flowed/join", test_join);
	g_test_add_func("/engine/flowed/delsp", test_delsp);
	g_test_add_func("/engine/flowed/stuffing", test_stuffing);
	g_test_add_func("/engine/flowed/quotes", test_quotes);
	g_test_add_func("/engine/flowed/signature", test_signature);
	g_test_add_func("/engine/flowed/bare-cr", test_bare_cr);
	return g_test_run();
}
