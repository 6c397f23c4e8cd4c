/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/decoder.h"

typedef struct {
	GByteArray *out;
	PliDefectSet defects;
} Result;

static void
feed(PliDecoder *decoder, GByteArray *out, const guint8 *data, gsize len)
{
	gsize bound = pli_decoder_get_bound(decoder, len);
	g_autofree guint8 *copy = g_memdup2(data, len);
	g_autofree guint8 *room = g_malloc(bound + 1);
	gsize n = pli_decoder_feed(decoder, pli_slice_new(copy, len), room);

	g_assert_cmpuint(n, <=, bound);
	g_byte_array_append(out, room, n);
}

static void
finish(PliDecoder *decoder, Result *result)
{
	guint8 rest[sizeof decoder->held];
	gsize n = pli_decoder_finish(decoder, rest);

	g_assert_cmpuint(n, <=, sizeof rest);
	g_byte_array_append(result->out, rest, n);
	g_assert_cmpuint(decoder->produced, ==, result->out->len);
	result->defects = decoder->defects;
}

/* In pieces of `step` octets, the first of `first`. */
static Result
decode(PliEncoding encoding, const char *in, gsize len, gsize first, gsize step)
{
	Result result = {g_byte_array_new(), {{0}}};
	PliDecoder decoder;
	gsize i = 0;

	pli_decoder_init(&decoder, encoding);
	while (i < len) {
		gsize n = MIN(len - i, i == 0 && first > 0 ? first : step);

		feed(&decoder, result.out, (const guint8 *)in + i, n);
		i += n;
	}
	finish(&decoder, &result);
	return result;
}

static void
assert_equal(const Result *a, const Result *b)
{
	g_assert_cmpmem(a->out->data, a->out->len, b->out->data, b->out->len);
	g_assert_cmphex(a->defects.bits[0], ==, b->defects.bits[0]);
	g_assert_cmphex(a->defects.bits[1], ==, b->defects.bits[1]);
}

/* Of two defects one is multiplied by this. */
#define TWO 256

static void
check_octets(PliEncoding encoding, const char *in, gsize len, const char *want,
	     gsize want_len, int defect)
{
	Result whole = decode(encoding, in, len, 0, G_MAXSIZE);
	PliDefectSet wanted = {{0}};

	for (; defect != 0; defect /= TWO)
		pli_defect_set_add(&wanted, defect % TWO);
	g_assert_cmpmem(whole.out->data, whole.out->len, want, want_len);
	g_assert_cmphex(whole.defects.bits[0], ==, wanted.bits[0]);
	g_assert_cmphex(whole.defects.bits[1], ==, wanted.bits[1]);
	for (gsize split = 1; split <= len; split++) {
		Result parts = decode(encoding, in, len, split, G_MAXSIZE);
		Result small = decode(encoding, in, len, 0, split);

		assert_equal(&parts, &whole);
		assert_equal(&small, &whole);
		g_byte_array_unref(parts.out);
		g_byte_array_unref(small.out);
	}
	g_byte_array_unref(whole.out);
}

static void
check(PliEncoding encoding, const char *in, const char *want, int defect)
{
	check_octets(encoding, in, strlen(in), want, strlen(want), defect);
}

static void
test_plain(void)
{
	check_octets(PLI_ENCODING_BINARY, "a\0\xff\r\n=41", 8, "a\0\xff\r\n=41",
		     8, 0);
	check(PLI_ENCODING_7BIT, "YQ==", "YQ==", 0);
	check(PLI_ENCODING_UNKNOWN, "=41", "=41", 0);
}

static void
test_base64(void)
{
	const PliEncoding b = PLI_ENCODING_BASE64;

	check(b, "", "", 0);
	check(b, "TGV0dGVy", "Letter", 0);
	check(b, "TGV0\r\ndGVy\r\n", "Letter", 0);
	check(b, "T\nG\nV\n0dG\rVy\n", "Letter", 0);
	check(b, "bWFpbA==\r\n", "mail", 0);
	check(b, "bWFpbA=\r\n=", "mail", 0);
	check(b, "bWFpbHM=", "mails", 0);
}

