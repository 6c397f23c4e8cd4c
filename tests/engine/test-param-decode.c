/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/param.h"
#include "engine/parser.h"

/* The file name of a message with these header lines; defects are added. */
static char *
filename_of(const char *header, PliDefectSet *set)
{
	g_autoptr(PliContext) context = pli_context_new();
	g_autofree char *message =
		g_strconcat(header, "\r\n\r\nbody\r\n", NULL);
	g_autoptr(PliStructure) structure = pli_parser_parse(
		pli_slice_from_string(message), PLI_LINE_AS_IS, NULL);
	PliPart part;

	pli_structure_get_part(structure, 0, &part);
	return pli_param_decode_filename(context, structure, &part, set);
}

static void
check(const char *header, const char *want, int defect)
{
	PliDefectSet set = {{0}}, wanted = {{0}};
	g_autofree char *got = filename_of(header, &set);

	if (defect != 0)
		pli_defect_set_add(&wanted, defect);
	g_test_message("%s", header);
	g_assert_cmpstr(got, ==, want);
	g_assert_cmphex(set.bits[0], ==, wanted.bits[0]);
	g_assert_cmphex(set.bits[1], ==, wanted.bits[1]);
}

#define DISPOSITION "Content-Disposition: attachment; "

static void
test_plain(void)
{
	check(DISPOSITION "filename=a.txt", "a.txt", 0);
	check(DISPOSITION "FileName=\"a b.txt\"", "a b.txt", 0);
	check("Content-Type: text/plain; name=b.txt", "b.txt", 0);
	check(DISPOSITION "size=4", NULL, 0);
	check("Subject: none", NULL, 0);
	check(DISPOSITION "filename=\"r\xc3\xa9sum\xc3\xa9\"",
	      "r\xc3\xa9sum\xc3\xa9", 0);
	check(DISPOSITION "filename=\"r\xe9sum\xe9\"", "r\xc3\xa9sum\xc3\xa9",
	      0);
}

static void
test_precedence(void)
{
	check(DISPOSITION "filename=\"\"\r\n"
			  "Content-Type: text/plain; name=b.txt",
	      "b.txt", 0);
	check(DISPOSITION "filename=a.txt; filename*=utf-8''a.txt", "a.txt",
	      PLI_DEFECT_RFC2231_CONFLICT);
	check(DISPOSITION "filename=b.txt; filename*0=b; filename*1=.txt",
	      "b.txt", PLI_DEFECT_RFC2231_CONFLICT);
	check(DISPOSITION "filenames=a.txt; xfilename=b; filename*x=c", NULL,
	      0);
}

/* Each pair of spellings that can disagree, and the name of it. */
static void
test_disagreement(void)
{
	static const struct {
		const char *header, *want;
		PliDefectId defect;
		gboolean is_both;
	} rows[] = {
		{"filename=a.txt; filename*=utf-8''b.exe", "b.exe",
		 PLI_DEFECT_FILENAME_FORMS, TRUE},
		{"filename=a.txt; filename*0=b; filename*1=.exe", "b.exe",
		 PLI_DEFECT_FILENAME_FORMS, TRUE},
		{"filename*=utf-8''a.txt; filename*0=b; filename*1=.exe",
		 "b.exe", PLI_DEFECT_FILENAME_FORMS, FALSE},
		{"filename*=utf-8''a%2Etxt; filename*0=a; filename*1=.txt",
		 "a.txt", 0, FALSE},
		{"filename=a.txt\r\nContent-Type: text/plain; name*=''b.exe",
		 "a.txt", PLI_DEFECT_FILENAME_AND_NAME, FALSE},
		{"filename=a.txt\r\nContent-Type: text/plain; name*=''a.txt",
		 "a.txt", 0, FALSE},
		{"filename=a.txt\r\nContent-Type: text/plain; name=\"\"",
		 "a.txt", 0, FALSE},
		{"filename=a.txt\r\nContent-Type: text/plain; "
		 "name*0=a; name*1=.txt; name*=''b",
		 "a.txt", PLI_DEFECT_FILENAME_FORMS, FALSE},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *header =
			g_strconcat(DISPOSITION, rows[i].header, NULL);
		PliDefectSet set = {{0}}, wanted = {{0}};
		g_autofree char *got = filename_of(header, &set);

		if (rows[i].defect != 0)
			pli_defect_set_add(&wanted, rows[i].defect);
		if (rows[i].is_both)
			pli_defect_set_add(&wanted,
					   PLI_DEFECT_RFC2231_CONFLICT);
		g_test_message("%s", header);
		g_assert_cmpstr(got, ==, rows[i].want);
		g_assert_cmphex(set.bits[0], ==, wanted.bits[0]);
		g_assert_cmphex(set.bits[1], ==, wanted.bits[1]);
	}
}

