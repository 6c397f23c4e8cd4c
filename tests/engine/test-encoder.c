/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Encoders against plain ones of this file that see all of the input, with
 * every kernel and in pieces of any size; and back through the decoder.
 */
#include "engine/cpu-priv.h"
#include "engine/decoder.h"
#include "engine/encoder.h"

#define ROUNDS 3000
#define MOST 900

typedef enum { BASE64, QP_TEXT, QP_BINARY, N_FORMS } Form;

static const struct {
	PliEncoding encoding;
	PliEncoderMode mode;
} forms[N_FORMS] = {
	{PLI_ENCODING_BASE64, PLI_ENCODER_BINARY},
	{PLI_ENCODING_QUOTED_PRINTABLE, PLI_ENCODER_TEXT},
	{PLI_ENCODING_QUOTED_PRINTABLE, PLI_ENCODER_BINARY},
};

/* ---- the plain ones ---- */

static GString *
plain_base64(const guint8 *in, gsize len)
{
	GString *out = g_string_new(NULL);
	g_autofree char *text = g_base64_encode(in, len);

	for (gsize i = 0; i < strlen(text); i += 76)
		g_string_append_printf(out, "%.76s\r\n", text + i);
	return out;
}

static gboolean
is_at(const guint8 *in, gsize len, gsize i, const char *what)
{
	return len - i >= strlen(what) &&
	       memcmp(in + i, what, strlen(what)) == 0;
}

/* What octet i becomes in a column. */
static void
plain_token(const guint8 *in, gsize len, gsize i, gboolean is_text,
	    gsize column, char token[4])
{
	const guint8 octet = in[i];
	gboolean is_plain = (octet >= ' ' && octet < 127 && octet != '=') ||
			    octet == '\t';

	if (is_text && (octet == ' ' || octet == '\t') && i + 1 < len &&
	    in[i + 1] == '\r')
		is_plain = FALSE;
	if (column == 0 && is_at(in, len, i, "From "))
		is_plain = FALSE;
	if (column == 0 && is_text && is_at(in, len, i, ".\r\n"))
		is_plain = FALSE;
	g_snprintf(token, 4, is_plain ? "%c" : "=%02X", octet);
}

static GString *
plain_qp(const guint8 *in, gsize len, gboolean is_text)
{
	GString *out = g_string_new(NULL);
	gsize column = 0;

	for (gsize i = 0; i < len; i++) {
		char token[4];
		gsize most = 75;

		if (is_text && is_at(in, len, i, "\r\n")) {
			g_string_append(out, "\r\n");
			column = 0;
			i++;
			continue;
		}
		if (is_text && i + 1 < len && is_at(in, len, i + 1, "\r\n"))
			most = 76;
		plain_token(in, len, i, is_text, column, token);
		if (column + strlen(token) > most) {
			g_string_append(out, "=\r\n");
			column = 0;
			plain_token(in, len, i, is_text, 0, token);
		}
		g_string_append(out, token);
		column += strlen(token);
	}
	if (column > 0)
		g_string_append(out, "=\r\n");
	return out;
}

static GString *
encode_plain(Form form, const guint8 *in, gsize len)
{
	return form == BASE64 ? plain_base64(in, len)
			      : plain_qp(in, len, form == QP_TEXT);
}

/* ---- the engine's ---- */

/* With one octet too many to be written over, and none too many to read. */
static void
step(PliEncoder *encoder, const guint8 *in, gsize len, gboolean finishes,
     GString *out)
{
	const gsize bound = pli_encoder_get_bound(encoder, len);
	g_autofree guint8 *copy = len > 0 ? g_memdup2(in, len) : NULL;
	g_autofree guint8 *room = g_malloc(bound + 8);
	gsize n;

	memset(room + bound, 0xa5, 8);
	n = finishes ? pli_encoder_finish(encoder, room)
		     : pli_encoder_feed(encoder, pli_slice_new(copy, len),
					room);
	g_assert_cmpuint(n, <=, bound);
	for (gsize i = 0; i < 8; i++)
		g_assert_cmphex(room[bound + i], ==, 0xa5);
	g_string_append_len(out, (const char *)room, n);
}

