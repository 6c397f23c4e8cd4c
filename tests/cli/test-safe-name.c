/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/safe-name.h"

#include <string.h>

typedef struct {
	const char *given;
	const char *safe; /* NULL: nothing is left */
} Row;

static const Row rows[] = {
	{"report.pdf", "report.pdf"},
	{"Rechnung Größe.pdf", "Rechnung Größe.pdf"},
	{"отчёт 2024.docx", "отчёт 2024.docx"},
	{"a;b=c.vcf", "a;b=c.vcf"},
	{"no extension", "no extension"},
	/* folders */
	{"../../etc/passwd", "passwd"},
	{"/etc/passwd", "passwd"},
	{"..\\..\\boot.ini", "boot.ini"},
	{"C:\\mail\\x.txt", "x.txt"},
	{"c:\\x", "x"},
	{"\\\\host\\share\\x.txt", "x.txt"},
	{"\\x.txt", "x.txt"},
	{"a\\..\\x.txt", "x.txt"},
	{"a\\.\\x.txt", "x.txt"},
	{"a\\\\x.txt", "x.txt"},
	{"a\\..", NULL},
	{"a/b\\c/d.txt", "d.txt"},
	{"a/..\\c", "c"},
	{"a\\b/c.txt", "c.txt"},
	{"folder/", NULL},
	{"folder\\", NULL},
	/* no folders */
	{"we\"ird\\name.png", "we\"ird\\name.png"},
	{"1:\\x", "1:\\x"},
	{"a..\\...b", "a..\\...b"},
	{"\\-x", "x"},
	/* the names of folders themselves */
	{"", NULL},
	{".", NULL},
	{"..", NULL},
	{"x/..", NULL},
	{". .", NULL},
	{" \t ", NULL},
	/* what a shell or a listing trips over */
	{".bashrc", "bashrc"},
	{"...x", "x"},
	{"-rf", "rf"},
	{"--.-x.sh", "x.sh"},
	{" . - x", "x"},
	{"x.txt  ", "x.txt"},
	{"a\nb.txt", "a b.txt"},
	{"a\r\n.txt", "a  .txt"},
	{"a\tb.txt", "a b.txt"},
	{"a\x1b[31mb.txt", "a[31mb.txt"},
	{"a\x7f"
	 "b",
	 "ab"},
	{"a\xc2\x9b"
	 "b",
	 "ab"},
	{"a\xc2\x85"
	 "b",
	 "a b"},
	/* direction marks, separators, the invisible */
	{"ann\xe2\x80\xae"
	 "fdp.exe",
	 "annfdp.exe"},
	{"a\xe2\x81\xa6"
	 "b\xe2\x81\xa9.txt",
	 "ab.txt"},
	{"\xe2\x80\x8f.x", "x"},
	{"a\xe2\x80\xa8"
	 "b",
	 "a b"},
	{"\xef\xbb\xbfx.txt", "x.txt"},
	{"\xe2\x80\x8b..", NULL},
	{"\xc2\xa0.x", "x"},
	/* a joined emoji stays whole */
	{"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb.png",
	 "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb.png"},
	/* octets that are no UTF-8 */
	{"a\xff.txt", "a\xef\xbf\xbd.txt"},
	{"\xed\xa0\x80.txt", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd.txt"},
	/* an overlong slash is no slash and stays none */
	{"a\xc0\xaf"
	 "b",
	 "a\xef\xbf\xbd\xef\xbf\xbd"
	 "b"},
};

static void
check_invariants(const char *name)
{
	const char *const reserved[] = {".", "..", "/", "\\"};

	g_assert_cmpuint(strlen(name), >=, 1);
	g_assert_cmpuint(strlen(name), <=, PLI_SAFE_NAME_OCTETS);
	g_assert_true(g_utf8_validate(name, -1, NULL));
	g_assert_true(name[0] != '.' && name[0] != '-' && name[0] != ' ');
	g_assert_null(strpbrk(name, "/\r\n\t"));
	for (gsize i = 0; i < G_N_ELEMENTS(reserved); i++)
		g_assert_cmpstr(name, !=, reserved[i]);
}

static void
test_rows(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *safe = pli_safe_name_format(rows[i].given);

		g_assert_cmpstr(safe, ==, rows[i].safe);
		if (safe != NULL)
			check_invariants(safe);
	}
	g_assert_null(pli_safe_name_format(NULL));
}

