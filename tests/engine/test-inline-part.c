/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/corpus.h"
#include "tests/lib/inline-run.h"
#include "tests/lib/split.h"

#define UU_CAT "begin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n"
#define XX_CAT "begin 600 cat.txt\n1Eq3o\n+\nend\n"
#define YENC_HI \
	"=ybegin line=128 size=2 name=h i\r\n\x92\x93\r\n=yend size=2\r\n"
#define BINHEX_EMPTY                                            \
	"(This file must be converted with BinHex 4.0)\r\n\r\n" \
	":\"@9YF(4j!&4&@&4dG(Kd!3#3#A3N!*!%:"

static void
check(const char *in, const char *expected)
{
	PliSlice whole = pli_slice_from_string(in);
	g_autoptr(GBytes) got = pli_inline_run(&whole, 1, NULL);

	g_assert_cmpstr(g_bytes_get_data(got, NULL), ==, expected);
	pli_split_check("inline", whole, G_MAXSIZE, pli_inline_run, NULL);
}

static void
test_uu(void)
{
	check(UU_CAT, "uu 0+34 644 0/0 cat.txt [data]Cat\n");
	check("Hi\r\n\r\n" UU_CAT "-- \r\nme",
	      "uu 6+34 644 0/0 cat.txt [data]Cat\n");
	check(UU_CAT "and\n" UU_CAT, "uu 0+34 644 0/0 cat.txt [data]Cat\n"
				     "uu 38+34 644 0/0 cat.txt [data]Cat\n");
	check("begin 644 none\n`\nend\n", "uu 0+21 644 0/0 none \n");
	check("begin 644 a  b \n#0V%T\n`\nend",
	      "uu 0+27 644 0/0 a  b [data]Cat\n");
}

static void
test_xx(void)
{
	check("x\n" XX_CAT, "xx 2+30 600 0/0 cat.txt [data]Cat\n");
}

static void
test_yenc(void)
{
	check("x\r\n" YENC_HI "y", "yenc 3+52 0 0/0 h i [data]hi\n");
	check("=ybegin part=1 total=2 line=128 size=4 name=x\n"
	      "=ypart begin=1 end=2\n\x92\x93\n=yend size=2 part=1\n",
	      "yenc 0+90 0 1/2 x [data]hi\n");
}

static void
test_binhex(void)
{
	check("\n" BINHEX_EMPTY " after\n" UU_CAT,
	      "binhex 1+83 0 0/0 empty \n"
	      "uu 91+34 644 0/0 cat.txt [data]Cat\n");
}

/* What only looks like a beginning. */
static void
test_text(void)
{
	check("begin 644 the day\nwith a smile\n", "");
	check("begin 644 the day\n\nend\n", "");
	check("begin 644 the day\n", "");
	check("begin 644 the day", "");
	check("begin 6x4 the day\n#0V%T\n`\nend\n", "");
	check(" begin 644 quoted\n#0V%T\n`\nend\n", "");
	check("=ybegin what\n", "");
	check("=yend size=2\nend\n", "");
	check("(This file must be converted with BinHex 4.0)\nNot here.\n", "");
	check("(This file must be converted with BinHex 4.0)\n: not here\n",
	      "");
	check("", "");
}

/* A false beginning hides no true one. */
static void
test_after_false_begin(void)
{
	check("begin 644 no\n" UU_CAT, "uu 13+34 644 0/0 cat.txt [data]Cat\n");
	check("begin 644 no\n" YENC_HI, "yenc 13+52 0 0/0 h i [data]hi\n");
	check("(This file must be converted with BinHex 4.0)\n" UU_CAT,
	      "uu 46+34 644 0/0 cat.txt [data]Cat\n");
	check("(This file must be converted with BinHex 4.0)\n" BINHEX_EMPTY,
	      "binhex 46+83 0 0/0 empty \n");
}

