/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/encoder-choice.h"

#define LINE_998 998

static void
measure(PliEncoderChoice *choice, PliEncoderMode mode, PliSlice body,
	gsize size)
{
	pli_encoder_choice_init(choice, mode);
	pli_encoder_choice_feed(choice, PLI_SLICE_NONE);
	for (gsize i = 0; i < body.len; i += size)
		pli_encoder_choice_feed(
			choice, pli_slice_new(body.data + i,
					      MIN(size, body.len - i)));
	pli_encoder_choice_finish(choice);
}

/* At every size of pieces. */
static PliEncoderChoice
count(PliEncoderMode mode, PliSlice body)
{
	PliEncoderChoice whole, cut;

	measure(&whole, mode, body, MAX(body.len, 1));
	for (gsize size = 1; size < MIN(body.len, 80); size++) {
		measure(&cut, mode, body, size);
		g_assert_cmpmem(&cut, offsetof(PliEncoderChoice, line), &whole,
				offsetof(PliEncoderChoice, line));
		g_assert_cmpuint(cut.encoder.produced, ==,
				 whole.encoder.produced);
	}
	return whole;
}

/* What the encoder gives is as long as was said. */
static void
check_size(const PliEncoderChoice *choice, PliSlice body, PliEncoding encoding)
{
	PliEncoder encoder;
	g_autofree guint8 *out = NULL;
	gsize n;

	pli_encoder_init(&encoder, encoding, choice->mode);
	out = g_malloc(pli_encoder_get_bound(&encoder, body.len) +
		       pli_encoder_get_bound(&encoder, 0) + 1);
	n = pli_encoder_feed(&encoder, body, out);
	n += pli_encoder_finish(&encoder, out + n);
	g_assert_cmpuint(pli_encoder_choice_get_size(choice, encoding), ==, n);
}

/* `want`: for 7bit, 8bit and binary transport; then for the same signed. */
static void
check(PliEncoderMode mode, PliSlice body, const char *want)
{
	static const char names[] = {[PLI_ENCODING_7BIT] = '7',
				     [PLI_ENCODING_8BIT] = '8',
				     [PLI_ENCODING_BINARY] = 'b',
				     [PLI_ENCODING_QUOTED_PRINTABLE] = 'Q',
				     [PLI_ENCODING_BASE64] = 'B'};
	PliEncoderChoice choice = count(mode, body);
	char have[7] = "";

	for (guint i = 0; i < 6; i++) {
		PliEncoding encoding = pli_encoder_choice_get(
			&choice, (PliTransport)(i % 3), i >= 3);

		have[i] = names[encoding];
		check_size(&choice, body, encoding);
	}
	check_size(&choice, body, PLI_ENCODING_BASE64);
	check_size(&choice, body, PLI_ENCODING_QUOTED_PRINTABLE);
	g_assert_cmpstr(have, ==, want);
}

static void
check_text(const char *body, const char *want)
{
	check(PLI_ENCODER_TEXT, pli_slice_from_string(body), want);
}

static void
test_counts(void)
{
	PliEncoderChoice c =
		count(PLI_ENCODER_TEXT,
		      PLI_SLICE_LITERAL("From me \r\nFrom\t\r\n\r\n From \xe9\0"
					"\nFrom\r\r\nFrom you\r"));

	g_assert_cmpuint(c.n_octets, ==, 44);
	g_assert_cmpuint(c.n_8bit, ==, 1);
	g_assert_cmpuint(c.n_nul, ==, 1);
	g_assert_cmpuint(c.n_bare_lf, ==, 1);
	g_assert_cmpuint(c.n_bare_cr, ==, 2);
	g_assert_cmpuint(c.longest_line, ==, 14);
	g_assert_cmpuint(c.n_blank_ends, ==, 2);
	g_assert_cmpuint(c.n_from, ==, 2);
	g_assert_cmpuint(c.n_dash_lines, ==, 0);
}

