/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/decode.h"

static void
check(PliEncoding encoding, const char *in, const char *out,
      const char *defects)
{
	pli_decode_check(encoding, pli_slice_from_string(in),
			 pli_slice_from_string(out), defects);
}

static void
test_uu(void)
{
	check(PLI_ENCODING_UUENCODE,
	      "text\r\nbegin nothing\r\nbegin 644 cat.txt\r\n#0V%T\r\n`\r\n"
	      "end\r\nmore\r\n",
	      "Cat", "");
	/* Blanks at the end of a line were lost: they stood for zeros. */
	pli_decode_check(PLI_ENCODING_UUENCODE,
			 PLI_SLICE_LITERAL("begin 644 c\n#0V%T\n#0V\n`\nend\n"),
			 PLI_SLICE_LITERAL("CatC`\0"), " uu-malformed");
	check(PLI_ENCODING_UUENCODE, "begin 644 c\n#0V%T\n", "Cat",
	      " uu-malformed");
	check(PLI_ENCODING_UUENCODE, "no block\n", "", " uu-malformed");
}

static void
test_xx(void)
{
	check(PLI_ENCODING_XXENCODE,
	      "begin 644 cat.txt\r\n1Eq3o\r\n+\r\nend\r\nmore\r\n", "Cat", "");
	check(PLI_ENCODING_XXENCODE,
	      "begin 644 fox\n"
	      "gJ4VZ653pOKBf647mPrRi64NjS0-eRKpkQm-jRaJm65FcNG-gMLdt64FjNms+\n"
	      "+\nend",
	      "The quick brown fox jumps over the lazy dog.", "");
}

/* "end" may also start a line of 42 octets. */
static void
test_xx_end_as_data(void)
{
	g_autoptr(GString) in = g_string_new("begin 644 x\nendB");
	g_autofree char *out = g_strnfill(42, '\0');
	static const guint8 start[] = {0xce, 0x93, 0x40};

	for (guint i = 3; i < 56; i++)
		g_string_append_c(in, '+');
	memcpy(out, start, sizeof start);
	g_string_append(in, "\n+\nend\n");
	pli_decode_check(PLI_ENCODING_XXENCODE, pli_slice_new(in->str, in->len),
			 pli_slice_new(out, 42), "");
}

static void
test_xx_malformed(void)
{
	check(PLI_ENCODING_XXENCODE, "begin 644 c\n1Eq3o\n*1\n+\nend\n", "Cat",
	      " xx-malformed");
	pli_decode_check(PLI_ENCODING_XXENCODE,
			 PLI_SLICE_LITERAL("begin 644 c\n1E*3o\n+\nend\n"),
			 PLI_SLICE_LITERAL("@\x01t"), " xx-malformed");
	check(PLI_ENCODING_XXENCODE, "begin 644 c\n1Eq3o\nen", "Cat",
	      " xx-malformed");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/decoder-uu/uu", test_uu);
	g_test_add_func("/engine/decoder-uu/xx", test_xx);
	g_test_add_func("/engine/decoder-uu/xx-end-as-data",
			test_xx_end_as_data);
	g_test_add_func("/engine/decoder-uu/xx-malformed", test_xx_malformed);
	return g_test_run();
}