static GString *
encode(Form form, const guint8 *in, gsize len, gsize first, gsize size)
{
	GString *out = g_string_new(NULL);
	PliEncoder encoder;
	gsize i = 0;

	pli_encoder_init(&encoder, forms[form].encoding, forms[form].mode);
	while (i < len) {
		gsize n = MIN(len - i, i == 0 && first > 0 ? first : size);

		step(&encoder, in + i, n, FALSE, out);
		i += n;
	}
	step(&encoder, NULL, 0, TRUE, out);
	g_assert_cmpuint(encoder.produced, ==, out->len);
	return out;
}

static void
check_decoded(Form form, const GString *text, const guint8 *want, gsize len)
{
	PliDecoder decoder;
	g_autofree guint8 *out = NULL;
	gsize n;

	pli_decoder_init(&decoder, forms[form].encoding);
	out = g_malloc(pli_decoder_get_bound(&decoder, text->len) +
		       sizeof decoder.held);
	n = pli_decoder_feed(&decoder, pli_slice_new(text->str, text->len),
			     out);
	n += pli_decoder_finish(&decoder, out + n);
	g_assert_cmpmem(out, n, want, len);
	g_assert_true(pli_defect_set_is_empty(&decoder.defects));
}

/* What no mbox and no transport changes: see the header. */
static void
check_lines(const GString *text)
{
	g_auto(GStrv) lines = g_strsplit(text->str, "\r\n", -1);
	guint n = g_strv_length(lines);

	g_assert_cmpuint(strlen(text->str), ==, text->len);
	g_assert_true(text->len == 0 || g_str_has_suffix(text->str, "\r\n"));
	for (guint i = 0; i < n; i++) {
		g_assert_cmpuint(strlen(lines[i]), <=, 76);
		g_assert_null(strpbrk(lines[i], "\r\n"));
		g_assert_true(g_str_is_ascii(lines[i]));
		g_assert_false(g_str_has_prefix(lines[i], "From "));
		g_assert_false(g_str_has_suffix(lines[i], " "));
		g_assert_false(g_str_has_suffix(lines[i], "\t"));
		g_assert_cmpstr(lines[i], !=, ".");
	}
}

static void
assert_same(GString *have, const GString *want)
{
	g_assert_cmpmem(have->str, have->len, want->str, want->len);
	g_string_free(have, TRUE);
}

/* Whole, cut once, and in small pieces; with every kernel. */
static void
check(Form form, const guint8 *in, gsize len, gsize cut)
{
	g_autoptr(GString) want = encode_plain(form, in, len);

	for (PliCpuLevel level = PLI_CPU_PORTABLE; pli_cpu_set_level(level);
	     level++) {
		assert_same(encode(form, in, len, 0, MAX(len, 1)), want);
		assert_same(encode(form, in, len, cut, MAX(len, 1)), want);
	}
	pli_cpu_set_level(pli_cpu_get_best());
	assert_same(encode(form, in, len, cut, 1 + cut % 90), want);
	check_lines(want);
	check_decoded(form, want, in, len);
}

static void
check_text(Form form, const char *in, const char *want)
{
	const gsize len = strlen(in);

	for (gsize size = 1; size <= len + 1; size++) {
		g_autoptr(GString) have =
			encode(form, (const guint8 *)in, len, 0, size);

		g_assert_cmpstr(have->str, ==, want);
	}
	for (gsize cut = 0; cut <= len; cut++)
		check(form, (const guint8 *)in, len, cut);
}

static void
test_plain(void)
{
	PliEncoder encoder;
	guint8 out[8];

	pli_encoder_init(&encoder, PLI_ENCODING_8BIT, PLI_ENCODER_TEXT);
	g_assert_cmpuint(pli_encoder_get_bound(&encoder, 6), ==, 6);
	g_assert_cmpuint(pli_encoder_feed(&encoder,
					  PLI_SLICE_LITERAL("a\0\xff=\r\n"),
					  out),
			 ==, 6);
	g_assert_cmpmem(out, 6, "a\0\xff=\r\n", 6);
	g_assert_cmpuint(pli_encoder_finish(&encoder, out), ==, 0);
	g_assert_cmpuint(encoder.produced, ==, 6);
}

