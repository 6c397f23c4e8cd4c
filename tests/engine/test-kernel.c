/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every kernel gives what the portable one gives, and that what feeding octet
 * by octet gives, which no kernel has a hand in.
 */
#include "engine/charset.h"
#include "engine/cpu-priv.h"
#include "engine/decoder.h"
#include "engine/utf8-priv.h"
#include "engine/utf8.h"

#define ROUNDS 3000
#define MOST 700

typedef struct {
	GByteArray *out;
	PliDefectSet defects;
	guint64 produced;
} Result;

/* Exactly as long as it is said to be, at any alignment, so that a sanitizer
 * sees an octet read past it. */
static guint8 *
copy_at(const guint8 *data, gsize len, gsize alignment, guint8 **ret_block)
{
	*ret_block = g_malloc(MAX(len + alignment, 1));
	if (len > 0)
		memcpy(*ret_block + alignment, data, len);
	return *ret_block + alignment;
}

static void
feed(PliDecoder *decoder, const guint8 *data, gsize len, GByteArray *out)
{
	const gsize bound = pli_decoder_get_bound(decoder, len);
	g_autofree guint8 *block = NULL;
	g_autofree guint8 *room = g_malloc(bound + 8);
	guint8 *copy = copy_at(data, len, (gsize)data % 32, &block);
	gsize n;

	memset(room + bound, 0xa5, 8);
	n = pli_decoder_feed(decoder, pli_slice_new(copy, len), room);
	g_assert_cmpuint(n, <=, bound);
	for (gsize i = 0; i < 8; i++)
		g_assert_cmphex(room[bound + i], ==, 0xa5);
	g_byte_array_append(out, room, n);
}

/* In two pieces, or octet by octet when `split` is past the end. */
static Result
decode(PliEncoding encoding, const guint8 *in, gsize len, gsize split)
{
	Result result = {.out = g_byte_array_new()};
	guint8 rest[sizeof(((PliDecoder *)NULL)->held)];
	PliDecoder decoder;

	pli_decoder_init(&decoder, encoding);
	if (split <= len) {
		feed(&decoder, in, split, result.out);
		feed(&decoder, in + split, len - split, result.out);
	}
	for (gsize i = 0; split > len && i < len; i++)
		feed(&decoder, in + i, 1, result.out);
	g_byte_array_append(result.out, rest,
			    pli_decoder_finish(&decoder, rest));
	result.defects = decoder.defects;
	result.produced = decoder.produced;
	return result;
}

static void
check_decoder(PliEncoding encoding, const guint8 *in, gsize len, gsize split)
{
	Result want = decode(encoding, in, len, len + 1);

	for (PliCpuLevel level = PLI_CPU_PORTABLE; pli_cpu_set_level(level);
	     level++) {
		Result have = decode(encoding, in, len, split);

		g_assert_cmpmem(have.out->data, have.out->len, want.out->data,
				want.out->len);
		g_assert_cmpmem(&have.defects, sizeof have.defects,
				&want.defects, sizeof want.defects);
		g_assert_cmpuint(have.produced, ==, want.produced);
		g_byte_array_unref(have.out);
	}
	g_byte_array_unref(want.out);
	pli_cpu_set_level(pli_cpu_get_best());
}

static void
test_levels(void)
{
	const PliCpuLevel best = pli_cpu_get_best();

	g_assert_cmpint(pli_cpu_get_level(), ==, best);
	for (PliCpuLevel level = PLI_CPU_PORTABLE; level <= best; level++) {
		g_assert_true(pli_cpu_set_level(level));
		g_assert_cmpint(pli_cpu_get_level(), ==, level);
	}
	g_assert_false(pli_cpu_set_level((PliCpuLevel)(best + 1)));
	g_assert_cmpint(pli_cpu_get_level(), ==, best);
}

/* Lines of `width` of the alphabet; one octet in `rare` is anything. */
static gsize
make_base64(GRand *random, guint8 *text, gsize len, gsize width, gint rare)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm"
				       "nopqrstuvwxyz0123456789+/";
	static const char odd[] = "==\r\n \t-_.,:@[`{\x7f\x80\xaf\xff";
	const gsize end_length = g_rand_int_range(random, 1, 3);
	gsize column = 0, n = 0;

	while (n < len) {
		if (column == width && n + end_length <= len) {
			memcpy(text + n, &"\r\n"[2 - end_length], end_length);
			n += end_length;
			column = 0;
			continue;
		}
		if (g_rand_int_range(random, 0, rare) == 0)
			text[n++] = odd[g_rand_int_range(random, 0,
							 sizeof odd - 1)];
		else
			text[n++] = alphabet[g_rand_int_range(random, 0, 64)];
		column++;
	}
	return n;
}

