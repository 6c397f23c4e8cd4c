/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/message.h"

#include "engine/parser.h"
#include "engine/section.h"

#define MESSAGE "Content-Type: message/rfc822\r\n\r\n"
#define MULTI(b) "Content-Type: multipart/mixed; boundary=" b "\r\n\r\n"

static PliStructure *
parse(PliSlice text)
{
	return pli_parser_parse(text, PLI_LINE_LF_FILE, NULL);
}

/* Part by part; the root's is its own: BODY[TEXT], or BODY[1]. */
static void
check_paths(const char *text, const char *const *expected)
{
	g_autoptr(PliStructure) structure = parse(pli_slice_from_string(text));
	g_auto(GStrv) paths = pli_message_dup_paths(structure);
	guint32 n = pli_structure_get_n_parts(structure);

	for (guint32 i = 0; i < n; i++) {
		g_autofree char *of_engine =
			pli_section_format_path(structure, i);

		g_assert_cmpstr(paths[i], ==, expected[i]);
		if (i > 0)
			g_assert_cmpstr(paths[i], ==, of_engine);
	}
	g_assert_null(paths[n]);
	g_assert_null(expected[n]);
}

static void
test_paths(void)
{
	check_paths("Subject: s\r\n\r\nx\r\n", (const char *[]){"1", NULL});
	check_paths(MULTI("a") "--a\r\n\r\nx\r\n--a\r\n" MULTI(
			    "b") ""
				 "--b\r\n\r\ny\r\n--b\r\n\r\nz\r\n--b--\r\n--a-"
				 "-\r\n",
		    (const char *[]){"TEXT", "1", "2", "2.1", "2.2", NULL});
	check_paths(MESSAGE "Subject: in\r\n\r\nx\r\n",
		    (const char *[]){"1", "1.1", NULL});
	check_paths(MESSAGE MESSAGE "Subject: in\r\n\r\nx\r\n",
		    (const char *[]){"1", "1.1", "1.1.1", NULL});
	check_paths(MESSAGE MULTI("a") "--a\r\n\r\nx\r\n--a--\r\n",
		    (const char *[]){"1", "1", "1.1", NULL});
	check_paths(MULTI("a") "--a\r\n" MESSAGE MULTI(
			    "b") ""
				 "--b\r\n\r\ny\r\n--b\r\n" MESSAGE
				 "\r\nz\r\n--b--\r\n--a--\r\n",
		    (const char *[]){"TEXT", "1", "1", "1.1", "1.2", "1.2.1",
				     NULL});
}

static void
test_damage(void)
{
	static const struct {
		PliSlice text;
		gboolean damaged;
	} rows[] = {
		{PLI_SLICE_LITERAL("Subject: s\r\n\r\nx\r\n"), FALSE},
		{PLI_SLICE_LITERAL("Subject: s\n\nx\n"), FALSE},
		{PLI_SLICE_LITERAL("Subject: s\r\n\r\n"), FALSE},
		{PLI_SLICE_LITERAL(MULTI("a") "--a\r\n\r\nx\r\n--a--\r\n"),
		 FALSE},
		{PLI_SLICE_LITERAL(""), TRUE},
		{PLI_SLICE_LITERAL("Subject: s\r\nFr"), TRUE},
		{PLI_SLICE_LITERAL("Subject: s\r\n"), TRUE},
		{PLI_SLICE_LITERAL(MULTI("a") "--a\r\n\r\nx\r\n"), TRUE},
		{PLI_SLICE_LITERAL("Subject: s\r\n\r\na\0b\r\n"), TRUE},
		{PLI_SLICE_LITERAL("\x7f"
				   "ELF no mail\nat all\n\nx\n"),
		 TRUE},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(PliStructure) structure = parse(rows[i].text);
		PliMessage message = {.structure = structure};

		g_test_message("row %u", (guint)i);
		g_assert_cmpint(pli_message_is_damaged(&message), ==,
				rows[i].damaged);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/cli/message/paths", test_paths);
	g_test_add_func("/cli/message/damage", test_damage);
	return g_test_run();
}