/* RFC 2231 3 and 4. */
static void
test_rfc2231(void)
{
	check(DISPOSITION "filename*=us-ascii'en-us'This%20is%20%2A%2A%2Afun",
	      "This is ***fun", 0);
	check(DISPOSITION "filename*=iso-8859-1''r%E9sum%e9",
	      "r\xc3\xa9sum\xc3\xa9", 0);
	check(DISPOSITION
	      "filename*0*=us-ascii'en'This%20is%20even%20more%20;\r\n"
	      " filename*1*=%2A%2A%2Afun%2A%2A%2A%20;\r\n"
	      " filename*2=\"isn't it!\"",
	      "This is even more ***fun*** isn't it!", 0);
	check(DISPOSITION "filename*0=ftp:; filename*1=\"//x/y\"", "ftp://x/y",
	      0);
	check(DISPOSITION "filename*0*=utf-8''%C3; filename*1*=%A9", "\xc3\xa9",
	      0);
	check(DISPOSITION "filename*1=\"%41\"; filename*0*=utf-8''%41", "A%41",
	      0);
}

static void
test_rfc2231_order(void)
{
	check(DISPOSITION "filename*2=c; filename*0=a; filename*1=b", "abc", 0);
	check(DISPOSITION "filename*10=k; filename*0=a; filename*1=b; "
			  "filename*2=c; filename*3=d; filename*4=e; "
			  "filename*5=f; filename*6=g; filename*7=h; "
			  "filename*8=i; filename*9=j",
	      "abcdefghijk", 0);
	check(DISPOSITION "filename*0=a; filename*2=c", "a",
	      PLI_DEFECT_RFC2231_GAP);
	check(DISPOSITION "filename*1=b; filename*2=c", "bc",
	      PLI_DEFECT_RFC2231_GAP);
	check(DISPOSITION "filename*0=a; filename*0*=b; filename*1=c", "ac",
	      PLI_DEFECT_DUPLICATE_PARAMETER);
	check(DISPOSITION "filename*3=d", NULL, PLI_DEFECT_RFC2231_GAP);
	check(DISPOSITION "filename*4294967296=d; filename*-1=e", NULL, 0);
}

static void
test_rfc2231_tolerance(void)
{
	check(DISPOSITION "filename*=''caf%C3%A9", "caf\xc3\xa9", 0);
	check(DISPOSITION "filename*=caf%C3%A9", "caf\xc3\xa9", 0);
	check(DISPOSITION "filename*=caf%E9", "caf\xc3\xa9", 0);
	check(DISPOSITION "filename*=\"utf-8''caf%C3%A9\"", "caf\xc3\xa9", 0);
	check(DISPOSITION "filename*=utf-8''100%25%zz%4", "100%%zz%4",
	      PLI_DEFECT_PERCENT_MALFORMED);
	check(DISPOSITION "filename*=nowhere''a%E9", "a\xef\xbf\xbd",
	      PLI_DEFECT_UNKNOWN_CHARSET);
	check(DISPOSITION "filename*=utf-8''a%E9", "a\xef\xbf\xbd",
	      PLI_DEFECT_UNDECODABLE_TEXT);
	check(DISPOSITION "filename*=utf-8''a%00b",
	      "a\xef\xbf\xbd"
	      "b",
	      PLI_DEFECT_NUL_OCTET);
	check(DISPOSITION "filename*=utf-8''..%2F..%2Fetc", "../../etc", 0);
}