static void
test_base64_defects(void)
{
	const PliEncoding b = PLI_ENCODING_BASE64;

	check(b, "TGV0 dGVy", "Letter", PLI_DEFECT_BASE64_JUNK);
	check(b, "TG-V0d\xffGVy", "Letter", PLI_DEFECT_BASE64_JUNK);
	check(b, "bWFpbA==TGV0dGVy", "mailLetter", PLI_DEFECT_BASE64_PADDING);
	check(b, "bWFpbA=TGV0dGVy", "mailLetter", PLI_DEFECT_BASE64_PADDING);
	check(b, "TGV0=dGVy", "Letter", PLI_DEFECT_BASE64_PADDING);
	check(b, "bWFpbHM==", "mails", PLI_DEFECT_BASE64_PADDING);
	check(b, "bWFpbA", "mail", PLI_DEFECT_BASE64_TRUNCATED);
	check(b, "bWFpbA=", "mail", PLI_DEFECT_BASE64_TRUNCATED);
	check(b, "bWFpbHM", "mails", PLI_DEFECT_BASE64_TRUNCATED);
	check(b, "bWFpb", "mai", PLI_DEFECT_BASE64_TRUNCATED);
	check(b, "bWFpb=", "mai", PLI_DEFECT_BASE64_TRUNCATED);
}

/* Against GLib's encoder, with lines of any length. */
static void
test_base64_lines(void)
{
	guint8 octets[256];
	g_autofree char *text = NULL;

	for (guint i = 0; i < sizeof octets; i++)
		octets[i] = i * 73 + 5;
	text = g_base64_encode(octets, sizeof octets);
	for (gsize width = 1; width < 80; width++) {
		g_autoptr(GString) lines = g_string_new(NULL);
		Result result;

		for (gsize i = 0; i < strlen(text); i += width)
			g_string_append_printf(lines, "%.*s\r\n", (int)width,
					       text + i);
		result = decode(PLI_ENCODING_BASE64, lines->str, lines->len, 0,
				G_MAXSIZE);
		g_assert_cmpmem(result.out->data, result.out->len, octets,
				sizeof octets);
		g_assert_true(pli_defect_set_is_empty(&result.defects));
		g_byte_array_unref(result.out);
	}
}

static void
test_qp(void)
{
	const PliEncoding q = PLI_ENCODING_QUOTED_PRINTABLE;

	check(q, "plain text\r\nmore\n", "plain text\r\nmore\n", 0);
	check(q, "=41=3d=3D=c3=A9", "A==\xc3\xa9", 0);
	check(q, "one=\r\ntwo=\nthree", "onetwothree", 0);
	check(q, "at the end=", "at the end", 0);
	check(q, "blanks inside \r", "blanks inside \r", 0);
	check(q, "at the end=20", "at the end ", 0);
	check_octets(q, "=00\0\xff", 5, "\0\0\xff", 3, 0);
}

static void
test_qp_blanks(void)
{
	const PliEncoding q = PLI_ENCODING_QUOTED_PRINTABLE;
	const int d = PLI_DEFECT_QP_BLANKS, soft = PLI_DEFECT_QP_SOFT_BLANKS;

	check(q, "blanks \t \r\nhere \n", "blanks\r\nhere\n", d);
	check(q, "a long line before the next one, in which they are \r\n",
	      "a long line before the next one, in which they are\r\n", d);
	check(q, " \r\n", "\r\n", d);
	check(q, "a \r \r\nb\r\r\n", "a \r\r\nb\r\r\n", d);
	check(q, "end=20 \r\n", "end \r\n", d);
	check(q, "at the end  ", "at the end", d);
	check(q, "one= \t \r\ntwo= \nthree", "onetwothree", soft);
	check(q, "at the end= ", "at the end", soft);
	check(q, "both= \r\n \r\n", "both\r\n", d + TWO * soft);
}