static void
test_base64(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(64);
	guint8 text[MOST];

	for (guint round = 0; round < ROUNDS; round++) {
		static const gint rare[] = {3, 30, 300, 1000000};
		static const gsize widths[] = {76, 64, 75, 0, 4, 5};
		gsize width = round % 2 == 0
				      ? widths[round / 2 % 6]
				      : (gsize)g_rand_int_range(random, 1, 120);
		gsize len = make_base64(random, text,
					g_rand_int_range(random, 0, MOST),
					width > 0 ? width : MOST,
					rare[round % G_N_ELEMENTS(rare)]);

		check_decoder(PLI_ENCODING_BASE64, text, len,
			      g_rand_int_range(random, 0, (gint)len + 1));
	}
}

/* Each octet there is, at each place of a block and the next. */
static void
test_base64_every_octet(void)
{
	guint8 text[160];

	for (gsize at = 0; at < 68; at++)
		for (guint octet = 0; octet < 256; octet++) {
			memset(text, 'Q', sizeof text);
			text[at] = octet;
			check_decoder(PLI_ENCODING_BASE64, text,
				      sizeof text - at % 5, at % 7);
		}
}

/* Nothing of the alphabet in a block, and a line end first. */
static void
test_base64_junk(void)
{
	static const char *const starts[] = {"",     "\n", "\r\n",
					     "QQ\r", "=",  "QUJD\n"};
	guint8 text[200];

	for (gsize n = 0; n < 6 * 90; n++) {
		const char *start = starts[n % 6];

		memset(text, ".\r\n"[n % 4 % 3], sizeof text);
		memcpy(text, start, strlen(start));
		memset(text + n / 6, 'Q', 50);
		memcpy(text, start, strlen(start));
		check_decoder(PLI_ENCODING_BASE64, text, sizeof text - n % 33,
			      n / 6);
	}
}

static void
test_qp(void)
{
	static const char *const alphabets[] = {
		"=\r\n \t4Ag",
		"= \n\r",
		"  \t\r\nx",
		"=4F",
		"=abcdefgxyz01239:;@G`\x80\xbd\xff\r\n ",
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx ",
	};
	g_autoptr(GRand) random = g_rand_new_with_seed(45);
	guint8 text[MOST];

	for (guint round = 0; round < 2 * ROUNDS; round++) {
		const char *from = alphabets[round % G_N_ELEMENTS(alphabets)];
		const gint n_from = (gint)strlen(from);
		gsize len = g_rand_int_range(random, 0, MOST);

		for (gsize i = 0; i < len; i++) {
			text[i] = from[g_rand_int_range(random, 0, n_from)];
			/* some of what is usual */
			if (i >= 3 && g_rand_int_range(random, 0, 12) == 0)
				memcpy(text + i - 2,
				       g_rand_boolean(random) ? "=\r\n" : "=e9",
				       3);
		}
		check_decoder(PLI_ENCODING_QUOTED_PRINTABLE, text, len,
			      g_rand_int_range(random, 0, (gint)len + 1));
	}
}

/* Each octet there is after an "=", at each place of a block. */
static void
test_qp_every_pair(void)
{
	static const char second[] = "0a\n\r =";
	guint8 text[140];

	for (gsize at = 0; at < 66; at++)
		for (guint octet = 0; octet < 256; octet++) {
			memset(text, 'x', sizeof text);
			text[at] = '=';
			text[at + 1] = octet;
			text[at + 2] = second[(octet + at) % 6];
			check_decoder(PLI_ENCODING_QUOTED_PRINTABLE, text,
				      sizeof text, 0);
			text[at + 1] = "0F\r"[octet % 3];
			text[at + 2] = octet;
			check_decoder(PLI_ENCODING_QUOTED_PRINTABLE, text,
				      sizeof text, octet % 68);
		}
}