static void
test_words(void)
{
	const int d = PLI_DEFECT_WORD_IN_PARAMETER;

	check(DISPOSITION "filename=\"=?utf-8?Q?caf=C3=A9.txt?=\"",
	      "caf\xc3\xa9.txt", d);
	check(DISPOSITION "filename=\"=?utf-8?Q?caf=C3=A9?=\r\n"
			  " =?utf-8?Q?.txt?=\"",
	      "caf\xc3\xa9.txt", d);
	check("Content-Type: text/plain; name==?utf-8?B?w6k=?=", "\xc3\xa9", d);
	check(DISPOSITION "filename*0=\"=?utf-8?Q?ca\"; "
			  "filename*1=\"f=C3=A9?=\"",
	      "caf\xc3\xa9", d);
	check(DISPOSITION "filename=\"why=?.txt\"", "why=?.txt", 0);
	check(DISPOSITION "filename*=utf-8''=?utf-8?Q?a?=", "=?utf-8?Q?a?=", 0);
}

static void
test_any_parameter(void)
{
	g_autoptr(PliContext) context = pli_context_new();
	g_autoptr(PliStructure) structure = pli_parser_parse(
		PLI_SLICE_LITERAL(
			"Content-Type: text/plain; title*=''a%20b;\r\n"
			" charset=utf-8\r\n\r\n"),
		PLI_LINE_AS_IS, NULL);
	g_autofree char *title = NULL, *none = NULL, *other = NULL;
	PliPart part;

	pli_structure_get_part(structure, 0, &part);
	title = pli_param_decode(context, structure, &part, PLI_ITEM_TYPE_PARAM,
				 "title", NULL);
	none = pli_param_decode(context, structure, &part, PLI_ITEM_TYPE_PARAM,
				"name", NULL);
	other = pli_param_decode(context, structure, &part,
				 PLI_ITEM_DISPOSITION_PARAM, "title", NULL);
	g_assert_cmpstr(title, ==, "a b");
	g_assert_null(none);
	g_assert_null(other);
}

/* The limit on parameters is the limit on segments. */
static void
test_flood(void)
{
	g_autoptr(GString) up = g_string_new(DISPOSITION "x=y");
	g_autoptr(GString) down = g_string_new(DISPOSITION "x=y");
	PliDefectSet set = {{0}};
	g_autofree char *first = NULL, *last = NULL;

	for (gint i = 0; i < 5000; i++) {
		g_string_append_printf(up, "; filename*%d=a", i);
		g_string_append_printf(down, "; filename*%d=a", 4999 - i);
	}
	first = filename_of(up->str, &set);
	g_assert_cmpuint(strlen(first), ==, pli_limits_default.parameters - 1);
	g_assert_true(pli_defect_set_is_empty(&set));
	last = filename_of(down->str, &set);
	g_assert_null(last);
	g_assert_true(pli_defect_set_has(&set, PLI_DEFECT_RFC2231_GAP));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/param-decode/plain", test_plain);
	g_test_add_func("/engine/param-decode/precedence", test_precedence);
	g_test_add_func("/engine/param-decode/disagreement", test_disagreement);
	g_test_add_func("/engine/param-decode/rfc2231", test_rfc2231);
	g_test_add_func("/engine/param-decode/rfc2231-order",
			test_rfc2231_order);
	g_test_add_func("/engine/param-decode/rfc2231-tolerance",
			test_rfc2231_tolerance);
	g_test_add_func("/engine/param-decode/words", test_words);
	g_test_add_func("/engine/param-decode/any-parameter",
			test_any_parameter);
	g_test_add_func("/engine/param-decode/flood", test_flood);
	return g_test_run();
}