static void
test_qp_defects(void)
{
	const PliEncoding q = PLI_ENCODING_QUOTED_PRINTABLE;
	const int d = PLI_DEFECT_QP_MALFORMED;

	check(q, "a=xyz", "a=xyz", d);
	check(q, "a=4xyz", "a=4xyz", d);
	check(q, "==41", "=A", d);
	check(q, "=4=41", "=4A", d);
	check(q, "=4\r\n", "=4\r\n", d);
	check(q, "=\rx", "=\rx", d);
	check(q, "=  x", "=  x", d);
	check(q, "=4", "=4", d);
	check(q, "=\r", "", d);
}

/* More blanks than can be held: the same octets wherever the input is cut. */
static void
test_qp_many_blanks(void)
{
	for (gsize n = 118; n < 245; n += n == 123 ? 115 : 1) {
		g_autofree char *blanks = g_strnfill(n, ' ');
		g_autofree char *line = g_strconcat("x", blanks, "\r\n", NULL);
		g_autofree char *soft = g_strconcat("=", blanks, "y", NULL);
		g_autofree char *kept = g_strnfill((n - 1) / 120 * 120, ' ');
		g_autofree char *want = g_strconcat("x", kept, "\r\n", NULL);

		check(PLI_ENCODING_QUOTED_PRINTABLE, line, want,
		      PLI_DEFECT_QP_BLANKS +
		              (n > 120 ? TWO * PLI_DEFECT_QP_MALFORMED : 0));
		check(PLI_ENCODING_QUOTED_PRINTABLE, soft, soft,
		      PLI_DEFECT_QP_MALFORMED);
	}
}

static void
test_uu(void)
{
	const PliEncoding u = PLI_ENCODING_UUENCODE;

	check(u, "begin 644 a.txt\r\n&3&5T=&5R\r\n`\r\nend\r\n", "Letter", 0);
	check(u, "text\nbegin the day\n\nbegin 644 a\n&3&5T=&5R\n \nend\nmore",
	      "Letter", 0);
	check(u, "begin 0644 a\n$;6%I;```\n`\nend", "mail", 0);
	check(u, "begin 644 a\n$;6%I;```x\n`\nend", "mail", 0);
	check(u, "begin 644 a\n\"86(\n`\nend\n", "ab", 0);
}

static void
test_uu_defects(void)
{
	const PliEncoding u = PLI_ENCODING_UUENCODE;
	const int d = PLI_DEFECT_UU_MALFORMED;

	check(u, "", "", d);
	check(u, "no file here\nbegin 64 a\n", "", d);
	check(u, "begin 644 a\n&3&5T=&5R\n", "Letter", d);
	check(u, "begin 644 a\n&3&5T\n`\nend\n", "Let", d);
	check_octets(u, "begin 644 a\n&3&5T=&4\n`\nend\n", 26, "Lette\0", 6, d);
	check(u, "begin 644 a\n#3&5Txyz\n`\nend\n", "Let", d);
	check(u, "begin 644 a\nxyz\n#3&5T\n`\nend\n", "Let", d);
	check(u, "begin 644 a\nenough\n#3&5T\n`\nend\n", "Let", d);
}

/* A line of "=" alone is looked at once. */
static void
test_linear(void)
{
	const gsize len = 4 * 1024 * 1024;
	g_autofree char *in = g_strnfill(len, '=');
	Result result =
		decode(PLI_ENCODING_QUOTED_PRINTABLE, in, len, 0, G_MAXSIZE);

	g_assert_cmpuint(result.out->len, ==, len - 1);
	g_byte_array_unref(result.out);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/decoder/plain", test_plain);
	g_test_add_func("/engine/decoder/base64", test_base64);
	g_test_add_func("/engine/decoder/base64-defects", test_base64_defects);
	g_test_add_func("/engine/decoder/base64-lines", test_base64_lines);
	g_test_add_func("/engine/decoder/qp", test_qp);
	g_test_add_func("/engine/decoder/qp-defects", test_qp_defects);
	g_test_add_func("/engine/decoder/qp-blanks", test_qp_blanks);
	g_test_add_func("/engine/decoder/qp-many-blanks", test_qp_many_blanks);
	g_test_add_func("/engine/decoder/uu", test_uu);
	g_test_add_func("/engine/decoder/uu-defects", test_uu_defects);
	g_test_add_func("/engine/decoder/linear", test_linear);
	return g_test_run();
}