static void
test_nested(void)
{
	check("begin 644 a\n#0V%T\n" UU_CAT,
	      "uu 0+18 644 0/0 a [data]Cat uu-malformed inline-nested "
	      "inline-unfinished\n"
	      "uu 18+34 644 0/0 cat.txt [data]Cat\n");
	check("=ybegin size=9 name=a\n" UU_CAT,
	      "yenc 0+22 0 0/0 a  yenc-malformed inline-nested "
	      "inline-unfinished\n"
	      "uu 22+34 644 0/0 cat.txt [data]Cat\n");
	/* The banner was still taken for a broken line of the old block. */
	check("begin 644 a\n#0V%T\n" BINHEX_EMPTY,
	      "uu 0+18 644 0/0 a [data]Cat\\xd0\\x00\\x00\\x00\\x00\\x00"
	      "\\x00\\x00 uu-malformed inline-nested inline-unfinished\n"
	      "binhex 18+83 0 0/0 empty \n");
	check("begin 644 a\n#0V%T\nbegin 644 no\n#0V%T\n`\nend\n",
	      "uu 0+18 644 0/0 a [data]Cat uu-malformed inline-nested "
	      "inline-unfinished\n"
	      "uu 18+25 644 0/0 no [data]Cat\n");
	check("begin 644 a\n#0V%T\nbegin 644 no\n\n#0V%T\n`\nend\n",
	      "uu 0+44 644 0/0 a [data]CatCat uu-malformed\n");
}

/* The colon of the second banner ends the first block. */
static void
test_banner_ends(void)
{
	check("(This file must be converted with BinHex)\n:\"@9YF(\n"
	      "(This file must be converted with BinHex 4:0)\n:\"@9YF\n",
	      "binhex 0+93 0 0/0   binhex-malformed\n"
	      "binhex 93+10 0 0/0   binhex-malformed inline-unfinished\n");
}

static void
test_unfinished(void)
{
	check("begin 644 a\n#0V%T\n", "uu 0+18 644 0/0 a [data]Cat "
				      "uu-malformed inline-unfinished\n");
	check("begin 644 a\n#0V%T", "uu 0+17 644 0/0 a [data]Cat "
				    "uu-malformed inline-unfinished\n");
	check("begin 644 a\n#0V%T\nendless\n#0V%T\nend\n",
	      "uu 0+36 644 0/0 a [data]CatCat uu-malformed\n");
	check("=ybegin size=2 name=a\n\x92\x93\n=yenders\n",
	      "yenc 0+34 0 0/0 a [data]hi yenc-malformed "
	      "inline-unfinished\n");
	check("(This file must be converted with BinHex 4.0)\n:\"@9YF\n",
	      "binhex 0+53 0 0/0   binhex-malformed inline-unfinished\n");
}

/* Longer than what is held of a line; the block is found all the same. */
static void
test_long_names(void)
{
	g_autofree char *name = g_strnfill(5000, 'n');
	g_autofree char *in =
		g_strconcat("begin 644 ", name, "\n#0V%T\n`\nend\n", NULL);
	g_autofree char *expected = NULL;

	name[1013] = '\0';
	expected =
		g_strconcat("uu 0+5023 644 0/0 ", name, " [data]Cat\n", NULL);
	check(in, expected);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/inline-part/uu", test_uu);
	g_test_add_func("/engine/inline-part/xx", test_xx);
	g_test_add_func("/engine/inline-part/yenc", test_yenc);
	g_test_add_func("/engine/inline-part/binhex", test_binhex);
	g_test_add_func("/engine/inline-part/text", test_text);
	g_test_add_func("/engine/inline-part/after-false-begin",
			test_after_false_begin);
	g_test_add_func("/engine/inline-part/nested", test_nested);
	g_test_add_func("/engine/inline-part/banner-ends", test_banner_ends);
	g_test_add_func("/engine/inline-part/unfinished", test_unfinished);
	g_test_add_func("/engine/inline-part/long-names", test_long_names);
	return g_test_run();
}