static void
test_base64(void)
{
	check_text(BASE64, "", "");
	check_text(BASE64, "m", "bQ==\r\n");
	check_text(BASE64, "ma", "bWE=\r\n");
	check_text(BASE64, "mai", "bWFp\r\n");
	check_text(BASE64, "mail", "bWFpbA==\r\n");
	/* a line, no octet more; and one more */
	check_text(BASE64,
		   "123456789 123456789 123456789 123456789 123456789 1234567",
		   "MTIzNDU2Nzg5IDEyMzQ1Njc4OSAxMjM0NTY3ODkgMTIzNDU2Nzg5"
		   "IDEyMzQ1Njc4OSAxMjM0NTY3\r\n");
	check_text(BASE64,
		   "123456789 123456789 123456789 123456789 123456789 12345678",
		   "MTIzNDU2Nzg5IDEyMzQ1Njc4OSAxMjM0NTY3ODkgMTIzNDU2Nzg5"
		   "IDEyMzQ1Njc4OSAxMjM0NTY3\r\nOA==\r\n");
}

static void
test_qp(void)
{
	check_text(QP_TEXT, "", "");
	check_text(QP_TEXT, "plain\r\n", "plain\r\n");
	check_text(QP_TEXT, "\r\n\r\n", "\r\n\r\n");
	check_text(QP_TEXT, "no end", "no end=\r\n");
	check_text(QP_TEXT, "a=b\xc3\xa9\x7f\x1b\t.\r\n",
		   "a=3Db=C3=A9=7F=1B\t.\r\n");
	check_text(QP_TEXT, "bare\rones\nhere\r\r\n",
		   "bare=0Dones=0Ahere=0D\r\n");
	check_text(QP_TEXT, "\n\r", "=0A=0D=\r\n");
	check_text(QP_BINARY, "a\r\nb\r\n", "a=0D=0Ab=0D=0A=\r\n");
}

static void
test_qp_blanks(void)
{
	check_text(QP_TEXT, "one \r\ntwo \t\r\n  \r\n \t",
		   "one=20\r\ntwo =09\r\n =20\r\n \t=\r\n");
	check_text(QP_TEXT, "one \rtwo", "one=20=0Dtwo=\r\n");
	check_text(QP_BINARY, "one \r\n ", "one =0D=0A =\r\n");
}

static void
test_qp_starts(void)
{
	check_text(QP_TEXT, "From me\r\nFrom\r\n From me\r\nFromage\r\n",
		   "=46rom me\r\nFrom\r\n From me\r\nFromage\r\n");
	check_text(QP_TEXT, "From ", "=46rom =\r\n");
	check_text(QP_TEXT, "From", "From=\r\n");
	check_text(QP_TEXT, ".\r\n..\r\n.x\r\n.\r\n",
		   "=2E\r\n..\r\n.x\r\n=2E\r\n");
	check_text(QP_TEXT, ".", ".=\r\n");
	check_text(QP_TEXT, "x\r\n.\r", "x\r\n.=0D=\r\n");
	check_text(QP_BINARY, "From me\r\n.\r\n",
		   "=46rom me=0D=0A.=0D=0A=\r\n");
}

#define C35 "12345678901234567890123456789012345"
#define C70 C35 C35

