/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/word.h"

#include "engine/utf8.h"

static void
check(const char *in, const char *want, int defect)
{
	g_autoptr(PliContext) context = pli_context_new();
	g_auto(PliBuf) out = {0};
	PliDefectSet set = {{0}}, wanted = {{0}};

	if (defect != 0)
		pli_defect_set_add(&wanted, defect);
	pli_buf_init(&out, 100000);
	g_assert_true(pli_word_decode(context, pli_slice_from_string(in), &out,
				      &set));
	g_test_message("%s", in);
	g_assert_cmpmem(out.data, out.len, want, strlen(want));
	g_assert_cmphex(set.bits[1], ==, wanted.bits[1]);
}

/* The examples of RFC 2047 8. */
static void
test_rfc2047(void)
{
	check("=?ISO-8859-1?Q?a?=", "a", 0);
	check("=?ISO-8859-1?Q?a?= b", "a b", 0);
	check("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab", 0);
	check("=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", "ab", 0);
	check("=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=", "ab", 0);
	check("=?ISO-8859-1?Q?a_b?=", "a b", 0);
	check("=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b", 0);
	check("=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n"
	      " =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?=",
	      "If you can read this you understand the example.", 0);
	check("=?US-ASCII?Q?Keith_Moore?= <moore@cs.utk.edu>",
	      "Keith Moore <moore@cs.utk.edu>", 0);
}

static void
test_plain(void)
{
	check("", "", 0);
	check("just text", "just text", 0);
	check("  kept  ", "  kept  ", 0);
	check("one\r\n two\n\tthree", "one two\tthree", 0);
	check("one\rtwo\r\nthree\r\n", "one two three", 0);
	check("a = b =? c", "a = b =? c", PLI_DEFECT_WORD_MALFORMED);
}

/* A character, and a group of base64, may be cut by the end of a word. */
static void
test_split_characters(void)
{
	check("=?utf-8?Q?=C3?= =?UTF-8?q?=A9?=", "\xc3\xa9", 0);
	check("=?utf-8?B?5oqY?= =?utf-8?B?5oqY?=", "\xe6\x8a\x98\xe6\x8a\x98",
	      0);
	check("=?utf-8?B?5g==?=\r\n =?utf-8?B?ipg=?=", "\xe6\x8a\x98", 0);
	check("=?utf-8?B?5o?= =?utf-8?B?qY?=", "\xe6\x8a\x98", 0);
	check("=?iso-2022-jp?B?GyRCPGobKEI=?= =?iso-2022-jp?B?GyRCO2YbKEI=?=",
	      "\xe6\x89\x8b\xe7\xb4\x99", 0);
	check("=?utf-8?Q?=C3?= =?utf-8?B?qQ==?=", "\xef\xbf\xbd\xef\xbf\xbd",
	      PLI_DEFECT_UNDECODABLE_TEXT);
}

static void
test_tolerance(void)
{
	check("\"=?utf-8?Q?a?=\" (=?utf-8?Q?b?=)", "\"a\" (b)", 0);
	check("x=?utf-8?Q?a?=y=?utf-8?Q?b?=z", "xaybz", 0);
	check("=?utf-8*fr?Q?pli?=", "pli", 0);
	check("=?utf-8?Q?what?"
	      "?=",
	      "what?", 0);
	check("=?utf-8?Q?two words?=", "two words", 0);
	check("=?utf-8?Q?a=3Db=zz=4?=", "a=b=zz=4", PLI_DEFECT_WORD_MALFORMED);
	check("=?utf-8?Q?"
	      "?=|",
	      "|", 0);
	check("=?utf-8?B?YW?=", "a", PLI_DEFECT_WORD_MALFORMED);
	check("=?nowhere?Q?a=E9?=", "a\xef\xbf\xbd",
	      PLI_DEFECT_UNKNOWN_CHARSET);
	check("=?utf-8?Q?a=0D=0Ab=00c?=", "a  b c", 0);
	check("=?us-ascii?Q?=?=", "=", PLI_DEFECT_WORD_MALFORMED);
}

