/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/look.h"

/* "message" when it looks like one, then its boundaries; cut into pieces of
 * `max` octets. */
static char *
describe(const char *text, gsize max, gboolean any)
{
	PliSlice rest = pli_slice_from_string(text);
	GString *out = g_string_new(NULL);
	g_auto(PliLook) look;

	pli_look_init(&look, any);
	while (rest.len > 0) {
		gsize n = MIN(max, rest.len);

		pli_look_feed(&look, pli_slice_new(rest.data, n));
		rest = pli_slice_skip(rest, n);
	}
	pli_look_finish(&look);
	if (look.is_message)
		g_string_append(out, "message ");
	for (guint i = 0; i < look.n_boundaries; i++)
		g_string_append_printf(out, "[%s]", look.boundaries[i]);
	if (look.has_more)
		g_string_append(out, "+");
	return g_string_free(out, FALSE);
}

static void
check(const char *text, gboolean any, const char *want)
{
	for (gsize max = 1; max <= 64; max++) {
		g_autofree char *got = describe(text, max, any);

		g_assert_cmpstr(got, ==, want);
	}
}

static void
test_boundaries(void)
{
	check("x\n--a\nContent-Type: x/y\n\n--a\n--b \t\r\ncontent-id : 1\n",
	      FALSE, "[a][b]");
	check("--a\n\n--b\nSubject: x\n", FALSE, "");
	check("--a\n\n--b\nSubject: x\n--c\ntext\n", TRUE, "[a][b]");
	check("-- \nContent-Type: x/y\n--\nContent-Type: x/y\n", FALSE, "");
	check(" --a\nContent-Type: x/y\n", TRUE, "");
	check("--a\nContent-Type", FALSE, "");
	check("--a\nContent-Type: x", FALSE, "[a]");
}

static void
test_many(void)
{
	GString *text = g_string_new(NULL);
	g_autofree char *got = NULL;

	for (guint i = 0; i < 9; i++)
		g_string_append_printf(text, "--%u\nContent-Type: x\n", i);
	got = describe(text->str, 7, FALSE);
	g_assert_cmpstr(got, ==, "[0][1][2][3][4][5][6][7]+");
	g_string_free(text, TRUE);
}

static void
test_message(void)
{
	check("\r\nSubject: x\r\nMIME-Version: 1.0\r\n\r\nx", FALSE,
	      "message ");
	check("Content-Type: text/html;\n charset=x\n\n", FALSE, "message ");
	check("From: x\nSubject: y\n\nContent-Type: z\n\n", FALSE, "");
	check("Content-Type: x\nand so on\n\n", FALSE, "");
	check("Content-Type: x\n", FALSE, "");
	check(" Content-Type: x\n\n", FALSE, "");
}

/* A line past what is kept is no boundary, and the one after it is read. */
static void
test_long_line(void)
{
	g_autofree char *x = g_strnfill(3 * PLI_LOOK_LINE, 'x');
	g_autofree char *text = g_strconcat(
	        "--", x, "\nContent-Type: x\n--b\nContent-Type: x\n", NULL);
	g_autofree char *got = describe(text, 1000, FALSE);

	g_assert_cmpstr(got, ==, "[b]");
}

/* Blanks are no part of a boundary, however many. */
static void
test_long_blanks(void)
{
	g_autofree char *blanks = g_strnfill(3 * PLI_LOOK_LINE, ' ');
	g_autofree char *text = g_strconcat(
	        "--a", blanks, "\nContent-Type: x\n--b", blanks,
	        ".\nContent-Type: x\n--c\nContent-Type: x\n", NULL);

	for (gsize step = 1; step < 5000; step = 7 * step) {
		g_autofree char *got = describe(text, step, FALSE);

		g_assert_cmpstr(got, ==, "[a][c]");
	}
}

static void
test_wanted(void)
{
	static const struct {
		const char *type, *subtype;
		gboolean wanted;
	} rows[] = {
	        {"text", "html", TRUE},
	        {"text", "rfc822-headers", FALSE},
	        {"message", "news", TRUE},
	        {"message", "partial", TRUE},
	        {"message", "rfc822", FALSE},
	        {"message", "global", FALSE},
	        {"message", "global-headers", FALSE},
	        {"message", "external-body", FALSE},
	        {"image", "png", FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		PliSlice type = pli_slice_from_string(rows[i].type);
		PliSlice subtype = pli_slice_from_string(rows[i].subtype);

		g_assert_true(pli_look_is_wanted(type, subtype) ==
		              rows[i].wanted);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/look/boundaries", test_boundaries);
	g_test_add_func("/engine/look/many", test_many);
	g_test_add_func("/engine/look/message", test_message);
	g_test_add_func("/engine/look/long-line", test_long_line);
	g_test_add_func("/engine/look/long-blanks", test_long_blanks);
	g_test_add_func("/engine/look/wanted", test_wanted);
	return g_test_run();
}