/* Every pair of code points that could matter, in front of and behind. */
static void
test_every_character(void)
{
	for (gunichar c = 1; c < 0x30000; c++) {
		char text[32] = {0};
		char *p = text;
		g_autofree char *safe = NULL;

		if (c >= 0xd800 && c < 0xe000)
			continue;
		p += g_unichar_to_utf8(c, p);
		*p++ = '.';
		p += g_unichar_to_utf8(c, p);
		*p++ = 'x';
		p += g_unichar_to_utf8(c, p);
		safe = pli_safe_name_format(text);
		if (safe != NULL)
			check_invariants(safe);
	}
}

static void
test_long(void)
{
	g_autofree char *stem = g_strnfill(4000, 'n');
	g_autofree char *given = g_strconcat(stem, ".pdf", NULL);
	g_autofree char *safe = pli_safe_name_format(given);
	g_autofree char *numbered = pli_safe_name_format_numbered(safe, 4711);

	g_assert_cmpuint(strlen(safe), ==, PLI_SAFE_NAME_OCTETS);
	g_assert_true(g_str_has_suffix(safe, "n.pdf"));
	g_assert_cmpuint(strlen(numbered), ==, PLI_SAFE_NAME_OCTETS);
	g_assert_true(g_str_has_suffix(numbered, "n (4711).pdf"));
}

/* The cut never goes through a character, wherever it falls. */
static void
test_long_utf8(void)
{
	for (int ascii = 0; ascii < 4; ascii++) {
		g_autoptr(GString) given = g_string_new(NULL);
		g_autofree char *safe = NULL;

		for (int i = 0; i < ascii; i++)
			g_string_append_c(given, 'a');
		for (int i = 0; i < 200; i++)
			g_string_append(given, "\xe8\xa6\x8b");
		g_string_append(given, ".pdf");
		safe = pli_safe_name_format(given->str);
		check_invariants(safe);
		g_assert_cmpuint(strlen(safe), >=, PLI_SAFE_NAME_OCTETS - 3);
		g_assert_true(g_str_has_suffix(safe, "\xe8\xa6\x8b.pdf"));
	}
}

/* What follows the last dot is an extension only when it is short. */
static void
test_long_extension(void)
{
	g_autofree char *tail = g_strnfill(4000, 'e');
	g_autofree char *given = g_strconcat("x.", tail, NULL);
	g_autofree char *safe = pli_safe_name_format(given);

	check_invariants(safe);
	g_assert_true(g_str_has_prefix(safe, "x.eee"));
	g_assert_cmpuint(strlen(safe), ==, PLI_SAFE_NAME_OCTETS);
}

static void
test_numbered(void)
{
	g_autofree char *plain = pli_safe_name_format_numbered("a.tar.gz", 2);
	g_autofree char *bare = pli_safe_name_format_numbered("README", 10);

	g_assert_cmpstr(plain, ==, "a.tar (2).gz");
	g_assert_cmpstr(bare, ==, "README (10)");
}

static void
test_unnamed(void)
{
	g_autofree char *image =
		pli_safe_name_format_unnamed("1.2", "image/png");
	g_autofree char *other =
		pli_safe_name_format_unnamed("3", "x-a/../../b");
	g_autoptr(GString) path = g_string_new("1");
	g_autofree char *deep = NULL;

	g_assert_cmpstr(image, ==, "part-1.2.png");
	g_assert_cmpstr(other, ==, "part-3.bin");
	for (int i = 0; i < 300; i++)
		g_string_append(path, ".1");
	deep = pli_safe_name_format_unnamed(path->str, "text/plain");
	check_invariants(deep);
	g_assert_true(g_str_has_suffix(deep, ".txt"));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/cli/safe-name/rows", test_rows);
	g_test_add_func("/cli/safe-name/every-character", test_every_character);
	g_test_add_func("/cli/safe-name/long", test_long);
	g_test_add_func("/cli/safe-name/long-utf8", test_long_utf8);
	g_test_add_func("/cli/safe-name/long-extension", test_long_extension);
	g_test_add_func("/cli/safe-name/numbered", test_numbered);
	g_test_add_func("/cli/safe-name/unnamed", test_unnamed);
	return g_test_run();
}