/* Runs of blanks that are longer than a block, and than what is held. */
static void
test_qp_blanks(void)
{
	static const char *const ends[] = {"\n",  "\r\n", "x",	"=41",
					   "\rx", "=\n",  "\r", ""};
	guint8 text[600];

	for (gsize before = 0; before < 70; before += 3)
		for (gsize n = 0; n < 400; n += n < 140 ? 1 : 29) {
			const char *end = ends[(n + before) % 8];
			gsize len = before + n;

			memset(text, 'x', before);
			memset(text + before, n % 2 ? ' ' : '\t', n);
			memcpy(text + len, end, strlen(end));
			len += strlen(end);
			memset(text + len, 'y', 100);
			check_decoder(PLI_ENCODING_QUOTED_PRINTABLE, text,
				      len + n % 100, before + n / 2);
		}
}

/* What a feed may give does not depend on what is held. */
static void
test_bound(void)
{
	PliDecoder decoder;
	guint8 room[300];
	gsize bound;

	pli_decoder_init(&decoder, PLI_ENCODING_QUOTED_PRINTABLE);
	bound = pli_decoder_get_bound(&decoder, 10);
	for (guint i = 0; i < 119; i++)
		pli_decoder_feed(&decoder, PLI_SLICE_LITERAL(" "), room);
	g_assert_cmpuint(pli_decoder_get_bound(&decoder, 10), ==, bound);
	g_assert_cmpuint(pli_decoder_feed(&decoder,
					  PLI_SLICE_LITERAL("1234567890"),
					  room),
			 <=, bound);
}

/* GLib, which calls NUL no character, says how much is valid. */
static void
check_utf8(const guint8 *data, gsize len)
{
	const char *end;

	(void)g_utf8_validate_len((const char *)data, len, &end);
	for (PliCpuLevel level = PLI_CPU_PORTABLE; pli_cpu_set_level(level);
	     level++)
		g_assert_cmpuint(pli_utf8_get_valid(pli_slice_new(data, len)),
				 ==, (const guint8 *)end - data);
	pli_cpu_set_level(pli_cpu_get_best());
}

/* Each pair of octets over 127 with what is special after it, at the places
 * where blocks meet. */
static void
test_utf8_every_pair(void)
{
	static const guint8 next[] = {0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f,
				      0xa0, 0xbf, 0xc0, 0xe1, 0xff};
	static const gsize places[] = {16, 30, 47, 77, 78, 79, 80, 110, 141};
	guint8 text[240];

	for (guint pair = 0; pair < 0x4000; pair++)
		for (gsize n = 0; n < G_N_ELEMENTS(next); n++) {
			gsize at = places[(pair + n) % G_N_ELEMENTS(places)];

			memset(text, 'x', sizeof text);
			text[at] = 0x80 | pair >> 7;
			text[at + 1] = 0x80 | (pair & 0x7f);
			text[at + 2] = next[n];
			text[at + 3] =
				next[(n + pair / 3) % G_N_ELEMENTS(next)];
			check_utf8(text, sizeof text);
		}
}

/* Text of characters of all lengths; at times an octet of it is another. */
static gsize
make_utf8(GRand *random, guint8 *text, gsize len)
{
	static const gunichar most[] = {0x80, 0x800, 0x10000, 0x110000};
	const gint many = g_rand_int_range(random, 1, 5);
	gsize n = 0;

	while (n + 6 < len) {
		gunichar c = g_rand_int_range(
			random, 1, most[g_rand_int_range(random, 0, many)]);

		if (c >= 0xd800 && c <= 0xdfff)
			continue;
		n += g_unichar_to_utf8(c, (char *)text + n);
	}
	if (n > 0 && g_rand_boolean(random))
		text[g_rand_int_range(random, 0, n)] =
			g_rand_int_range(random, 1, 256);
	return n;
}

static void
test_utf8(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(8);
	guint8 text[MOST + 8];

	for (guint round = 0; round < 2 * ROUNDS; round++) {
		g_autofree guint8 *block = NULL;
		gsize len = make_utf8(random, text,
				      g_rand_int_range(random, 0, MOST));
		gsize cut = g_rand_int_range(random, 0, (gint)len + 1);

		if (round % 2 == 0)
			cut = len;
		check_utf8(copy_at(text, cut, round % 32, &block), cut);
	}
}

/* Every character there is: blocks see no fault in them. */
static void
test_utf8_blocks(void)
{
	const gsize most = 4 * 0x110000;
	g_autofree guint8 *text = g_malloc(most);
	gsize len = 0;

	for (gunichar c = 1; c <= 0x10ffff; c++)
		if (c < 0xd800 || c > 0xdfff)
			len += g_unichar_to_utf8(c, (char *)text + len);
	for (PliCpuLevel level = PLI_CPU_SSSE3; pli_cpu_set_level(level);
	     level++)
		for (gsize skip = 0; skip < 64; skip += 7) {
			PliSlice octets =
				pli_slice_new(text + skip, len - skip);

			g_assert_cmpuint(pli_utf8_get_valid_blocks(octets) +
						 PLI_UTF8_BLOCK + 3,
					 >, octets.len);
		}
	pli_cpu_set_level(pli_cpu_get_best());
}