/* Lines of the quoted-printable result that could be a boundary's. */
static void
test_dash_lines(void)
{
	/* a soft line break comes before the 75th octet of a line */
	g_autofree char *dashes = g_strnfill(300, '-');
	PliEncoderChoice c =
		count(PLI_ENCODER_TEXT,
		      PLI_SLICE_LITERAL("--a\r\n-b\r\n---\r\n-\r\n--"));

	g_assert_cmpuint(c.n_dash_lines, ==, 3);
	c = count(PLI_ENCODER_TEXT, PLI_SLICE_LITERAL("a--\r\n\r\n--"));
	g_assert_cmpuint(c.n_dash_lines, ==, 1);
	c = count(PLI_ENCODER_TEXT, pli_slice_from_string(dashes));
	g_assert_cmpuint(c.n_dash_lines, ==, 4);
	dashes[0] = 'a';
	c = count(PLI_ENCODER_TEXT, pli_slice_from_string(dashes));
	g_assert_cmpuint(c.n_dash_lines, ==, 3);
}

static void
test_text(void)
{
	check_text("", "777777");
	check_text("plain\r\n", "777777");
	check_text("no end", "777777");
	check_text("caf\xc3\xa9\r\n", "Q88Q88");
	check_text("\xd0\xb6\xd0\xb8\xd0\xb7\xd0\xbd\xd1\x8c\r\n", "B88B88");
	check_text("lines\nof another\nsystem\r\n", "QQbQQb");
	check_text("a CR\ralone\r\n", "QQbQQb");
	check_text("at the end\r", "QQbQQb");
	check(PLI_ENCODER_TEXT, PLI_SLICE_LITERAL("a NUL\0inside\r\n"),
	      "QQbQQb");
	check(PLI_ENCODER_TEXT, PLI_SLICE_LITERAL("\0\0\0\0\0\0"), "BBbBBb");
}

static void
test_signed(void)
{
	check_text("-- \r\nme\r\n", "777QQb");
	check_text("From here\r\n", "777QQb");
	check_text("caf\xc3\xa9 \r\n", "Q88QQb");
	check_text("blank at the end ", "777QQb");
	check_text("\r\n\r\n", "777777");
}

static void
test_long_lines(void)
{
	char line[LINE_998 + 4];

	memset(line, 'x', sizeof line);
	memcpy(line + LINE_998, "\r\n", 3);
	check_text(line, "777777");
	memcpy(line + LINE_998, "x\r\n", 4);
	check_text(line, "QQbQQb");
	line[LINE_998 + 1] = '\0';
	check_text(line, "QQbQQb");
	memset(line, 0xe9, LINE_998 + 1);
	check_text(line, "BBbBBb");
}

/* Where quoted-printable and base64 are as long: the readable one. */
static void
test_equal(void)
{
	check_text("abcd\n", "QQbQQb");  /* 10 octets and 10 */
	check_text("abc\n\n", "BBbBBb"); /* 12 and 10 */
	check_text("ab ", "777QQb");      /* 6 and 6 */
}

static void
test_binary(void)
{
	const PliEncoderMode b = PLI_ENCODER_BINARY;

	check(b, PLI_SLICE_LITERAL(""), "777777");
	check(b, PLI_SLICE_LITERAL("line ends are octets here\r\n"), "QQbQQb");
	check(b, PLI_SLICE_LITERAL("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "BBbBBb");
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/encoder-choice/counts", test_counts);
	g_test_add_func("/engine/encoder-choice/dash-lines", test_dash_lines);
	g_test_add_func("/engine/encoder-choice/text", test_text);
	g_test_add_func("/engine/encoder-choice/signed", test_signed);
	g_test_add_func("/engine/encoder-choice/long-lines", test_long_lines);
	g_test_add_func("/engine/encoder-choice/equal", test_equal);
	g_test_add_func("/engine/encoder-choice/binary", test_binary);
	return g_test_run();
}