static void
test_malformed(void)
{
	static const char *const texts[] = {
		"=?",
		"=?utf-8",
		"=?utf-8?",
		"=?utf-8?Q",
		"=?utf-8?Q?",
		"=?utf-8?Q?abc",
		"=?utf-8?Q?abc?",
		"=?utf-8?X?abc?=",
		"=??Q?abc?=",
		"=?utf 8?Q?abc?=",
		"=?utf-8?B?\xc3\xa9?=",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		check(texts[i], texts[i], PLI_DEFECT_WORD_MALFORMED);
	check("=?utf-8?Q?abc =?utf-8?Q?d?=", "=?utf-8?Q?abc d",
	      PLI_DEFECT_WORD_MALFORMED);
}

/* Mail programs that encode a word and leave its octets in it. */
static void
test_8bit_words(void)
{
	check("=?iso-8859-1?Q?Die_Fr\xf6sche?=", "Die Fr\xc3\xb6sche", 0);
	check("=?iso-8859-1?Q?J\xfcrgen?= =?iso-8859-1?Q?_Sch=FC?=",
	      "J\xc3\xbcrgen Sch\xc3\xbc", 0);
	check("=?iso-8859-7?Q?\xe1?= caf\xe9", "\xce\xb1 caf\xc3\xa9", 0);
	check("=?UTF-8?Q?\xc3\xa9?=", "\xc3\xa9", 0);
	/* Somebody made UTF-8 of the whole header; no charset but that. */
	check("=?iso-8859-1?Q?\xc3\xa9?=", "=?iso-8859-1?Q?\xc3\xa9?=",
	      PLI_DEFECT_WORD_MALFORMED);
	check("=?utf-8?Q?\xe9?=", "\xef\xbf\xbd", PLI_DEFECT_UNDECODABLE_TEXT);
}

static void
test_raw(void)
{
	g_autoptr(PliContext) context = pli_context_new();
	g_auto(PliBuf) out = {0};

	check("caf\xc3\xa9 =?utf-8?Q?a?=", "caf\xc3\xa9 a", 0);
	check("caf\xe9 =?utf-8?Q?a?= \x80", "caf\xc3\xa9 a \xe2\x82\xac", 0);
	pli_buf_init(&out, 100);
	g_assert_true(pli_word_decode(context, PLI_SLICE_LITERAL("a\0b"), &out,
				      NULL));
	g_assert_cmpmem(out.data, out.len, "a b", 3);
}

static void
test_ceiling(void)
{
	g_autoptr(PliContext) context = pli_context_new();
	g_auto(PliBuf) out = {0};

	pli_buf_init(&out, 4);
	g_assert_false(pli_word_decode(
		context, PLI_SLICE_LITERAL("ab =?utf-8?Q?abc?="), &out, NULL));
	g_assert_cmpuint(out.len, <=, 4);
}

static void
test_dup(void)
{
	g_autoptr(PliContext) context = pli_context_new();
	g_autofree char *empty = pli_word_decode_dup(context, PLI_SLICE_NONE);
	g_autofree char *word = pli_word_decode_dup(
		context, PLI_SLICE_LITERAL("=?windows-1252?Q?=80?="));

	g_assert_cmpstr(empty, ==, "");
	g_assert_cmpstr(word, ==, "\xe2\x82\xac");
}

static void
check_encode(const char *in, const char *want)
{
	g_auto(PliBuf) out = {0};

	pli_buf_init(&out, 10000);
	g_assert_true(pli_word_encode_raw(pli_slice_from_string(in), &out));
	g_assert_cmpmem(out.data, out.len, want, strlen(want));
}

static void
test_encode(void)
{
	check_encode("", "");
	check_encode("plain =?utf-8?Q?word?= text",
		     "plain =?utf-8?Q?word?= text");
	check_encode("a\r\nb", "a  b");
	check_encode("un caf\xc3\xa9 noir", "un =?utf-8?Q?caf=C3=A9?= noir");
	check_encode("\xc3\xa9 \xc3\xa8", "=?utf-8?Q?=C3=A9_=C3=A8?=");
	check_encode("really?= \xc3\xa9", "really?= =?utf-8?Q?=C3=A9?=");
	check_encode("\xe9t\xe9", "=?unknown-8bit?Q?=E9t=E9?=");
	check_encode("=?utf-8?Q?a?= \xc3\xa9 =?utf-8?Q?b?=",
		     "=?utf-8?Q?a?= =?utf-8?Q?_=C3=A9_?= =?utf-8?Q?b?=");
}

/* Words of at most 75 octets that each hold whole characters, and that read
 * as what went in. */
static void
test_encode_long(void)
{
	static const char *const pieces[] = {
		"\xc3\xa9", "\xe6\x8a\x98", "a", "\xf0\x9f\x8e\x89", " ", "\""};
	g_autoptr(PliContext) context = pli_context_new();

	for (guint start = 0; start < 100; start++) {
		g_autoptr(GString) text = g_string_new("\xc3\xa9");
		g_auto(PliBuf) out = {0};
		g_autofree char *back = NULL;
		g_auto(GStrv) words = NULL;
		g_autofree char *encoded = NULL;

		for (guint i = 0; i < start; i++)
			g_string_append(text, pieces[(i * i + start) % 6]);
		pli_buf_init(&out, 10000);
		g_assert_true(pli_word_encode_raw(
			pli_slice_new(text->str, text->len), &out));
		back = pli_word_decode_dup(context, pli_buf_slice(&out));
		g_assert_cmpstr(back, ==, text->str);
		encoded = pli_buf_steal_string(&out);
		g_assert_true(g_str_is_ascii(encoded));
		words = g_strsplit(encoded, " ", -1);
		for (guint i = 0; words[i] != NULL; i++) {
			g_autofree char *one = pli_word_decode_dup(
				context, pli_slice_from_string(words[i]));

			g_assert_cmpuint(strlen(words[i]), <=, 75);
			g_assert_null(strstr(one, PLI_UTF8_REPLACEMENT));
		}
	}
}

/* A megabyte of beginnings, and of words. */
static void
test_linear(void)
{
	static const char *const pieces[] = {
		"=?", "=?u?Q?", "=?utf-8?Q?a?= ", "=?utf-8?B?YQ", "=",
		"?=", "\r"};
	g_autoptr(PliContext) context = pli_context_new();

	for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
		g_autoptr(GString) text = g_string_new(NULL);
		g_autofree char *out = NULL;

		while (text->len < 1024 * 1024)
			g_string_append(text, pieces[i]);
		out = pli_word_decode_dup(context,
					  pli_slice_new(text->str, text->len));
		g_assert_cmpuint(strlen(out), <=, text->len);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/word/rfc2047", test_rfc2047);
	g_test_add_func("/engine/word/plain", test_plain);
	g_test_add_func("/engine/word/split-characters", test_split_characters);
	g_test_add_func("/engine/word/tolerance", test_tolerance);
	g_test_add_func("/engine/word/malformed", test_malformed);
	g_test_add_func("/engine/word/8bit-words", test_8bit_words);
	g_test_add_func("/engine/word/raw", test_raw);
	g_test_add_func("/engine/word/ceiling", test_ceiling);
	g_test_add_func("/engine/word/dup", test_dup);
	g_test_add_func("/engine/word/encode", test_encode);
	g_test_add_func("/engine/word/encode-long", test_encode_long);
	g_test_add_func("/engine/word/linear", test_linear);
	return g_test_run();
}
