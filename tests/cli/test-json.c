/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/json.h"

#include "cli/terminal.h"

static char *
read_back(FILE *file)
{
	char text[512];
	gsize n;

	rewind(file);
	n = fread(text, 1, sizeof text, file);
	fclose(file);
	return g_strndup(text, n);
}

static char *
dup_json_string(PliSlice text)
{
	FILE *file = tmpfile();
	PliJson json;

	g_assert_nonnull(file);
	pli_json_init(&json, file);
	pli_json_add_slice(&json, text);
	return read_back(file);
}

static void
test_commas(void)
{
	FILE *file = tmpfile();
	g_autofree char *text = NULL;
	PliJson json;

	g_assert_nonnull(file);
	pli_json_init(&json, file);
	for (int i = 0; i < 2; i++) {
		pli_json_begin_object(&json);
		pli_json_add_key(&json, "a");
		pli_json_begin_array(&json);
		pli_json_add_uint(&json, G_MAXUINT64);
		pli_json_add_int(&json, -1);
		pli_json_begin_array(&json);
		pli_json_end_array(&json);
		pli_json_add_null(&json);
		pli_json_add_boolean(&json, TRUE);
		pli_json_add_boolean(&json, FALSE);
		pli_json_end_array(&json);
		pli_json_add_key(&json, "b");
		pli_json_add_string(&json, NULL);
		pli_json_end_object(&json);
		pli_json_end_line(&json);
	}
	text = read_back(file);
	g_assert_cmpstr(text, ==,
			"{\"a\":[18446744073709551615,-1,[],null,true,false],"
			"\"b\":null}\n"
			"{\"a\":[18446744073709551615,-1,[],null,true,false],"
			"\"b\":null}\n");
}

static void
test_strings(void)
{
	static const struct {
		PliSlice given;
		const char *text;
	} rows[] = {
		{PLI_SLICE_LITERAL(""), "\"\""},
		{PLI_SLICE_LITERAL("a\"b\\c/"), "\"a\\\"b\\\\c/\""},
		{PLI_SLICE_LITERAL("\r\n\t\b\x7f"),
		 "\"\\r\\n\\t\\u0008\\u007f\""},
		{PLI_SLICE_LITERAL("a\0b"), "\"a\\u0000b\""},
		{PLI_SLICE_LITERAL("Größe \xf0\x9f\x8e\x89"),
		 "\"Größe \xf0\x9f\x8e\x89\""},
		{PLI_SLICE_LITERAL("\xff\xc3"), "\"\xef\xbf\xbd\xef\xbf\xbd\""},
		{PLI_SLICE_LITERAL("\xed\xa0\x80"),
		 "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *text = dup_json_string(rows[i].given);

		g_assert_cmpstr(text, ==, rows[i].text);
		g_assert_true(g_utf8_validate(text, -1, NULL));
	}
}

/* What people see: nothing that moves a cursor or turns a line around. */
static void
test_terminal_text(void)
{
	const PliTerminal utf8 = {.ascii = FALSE};
	const PliTerminal ascii = {.ascii = TRUE};
	g_autofree char *plain = pli_terminal_dup_text(&utf8, "Größe");
	g_autofree char *narrow = pli_terminal_dup_text(&ascii, "Größe");
	g_autofree char *hostile = pli_terminal_dup_text(
		&utf8, "\x1b[2J\r\n\xe2\x80\xae\xc2\x9b\xff\xe2\x80\xa8");

	g_assert_cmpstr(plain, ==, "Größe");
	g_assert_cmpstr(narrow, ==, "Gr\\u{00f6}\\u{00df}e");
	g_assert_cmpstr(hostile, ==,
			"\\x1b[2J\\x0d\\x0a\\u{202e}\\u{009b}\\xff\\u{2028}");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/cli/json/commas", test_commas);
	g_test_add_func("/cli/json/strings", test_strings);
	g_test_add_func("/cli/terminal/text", test_terminal_text);
	return g_test_run();
}