/* Whole, and octet by octet. */
static void
check_charset(PliContext *context, const char *label, const guint8 *data,
	      gsize len)
{
	g_autoptr(PliCharsetDecoder) decoder =
		pli_charset_decoder_new(context, pli_slice_from_string(label));
	PliDefectSet want_set = {{0}};
	g_auto(PliBuf) want = {0};

	pli_buf_init(&want, G_MAXUINT32);
	for (gsize i = 0; i < len; i++)
		g_assert_true(pli_charset_decoder_feed(
			decoder, pli_slice_new(data + i, 1), &want));
	g_assert_true(pli_charset_decoder_finish(decoder, &want));
	pli_charset_decoder_get_defects(decoder, &want_set);
	for (PliCpuLevel level = PLI_CPU_PORTABLE; pli_cpu_set_level(level);
	     level++) {
		PliDefectSet set = {{0}};
		g_auto(PliBuf) have = {0};

		pli_buf_init(&have, G_MAXUINT32);
		g_assert_true(pli_charset_decode(
			context, pli_slice_from_string(label),
			pli_slice_new(data, len), &have, &set));
		g_assert_cmpmem(have.data, have.len, want.data, want.len);
		g_assert_cmpmem(&set, sizeof set, &want_set, sizeof want_set);
	}
	pli_cpu_set_level(pli_cpu_get_best());
}

/* Long text is taken in pieces: characters and faults across their ends. */
static void
test_charset_pieces(void)
{
	static const char *const across[] = {"\xf0\x9f\x8e\x89", "\xe2\x82\xac",
					     "\xc3\xa9",	 "\xf0\x9f\x8e",
					     "\xe2\x82",	 "\xff\xff\xff",
					     "\xed\xa0\x80"};
	g_autoptr(PliContext) context = pli_context_new();
	const gsize len = 40000;
	g_autofree guint8 *text = g_malloc(len);

	for (gsize n = 0; n < G_N_ELEMENTS(across); n++)
		for (gsize at = 16384 - 5; at <= 16384; at++) {
			memset(text, 'x', len);
			memcpy(text + at, across[n], strlen(across[n]));
			memcpy(text + 2 * at, across[n], strlen(across[n]));
			check_charset(context, "utf-8", text, len);
		}
}

static void
test_charset_single(void)
{
	static const char *const labels[] = {"windows-1252", "us-ascii",
					     "iso-8859-7", "x-nowhere",
					     "windows-1251"};
	g_autoptr(PliContext) context = pli_context_new();
	g_autoptr(GRand) random = g_rand_new_with_seed(1252);
	guint8 text[MOST];

	for (guint round = 0; round < ROUNDS / 3; round++) {
		const gint rare = 1 + round % 40;
		const gsize len = g_rand_int_range(random, 0, MOST);

		for (gsize i = 0; i < len; i++)
			text[i] = g_rand_int_range(random, 0, rare) == 0
					  ? g_rand_int_range(random, 0, 256)
					  : 'x';
		check_charset(context, labels[round % 5], text, len);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/kernel/levels", test_levels);
	g_test_add_func("/engine/kernel/base64", test_base64);
	g_test_add_func("/engine/kernel/base64-every-octet",
			test_base64_every_octet);
	g_test_add_func("/engine/kernel/base64-junk", test_base64_junk);
	g_test_add_func("/engine/kernel/qp", test_qp);
	g_test_add_func("/engine/kernel/qp-every-pair", test_qp_every_pair);
	g_test_add_func("/engine/kernel/qp-blanks", test_qp_blanks);
	g_test_add_func("/engine/kernel/bound", test_bound);
	g_test_add_func("/engine/kernel/utf8", test_utf8);
	g_test_add_func("/engine/kernel/utf8-blocks", test_utf8_blocks);
	g_test_add_func("/engine/kernel/utf8-every-pair", test_utf8_every_pair);
	g_test_add_func("/engine/kernel/charset-pieces", test_charset_pieces);
	g_test_add_func("/engine/kernel/charset-single", test_charset_single);
	return g_test_run();
}
