/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/slice.h"

static void
test_take_line(void)
{
	static const struct {
		const char *text, *lines; /* each in brackets */
	} rows[] = {
		{"", ""},
		{"\n", "[]"},
		{"one", "[one]"},
		{"one\n", "[one]"},
		{"one\r\n\ntwo", "[one\r][][two]"},
		{"\n\n", "[][]"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		PliSlice rest = pli_slice_new(rows[i].text,
					      strlen(rows[i].text));
		g_autoptr(GString) lines = g_string_new(NULL);
		PliSlice line;

		while (pli_slice_take_line(&rest, &line))
			g_string_append_printf(lines, "[%.*s]", (int)line.len,
					       (const char *)line.data);
		g_assert_cmpstr(lines->str, ==, rows[i].lines);
		g_assert_cmpuint(rest.len, ==, 0);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/slice/take-line", test_take_line);
	return g_test_run();
}