static void
test_qp_columns(void)
{
	check_text(QP_TEXT, C70 "abcdef\r\n", C70 "abcdef\r\n");
	check_text(QP_TEXT, C70 "abcdefg\r\n", C70 "abcde=\r\nfg\r\n");
	check_text(QP_TEXT, C70 "abcdef", C70 "abcde=\r\nf=\r\n");
	check_text(QP_TEXT, C70 "abc=\r\n", C70 "abc=3D\r\n");
	check_text(QP_TEXT, C70 "abcd=\r\n", C70 "abcd=\r\n=3D\r\n");
	check_text(QP_TEXT, C70 "abc \r\n", C70 "abc=20\r\n");
	check_text(QP_TEXT, C70 "abc\xe9x\r\n", C70 "abc=\r\n=E9x\r\n");
	check_text(QP_BINARY, C70 "abcde\r\n", C70 "abcde=\r\n=0D=0A=\r\n");
	/* what a soft line break makes the start of a line */
	check_text(QP_TEXT, C70 "abcdeFrom me\r\n",
		   C70 "abcde=\r\n=46rom me\r\n");
	check_text(QP_TEXT, C70 "abcdef.\r\n", C70 "abcde=\r\nf.\r\n");
	check_text(QP_TEXT, C70 "abc=.\r\n", C70 "abc=\r\n=3D.\r\n");
}

/* Each octet there is, at each place of two blocks of the widest kernel. */
static void
test_every_octet(void)
{
	guint8 text[300];

	for (gsize at = 0; at < 140; at++)
		for (guint octet = 0; octet < 256; octet++) {
			memset(text, 'x', sizeof text);
			memcpy(text + 64 + octet % 13, "\r\n", 2);
			text[at] = octet;
			text[at + 1] = "\r ."[octet % 3];
			check(QP_TEXT, text, 150 + at % 66, at);
			check(QP_BINARY, text, 150 + at % 66, at);
		}
	for (gsize at = 0; at < 60; at++)
		for (guint octet = 0; octet < 256; octet++) {
			memset(text, 'x', sizeof text);
			text[at] = octet;
			check(BASE64, text, 114 + at % 58, at);
		}
}

static void
test_random(void)
{
	static const char *const pieces[] = {
		"\r\n",	 "\r\n.", "\r\nFrom ", " \r\n", "\r",	"\n",
		"=",	 "\xc3\xa9",
		"\xd0\xb6\xd0\xb8\xd0\xb7\xd0\xbd\xd1\x8c",
		"word ", "longer words of a line ", ".", "From ", "\t ",
		"0123456789012345678901234567890123456789", "\x01"};
	g_autoptr(GRand) random = g_rand_new_with_seed(2045);
	guint8 text[MOST + 64];

	for (guint round = 0; round < ROUNDS; round++) {
		const gsize most = g_rand_int_range(random, 0, MOST);
		const gint n_pieces =
			g_rand_int_range(random, 1, G_N_ELEMENTS(pieces) + 1);
		const gint first = g_rand_int_range(
			random, 0, G_N_ELEMENTS(pieces) - n_pieces + 1);
		gsize len = 0;

		while (len < most) {
			const char *piece = pieces[g_rand_int_range(
				random, first, first + n_pieces)];

			memcpy(text + len, piece, strlen(piece));
			len += strlen(piece);
		}
		for (Form form = 0; form < N_FORMS; form++)
			check(form, text, len,
			      g_rand_int_range(random, 0, (gint)len + 1));
	}
}

static void
test_random_octets(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(64);
	guint8 octets[MOST];

	for (guint round = 0; round < ROUNDS / 3; round++) {
		gsize len = g_rand_int_range(random, 0, MOST);

		for (gsize i = 0; i < len; i++)
			octets[i] = g_rand_int_range(random, 0, 256);
		for (Form form = 0; form < N_FORMS; form++)
			check(form, octets, len,
			      g_rand_int_range(random, 0, (gint)len + 1));
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/encoder/plain", test_plain);
	g_test_add_func("/engine/encoder/base64", test_base64);
	g_test_add_func("/engine/encoder/qp", test_qp);
	g_test_add_func("/engine/encoder/qp-blanks", test_qp_blanks);
	g_test_add_func("/engine/encoder/qp-starts", test_qp_starts);
	g_test_add_func("/engine/encoder/qp-columns", test_qp_columns);
	g_test_add_func("/engine/encoder/every-octet", test_every_octet);
	g_test_add_func("/engine/encoder/random", test_random);
	g_test_add_func("/engine/encoder/random-octets", test_random_octets);
	return g_test_run();
}
